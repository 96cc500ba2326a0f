"""What servers are asked: boxes that hold so many branches exactly, and places near branches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from bench.synthetic import positions

Box = tuple[float, float, float, float]
"""West, south, east, north in WGS-84 degrees."""

_SEED = 7


def boxes(branches: int, features: int, count: int) -> list[Box]:
    """``count`` boxes round as many branches, each box with exactly ``features`` branches in it.

    Half the sides are the distance to the last of them by the larger of the two coordinates'
    differences, and half the way on to the next one.
    """
    lon, lat, _ = positions(branches)
    xy = np.column_stack([lon, lat])
    tree = cKDTree(xy)
    chance = np.random.default_rng(_SEED)
    found: list[Box] = []
    while len(found) < count:
        centres = xy[chance.integers(branches, size=2_000)]
        away = np.asarray(tree.query(centres, k=[features, features + 1], p=np.inf)[0])
        parted = away[:, 1] - away[:, 0] > 1e-6  # so that rounding takes none in or out
        half = away[parted].mean(axis=1)
        corners = np.column_stack([centres[parted], half])
        found += [
            (round(x - h, 7), round(y - h, 7), round(x + h, 7), round(y + h, 7))
            for x, y, h in corners.tolist()
        ]
    return found[:count]


def places(branches: int, count: int) -> list[tuple[float, float]]:
    """Longitudes and latitudes within a few kilometres of branches."""
    lon, lat, _ = positions(branches)
    chance = np.random.default_rng(_SEED + 1)
    rows = chance.integers(branches, size=count)
    x: NDArray[np.float64] = np.round(lon[rows] + chance.normal(0, 0.03, count), 6)
    y: NDArray[np.float64] = np.round(lat[rows] + chance.normal(0, 0.03, count), 6)
    return list(zip(x.tolist(), y.tolist(), strict=True))
