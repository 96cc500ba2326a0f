"""Candidates ordered by their distance on the ellipsoid.

All of one answer are measured in one way: from their chords where all are near, else by PROJ; so
that the two never meet in one order.
"""

from __future__ import annotations

from operator import lt

import numpy as np
from numpy.typing import NDArray

from mapsvc.geo.bands import Bands
from mapsvc.geo.geodesic import A_M, SHORT, distance_m, from_chords, from_few_chords, single_m
from mapsvc.geo.vectors import Floats, chords
from mapsvc.model import Point

Rows = NDArray[np.int64]

_FEW = 24
"""Up to so many, plain numbers are faster than arrays."""


class Ranking:
    """Orders places of the bands by the geodesic, then by row.

    Args:
        bands: the positions.
        vectors: their unit vectors (n, 3).
    """

    def __init__(self, bands: Bands, vectors: Floats) -> None:
        self._lon, self._lat, self._rows = bands.lon, bands.lat, bands.rows
        self._vectors, self._z = vectors, vectors[:, 2]

    def with_chords(
        self, point: Point, here: Floats, lengths: Floats, near: Rows, k: int
    ) -> tuple[Rows, Floats]:
        """The k nearest of some places whose chords to `here` are known, the longest of them last.

        Args:
            point: where to measure from, in WGS-84.
            here: its unit vector.
            lengths: the chords.
            near: the places.
            k: how many are wanted, at most as many as there are.

        Returns:
            Their rows and their distances in metres.
        """
        if near.size > _FEW:
            return self.of(point, here, near, k)
        if lengths.item(-1) <= SHORT:
            metres = from_few_chords(lengths.tolist(), self._z[near].tolist(), here.item(2))
        else:
            ends = zip(self._lon[near].tolist(), self._lat[near].tolist(), strict=True)
            metres = [single_m(point.lon, point.lat, lon, lat) for lon, lat in ends]
        if all(map(lt, metres, metres[1:])):  # mostly so: the order of the chords, and no ties
            return self._rows[near[:k]], np.array(metres[:k])
        ranked = sorted(zip(metres, self._rows[near].tolist(), strict=True))[:k]
        return np.array([row for _, row in ranked]), np.array([metre for metre, _ in ranked])

    def of(self, point: Point, here: Floats, near: Rows, k: int) -> tuple[Rows, Floats]:
        """The k nearest of any places, in any order."""
        differences = self._vectors[near] - here
        squares: Floats = np.einsum("ij,ij->i", differences, differences)
        if squares.max(initial=0.0) <= SHORT**2:
            metres = from_chords(squares, self._z[near], here.item(2))
        else:
            near, metres = self._measured(point, near, k)
        rows = self._rows[near]
        order = np.lexsort((rows, metres))[:k]
        return rows[order], metres[order]

    def _measured(self, point: Point, near: Rows, k: int) -> tuple[Rows, Floats]:
        near = np.sort(near)
        for every in (64, 8):
            if near.size > k + 64 * every:
                near = self._thinned(point, near, k, every)
        lon, lat = self._lon[near], self._lat[near]
        # Points at one place are side by side in this order, and are measured once.
        new = np.ones(near.size, np.bool_)
        new[1:] = (lon[1:] != lon[:-1]) | (lat[1:] != lat[:-1])
        metres = distance_m(point.lon, point.lat, lon[new], lat[new])
        return near, metres[np.cumsum(new) - 1]

    def _thinned(self, point: Point, near: Rows, k: int, every: int) -> Rows:
        """Without most of what cannot be among the k nearest; for points far from `point`.

        One of every so many neighbours is measured; the way from it to the others bounds their
        distance from `point` on both sides (the triangle inequality).
        """
        middle = np.arange(every // 2, near.size + every // 2, every)
        group = np.arange(near.size) // every
        middles = near[np.minimum(middle, near.size - 1)]
        lon, lat = self._lon[middles], self._lat[middles]
        metres = distance_m(point.lon, point.lat, lon, lat)[group]
        lengths = chords(self._vectors[near] - self._vectors[middles][group])
        off_m = A_M * 2 * np.arcsin(np.minimum(lengths / 2, 1.0))
        farthest = float(np.partition(metres + off_m, k - 1)[k - 1])
        return near[metres - off_m <= farthest + 1e-6]
