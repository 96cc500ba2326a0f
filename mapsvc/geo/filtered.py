"""Where the nearest of those are that a filter lets through.

The tree does not know whom it may count; it is asked for a ball, whose size is remembered from
the neighbourhood and grows with the filter's rareness.
"""

from __future__ import annotations

import math
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from mapsvc.geo.bands import Bands
from mapsvc.geo.vectors import SLACK, STRETCH, Floats, chords
from mapsvc.model import Point

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

_EVERY = 32
"""The size of a neighbourhood is remembered for every 32nd point …"""
_HOLDS = 16
"""… as the chord within which it has 16 points, itself among them."""
_GENEROUS = 1.8
"""How many times the wanted points a ball is meant to hold, so that it seldom holds too few."""

_BALL_US, _QUERY_US, _SCAN_US = 0.15, 1.0, 0.1
"""Microseconds for one more point: in a ball, among the k nearest, and where all are measured."""


class Allowed(NamedTuple):
    """Which rows pass a filter: one bool a row, and the rows themselves."""

    mask: Mask
    rows: Rows


def sizes_of(tree: cKDTree) -> Floats:
    """The chords within which every `_EVERY`-th point, and the last, has `_HOLDS` points."""
    if not tree.n:
        return np.empty(0)
    samples = np.append(np.arange(0, tree.n, _EVERY), [tree.n - 1] * 2)
    lengths, _ = cast("tuple[Floats, Rows]", tree.query(tree.data[samples], [min(_HOLDS, tree.n)]))
    return lengths[:, 0]


class FilteredSearch:
    """Finds places among which the nearest allowed ones are.

    Args:
        bands: the positions.
        tree: of their unit vectors.
        sizes: `sizes_of` the tree.
    """

    def __init__(self, bands: Bands, tree: cKDTree, sizes: Floats) -> None:
        self._bands, self._tree, self._sizes = bands, tree, sizes
        self._marks = np.array(bands.keys[::_EVERY])  # a copy, close together: searched each time

    def ball(self, here: Floats, chord: float, allowed: Allowed | None) -> Rows:
        """The places within a chord of a vector."""
        near = np.array(self._tree.query_ball_point(here, chord, return_sorted=False), np.int64)
        return near if allowed is None else near[allowed.mask[self._bands.rows[near]]]

    def around(
        self, point: Point, here: Floats, k: int, limit: float, allowed: Allowed
    ) -> tuple[Rows, float]:
        """Some allowed places, k of them at least if there are so many within the chord `limit`.

        Returns:
            Places, and the chord within which none is missing: the k nearest may be within a
            longer one. It is `limit` where none of those is missing for certain.
        """
        chord = min(self._guess(point, k, allowed), limit)
        near = self.ball(here, chord, allowed)
        if near.size < k and 0 < chord < limit:
            chord = min(2 * chord, limit)
            near = self.ball(here, chord, allowed)
        if near.size < k and chord < limit:
            return self._wider(here, k, limit, allowed), limit
        return near, chord

    def _guess(self, point: Point, k: int, allowed: Allowed) -> float:
        """A chord within which `k` allowed points are likely; 0 where a ball would be too full."""
        wanted = _GENEROUS * k * self._bands.rows.size / allowed.rows.size
        if wanted * _BALL_US > allowed.rows.size * _SCAN_US:
            return 0.0
        at = int(self._marks.searchsorted(self._bands.key(point.lon, point.lat)))
        size = max(self._sizes.item(at), self._sizes.item(at + 1))
        return size * math.sqrt(wanted / _HOLDS)

    def _wider(self, here: Floats, k: int, limit: float, allowed: Allowed) -> Rows:
        """All that can be among the k nearest, where no guess fits: from more and more of all.

        That ends where measuring every allowed one is cheaper.
        """
        ask = 2 * k * self._bands.rows.size // allowed.rows.size + 1
        while ask * _QUERY_US < allowed.rows.size * _SCAN_US:
            lengths, near = cast("tuple[Floats, Rows]", self._tree.query(here, ask))
            lengths = lengths[allowed.mask[self._bands.rows[near]]]
            if lengths.size >= k:
                chord = min(lengths.item(k - 1) * STRETCH + SLACK, limit)
                return self.ball(here, chord, allowed)
            ask *= 4
        places = self._bands.places[allowed.rows]
        places = places[places >= 0]
        if places.size <= k:
            return places
        lengths = chords(self._tree.data[places] - here)
        kth = float(np.partition(lengths, k - 1)[k - 1])
        return places[lengths <= kth * STRETCH + SLACK]
