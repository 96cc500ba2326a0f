"""Which district a position lies in, how far its border is, and whether polygons can be trusted.

A position on the shared edge of two districts intersects both; the smaller code has it, always.
Assign with full polygons; what `simplify_coverage` makes is for drawing.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from mapsvc.errors import shown
from mapsvc.geo import mercator
from mapsvc.geo.cells import BORDER, OUTSIDE, CellGrid
from mapsvc.geo.geodesic import distance_m

DRAWING_TOLERANCE_M = 50.0
"""Below a pixel up to zoom 11; Ningbo is 39 kB compressed, against 60 kB at 20 m."""

_RUN = 32
"""Border vertices in one entry of the tree: few enough to search, many enough to keep it small."""

_OFTEN = 8
"""Positions from which on preparing a polygon is quicker than testing one by one."""
_BATCH = 128
"""Polygons prepared at a time; bounds the memory."""

_NOWHERE = -1
_UNKNOWN = -2


class DistrictIndex:
    """District polygons, ready for locating many positions at once.

    Args:
        codes: the districts' codes, each once.
        geometries: their shapely polygons in WGS-84 degrees, longitude first, in the same order.

    >>> index = DistrictIndex(["02", "01"], [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    >>> rows, border_m = index.locate([0.99, 1.0, 5.0], [0.5, 0.5, 0.5])
    >>> [index.codes[row] if row >= 0 else None for row in rows]
    ['02', '01', None]
    >>> border_m.round().tolist()
    [1113.0, 0.0, nan]
    """

    def __init__(self, codes: Sequence[str], geometries: Sequence[BaseGeometry]) -> None:
        self.codes = tuple(codes)
        self._geometries = np.array(geometries, dtype=object)
        order = sorted(range(len(self.codes)), key=lambda row: self.codes[row])
        self._rank = np.empty(len(order), dtype=np.int64)
        self._rank[order] = np.arange(len(order))
        self._row_of_rank = np.array([*order, _NOWHERE], dtype=np.int64)
        self._tree = shapely.STRtree(self._geometries)
        self._building = threading.Lock()
        self._cells: tuple[CellGrid, NDArray[np.int64]] | None = None
        self._borders: shapely.STRtree | None = None

    def __len__(self) -> int:
        return len(self.codes)

    def assign(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.int64]:
        """The district of each position, as `locate` has it, without the way to its border.

        Args:
            lon: longitudes in WGS-84 degrees, any shape; NaN lies nowhere.
            lat: latitudes, of the same shape.

        Returns:
            Rows into ``codes``, of that shape; -1 outside all districts.
        """
        lon, lat = np.broadcast_arrays(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
        return self._rows(lon.ravel(), lat.ravel()).reshape(lon.shape)

    def locate(
        self, lon: ArrayLike, lat: ArrayLike
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The district of each position and the distance to its border.

        Args:
            lon: longitudes in WGS-84 degrees, any shape; NaN lies nowhere.
            lat: latitudes, of the same shape.

        Returns:
            Two arrays of that shape. Rows into ``codes``, -1 outside all districts. Metres to
            the nearest border, coasts included, NaN outside all districts: the nearest border
            point is found on a conformal map, its distance is the geodesic, and together they
            are within 0.1 % of the truth up to 10 km.
        """
        lon, lat = np.broadcast_arrays(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
        x, y = lon.ravel(), lat.ravel()
        rows = self._rows(x, y)
        metres = np.full(x.shape, np.nan)
        found = np.flatnonzero(rows >= 0)
        metres[found] = self._border_m(x[found], y[found])
        return rows.reshape(lon.shape), metres.reshape(lon.shape)

    def _rows(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
        if not self.codes or not x.size:
            return np.full(x.shape, _NOWHERE, dtype=np.int64)
        grid, known = self._grid()
        region = grid.region(x, y)
        rows = known[region]
        beside = np.flatnonzero(region == BORDER)
        rows[beside] = self._test(x[beside], y[beside])
        # A region that was never asked for is decided by the first position in it. Two threads
        # may do so at once; both come to the same.
        new = np.flatnonzero(rows == _UNKNOWN)
        if new.size:
            regions, first = np.unique(region[new], return_index=True)
            known[regions] = self._test(x[new[first]], y[new[first]])
            rows[new] = known[region[new]]
        return rows

    def _test(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
        """The district of each position by its polygon, the exact and slow way."""
        if not x.size:
            return np.empty(0, dtype=np.int64)
        position, row = self._tree.query(shapely.points(x, y))
        order = np.argsort(row, kind="stable")
        position, row = position[order], row[order]
        rank = np.full(x.shape, len(self.codes), dtype=np.int64)
        holds = _holds(self._geometries, row, x[position], y[position])
        np.minimum.at(rank, position[holds], self._rank[row[holds]])
        return self._row_of_rank[rank]

    def _border_m(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        # From inside a district, the way to any border meets the district's own border first, so
        # that one tree of all borders serves every district.
        if not x.size:
            return np.empty(0)
        places = shapely.points(mercator.to_mercator(np.column_stack([x, y])))
        tree = self._border_tree()
        nearest = tree.geometries[tree.nearest(places)]
        ways = shapely.get_coordinates(shapely.shortest_line(nearest, places))
        ends = mercator.from_mercator(ways[::2])
        return distance_m(x, y, ends[:, 0], ends[:, 1])

    def _grid(self) -> tuple[CellGrid, NDArray[np.int64]]:
        """The grid, made when first needed, and by region the district, as far as it is known."""
        if self._cells is None:
            with self._building:
                if self._cells is None:
                    grid = CellGrid(self._geometries)
                    known = np.full(grid.regions + 2, _UNKNOWN, dtype=np.int64)
                    known[[BORDER, OUTSIDE]] = _NOWHERE  # the last one, as OUTSIDE is -1
                    self._cells = grid, known
        return self._cells

    def _border_tree(self) -> shapely.STRtree:
        """All borders, made when first needed: most of what an index costs."""
        if self._borders is None:
            with self._building:
                if self._borders is None:
                    self._borders = shapely.STRtree(_border_runs(self._geometries))
        return self._borders


def _holds(
    polygons: NDArray[np.object_],
    row: NDArray[np.int64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Whether ``polygons[row]`` intersects each position; ``row`` ascends.

    A polygon that is asked often is prepared first, in a copy: preparing keeps several times its
    size, and shapely's threads may not share a polygon that is being prepared.
    """
    if len(row) < _OFTEN:
        return np.asarray(shapely.intersects_xy(polygons[row], x, y))
    holds = np.empty(len(row), dtype=np.bool_)
    asked, start, count = np.unique(row, return_index=True, return_counts=True)
    often = count >= _OFTEN
    once = np.repeat(~often, count)
    holds[once] = shapely.intersects_xy(polygons[row[once]], x[once], y[once])
    for batch in np.array_split(np.flatnonzero(often), np.arange(_BATCH, often.sum(), _BATCH)):
        if not batch.size:
            continue
        copies = shapely.from_wkb(shapely.to_wkb(polygons[asked[batch]]))
        shapely.prepare(copies)
        which = np.concatenate([np.arange(start[i], start[i] + count[i]) for i in batch])
        copy = np.repeat(np.arange(len(batch)), count[batch])
        holds[which] = shapely.intersects_xy(copies[copy], x[which], y[which])
    return holds


def is_near_border(border_m: ArrayLike, radius_m: ArrayLike) -> NDArray[np.bool_]:
    """Whether a position known to ``radius_m`` metres can lie in another district than it seems.

    Broadcasts; False where ``border_m`` is NaN, that is outside all districts.

    >>> is_near_border([40.0, 400.0, float("nan")], 300).tolist()
    [True, False, False]
    """
    near: NDArray[np.bool_] = np.asarray(border_m, np.float64) <= np.asarray(radius_m, np.float64)
    return near


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one district's polygons, or with two districts'."""

    kind: str
    """duplicate_code · empty · not_polygon · out_of_range · invalid · overlap"""
    codes: tuple[str, ...]
    detail: str
    area_m2: float | None = None
    """For an overlap."""

    def __str__(self) -> str:
        return f"district {' and '.join(self.codes)}: {self.detail}"


def check(
    codes: Sequence[str], geometries: Sequence[BaseGeometry], tolerance_m2: float = 100.0
) -> list[Problem]:
    """What makes polygons unfit for locating; empty where all is well.

    Args:
        codes: the districts' codes.
        geometries: their geometries in WGS-84 degrees, in the same order.
        tolerance_m2: overlaps up to this area in square metres are let pass; neighbours that were
            rounded apart have some.
    """
    problems = [
        Problem("duplicate_code", (code,), f"the code stands {times} times")
        for code, times in Counter(codes).items()
        if times > 1
    ]
    sound: list[int] = []
    for row, (code, geometry) in enumerate(zip(codes, geometries, strict=True)):
        wrong = _own_problem(geometry)
        if wrong is None:
            sound.append(row)
        else:
            problems.append(Problem(wrong[0], (code,), wrong[1]))
    return problems + _overlaps([codes[i] for i in sound], [geometries[i] for i in sound],
                                tolerance_m2)  # fmt: skip


def simplify_coverage(
    geometries: Sequence[BaseGeometry] | NDArray[np.object_], tolerance_m: float
) -> list[BaseGeometry]:
    """Districts simplified together, so that neighbours still share their edges.

    Args:
        geometries: valid polygons in WGS-84 degrees that do not overlap.
        tolerance_m: details smaller than a square of this side, in metres, go.

    Returns:
        New geometries in the same order.
    """
    array = np.array(geometries, dtype=object)
    if not array.size:
        return []
    tolerance = tolerance_m / mercator.metres_per_unit(array)
    simple = shapely.coverage_simplify(mercator.project(array), tolerance)
    return list(mercator.unproject(simple))


def _own_problem(geometry: BaseGeometry | None) -> tuple[str, str] | None:
    if geometry is None or geometry.is_empty:
        return "empty", "the geometry is empty"
    if geometry.geom_type not in {"Polygon", "MultiPolygon"}:
        return "not_polygon", f"{geometry.geom_type} is not a Polygon or MultiPolygon"
    xy = shapely.get_coordinates(geometry)
    fits = (np.abs(xy[:, 0]) <= 180) & (np.abs(xy[:, 1]) <= 90)
    if not fits.all():
        place = shown(tuple(float(value) for value in xy[~fits][0]))
        return "out_of_range", f"{place} is not a longitude and latitude in degrees"
    if not geometry.is_valid:
        return "invalid", f"invalid polygon: {shapely.is_valid_reason(geometry)}"
    return None


def _overlaps(
    codes: list[str], geometries: list[BaseGeometry], tolerance_m2: float
) -> list[Problem]:
    array: NDArray[Any] = np.array(geometries, dtype=object)
    shapely.prepare(array)
    first, second = shapely.STRtree(array).query(array)
    pairs = sorted((int(a), int(b)) for a, b in zip(first, second, strict=True) if a < b)
    geod = Geod(ellps="WGS84")
    problems = []
    for a, b in pairs:
        if not shapely.intersects(array[a], array[b]):
            continue
        shared = shapely.intersection(array[a], array[b])
        area_m2 = abs(geod.geometry_area_perimeter(shared)[0]) if shared.area else 0.0
        if area_m2 > tolerance_m2:
            detail = f"they overlap by {area_m2:,.0f} m²"
            problems.append(Problem("overlap", (codes[a], codes[b]), detail, area_m2))
    return problems


def _border_runs(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """All rings in Mercator degrees, cut into lines of at most `_RUN` vertices."""
    rings = shapely.get_rings(shapely.get_parts(geometries))
    runs = []
    for ring in rings:
        xy = mercator.to_mercator(shapely.get_coordinates(ring))
        runs += [xy[start : start + _RUN + 1] for start in range(0, len(xy) - 1, _RUN)]
    if not runs:
        return np.array([], dtype=object)
    owner = np.repeat(np.arange(len(runs)), [len(run) for run in runs])
    return np.asarray(shapely.linestrings(np.concatenate(runs), indices=owner), dtype=object)
