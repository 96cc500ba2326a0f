"""The truth about the nearest points, found another way than mapsvc finds it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod, Transformer
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_GEOD = Geod(ellps="WGS84")
_TO_EARTH_CENTRED = Transformer.from_crs(4979, 4978, always_xy=True)
_SAME_M = 1e-6
"""Two geodesics closer than this are equally long: PROJ is exact to 15 nm."""


def earth_centred(lon: Floats, lat: Floats) -> Floats:
    """Metres from the centre of the earth (n, 3), on the ellipsoid's surface."""
    x, y, z = _TO_EARTH_CENTRED.transform(lon, lat, np.zeros_like(lon))
    return np.column_stack([x, y, z])


def metres(lon: float, lat: float, lons: Floats, lats: Floats) -> Floats:
    """Geodesics on WGS-84 from one point to others, by PROJ."""
    ones = np.ones_like(lons)
    return np.asarray(_GEOD.inv(lon * ones, lat * ones, lons, lats)[2])


class Truth:
    """The distances to the k nearest of many points, certain by this argument.

    A straight line through the earth is never longer than the geodesic. So every point whose
    geodesic is at most g lies within a ball of radius g; with g the longest geodesic of any k
    points, the k nearest are in that ball, and all in it are measured.
    """

    def __init__(self, lon: Floats, lat: Floats) -> None:
        self._lon, self._lat = lon, lat
        self._tree = cKDTree(earth_centred(lon, lat))

    def distances(self, lon: float, lat: float, k: int) -> Floats:
        here = earth_centred(np.array([lon]), np.array([lat]))[0]
        _, some = self._tree.query(here, k)
        reach = self._to(lon, lat, np.asarray(some)).max()
        within = np.asarray(self._tree.query_ball_point(here, reach + _SAME_M))
        return np.sort(self._to(lon, lat, within))[:k]

    def is_ranked(self, lon: float, lat: float, rows: Rows, wanted: Floats) -> bool:
        """Whether these rows are the nearest ones, in their order."""
        if len(rows) != len(wanted):
            return False
        return bool(np.all(np.abs(self._to(lon, lat, rows) - wanted) <= _SAME_M))

    def _to(self, lon: float, lat: float, rows: Rows) -> Floats:
        return metres(lon, lat, self._lon[rows], self._lat[rows])
