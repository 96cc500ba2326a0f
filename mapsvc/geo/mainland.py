"""Where the datum shift applies: the mainland's outline, from the one shipped file, as a mask.

The outline (``data/mainland-outline.geojson``, WGS-84, made by `mapsvc.outline`) holds the land of
the 31 mainland provinces and its waters up to 12 nautical miles, so that harbours, bridges and
reclaimed land count as mainland, but no water that is nearer to Hong Kong, Macau, Taiwan or a
neighbour. It is read when it is first asked for, and kept.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from mapsvc.resources import resource

OUTLINE = "data/mainland-outline.geojson"

_CELL_DEG = 0.125
_MARGIN_DEG = 0.05
"""More than the longest shift (1.6 km) at every latitude of the outline."""
_OUT, _IN, _EDGE = 0, 1, 2


def in_mainland(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Whether positions lie in mainland China or its waters.

    Args:
        lon: longitudes in WGS-84 degrees, any shape; NaN and infinite values are outside.
        lat: latitudes in WGS-84 degrees, of the same shape.

    Returns:
        A bool array of that shape.

    >>> in_mainland([121.55, 114.0597, 114.17, 126.98], [29.87, 22.5429, 22.32, 37.57]).tolist()
    [True, True, False, False]
    """
    lon, lat = np.broadcast_arrays(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
    inside: NDArray[np.bool_] = _mask().contains(lon.ravel(), lat.ravel()).reshape(lon.shape)
    return inside


def may_be_shifted(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    """A quick test, in any datum: False where a position is too far away to be the mainland's."""
    west, south, east, north = _mask().bounds
    inside: NDArray[np.bool_] = (
        (lon >= west - _MARGIN_DEG)
        & (lon <= east + _MARGIN_DEG)
        & (lat >= south - _MARGIN_DEG)
        & (lat <= north + _MARGIN_DEG)
    )
    return inside


class _Mask:
    """A polygon with a raster in front: only cells that its border touches ask the polygon."""

    def __init__(self, polygon: BaseGeometry) -> None:
        self.bounds = west, south, east, north = polygon.bounds
        self._polygon = polygon
        shapely.prepare(polygon)
        columns = int((east - west) / _CELL_DEG) + 1
        rows = int((north - south) / _CELL_DEG) + 1
        x = west + (np.arange(columns) + 0.5) * _CELL_DEG
        y = south + (np.arange(rows) + 0.5) * _CELL_DEG
        centres = np.meshgrid(x, y)
        self._cells = np.asarray(shapely.contains_xy(polygon, *centres), np.int8)
        self._mark_edge()

    def _mark_edge(self) -> None:
        # A piece shorter than a cell spans at most two columns and two rows, so that the four
        # combinations of its ends' columns and rows are all the cells that it can touch.
        lines = shapely.get_parts(shapely.boundary(self._polygon))
        for line in shapely.segmentize(lines, _CELL_DEG / 2):
            column, row = self._cell(*shapely.get_coordinates(line).T)
            for c in (column[:-1], column[1:]):
                for r in (row[:-1], row[1:]):
                    self._cells[r, c] = _EDGE

    def _cell(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        west, south, _, _ = self.bounds
        column = ((lon - west) / _CELL_DEG).astype(np.intp)
        row = ((lat - south) / _CELL_DEG).astype(np.intp)
        return column, row

    def contains(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
        west, south, east, north = self.bounds
        near = np.flatnonzero((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
        column, row = self._cell(lon[near], lat[near])
        kind = self._cells[row, column]
        inside = np.zeros(lon.shape, dtype=np.bool_)
        inside[near[kind == _IN]] = True
        ask = near[kind == _EDGE]
        inside[ask] = shapely.contains_xy(self._polygon, lon[ask], lat[ask])
        return inside


@cache
def _mask() -> _Mask:
    text = resource(OUTLINE).read_text("utf-8")
    return _Mask(shapely.union_all(shapely.get_parts(shapely.from_geojson(text))))
