"""A grid over polygons whose regions of cells no border enters: one test decides a whole region.

Most positions lie well inside a district. Cells without a border that touch each other lie in the
same polygons from one end to the other, so that a single position tells for all of them; only
positions in the cells of a border need a test each.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BORDER = 0
"""The region number of all cells that a border touches."""
OUTSIDE = -1

_CELLS_PER_VERTEX = 1.5
"""Finer cells leave fewer positions beside a border and cost two bytes each."""
_MOST_CELLS = 6_000_000
_CHUNK = 500_000
"""Vertices looked at together: bounds the memory while building."""


class CellGrid:
    """Cells over ``polygons`` (shapely, in degrees), numbered by region.

    Building takes time in proportion to the vertices; one to four bytes a cell stay.
    """

    def __init__(self, polygons: NDArray[np.object_]) -> None:
        west, south, east, north = shapely.total_bounds(polygons)
        vertices = int(shapely.get_num_coordinates(polygons).sum())
        cells = min(_MOST_CELLS, max(1.0, _CELLS_PER_VERTEX * vertices))
        width, height = max(east - west, 1e-9), max(north - south, 1e-9)
        side = np.sqrt(width * height / cells)
        # A long thin extent still has at most about that many cells.
        self._nx = int(np.clip(np.ceil(width / side), 1, cells))
        self._ny = int(np.clip(np.ceil(height / side), 1, cells))
        self._low = np.array([west, south])
        self._high = np.array([east, north])
        self._scale = np.array([self._nx / width, self._ny / height])
        border = self._border_cells(polygons)
        from scipy import ndimage  # noqa: PLC0415 - only who places branches waits for it

        labels, self.regions = ndimage.label(~border)
        self._labels = labels.astype(np.min_scalar_type(self.regions))

    def region(self, x: Floats, y: Floats) -> Ints:
        """The region of each position: 1 … ``regions``, or `BORDER`, or `OUTSIDE` of the grid."""
        inside = (
            (x >= self._low[0]) & (x <= self._high[0]) & (y >= self._low[1]) & (y <= self._high[1])
        )
        column, row = self._cells(np.where(inside, x, 0.0), np.where(inside, y, 0.0))
        return np.where(inside, self._labels[row, column].astype(np.int64), OUTSIDE)

    def _cells(self, x: Floats, y: Floats) -> tuple[Ints, Ints]:
        # The same arithmetic for vertices and positions: rounding cannot part them.
        column = ((x - self._low[0]) * self._scale[0]).astype(np.int64)
        row = ((y - self._low[1]) * self._scale[1]).astype(np.int64)
        # What np.clip does, in half the time for a single position.
        last = np.minimum(column, self._nx - 1), np.minimum(row, self._ny - 1)
        return np.maximum(last[0], 0), np.maximum(last[1], 0)

    def _border_cells(self, polygons: NDArray[np.object_]) -> NDArray[np.bool_]:
        border = np.zeros((self._ny, self._nx), dtype=np.bool_)
        rings = shapely.get_rings(shapely.get_parts(polygons))
        counts = np.cumsum(shapely.get_num_coordinates(rings))
        start = 0
        while start < len(rings):
            done = counts[start - 1] if start else 0
            stop = max(start + 1, int(np.searchsorted(counts, done + _CHUNK)))
            xy, ring = shapely.get_coordinates(rings[start:stop], return_index=True)
            joined = ring[1:] == ring[:-1]
            self._mark(border, xy[:-1][joined], xy[1:][joined])
            start = stop
        return border

    def _mark(self, border: NDArray[np.bool_], start: Floats, end: Floats) -> None:
        """Mark every cell that the box of an edge touches; long edges are taken in steps."""
        (c0, r0), (c1, r1) = self._cells(*start.T), self._cells(*end.T)
        spans = np.maximum(np.abs(c1 - c0), np.abs(r1 - r0))
        short = spans <= 1
        for column in (c0, c1):
            for row in (r0, r1):
                border[row[short], column[short]] = True
        start, end, spans = start[~short], end[~short], spans[~short] + 1
        edge = np.repeat(np.arange(len(spans)), spans)
        step = np.arange(len(edge)) - np.repeat(np.cumsum(spans) - spans, spans)
        middle = ((step + 0.5) / spans[edge])[:, None]
        column, row = self._cells(*(start[edge] * (1 - middle) + end[edge] * middle).T)
        # Steps are shorter than a cell, so that from its middle all of it lies in the cells around.
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                border[np.clip(row + dy, 0, self._ny - 1),
                       np.clip(column + dx, 0, self._nx - 1)] = True  # fmt: skip
