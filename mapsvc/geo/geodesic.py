"""Distances on the WGS-84 ellipsoid."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod


@cache
def _geod() -> Geod:
    return Geod(ellps="WGS84")


def distance_m(
    lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike
) -> NDArray[np.float64]:
    """The length of the geodesic between positions (Karney 2013, as PROJ has it).

    Args:
        lon1: longitudes of the one end in WGS-84 degrees; the four arrays are broadcast.
        lat1: its latitudes, -90 to 90.
        lon2: longitudes of the other end.
        lat2: its latitudes.

    Returns:
        Metres, float64, in the broadcast shape; NaN where a coordinate is NaN.

    >>> distance_m(121.55, 29.87, [121.55, 121.60], [29.87, 29.87]).round(3).tolist()
    [0.0, 4830.589]
    """
    ends = np.broadcast_arrays(
        *(np.asarray(value, np.float64) for value in (lon1, lat1, lon2, lat2))
    )
    # PROJ wants flat arrays of its own order and makes a number of a single one.
    x1, y1, x2, y2 = (end.ravel() for end in ends)
    metres = _geod().inv(x1, y1, x2, y2)[2]
    return np.asarray(metres, np.float64).reshape(ends[0].shape)
