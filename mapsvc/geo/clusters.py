"""Clusters for maps that cannot show every point: cells of the Web Mercator map, zoom by zoom.

Points are sorted once by the Morton code of their finest cell. A cell of any zoom is then one run
of them, sums from the beginning give its count and its mean, and nothing is stored per zoom.

The known alternative is greedy merging by radius (mapbox/supercluster): its circles lie more
naturally, but each zoom is a tree of its own, a filter changes every cluster, and what merges
depends on the order of the points. With cells, a filter only takes points away, a box never
changes a cluster, and each cluster lies wholly within one cluster of every lower zoom.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mapsvc.errors import InvalidValue
from mapsvc.model import BBox

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

MAX_ZOOM = 20
"""The last zoom with clusters of its own; its cells are 9.6 m wide at the equator."""
CELL_PX = 64
"""The side of a cell in pixels of the map, whose tiles have 256."""
CIRCLE_PX = 40
"""A cluster's circle of this diameter stays inside its cell."""

_EXTRA = 2
"""Zoom z has 2 ** (z + 2) cells a side."""
_LEVELS = MAX_ZOOM + _EXTRA
_UNIT = 1 << 30
"""Means are taken of whole numbers, that many round the equator (3.7 cm): their sums are exact."""
_BLOCK = 64
"""Extremes are kept of every 64 points, so that large cells need not look at each."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Clusters and single points, as arrays of one length, in Morton order.

    ``lon``, ``lat`` (WGS-84 degrees) is where to draw; ``count`` how many points; ``row`` the
    row of a single point, else -1; ``west``, ``south``, ``east``, ``north`` the box of the points
    themselves; ``expansion_zoom`` the first zoom at which it falls apart, ``MAX_ZOOM + 1`` where
    it never does: a single point, or several in one of the finest cells.
    """

    lon: Floats
    lat: Floats
    count: Rows
    row: Rows
    west: Floats
    south: Floats
    east: Floats
    north: Floats
    expansion_zoom: Rows

    def __len__(self) -> int:
        return int(self.count.size)


_PARTS = ("codes", "rows", "sums", "lows", "highs", "size")


