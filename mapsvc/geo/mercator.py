"""The Mercator projection on the sphere, for what must be measured alike in every direction.

Around any place its map is a true one but for its scale, so that "the nearest point of a line" is
the same there as on the ground; an even grid of degrees stretches eastwards by 1 / cos(latitude).
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]

METRES_PER_DEGREE = 111_195.0
"""Of the sphere of radius 6,371 km."""
_HIGHEST = 89.9
"""The pole is infinitely far away; nothing that this serves lies beyond."""


def to_mercator(xy: Floats) -> Floats:
    """(n, 2) degrees, longitude first, to (n, 2) Mercator degrees (as on the equator)."""
    phi = np.radians(np.clip(xy[:, 1], -_HIGHEST, _HIGHEST))
    return np.column_stack([xy[:, 0], np.degrees(np.arcsinh(np.tan(phi)))])


def from_mercator(xy: Floats) -> Floats:
    """The inverse of `to_mercator`."""
    return np.column_stack([xy[:, 0], np.degrees(np.arctan(np.sinh(np.radians(xy[:, 1]))))])


def project(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """An array of geometries in degrees to Mercator degrees."""
    return shapely.transform(geometries, to_mercator)


def unproject(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """The inverse of `project`."""
    return shapely.transform(geometries, from_mercator)


def metres_per_unit(geometries: NDArray[np.object_] | list[BaseGeometry]) -> float:
    """The length of one Mercator degree in metres, at the middle latitude of ``geometries``."""
    _, south, _, north = shapely.total_bounds(np.asarray(geometries, dtype=object))
    return float(METRES_PER_DEGREE * np.cos(np.radians((south + north) / 2)))
