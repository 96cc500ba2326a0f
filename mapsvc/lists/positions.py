"""Positions that a list gives for its branches: latitude, longitude and their datum."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import isfinite, isnan

from mapsvc.address.normalise import canonical
from mapsvc.errors import InvalidValue, ListFileError
from mapsvc.lists.rows import Fault
from mapsvc.model import Datum, Point

_WEST, _EAST, _SOUTH, _NORTH = 73.0, 135.1, 3.0, 54.0
"""China, roughly, in degrees of any datum: enough to see that lat and lon are swapped."""


class PositionReader:
    """Reads the positions of one file.

    Args:
        has_datums: whether the file has a column for the datum.
        datum: the datum of positions whose row names none.
    """

    def __init__(self, *, has_datums: bool, datum: Datum | None) -> None:
        self._has_datums = has_datums
        self._datum = datum
        self._datums: dict[str, Datum] = {}

    def read(self, lat_text: str, lon_text: str, stated: str) -> Point | None:
        """The position that three cells give in degrees; None where lat and lon are blank.

        Raises:
            Fault: no position, or one that no branch can have.
            ListFileError: nothing tells the datum.
        """
        try:
            lat, lon = float(lat_text), float(lon_text)
        except ValueError:
            lat_text, lon_text = lat_text.strip(), lon_text.strip()
            if not lat_text and not lon_text:
                return None
            lat, lon = _degrees("lat", lat_text), _degrees("lon", lon_text)
        if not (_SOUTH <= lat <= _NORTH and _WEST <= lon <= _EAST):
            _refuse(lat, lon)
        datum = self._datums.get(stated)
        if datum is None:
            datum = self._datums[stated] = self._datum_of(stated.strip())
        return Point(lon, lat, datum)

    def read_all(
        self, lat_texts: Sequence[str], lon_texts: Sequence[str], stated: Sequence[str]
    ) -> Sequence[Point | None]:
        """`read` for each row of three columns; raises for the first row that it raises for."""
        try:
            lats, lons = list(map(float, lat_texts)), list(map(float, lon_texts))
            datums = [self._datums[text] for text in stated]
        except (ValueError, KeyError):  # blank or odd cells, or a datum seen for the first time
            return list(map(self.read, lat_texts, lon_texts, stated))
        if not (_are_within(_SOUTH, lats, _NORTH) and _are_within(_WEST, lons, _EAST)):
            return list(map(self.read, lat_texts, lon_texts, stated))
        return _points(lons, lats, datums)

    def _datum_of(self, text: str) -> Datum:
        if text:
            try:
                return Datum.parse(text)
            except InvalidValue as error:
                raise Fault("datum", text, f"not {error.allowed}") from None
        if self._datum is not None:
            return self._datum
        if self._has_datums:
            raise Fault("datum", text, "a position needs its datum: wgs84, gcj02 or bd09")
        raise ListFileError(
            "the positions' datum is unknown: add a column datum (wgs84, gcj02 or bd09), or pass "
            "--datum"
        )


def _degrees(field: str, text: str) -> float:
    if not text:
        raise Fault(field, text, "lat and lon go together; this one is empty")
    try:
        return float(canonical(text))  # which makes full-width digits and points plain
    except ValueError:
        raise Fault(field, text, "not a number of decimal degrees") from None


def _refuse(lat: float, lon: float) -> None:
    """Raise for what cannot be a branch's position; outside China is no fault in itself."""
    swapped = _SOUTH <= lon <= _NORTH and _WEST <= lat <= _EAST
    hint = "; are lat and lon swapped?" if swapped else ""
    for field, value, most in (("lat", lat, 90), ("lon", lon, 180)):
        if not isfinite(value) or abs(value) > most:
            raise Fault(field, value, f"not a number from -{most} to {most}{hint}")
    if swapped:
        raise Fault("lat", lat, f"outside China with lon {lon:g}, inside when swapped{hint}")
    if lat == 0 and lon == 0:
        raise Fault("lat", lat, "lat 0 and lon 0 stand for an unknown position")


def _are_within(low: float, values: Sequence[float], high: float) -> bool:
    # The sum is NaN where a value is; min and max may miss it.
    return low <= min(values) and max(values) <= high and not isnan(sum(values))


def _points(lons: list[float], lats: list[float], datums: list[Datum]) -> Sequence[Point]:
    """`Point` for each row of columns that were checked: without its own checks, in a fifth."""
    points = [object.__new__(Point) for _ in lons]
    for name, values in (("lon", lons), ("lat", lats), ("datum", datums)):
        deque(map(vars(Point)[name].__set__, points, values), maxlen=0)
    return points
