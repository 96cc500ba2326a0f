"""Distances against an independent implementation of the same geodesic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from geopy.distance import geodesic

from mapsvc.geo.geodesic import distance_m


def test_agrees_with_geopy_to_a_millimetre() -> None:
    rng = np.random.default_rng(1)
    lon1, lon2 = rng.uniform(-180, 180, (2, 300))
    lat1, lat2 = rng.uniform(-90, 90, (2, 300))
    ours = distance_m(lon1, lat1, lon2, lat2)
    for i in range(300):
        theirs = geodesic((lat1[i], lon1[i]), (lat2[i], lon2[i])).m
        assert ours[i] == pytest.approx(theirs, abs=1e-3)


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        ((121.55, 29.87), (121.55, 29.87), 0.0),
        ((180.0, 10.0), (-180.0, 10.0), 0.0),
        ((0.0, 90.0), (123.0, 90.0), 0.0),
        ((0.0, 0.0), (1.0, 0.0), 6_378_137 * math.pi / 180),
        ((0.0, -90.0), (0.0, 90.0), 20_003_931.459),
        ((0.0, 0.0), (180.0, 0.0), 20_003_931.459),
    ],
)
def test_known_distances(
    one: tuple[float, float], other: tuple[float, float], metres: float
) -> None:
    assert float(distance_m(*one, *other)) == pytest.approx(metres, abs=1e-3)


def test_broadcasts_and_keeps_nan() -> None:
    metres = distance_m(121.0, 29.0, [[121.0, 122.0], [math.nan, 123.0]], 29.0)
    assert metres.shape == (2, 2)
    assert metres[0, 0] == 0
    assert math.isnan(metres[1, 0])
    assert distance_m([], [], [], []).shape == (0,)
