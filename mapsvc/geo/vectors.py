"""Positions as unit vectors, whose chords bound the geodesic and, where short, give it.

WGS-84's ellipsoid (axes a and b) is stretched along its axis into a sphere. Stretching lengthens
no way by more than a / b = 1.0034, and shortens none; so between the geodesic s and the angle σ
of two such vectors stands ``b·σ ≤ s ≤ a·σ``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mapsvc.geo.geodesic import A_M, B_M

Floats = NDArray[np.float64]

LONGEST = 2.1
"""A chord longer than any."""

STRETCH = A_M / B_M * (1 + 1e-9)
"""None of the k nearest has a chord longer than so many times that of the k-th nearest vector:
the sine is concave."""

SLACK = 1e-12
"""For rounding: vectors and chords are exact to a few 1e-16."""


def vector(lon: float, lat: float) -> Floats:
    """The unit vector (3,) of a geodetic position in degrees."""
    lam = math.radians(lon)
    out = A_M * math.sin(math.radians(90 - abs(lat)))
    up = B_M * math.sin(math.radians(lat))
    length = math.hypot(out, up)
    out /= length
    return np.array((out * math.cos(lam), out * math.sin(lam), up / length))


def vectors(lon: Floats, lat: Floats) -> Floats:
    """Unit vectors (n, 3) of geodetic positions in degrees.

    One place has one vector, however it is written: ±180°, or a pole at any longitude.
    """
    lam = np.radians(np.where(lon == -180, 180.0, lon))
    out = A_M * np.sin(np.radians(90 - np.abs(lat)))
    up = B_M * np.sin(np.radians(lat))
    length = np.hypot(out, up)
    out /= length
    return np.column_stack([out * np.cos(lam), out * np.sin(lam), up / length])


def farthest_m(chord: float) -> float:
    """Whatever has a longer chord is further away than this; metres."""
    return B_M * 2 * math.asin(min(chord / 2, 1.0)) - 1e-7  # for rounding, ours and PROJ's


def chord_within(metres: float) -> float:
    """Whatever is at most so far away has no longer chord than this."""
    angle = min(metres / B_M, math.pi)
    return 2 * math.sin(angle / 2) * (1 + SLACK) + SLACK


def chords(differences: Floats) -> Floats:
    """The lengths of vectors (n, 3)."""
    squares: Floats = np.einsum("ij,ij->i", differences, differences)
    return np.sqrt(squares)