class ClusterIndex:
    """Points, ready to be clustered; immutable.

    Args:
        lon: longitudes in WGS-84 degrees, one-dimensional; NaN means unplaced: in no cluster.
        lat: latitudes, of the same length; beyond ±85.0511°, where the map ends, they belong to
            the outermost cells.

    Raises:
        InvalidValue: arrays that do not fit each other.

    >>> index = ClusterIndex([121.55, 121.5501, 121.60], [29.87, 29.87, 29.87])
    >>> found = index.within(BBox(121, 29, 122, 30), zoom=10)
    >>> found.count.tolist(), found.row.tolist(), found.expansion_zoom.tolist()
    ([2, 1], [-1, 2], [20, 21])
    """

    def __init__(self, lon: ArrayLike, lat: ArrayLike) -> None:
        x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
        if x.ndim != 1 or x.shape != y.shape:
            raise InvalidValue("lon, lat", (x.shape, y.shape), "two flat arrays of one length")
        rows = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        places = np.stack([x[rows], y[rows]])
        units = _units(places)
        codes = _morton(*(units >> (30 - _LEVELS)))
        order = np.argsort(codes, kind="stable")
        self._fill(codes[order], rows[order], places[:, order], units[:, order], x.size)

    def _fill(self, codes: Rows, rows: Rows, places: Floats, units: Rows, size: int) -> None:
        self._codes, self._rows, self._size = codes, rows, np.array([size])
        self._sums = np.zeros((2, rows.size + 1), np.int64)
        np.cumsum(units, axis=1, out=self._sums[:, 1:])
        # Each point's coordinates, and after them those of the blocks.
        self._lows = self._highs = places
        if rows.size:
            blocks = np.arange(0, rows.size, _BLOCK)
            lows, highs = (f.reduceat(places, blocks, axis=1) for f in (np.minimum, np.maximum))
            self._lows = np.concatenate([places, lows], axis=1)
            self._highs = np.concatenate([places, highs], axis=1)

    def __len__(self) -> int:
        """How many rows there are, placed or not."""
        return int(self._size[0])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What the index consists of, by names that do not change; for `from_arrays`."""
        return {name: getattr(self, f"_{name}") for name in _PARTS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The index again from its `arrays`, which may be read-only memory maps; none is copied."""
        index = cls.__new__(cls)
        for name in _PARTS:
            setattr(index, f"_{name}", arrays[name])
        return index

    def within(self, bbox: BBox, zoom: int, mask: Mask | None = None) -> Clusters:
        """The clusters of every cell that a box touches, each with all points of its cell.

        Args:
            bbox: in WGS-84; across ±180° where west is greater than east.
            zoom: of the map, 0 to `MAX_ZOOM`.
            mask: which rows are wanted, one bool a row; see also `only`.

        Raises:
            InvalidValue: a zoom out of range, or a mask of another length.
        """
        starts, stops = self._runs(*_cells(bbox, zoom), zoom)
        if mask is None:
            return self._clusters(starts, stops, zoom)
        part = self._only(_ranges(starts, stops), mask)
        return part._clusters(*_changes(part._codes >> _shift(zoom)), zoom)

    def zoom_for(self, bbox: BBox, zoom: int, limit: int) -> int:
        """The greatest zoom, up to the given one, at which a box has few enough clusters.

        Nothing but cells is counted, so that it costs far less than `within` for many clusters.

        Args:
            bbox: in WGS-84; across ±180° where west is greater than east.
            zoom: of the map, 0 to `MAX_ZOOM`.
            limit: how many clusters `within` may give, 16 or more: zoom 0 has so many cells.

        Raises:
            InvalidValue: a zoom or a limit out of range.
        """
        if limit < 4**_EXTRA:
            raise InvalidValue("limit", limit, f"a whole number from {4**_EXTRA}")
        while True:
            firsts = self._codes[self._runs(*_cells(bbox, zoom), zoom)[0]]
            if firsts.size <= limit:
                return zoom
            # Neighbours lie in two cells of every zoom that sees the highest bit they differ in.
            # A lower zoom's cells hold more round the box: the counts are the least there can be.
            apart = firsts[1:] ^ firsts[:-1]
            too_many = bisect_left(
                range(zoom), limit, key=lambda z: int(np.count_nonzero(apart >> _shift(z)))
            )
            zoom = too_many - 1

    def only(self, mask: Mask) -> ClusterIndex:
        """An index of the rows that a mask lets through, under their own numbers.

        For a mask that is used again and again: this one answers at once, while `within` with a
        mask looks at each point in the box. It takes 64 bytes a point.

        Raises:
            InvalidValue: a mask of another length.
        """
        return self._only(slice(None), mask)

    def _runs(
        self, columns: list[tuple[int, int]], rows: tuple[int, int], zoom: int
    ) -> tuple[Rows, Rows]:
        """Where the points of each cell that has some start and stop, in Morton order."""
        shift = _shift(zoom)
        width = sum(last - first + 1 for first, last in columns)
        if width * (rows[1] - rows[0] + 1) * 4 > self._codes.size:
            cells = self._codes >> shift
            starts, stops = _changes(cells)
            last_cell = (1 << zoom + _EXTRA) - 1
            if columns == [(0, last_cell)] and rows == (0, last_cell):
                return starts, stops
            cells = cells[starts]
            # Bits spread apart are in the order of the numbers that they came from.
            x, y = cells & _EVEN_BITS, cells >> 1 & _EVEN_BITS
            spans = [_spread(np.array(span)) for span in (rows, *columns)]
            in_rows, *in_columns = (
                (values >= first) & (values <= last)
                for values, (first, last) in zip((y, *[x] * len(columns)), spans, strict=True)
            )
            inside = in_rows & np.logical_or.reduce(in_columns)
            return starts[inside], stops[inside]
        x = np.concatenate([np.arange(first, last + 1) for first, last in columns])
        y = np.arange(rows[0], rows[1] + 1)
        cells = np.sort((_spread(x) | (_spread(y) << 1)[:, None]).ravel())
        starts = self._codes.searchsorted(cells << shift)
        stops = self._codes.searchsorted((cells + 1) << shift)
        filled = stops > starts
        return starts[filled], stops[filled]

    def _only(self, at: Rows | slice, mask: Mask) -> ClusterIndex:
        if np.shape(mask) != (len(self),):
            raise InvalidValue("mask", np.shape(mask), f"one bool for each of {len(self)} rows")
        wanted = np.flatnonzero(np.asarray(mask, np.bool_)[self._rows[at]])
        at = wanted if isinstance(at, slice) else at[wanted]
        part = type(self).__new__(type(self))
        units = self._sums[:, at + 1] - self._sums[:, at]
        part._fill(self._codes[at], self._rows[at], self._lows[:, at], units, len(self))
        return part

    def _clusters(self, starts: Rows, stops: Rows, zoom: int) -> Clusters:
        count = stops - starts
        single = count == 1
        low, high = self._boxes(starts, stops)
        bits = 30 - zoom - _EXTRA
        mean = (self._sums[:, stops] - self._sums[:, starts]) / count
        margin = CIRCLE_PX / 2 / CELL_PX * (1 << bits)
        corner = (self._sums[:, starts + 1] - self._sums[:, starts]) >> bits << bits
        mean = np.clip(mean, corner + margin, corner + (1 << bits) - margin)
        lon, lat = np.where(single, low, _degrees(mean))
        split = np.frexp((self._codes[starts] ^ self._codes[stops - 1]).astype(np.float64))[1]
        return Clusters(
            lon,
            lat,
            count,
            np.where(single, self._rows[starts], -1),
            west=low[0],
            south=low[1],
            east=high[0],
            north=high[1],
            expansion_zoom=np.where(split > 0, MAX_ZOOM - (split - 1) // 2, MAX_ZOOM + 1),
        )

    def _boxes(self, starts: Rows, stops: Rows) -> tuple[Floats, Floats]:
        """The south-west and north-east corners of the points of each run: (2, n) degrees."""
        if not starts.size:
            return np.empty((2, 0)), np.empty((2, 0))
        first = np.minimum(-(-starts // _BLOCK), stops // _BLOCK)
        last = np.maximum(stops // _BLOCK, first)
        none = first == last
        head_stop = np.where(none, stops, first * _BLOCK)
        tail_start = np.where(none, stops, last * _BLOCK)
        blocks = self._codes.size
        begin = np.stack([starts, blocks + first, tail_start], axis=1).ravel()
        end = np.stack([head_stop, blocks + last, stops], axis=1).ravel()
        at = _ranges(begin, end)
        sizes = (end - begin).reshape(-1, 3).sum(axis=1)
        offsets = np.cumsum(sizes) - sizes
        low = np.minimum.reduceat(self._lows[:, at], offsets, axis=1)
        return low, np.maximum.reduceat(self._highs[:, at], offsets, axis=1)


def _shift(zoom: int) -> int:
    """By how many bits the code of a finest cell is longer than that of its cell at a zoom."""
    return 2 * (_LEVELS - zoom - _EXTRA)


def _cells(bbox: BBox, zoom: int) -> tuple[list[tuple[int, int]], tuple[int, int]]:
    """The columns (one or two spans of them) and the rows of cells that a box touches."""
    if not 0 <= zoom <= MAX_ZOOM:
        raise InvalidValue("zoom", zoom, f"a whole number from 0 to {MAX_ZOOM}")
    shift = 30 - zoom - _EXTRA
    corners = np.array([[bbox.west, bbox.east], [bbox.north, bbox.south]])
    (west, east), (first, last) = (_units(corners) >> shift).tolist()
    if bbox.west <= bbox.east:
        return [(west, east)], (first, last)
    end = (1 << zoom + _EXTRA) - 1
    return [(0, end)] if west <= east + 1 else [(0, east), (west, end)], (first, last)


def _units(places: Floats) -> Rows:
    """(2, n) degrees to Web Mercator in whole numbers from 0 to ``_UNIT - 1``, from the north."""
    lat = np.radians(np.clip(places[1], -89.9, 89.9))
    square = np.stack([places[0] / 360 + 0.5, 0.5 - np.arcsinh(np.tan(lat)) / (2 * np.pi)])
    units: Floats = np.clip(np.floor(square * _UNIT), 0, _UNIT - 1)
    return units.astype(np.int64)


def _degrees(units: Floats) -> Floats:
    """The inverse of `_units`."""
    square = units / _UNIT
    lat = np.degrees(np.arctan(np.sinh((0.5 - square[1]) * (2 * np.pi))))
    return np.stack([(square[0] - 0.5) * 360, lat])


_SPREAD = ((16, 0x0000FFFF0000FFFF), (8, 0x00FF00FF00FF00FF), (4, 0x0F0F0F0F0F0F0F0F),
           (2, 0x3333333333333333), (1, 0x5555555555555555))  # fmt: skip
_EVEN_BITS = _SPREAD[-1][1]


def _spread(values: Rows) -> Rows:
    """Whole numbers below 2 ** 31 with a zero between any two bits."""
    for shift, bits in _SPREAD:
        values = (values | values << shift) & bits
    return values


def _morton(x: Rows, y: Rows) -> Rows:
    return _spread(x) | _spread(y) << 1


def _changes(cells: Rows) -> tuple[Rows, Rows]:
    """Where runs of equal cells start and stop."""
    edges = np.flatnonzero(cells[1:] != cells[:-1]) + 1
    if not cells.size:
        return edges, edges
    return np.append(0, edges), np.append(edges, cells.size)


def _ranges(starts: Rows, stops: Rows) -> Rows:
    """All whole numbers from each start up to its stop, one after the other."""
    lengths = stops - starts
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if ends.size else 0) + np.repeat(stops - ends, lengths)
