"""The nearest points and the points in a box, exactly.

Positions become unit vectors: WGS-84's ellipsoid (axes a and b) stretched along its axis into a
sphere. Stretching lengthens no way by more than a / b = 1.0034, and shortens none; so between the
geodesic s and the angle σ of two such vectors stands ``b·σ ≤ s ≤ a·σ``. Therefore: whichever k
points the tree gives, none of the true k nearest is further than ``max(s) / b`` in angle; all
points within that are measured by the geodesic and ranked by it. No ranking error is left, at any
distance, for about 0.7 % more points to measure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from mapsvc.errors import InvalidValue
from mapsvc.geo.datum import convert
from mapsvc.geo.geodesic import distance_m
from mapsvc.model import BBox, Datum, Point

Rows = NDArray[np.int64]
Metres = NDArray[np.float64]
Allowed = NDArray[np.bool_] | None

_A_M = 6_378_137.0
_B_M = 6_356_752.314_245
_SLACK = 1e-12
"""For rounding: vectors, dot products and chords are exact to a few 1e-16."""


class PointIndex:
    """Positions, ready to be searched; immutable.

    Args:
        lon: longitudes in WGS-84 degrees, one-dimensional; NaN means unplaced: never found.
        lat: latitudes, of the same length.

    Raises:
        InvalidValue: arrays that do not fit each other, or coordinates out of range.

    >>> index = PointIndex([121.55, 121.60, float("nan")], [29.87, 29.87, float("nan")])
    >>> rows, metres = index.nearest(Point(121.59, 29.87), k=5)
    >>> rows.tolist(), metres.round(1).tolist()
    ([1, 0], [966.1, 3864.5])
    >>> index.within(BBox(121.5, 29.0, 121.58, 30.0)).tolist()
    [0]
    """

    def __init__(self, lon: ArrayLike, lat: ArrayLike) -> None:
        self._lon, self._lat = np.array(lon, np.float64), np.array(lat, np.float64)
        if self._lon.ndim != 1 or self._lon.shape != self._lat.shape:
            shapes = (self._lon.shape, self._lat.shape)
            raise InvalidValue("lon, lat", shapes, "two flat arrays of one length")
        _check_range("lon", self._lon, 180.0)
        _check_range("lat", self._lat, 90.0)
        placed = np.isfinite(self._lon) & np.isfinite(self._lat)
        self._placed: Rows = np.flatnonzero(placed)
        self._vectors = _vectors(self._lon[placed], self._lat[placed])
        self._tree = cKDTree(self._vectors)
        self._by_lat = self._placed[np.argsort(self._lat[placed], kind="stable")]
        self._sorted_lat = self._lat[self._by_lat]

    def __len__(self) -> int:
        """How many rows there are, placed or not."""
        return int(self._lon.size)

    def nearest(
        self,
        point: Point,
        k: int,
        max_distance_m: float | None = None,
        mask: NDArray[np.bool_] | None = None,
    ) -> tuple[Rows, Metres]:
        """The k nearest rows, ordered by the WGS-84 geodesic, then by row.

        Args:
            point: where to measure from; another datum than WGS-84 is converted.
            k: how many at most.
            max_distance_m: leave out what is further; exactly as far is kept.
            mask: which rows are allowed, one bool a row.

        Returns:
            Rows (int64) and their distances in metres (float64), equally long.

        Raises:
            InvalidValue: a mask of another length, or a distance that is no number.
        """
        if max_distance_m is not None and np.isnan(max_distance_m):
            raise InvalidValue("max_distance_m", max_distance_m, "a number of metres")
        if mask is not None and np.shape(mask) != self._lon.shape:
            raise InvalidValue("mask", np.shape(mask), f"one bool for each of {len(self)} rows")
        point = convert(point, Datum.WGS84)
        allowed = None if mask is None else np.asarray(mask, np.bool_)[self._placed]
        count = self._placed.size if allowed is None else int(np.count_nonzero(allowed))
        k = min(k, count)
        if k < 1 or (max_distance_m is not None and max_distance_m < 0):
            return np.empty(0, np.int64), np.empty(0, np.float64)
        near = self._candidates(point, k, max_distance_m, allowed, count)
        rows = self._placed[near]
        metres = distance_m(point.lon, point.lat, self._lon[rows], self._lat[rows])
        if max_distance_m is not None:
            kept = metres <= max_distance_m
            rows, metres = rows[kept], metres[kept]
        order = np.lexsort((rows, metres))[:k]
        return rows[order], metres[order]

    def within(self, bbox: BBox) -> Rows:
        """The rows in a box, its edges included, ascending.

        A box whose west is greater than its east crosses ±180°; that meridian is one line,
        whichever sign it is written with.
        """
        start = np.searchsorted(self._sorted_lat, bbox.south, side="left")
        stop = np.searchsorted(self._sorted_lat, bbox.north, side="right")
        rows = self._by_lat[start:stop]
        lon = self._lon[rows]
        after, before = lon >= bbox.west, lon <= bbox.east
        inside = (after | before) if bbox.west > bbox.east else (after & before)
        if bbox.west > bbox.east or bbox.west == -180 or bbox.east == 180:
            inside |= np.abs(lon) == 180
        return np.sort(rows[inside])

    def _candidates(
        self, point: Point, k: int, max_distance_m: float | None, allowed: Allowed, count: int
    ) -> Rows:
        """Positions in `_placed` among which the k nearest allowed ones are, for certain."""
        here = _vectors(np.array([point.lon]), np.array([point.lat]))[0]
        found = self._by_tree(here, k, allowed, count)
        pool = chords = None
        if found is None:
            pool = np.flatnonzero(allowed) if allowed is not None else np.arange(count)
            chords = np.linalg.norm(self._vectors[pool] - here, axis=1)
            found = pool[np.argpartition(chords, k - 1)[:k]]
        rows = self._placed[found]
        reach_m = distance_m(point.lon, point.lat, self._lon[rows], self._lat[rows]).max()
        if max_distance_m is not None:
            reach_m = min(reach_m, max_distance_m)
        chord = 2 * np.sin(min(reach_m / _B_M, np.pi) / 2) * (1 + _SLACK) + _SLACK
        if pool is not None and chords is not None:
            within: Rows = pool[chords <= chord]
            return within
        near = np.asarray(self._tree.query_ball_point(here, chord), np.int64)
        return near if allowed is None else near[allowed[near]]

    def _by_tree(self, here: Metres, k: int, allowed: Allowed, count: int) -> Rows | None:
        """The k nearest allowed positions by chord; None where measuring all is cheaper.

        With a mask the tree does not know how many of its answers are allowed, so k grows.
        """
        total = self._placed.size
        ask = k if allowed is None else 2 * k * total // count
        while ask <= max(total // 8, 64):
            near = np.atleast_1d(self._tree.query(here, min(ask, total))[1]).astype(np.int64)
            near = near if allowed is None else near[allowed[near]]
            if near.size >= k:
                return near[:k]
            ask *= 4
        return None


def _check_range(name: str, values: Metres, limit: float) -> None:
    wrong = np.flatnonzero(np.abs(values) > limit)
    if wrong.size:
        row = int(wrong[0])
        place = f"{name} of row {row}"
        raise InvalidValue(place, float(values[row]), f"a number from {-limit:g} to {limit:g}")


def _vectors(lon: Metres, lat: Metres) -> Metres:
    """Unit vectors (n, 3) of geodetic positions in degrees, on the stretched ellipsoid."""
    lam = np.radians(lon)
    beta = np.arctan2(_B_M * np.sin(np.radians(lat)), _A_M * np.cos(np.radians(lat)))
    return np.column_stack([np.cos(beta) * np.cos(lam), np.cos(beta) * np.sin(lam), np.sin(beta)])
