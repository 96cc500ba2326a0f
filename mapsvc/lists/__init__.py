"""Reading lists of branches and comparing them to what is stored."""

from mapsvc.lists.changes import Difference, difference, new_id
from mapsvc.lists.reader import read_list
from mapsvc.lists.rows import Limits, ListFile, ListRow, Note, Rejection

__all__ = [
    "Difference",
    "Limits",
    "ListFile",
    "ListRow",
    "Note",
    "Rejection",
    "difference",
    "new_id",
    "read_list",
]
