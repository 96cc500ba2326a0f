"""What reading a list file gives: its rows, what was rejected and what was strange."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal, NamedTuple

from mapsvc.model import Branch, Point

ListFormat = Literal["announcement", "csv", "xlsx", "xls", "ods"]

_NOTES_OF_A_KIND = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What a list file may cost. Beyond these the file is refused with a message."""

    file_bytes: int = 50 * 2**20
    rows: int = 250_000
    columns: int = 200
    cell_chars: int = 100_000
    """A longer cell stops the reading: a quotation mark is missing, or worse."""
    line_chars: int = 1_000_000
    """Characters in one physical line of a text file."""
    text_chars: int = 500
    """A longer cell of a field that is kept is rejected with its row."""
    unpacked_bytes: int = 300 * 2**20
    """The uncompressed size of a workbook's parts together."""
    unpacked_ratio: int = 300
    """Uncompressed to compressed size; checked where the parts exceed 10 MiB together."""
    seconds: float = 60
    """CPU and wall-clock seconds of the process that reads a workbook."""
    memory_bytes: int = 1 * 2**30
    """Address space of the process that reads a workbook."""


class ListRow(NamedTuple):
    """One branch as the file gives it: texts trimmed of outer white space, nothing else changed
    but hours and services, which are read.

    A named tuple, because 100,000 of them are made at a time.
    """

    line: int
    """The physical line of a text file where the record starts, or the sheet's row; from 1."""
    id: str | None
    """The id that the file gives; see `mapsvc.lists.changes.new_id` for rows without one."""
    name: str
    address: str
    bank: str | None
    """A code in ``data/banks.csv``."""
    phone: str = ""
    hours: str = ""
    """In the canonical text of `mapsvc.hours`."""
    point: Point | None = None
    services: tuple[str, ...] = ()
    """Codes in ``data/services.csv``, in that table's order."""
    award: str = ""

    def branch(self, branch_id: str) -> Branch:
        """This row as a branch under ``branch_id``."""
        return Branch(
            id=branch_id,
            name=self.name,
            address=self.address,
            bank=self.bank,
            phone=self.phone,
            hours=self.hours,
            point=self.point,
            services=self.services,
            award=self.award,
        )


class Fault(Exception):
    """What is wrong with a record: the field, its value, the reason."""

    def __init__(self, field: str | None, value: object, reason: str) -> None:
        self.field = field
        self.value = value
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that cannot be taken, by the first thing that is wrong with it."""

    line: int
    column: str
    """The heading as the file writes it, or "—" where no single column is to blame."""
    value: str
    """The value, quoted, escaped and cut: safe to print."""
    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something strange that was kept, or something that was left out without loss."""

    line: int | None
    text: str


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list file, read. ``len(rows) + len(rejected)`` is the number of records in it."""

    title: str | None
    year: int | None
    rows: tuple[ListRow, ...]
    rejected: tuple[Rejection, ...]
    notes: tuple[Note, ...]
    remarks: tuple[str, ...]
    format: ListFormat
    encoding: str | None
    """The text's encoding; None for workbooks."""
    sha256: str
    """Of the file's bytes, in hexadecimal."""


class Notes:
    """Collects notes; of each kind the first 20 in full and then their number.

    >>> notes = Notes()
    >>> notes.add("nul", 3, "NUL is shown as ␀")
    >>> notes.done()
    (Note(line=3, text='NUL is shown as ␀'),)
    """

    def __init__(self) -> None:
        self._notes: list[Note] = []
        self._kinds: Counter[str] = Counter()

    def add(self, kind: str, line: int | None, text: str) -> None:
        self._kinds[kind] += 1
        if self._kinds[kind] <= _NOTES_OF_A_KIND:
            self._notes.append(Note(line, text))
        elif self._kinds[kind] == _NOTES_OF_A_KIND + 1:
            self._notes.append(Note(None, kind))  # a place for the sum

    def done(self) -> tuple[Note, ...]:
        return tuple(
            Note(None, f"… and {self._kinds[note.text] - _NOTES_OF_A_KIND} more rows: {note.text}")
            if note.line is None and self._kinds[note.text] > _NOTES_OF_A_KIND
            else note
            for note in self._notes
        )
