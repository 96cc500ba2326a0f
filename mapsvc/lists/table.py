"""From records of cells to checked rows: every record becomes a row or a rejection."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import isfinite

from mapsvc.address.normalise import canonical
from mapsvc.errors import InvalidValue, ListFileError, shown
from mapsvc.lists.banks import bank_of_key, banks, find_bank
from mapsvc.lists.headings import Columns
from mapsvc.lists.rows import Limits, ListRow, Notes, Rejection
from mapsvc.model import Datum, Point

Record = tuple[int, list[str]]
"""A record's line, from 1, and its cells."""

REMARK = re.compile(r"\W*(?:备注|注|说明|附注|注释|notes?|remarks?)\s*\d*\s*[:：]", re.IGNORECASE)
"""How a line that is no branch says so."""

_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
_WEST, _EAST, _SOUTH, _NORTH = 73.0, 135.1, 3.0, 54.0
"""China, roughly, in degrees of any datum: enough to see that lat and lon are swapped."""


class _Fault(Exception):
    """What is wrong with a record: the field, its value, the reason."""

    def __init__(self, field: str | None, value: object, reason: str) -> None:
        self.field = field
        self.value = value
        self.reason = reason


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
        self._at_lat = columns.index.get("lat")
        self._at_lon = columns.index.get("lon", 0)
        self._at_datum = columns.index.get("datum")
        self._limits = limits
        self._datum = datum
        self._notes = notes
        self._datums: dict[str, Datum] = {}
        self._keys: dict[str, int] = {}
        self._ids: dict[str, int] = {}

    def read(self, records: Iterable[Record]) -> None:
        """Check ``records`` one by one.

        Raises:
            ListFileError: too many rows, or positions whose datum nothing tells.
        """
        rows, rejected, most = self.rows, self.rejected, self._limits.rows
        for line, cells in records:
            try:
                row = self._row(line, cells)
            except _Fault as fault:
                column = "—" if fault.field is None else self._columns.heading(fault.field)
                rejected.append(Rejection(line, column, shown(fault.value), fault.reason))
            else:
                if row is None:
                    continue
                rows.append(row)
            if len(rows) + len(rejected) > most:
                raise ListFileError(f"the file has more than {most:,} rows")

    def _row(self, line: int, cells: list[str]) -> ListRow | None:
        """The record as a row; None for a blank one or a remark. Raises `_Fault`."""
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
            raise _Fault(field, "", f"a branch needs {field}; the cell is empty")
        name_key, address_key = canonical(name), canonical(address)
        branch_id = None if self._at_id is None else self._id(cells[self._at_id].strip())
        bank = "" if self._at_bank is None else cells[self._at_bank].strip()
        phone = "" if self._at_phone is None else cells[self._at_phone].strip()
        hours = "" if self._at_hours is None else cells[self._at_hours].strip()
        if len(bank) > longest or len(phone) > longest or len(hours) > longest:
            raise _too_long(longest, bank=bank, phone=phone, hours=hours)
        point = None if self._at_lat is None else self._point(cells, self._at_lat)
        key = f"{name_key}\n{address_key}"  # no canonical text holds a line break
        first = self._keys.get(key)
        if first is not None:
            raise _Fault("name", name, f"the same name and address as in line {first}")
        if not (name_key and address_key):
            field, text = ("address", address) if name_key else ("name", name)
            raise _Fault(field, text, "there is nothing in it that can be seen")
        self._keys[key] = line
        if branch_id is not None:
            self._ids[branch_id] = line
        code = self._bank_code(line, bank, name_key)
        return ListRow(line, branch_id, name, address, code, phone, hours, point)

    def _fitted(self, cells: list[str]) -> list[str]:
        """``cells`` filled up with empty ones, or cut where only empty ones stand beyond."""
        extra = next((cell for cell in cells[self._width :] if cell.strip()), None)
        if extra is not None:
            what = f"{self._width} headings" if self._columns.headings else "name and address"
            raise _Fault(None, extra, f"{len(cells)} cells under {what}")
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
            raise _Fault(
                "id", text, "an id is up to 64 letters, digits, - _ . and begins with no dot"
            )
        if text in self._ids:
            raise _Fault("id", text, f"the same id as in line {self._ids[text]}")
        return text

    def _bank_code(self, line: int, text: str, name_key: str) -> str | None:
        """The bank's code from its own cell, or else from the branch's canonical name."""
        if text:
            stated = banks().get(text.casefold()) or find_bank(text)
            if stated is not None:
                return stated.code
            self._notes.add("unknown bank", line, f"unknown bank {shown(text)}: not used")
        found = bank_of_key(name_key)
        return None if found is None else found.code

    def _point(self, cells: list[str], at_lat: int) -> Point | None:
        lat_text, lon_text = cells[at_lat], cells[self._at_lon]
        try:
            lat, lon = float(lat_text), float(lon_text)
        except ValueError:
            lat_text, lon_text = lat_text.strip(), lon_text.strip()
            if not lat_text and not lon_text:
                return None
            lat, lon = _degrees("lat", lat_text), _degrees("lon", lon_text)
        if not (_SOUTH <= lat <= _NORTH and _WEST <= lon <= _EAST):
            _refuse_position(lat, lon)
        stated = "" if self._at_datum is None else cells[self._at_datum]
        datum = self._datums.get(stated)
        if datum is None:
            datum = self._datums[stated] = self._datum_of(stated.strip())
        return Point(lon, lat, datum)

    def _datum_of(self, text: str) -> Datum:
        if text:
            try:
                return Datum.parse(text)
            except InvalidValue as error:
                raise _Fault("datum", text, f"not {error.allowed}") from None
        if self._datum is not None:
            return self._datum
        if "datum" in self._columns.index:
            raise _Fault("datum", text, "a position needs its datum: wgs84, gcj02 or bd09")
        raise ListFileError(
            "the positions' datum is unknown: add a column datum (wgs84, gcj02 or bd09), or pass "
            "--datum"
        )


def _too_long(longest: int, **texts: str) -> _Fault:
    """The fault of the longest of ``texts``, by its field."""
    field = max(texts, key=lambda field: len(texts[field]))
    text = texts[field]
    return _Fault(field, text, f"{len(text):,} characters; at most {longest}")


def _degrees(field: str, text: str) -> float:
    if not text:
        raise _Fault(field, text, "lat and lon go together; this one is empty")
    try:
        return float(canonical(text))  # which makes full-width digits and points plain
    except ValueError:
        raise _Fault(field, text, "not a number of decimal degrees") from None


def _refuse_position(lat: float, lon: float) -> None:
    """Raise for what cannot be a branch's position; outside China is no fault in itself."""
    swapped = _SOUTH <= lon <= _NORTH and _WEST <= lat <= _EAST
    hint = "; are lat and lon swapped?" if swapped else ""
    for field, value, most in (("lat", lat, 90), ("lon", lon, 180)):
        if not isfinite(value) or abs(value) > most:
            raise _Fault(field, value, f"not a number from -{most} to {most}{hint}")
    if swapped:
        raise _Fault("lat", lat, f"outside China with lon {lon:g}, inside when swapped{hint}")
    if lat == 0 and lon == 0:
        raise _Fault("lat", lat, "lat 0 and lon 0 stand for an unknown position")
