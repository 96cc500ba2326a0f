"""Distances on the WGS-84 ellipsoid."""

from __future__ import annotations

from functools import cache
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod

A_M = 6_378_137.0
"""Half the equator's diameter."""
B_M = A_M * (1 - 1 / 298.257_223_563)
"""Half the earth's axis."""
_E2 = 1 - (B_M / A_M) ** 2
_EP2 = (A_M / B_M) ** 2 - 1
_QUARTER = _EP2 / 4

SHORT = 30_000 / B_M
"""Up to this chord of unit vectors `from_chords` holds: all that is within 30 km."""

_NOTHING = 1e-40
"""Divides nothing by nothing for positions that are the same."""


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


def single_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """`distance_m` of a single pair: for up to some twenty of them faster than by arrays."""
    metres: float = _geod().inv(lon1, lat1, lon2, lat2)[2]
    return metres


def from_chords(
    squares: NDArray[np.float64], ends: NDArray[np.float64], start: float
) -> NDArray[np.float64]:
    """The lengths of short geodesics from their ends' unit vectors (`mapsvc.geo.vectors`).

    Scaled back by the axes, the vectors' chord is the straight line between the positions: its
    length is ``d = a·√q``. A curve in space with the curvature κ in its middle is longer than its
    chord by ``1 + x/24 + 3x²/640 + …``, ``x = κ²d²``: an arc's series (2·arcsin), to which its
    torsion and the change of κ add only from the fourth power of d on. A geodesic's curvature is
    the surface's in its direction, and that of ``X²/a² + Y²/a² + Z²/b² = 1`` along the chord is
    ``κ = chord² / (a·q·√(1 + e'²·m²))``, m the middle: the quadratic form over the gradient's
    length.

    What is left out grows with the fifth power of the distance: 0.6 nm at 30 km, 260 nm at
    100 km. Together with the rounding of the vectors and of PROJ, up to `SHORT` it agrees with
    PROJ to 10 nm, everywhere and in every direction (200,000 of each length: at most 4.7 nm).

    Args:
        squares: of the vectors' chords, at most ``SHORT ** 2``.
        ends: the third components of the vectors at the one ends.
        start: the third component of the vector at the other end of all.

    Returns:
        Metres.

    >>> from_chords(np.array([0.001**2]), np.zeros(1), 0.0).round(6)  # along the equator
    array([6378.137266])
    """
    q = squares - _E2 * (ends - start) ** 2
    x = squares**2 / ((q + _NOTHING) * (1 + _EP2 * ((ends + start) / 2) ** 2))
    return A_M * np.sqrt(q) * (1 + x * (1 / 24 + x * (3 / 640)))


def from_few_chords(chords: list[float], ends: list[float], start: float) -> list[float]:
    """The same for chords themselves; up to some forty of them it is faster than by arrays."""
    metres = []
    for chord, end in zip(chords, ends, strict=True):
        square, rise, twice = chord * chord, end - start, end + start
        q = square - _E2 * rise * rise
        x = square * square / ((q + _NOTHING) * (1 + _QUARTER * twice * twice))
        metres.append(A_M * sqrt(q) * (1 + x * (1 / 24 + x * (3 / 640))))
    return metres
