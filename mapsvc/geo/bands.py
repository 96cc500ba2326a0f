"""Points sorted into bands of latitude, in each band by longitude.

Neighbours on the ground lie close together in memory, points at one place side by side, and those
in a box are one short run of each band that it touches. The bands hold equally many points, so
that they are thin where points are dense.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from mapsvc.model import BBox

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

_HEIGHT = 5
"""A band holds this many times the square root of the number of points."""
_FEW = 8
"""Up to so many bands are faster looked at one by one."""


class Bands(NamedTuple):
    """Positions in the order of the bands; a position's number in it is called its place."""

    lon: Floats
    lat: Floats
    rows: Rows
    """Each place's row in the arrays that the bands were made of."""
    places: Rows
    """Each row's place, -1 where it has none."""
    keys: Floats
    """Each place's sort key: ascending."""
    souths: Floats
    """Each band's southernmost latitude: ascending."""

    @classmethod
    def of(cls, lon: Floats, lat: Floats) -> Self:
        """Sort positions (WGS-84 degrees); those with a NaN are left out."""
        rows = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        rows = rows[np.argsort(lat[rows], kind="stable")]
        height = _height(rows.size)
        souths = lat[rows[::height]]
        keys = _key(np.arange(rows.size) // height, lon[rows])
        order = np.argsort(keys, kind="stable")
        rows = rows[order]
        places = np.full(lon.size, -1, np.int64)
        places[rows] = np.arange(rows.size)
        return cls(lon[rows], lat[rows], rows, places, keys[order], souths)

    def key(self, lon: float, lat: float) -> float:
        """The sort key that a position would have."""
        band = int(self.souths.searchsorted(lat, "right")) - 1
        return max(band, 0) + (lon + 180) / 361

    def within(self, bbox: BBox) -> Rows:
        """The rows in a box, as `mapsvc.geo.index.PointIndex.within` says."""
        first = max(int(self.souths.searchsorted(bbox.south)) - 1, 0)
        end = int(self.souths.searchsorted(bbox.north, "right"))
        span = self._few if end - first <= _FEW else self._many
        found = [part for west, east in _spans(bbox) for part in span(first, end, bbox, west, east)]
        if not found:
            return np.empty(0, np.int64)
        rows = found[0] if len(found) == 1 else np.concatenate(found)
        if rows.size * 16 < self.places.size:
            return np.sort(rows)
        chosen = np.zeros(self.places.size, np.bool_)
        chosen[rows] = True
        return np.flatnonzero(chosen)

    def _few(self, first: int, end: int, bbox: BBox, west: float, east: float) -> list[Rows]:
        """The rows of each band: only the outermost ones hold points beside the box."""
        height = _height(self.rows.size)
        edges = np.array((west, math.nextafter(east, 999.0)))
        found = []
        for band in range(first, end):
            start = band * height
            ahead, until = self.lon[start : start + height].searchsorted(edges).tolist()
            part = slice(start + ahead, start + until)
            rows = self.rows[part]
            if band in {first, end - 1}:
                lat = self.lat[part]
                rows = rows[(lat >= bbox.south) & (lat <= bbox.north)]
            found.append(rows)
        return found

    def _many(self, first: int, end: int, bbox: BBox, west: float, east: float) -> list[Rows]:
        """The same for all bands at once."""
        bands = np.arange(first, end)
        starts = self.keys.searchsorted(_key(bands, west))
        stops = self.keys.searchsorted(_key(bands, east), "right")
        lengths = stops - starts
        size = int(lengths.sum())
        at: Rows | slice = slice(None)
        if size * 4 < self.rows.size:  # else looking at all of them in their order is faster
            at = np.arange(size) + np.repeat(stops - np.cumsum(lengths), lengths)
        lon, lat = self.lon[at], self.lat[at]
        inside = (lat >= bbox.south) & (lat <= bbox.north) & (lon >= west) & (lon <= east)
        return [self.rows[at][inside]]


def _height(count: int) -> int:
    """How many of so many points are in a band."""
    return max(1, _HEIGHT * math.isqrt(count))


def _key(band: Rows, lon: Floats | float) -> Floats:
    """Numbers that sort by band, then by longitude, but for rounding: about 1e-10 degrees."""
    return np.asarray(band + (lon + 180) / 361, np.float64)


def _spans(bbox: BBox) -> list[tuple[float, float]]:
    """A box's longitudes, from west to east in each span; ±180° belong together."""
    if bbox.west > bbox.east:
        return [(bbox.west, 180.0), (-180.0, bbox.east)]
    spans = [(bbox.west, bbox.east)]
    if bbox.west == -180 and bbox.east < 180:
        spans.append((180.0, 180.0))
    if bbox.east == 180 and bbox.west > -180:
        spans.append((-180.0, -180.0))
    return spans
