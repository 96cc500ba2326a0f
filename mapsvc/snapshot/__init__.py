"""The read side: everything a request needs, of one revision, and never changed.

Reading goes to an immutable snapshot that is made when the store's revision changes, so that a
reader never waits for a writer. `base` says what can be asked, `memory` answers from arrays,
which `files` keeps for all workers together, and `postgis` from the database.
"""

from mapsvc.snapshot.base import (
    EVERYTHING,
    BankCount,
    BranchQuery,
    Cluster,
    Collection,
    DistrictCount,
    Facets,
    Location,
    Neighbour,
    Page,
    Piece,
    ServiceCount,
    Snapshot,
)
from mapsvc.snapshot.files import Keeper, MappedSource
from mapsvc.snapshot.memory import MemorySnapshot

__all__ = [
    "EVERYTHING",
    "BankCount",
    "BranchQuery",
    "Cluster",
    "Collection",
    "DistrictCount",
    "Facets",
    "Keeper",
    "Location",
    "MappedSource",
    "MemorySnapshot",
    "Neighbour",
    "Page",
    "Piece",
    "ServiceCount",
    "Snapshot",
]
