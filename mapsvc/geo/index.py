"""The nearest points and the points in a box, exactly.

Positions become unit vectors: WGS-84's ellipsoid (axes a and b) stretched along its axis into a
sphere. Stretching lengthens no way by more than a / b = 1.0034, and shortens none; so between the
geodesic s and the angle σ of two such vectors stands ``b·σ ≤ s ≤ a·σ``. Therefore, if c is the
chord to the k-th nearest vector, none of the true k nearest has a chord longer than ``c·a/b``
(the sine is concave): all points within that are measured by the geodesic and ranked by it. No
ranking error is left, at any distance, for about 0.7 % more points to measure.

Without a filter the tree gives the k nearest and two more, and mostly the last of them shows that
nothing else need be measured. With a filter it does not know whom it may count; it is asked for a
ball, whose size is remembered from the neighbourhood and grows with the filter's rareness.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping
from typing import Any, NamedTuple, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod
from scipy.spatial import cKDTree

from mapsvc.errors import InvalidValue
from mapsvc.geo.bands import Bands
from mapsvc.geo.datum import convert
from mapsvc.geo.geodesic import distance_m
from mapsvc.model import BBox, Datum, Point

Rows = NDArray[np.int64]
Metres = NDArray[np.float64]
Mask = NDArray[np.bool_]

_A_M = 6_378_137.0
_B_M = 6_356_752.314_245
_RATIO = _A_M / _B_M * (1 + 1e-9)
_SLACK = 1e-12
"""For rounding: vectors and chords are exact to a few 1e-16."""
_LONGEST = 2.1
"""A chord longer than any."""

_EVERY = 32
"""The size of a neighbourhood is remembered for every 32nd point …"""
_HOLDS = 16
"""… as the chord within which it has 16 points, itself among them."""
_GENEROUS = 1.8
"""How many times the wanted points a ball is meant to hold, so that it seldom holds too few."""

_BALL_US, _QUERY_US, _SCAN_US = 0.15, 1.0, 0.1
"""Microseconds for one more point: in a ball, among the k nearest, and where all are measured."""

_FEW = 20
"""Up to so many, single calls of PROJ are faster than one for arrays."""


class _Allowed(NamedTuple):
    """Which rows pass a filter: one bool a row, and the rows themselves."""

    mask: Mask
    rows: Rows


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
        x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
        if x.ndim != 1 or x.shape != y.shape:
            raise InvalidValue("lon, lat", (x.shape, y.shape), "two flat arrays of one length")
        _check_range("lon", x, 180.0)
        _check_range("lat", y, 90.0)
        bands = Bands.of(x, y)
        tree = cKDTree(_vectors(bands.lon, bands.lat))
        self._open(bands, tree, _sizes(tree))

    def _open(self, bands: Bands, tree: cKDTree, sizes: Metres) -> None:
        self._bands, self._tree, self._sizes = bands, tree, sizes
        self._vectors: Metres = tree.data
        self._marks = np.array(bands.keys[::_EVERY])  # a copy, close together: searched each time
        self._geodesic = Geod(ellps="WGS84").inv

    def __len__(self) -> int:
        """How many rows there are, placed or not."""
        return int(self._bands.places.size)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What the index consists of, by names that do not change; for `from_arrays`.

        ``tree`` is the k-d tree's pickle (protocol 5) and ``tree_0`` … are its buffers: whoever
        puts them together must trust them as code and have the same version of SciPy. Arrays of
        an index without points have the length 0.
        """
        buffers: list[pickle.PickleBuffer] = []
        tree = pickle.dumps(self._tree, protocol=5, buffer_callback=buffers.append)
        parts = {**self._bands._asdict(), "sizes": self._sizes}
        parts["tree"] = np.frombuffer(tree, np.uint8)
        for i, buffer in enumerate(buffers):
            parts[f"tree_{i}"] = np.asarray(buffer.raw(), np.uint8)
        return parts

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The index again from its `arrays`, which may be read-only memory maps.

        They are used where they lie, but for the tree's inner nodes: some ten bytes a point.
        """
        count = sum(name.startswith("tree_") for name in arrays)
        buffers = [arrays[f"tree_{i}"] for i in range(count)]
        index = cls.__new__(cls)
        index._open(
            Bands(**{name: arrays[name] for name in Bands._fields}),
            pickle.loads(arrays["tree"].tobytes(), buffers=buffers),  # noqa: S301 -- our own
            arrays["sizes"],
        )
        return index

    def within(self, bbox: BBox) -> Rows:
        """The rows in a box, its edges included, ascending.

        A box whose west is greater than its east crosses ±180°; that meridian is one line,
        whichever sign it is written with.
        """
        return self._bands.within(bbox)

    def nearest(
        self,
        point: Point,
        k: int,
        max_distance_m: float | None = None,
        mask: Mask | None = None,
        rows: Rows | None = None,
    ) -> tuple[Rows, Metres]:
        """The k nearest rows, ordered by the WGS-84 geodesic, then by row.

        Args:
            point: where to measure from; another datum than WGS-84 is converted.
            k: how many at most.
            max_distance_m: leave out what is further; exactly as far is kept.
            mask: which rows are allowed, one bool a row.
            rows: ``np.flatnonzero(mask)``, from callers that keep it with a mask that they use
                again and again: finding it takes longer than the query.

        Returns:
            Rows (int64) and their distances in metres (float64), equally long.

        Raises:
            InvalidValue: a mask of another length, or a distance that is no number.
        """
        if max_distance_m is not None and math.isnan(max_distance_m):
            raise InvalidValue("max_distance_m", max_distance_m, "a number of metres")
        if mask is not None and np.shape(mask) != self._bands.places.shape:
            raise InvalidValue("mask", np.shape(mask), f"one bool for each of {len(self)} rows")
        allowed = None
        if mask is not None:
            allowed = _Allowed(np.asarray(mask), np.flatnonzero(mask) if rows is None else rows)
        k = min(k, self._bands.rows.size if allowed is None else allowed.rows.size)
        if k < 1 or (max_distance_m is not None and max_distance_m < 0):
            return np.empty(0, np.int64), np.empty(0, np.float64)
        if point.datum is not Datum.WGS84:
            point = convert(point, Datum.WGS84)
        limit = _LONGEST if max_distance_m is None else _chord(max_distance_m / _B_M)
        found, metres = self._nearest(point, k, limit, allowed)
        if max_distance_m is None:
            return found, metres
        kept = metres.searchsorted(max_distance_m, "right")
        return found[:kept], metres[:kept]

    def _nearest(
        self, point: Point, k: int, limit: float, allowed: _Allowed | None
    ) -> tuple[Rows, Metres]:
        """The k nearest, as far as they are within the chord `limit`; perhaps some beyond."""
        here = _vector(point.lon, point.lat)
        if allowed is None:
            near = self._unfiltered(here, k, limit)
        else:
            near = self._filtered(
                here, min(self._guess(point, k, allowed), limit), k, limit, allowed
            )
        return self._rank_few(point, near, k) if near.size <= _FEW else self._rank(point, near, k)

    def _unfiltered(self, here: Metres, k: int, limit: float) -> Rows:
        """Places among which the k nearest are for certain, as far as they are within `limit`."""
        ask = min(k + 2 + k // 16, self._bands.rows.size)
        chords, near = cast("tuple[Metres, Rows]", self._tree.query(here, ask if ask > 1 else [1]))
        needed = chords.item(k - 1) * _RATIO + _SLACK
        if chords.item(-1) <= needed and ask < self._bands.rows.size:
            return self._ball(here, min(needed, limit), None)
        return near[: chords.searchsorted(needed, "right")]

    def _filtered(
        self, here: Metres, chord: float, k: int, limit: float, allowed: _Allowed
    ) -> Rows:
        """The same of those that a filter lets through, where `chord` is likely to hold k."""
        near = self._ball(here, chord, allowed)
        if near.size < k and 0 < chord < limit:
            chord = min(2 * chord, limit)
            near = self._ball(here, chord, allowed)
        if near.size < k:
            return near if chord == limit else self._wider(here, k, limit, allowed)
        near, needed = self._closest(here, near, k)
        if needed > chord and chord < limit:
            return self._ball(here, min(needed, limit), allowed)
        return near

    def _guess(self, point: Point, k: int, allowed: _Allowed) -> float:
        """A chord within which `k` allowed points are likely; 0 where a ball would be too full."""
        wanted = _GENEROUS * k * self._bands.rows.size / allowed.rows.size
        if wanted * _BALL_US > allowed.rows.size * _SCAN_US:
            return 0.0
        at = int(self._marks.searchsorted(self._bands.key(point.lon, point.lat)))
        size = max(self._sizes.item(at), self._sizes.item(at + 1))
        return size * math.sqrt(wanted / _HOLDS)

    def _closest(self, here: Metres, near: Rows, k: int) -> tuple[Rows, float]:
        """Those of `near` that can be among its k nearest, and how long their chords can be."""
        squares = 2 - 2 * (self._vectors[near] @ here)
        order = squares.argsort()
        needed = squares.item(order.item(k - 1)) * _RATIO**2 + 1e-15  # for rounding
        count = k
        while count < near.size and squares.item(order.item(count)) <= needed:
            count += 1
        return near[order[:count]], math.sqrt(needed)

    def _wider(self, here: Metres, k: int, limit: float, allowed: _Allowed) -> Rows:
        """The same where no guess fits: by more and more of the nearest of all.

        That ends where measuring every allowed one is cheaper.
        """
        ask = 2 * k * self._bands.rows.size // allowed.rows.size + 1
        while ask * _QUERY_US < allowed.rows.size * _SCAN_US:
            chords, near = cast("tuple[Metres, Rows]", self._tree.query(here, ask))
            chords = chords[allowed.mask[self._bands.rows[near]]]
            if chords.size >= k:
                return self._ball(here, min(chords.item(k - 1) * _RATIO + _SLACK, limit), allowed)
            ask *= 4
        places = self._bands.places[allowed.rows]
        places = places[places >= 0]
        if places.size <= k:
            return places
        chords = _lengths(self._vectors[places] - here)
        return places[chords <= _kth(chords, k) * _RATIO + _SLACK]

    def _ball(self, here: Metres, chord: float, allowed: _Allowed | None) -> Rows:
        near = np.array(self._tree.query_ball_point(here, chord, return_sorted=False), np.int64)
        return near if allowed is None else near[allowed.mask[self._bands.rows[near]]]

    def _rank_few(self, point: Point, near: Rows, k: int) -> tuple[Rows, Metres]:
        x, y, geodesic = point.lon, point.lat, self._geodesic
        ends = zip(self._bands.lon[near].tolist(), self._bands.lat[near].tolist(), strict=True)
        metres = [geodesic(x, y, lon, lat)[2] for lon, lat in ends]
        ranked = sorted(zip(metres, self._bands.rows[near].tolist(), strict=True))[:k]
        return np.array([row for _, row in ranked], np.int64), np.array([m for m, _ in ranked])

    def _rank(self, point: Point, near: Rows, k: int) -> tuple[Rows, Metres]:
        near = np.sort(near)
        for every in (64, 8):
            if near.size > k + 64 * every:
                near = self._thinned(point, near, k, every)
        lon, lat = self._bands.lon[near], self._bands.lat[near]
        # Points at one place are side by side in this order, and are measured once.
        new = np.ones(near.size, np.bool_)
        new[1:] = (lon[1:] != lon[:-1]) | (lat[1:] != lat[:-1])
        metres = distance_m(point.lon, point.lat, lon[new], lat[new])[np.cumsum(new) - 1]
        rows = self._bands.rows[near]
        order = np.lexsort((rows, metres))[:k]
        return rows[order], metres[order]

    def _thinned(self, point: Point, near: Rows, k: int, every: int) -> Rows:
        """Without most of what cannot be among the k nearest; for points far from `point`.

        One of every so many neighbours is measured; the way from it to the others bounds their
        distance from `point` on both sides (the triangle inequality).
        """
        middle = np.arange(every // 2, near.size + every // 2, every)
        group = np.arange(near.size) // every
        middles = near[np.minimum(middle, near.size - 1)]
        lon, lat = self._bands.lon[middles], self._bands.lat[middles]
        metres = distance_m(point.lon, point.lat, lon, lat)[group]
        chords = _lengths(self._vectors[near] - self._vectors[middles][group])
        off_m = _A_M * 2 * np.arcsin(np.minimum(chords / 2, 1.0))
        return near[metres - off_m <= _kth(metres + off_m, k) + 1e-6]


def _check_range(name: str, values: Metres, limit: float) -> None:
    wrong = np.flatnonzero(np.abs(values) > limit)
    if wrong.size:
        row = int(wrong[0])
        place = f"{name} of row {row}"
        raise InvalidValue(place, float(values[row]), f"a number from {-limit:g} to {limit:g}")


def _sizes(tree: cKDTree) -> Metres:
    """The chords within which every `_EVERY`-th point, and the last, has `_HOLDS` points."""
    if not tree.n:
        return np.empty(0)
    samples = np.append(np.arange(0, tree.n, _EVERY), [tree.n - 1] * 2)
    chords, _ = cast("tuple[Metres, Rows]", tree.query(tree.data[samples], [min(_HOLDS, tree.n)]))
    return chords[:, 0]


def _kth(values: Metres, k: int) -> float:
    return float(np.partition(values, k - 1)[k - 1])


def _lengths(vectors: Metres) -> Metres:
    squares: Metres = np.einsum("ij,ij->i", vectors, vectors)
    return np.sqrt(squares)


def _chord(angle: float) -> float:
    """The chord of an angle in radians, a little too long."""
    return 2 * math.sin(min(angle, math.pi) / 2) * (1 + _SLACK) + _SLACK


def _vector(lon: float, lat: float) -> Metres:
    """The one of `_vectors` that belongs to a position."""
    lam, phi = math.radians(lon), math.radians(lat)
    beta = math.atan2(_B_M * math.sin(phi), _A_M * math.cos(phi))
    cos = math.cos(beta)
    return np.array((cos * math.cos(lam), cos * math.sin(lam), math.sin(beta)))


def _vectors(lon: Metres, lat: Metres) -> Metres:
    """Unit vectors (n, 3) of geodetic positions in degrees, on the stretched ellipsoid."""
    lam = np.radians(lon)
    beta = np.arctan2(_B_M * np.sin(np.radians(lat)), _A_M * np.cos(np.radians(lat)))
    return np.column_stack([np.cos(beta) * np.cos(lam), np.cos(beta) * np.sin(lam), np.sin(beta)])
