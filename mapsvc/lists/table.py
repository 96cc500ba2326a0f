"""From records of cells to checked rows: every record becomes a row or a rejection."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat
from operator import add
from typing import cast

from mapsvc.address.normalise import canonical, canonical_all
from mapsvc.errors import ListFileError, shown
from mapsvc.hours import Hours
from mapsvc.lists.banks import bank_of_key, banks, find_bank
from mapsvc.lists.cells import CellReader
from mapsvc.lists.headings import Columns
from mapsvc.lists.positions import PositionReader
from mapsvc.lists.rows import Fault, Limits, ListRow, Notes, Rejection
from mapsvc.lists.services import read_services
from mapsvc.model import Datum, Point

Record = tuple[int, list[str]]
"""A record's line, from 1, and its cells."""

REMARK = re.compile(r"\W*(?:备注|注|说明|附注|注释|notes?|remarks?)\s*\d*\s*[:：]", re.IGNORECASE)
"""How a line that is no branch says so."""

_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
_BATCH = 1000
_FEW = 50
"""So many records are looked at together, and so many where one of those is wrong."""


class TableReader:
    """Checks the records of one file; ``rows``, ``rejected`` and ``remarks`` fill as it reads.

    Args:
        columns: where the fields stand.
        limits: how long a text may be and how many rows there may be.
        datum: the datum of positions whose row names none.
        notes: collects what is strange.
    """

    def __init__(
        self, columns: Columns, *, limits: Limits, datum: Datum | None, notes: Notes
    ) -> None:
        self.rows: list[ListRow] = []
        self.rejected: list[Rejection] = []
        self.remarks: list[str] = []
        self._columns = columns
        self._width = len(columns.headings) or 2
        self._at_name, self._at_address = columns.index["name"], columns.index["address"]
        self._at_id = columns.index.get("id")
        self._at_bank = columns.index.get("bank")
        self._at_phone = columns.index.get("phone")
        self._at_hours = columns.index.get("hours")
        self._at_services = columns.index.get("services")
        self._at_award = columns.index.get("award")
        self._at_texts = (
            self._at_name,
            self._at_address,
            self._at_id,
            self._at_bank,
            self._at_phone,
            self._at_hours,
            self._at_services,
            self._at_award,
        )
        self._hours = CellReader("hours", lambda text: str(Hours.parse(text)), "")
        self._services = CellReader[tuple[str, ...]]("services", read_services, ())
        self._at_lat = columns.index.get("lat")
        self._at_lon = columns.index.get("lon", 0)
        self._at_datum = columns.index.get("datum")
        self._limits = limits
        self._notes = notes
        has_datums = self._at_datum is not None
        self._positions = PositionReader(has_datums=has_datums, datum=datum)
        self._banks: dict[str, str | None] = {}
        self._keys: dict[str, int] = {}
        self._ids: dict[str, int] = {}

    def read(self, records: Iterable[Record]) -> None:
        """Check ``records``, many at once where nothing is wrong with any, or else one by one.

        Raises:
            ListFileError: too many rows, or positions whose datum nothing tells.
        """
        for batch in _batches(records):
            if self._read_by_column(batch):
                continue
            for start in range(0, len(batch), _FEW):
                few = batch[start : start + _FEW]
                if not self._read_by_column(few):
                    self._read_by_row(few)

    def _read_by_row(self, batch: Sequence[Record]) -> None:
        rows, rejected, most = self.rows, self.rejected, self._limits.rows
        for line, cells in batch:
            try:
                row = self._row(line, cells)
            except Fault as fault:
                column = "—" if fault.field is None else self._columns.heading(fault.field)
                rejected.append(Rejection(line, column, shown(fault.value), fault.reason))
            else:
                if row is None:
                    continue
                rows.append(row)
            if len(rows) + len(rejected) > most:
                raise ListFileError(f"the file has more than {most:,} rows")

    def _read_by_column(self, batch: Sequence[Record]) -> bool:
        """Take ``batch`` if `_row` makes a row of each of its records; change nothing if not.

        The checks are `_row`'s in the same order, a column at a time. What stands against a
        record is for `_row` to say.
        """
        if len(self.rows) + len(self.rejected) + len(batch) > self._limits.rows:
            return False
        try:
            width = self._width
            fitted = [cells if len(cells) == width else self._fitted(cells) for _, cells in batch]
            columns = list(zip(*fitted, strict=True))
            names, addresses, ids, banks, phones, hours, services, awards = (
                [""] * len(batch) if at is None else list(map(str.strip, columns[at]))
                for at in self._at_texts
            )
            texts = (names, addresses, banks, phones, hours, services, awards)
            longest = max(max(map(len, column)) for column in texts)
            if not (all(names) and all(addresses)) or longest > self._limits.text_chars:
                return False
            lines = [line for line, _ in batch]
            new_ids = dict(zip(ids, lines, strict=True))
            if not self._are_new(new_ids, ids):
                return False
            given_hours = list(map(self._hours.read, hours))
            given_services = list(map(self._services.read, services))
            points = self._points(columns, len(batch))
        except Fault:
            return False
        name_keys, address_keys = canonical_all(names), canonical_all(addresses)
        pairs = map("\n".join, zip(name_keys, address_keys, strict=True))
        keys = dict(zip(pairs, lines, strict=True))
        is_new = len(keys) == len(batch) and self._keys.keys().isdisjoint(keys)
        if not (is_new and all(name_keys) and all(address_keys)):
            return False
        self._keys |= keys
        self._ids |= new_ids
        codes = self._bank_codes(lines, banks, name_keys)
        given = [text or None for text in ids] if "" in ids else ids
        first = zip(lines, given, names, addresses, codes, phones, strict=True)
        rest = zip(given_hours, points, given_services, awards, strict=True)
        fields = map(add, first, rest)
        self.rows += map(_ROW, fields)
        return True

    def _are_new(self, new_ids: dict[str, int], ids: Sequence[str]) -> bool:
        blank = ids.count("")
        if blank:
            del new_ids[""]
        return (
            len(new_ids) + blank == len(ids)
            and all(map(_ID.fullmatch, new_ids))
            and self._ids.keys().isdisjoint(new_ids)
        )

    def _points(self, columns: Sequence[Sequence[str]], count: int) -> Iterable[Point | None]:
        if self._at_lat is None:
            return repeat(None, count)
        stated = [""] * count if self._at_datum is None else columns[self._at_datum]
        return self._positions.read_all(columns[self._at_lat], columns[self._at_lon], stated)

    def _row(self, line: int, cells: list[str]) -> ListRow | None:
        """The record as a row; None for a blank one or a remark. Raises `Fault`."""
        if len(cells) != self._width:
            cells = self._fitted(cells)
        name, address = cells[self._at_name].strip(), cells[self._at_address].strip()
        longest = self._limits.text_chars
        if not name or not address or len(name) > longest or len(address) > longest:
            if self._is_no_branch(cells):
                return None
            if name and address:
                raise _too_long(longest, name=name, address=address)
            field = "address" if name else "name"
            raise Fault(field, "", f"a branch needs {field}; the cell is empty")
        name_key, address_key = canonical(name), canonical(address)
        branch_id = None if self._at_id is None else self._id(cells[self._at_id].strip())
        bank = "" if self._at_bank is None else cells[self._at_bank].strip()
        phone = "" if self._at_phone is None else cells[self._at_phone].strip()
        hours = "" if self._at_hours is None else cells[self._at_hours].strip()
        services = "" if self._at_services is None else cells[self._at_services].strip()
        award = "" if self._at_award is None else cells[self._at_award].strip()
        more = {"bank": bank, "phone": phone, "hours": hours, "services": services, "award": award}
        if max(map(len, more.values())) > longest:
            raise _too_long(longest, **more)
        given_hours, given_services = self._hours.read(hours), self._services.read(services)
        point = None
        if self._at_lat is not None:
            stated = "" if self._at_datum is None else cells[self._at_datum]
            point = self._positions.read(cells[self._at_lat], cells[self._at_lon], stated)
        key = f"{name_key}\n{address_key}"  # no canonical text holds a line break
        first = self._keys.get(key)
        if first is not None:
            raise Fault("name", name, f"the same name and address as in line {first}")
        if not (name_key and address_key):
            field, text = ("address", address) if name_key else ("name", name)
            raise Fault(field, text, "there is nothing in it that can be seen")
        self._keys[key] = line
        if branch_id is not None:
            self._ids[branch_id] = line
        code = self._bank_code(line, bank, name_key)
        return ListRow(
            line, branch_id, name, address, code, phone, given_hours, point, given_services, award
        )

    def _fitted(self, cells: list[str]) -> list[str]:
        """``cells`` filled up with empty ones, or cut where only empty ones stand beyond."""
        extra = next((cell for cell in cells[self._width :] if cell.strip()), None)
        if extra is not None:
            what = f"{self._width} headings" if self._columns.headings else "name and address"
            raise Fault(None, extra, f"{len(cells)} cells under {what}")
        return cells[: self._width] + [""] * (self._width - len(cells))

    def _is_no_branch(self, cells: list[str]) -> bool:
        """Whether the record is blank, or a remark below the table (which is then kept)."""
        filled = [text for cell in cells if (text := cell.strip())]
        if len(filled) == 1 and REMARK.match(filled[0]):
            self.remarks.append(filled[0])
            return True
        return not filled

    def _id(self, text: str) -> str | None:
        if not text:
            return None
        if not _ID.fullmatch(text):
            raise Fault(
                "id", text, "an id is up to 64 letters, digits, - _ . and begins with no dot"
            )
        if text in self._ids:
            raise Fault("id", text, f"the same id as in line {self._ids[text]}")
        return text

    def _bank_codes(
        self, lines: Sequence[int], texts: Sequence[str], name_keys: Sequence[str]
    ) -> Iterable[str | None]:
        codes = [self._banks.get(text) for text in texts]
        return map(self._bank_code, lines, texts, name_keys) if None in codes else codes

    def _bank_code(self, line: int, text: str, name_key: str) -> str | None:
        """The bank's code from its own cell, or else from the branch's canonical name."""
        if text:
            if text not in self._banks:
                stated = banks().get(text.casefold()) or find_bank(text)
                self._banks[text] = None if stated is None else stated.code
            if (code := self._banks[text]) is not None:
                return code
            self._notes.add("unknown bank", line, f"unknown bank {shown(text)}: not used")
        found = bank_of_key(name_key)
        return None if found is None else found.code


_ROW = cast("Callable[[Iterable[object]], ListRow]", partial(tuple.__new__, ListRow))
"""`ListRow._make` without its checks."""


def _too_long(longest: int, **texts: str) -> Fault:
    """The fault of the longest of ``texts``, by its field."""
    field = max(texts, key=lambda field: len(texts[field]))
    text = texts[field]
    return Fault(field, text, f"{len(text):,} characters; at most {longest}")


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    """``records`` by and by; what came before an error is given before it is raised."""
    batch: list[Record] = []
    try:
        for record in records:
            batch.append(record)
            if len(batch) == _BATCH:
                yield batch
                batch = []
    except ListFileError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch
