"""Distances against an independent implementation of the same geodesic; short ones from chords."""

from __future__ import annotations

import math

import numpy as np
import pytest
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from mapsvc.geo.geodesic import A_M, B_M, SHORT, distance_m, from_chords, from_few_chords, single_m
from mapsvc.geo.vectors import chord_within, farthest_m, vector, vectors

GEOD = Geod(ellps="WGS84")


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


def by_chords(lon: float, lat: float, lons: list[float], lats: list[float]) -> list[float]:
    ends, start = vectors(np.array(lons), np.array(lats)), vector(lon, lat)
    squares = ((ends - start) ** 2).sum(axis=1)
    assert squares.max() <= SHORT**2
    metres = from_chords(squares, ends[:, 2], start[2])
    few = from_few_chords(np.sqrt(squares).tolist(), ends[:, 2].tolist(), float(start[2]))
    assert few == pytest.approx(metres, abs=1e-9)
    return few


LATITUDES = st.floats(-90, 90) | st.sampled_from([0.0, 1e-9, 45.0, 89.999, 90.0, -90.0])
LONGITUDES = st.floats(-180, 180) | st.sampled_from([0.0, 179.999, 180.0, -180.0])
LENGTHS = st.floats(0, 29_999) | st.sampled_from([0.0, 1e-6, 1.0, 29_999.0])


@given(lon=LONGITUDES, lat=LATITUDES, azimuth=st.floats(-180, 180), metres=LENGTHS)
def test_short_ones_from_chords_agree_to_ten_nanometres(
    lon: float, lat: float, azimuth: float, metres: float
) -> None:
    x, y, _ = GEOD.fwd(lon, lat, azimuth, metres)
    assert by_chords(lon, lat, [x], [y]) == pytest.approx([single_m(lon, lat, x, y)], abs=1e-8)


@pytest.mark.parametrize("metres", [10.0, 1_000.0, 15_000.0, 29_999.0])
def test_from_chords_at_every_latitude_and_azimuth(metres: float) -> None:
    grid = np.meshgrid(np.linspace(-90, 90, 91), np.arange(0.0, 360.0, 5.0))
    lat, azimuth = (values.ravel() for values in grid)
    lon, length = np.full(lat.size, 121.5), np.full(lat.size, metres)
    x, y, _ = GEOD.fwd(lon, lat, azimuth, length)
    found = np.empty(lat.size)
    for at in np.unique(lat):
        here, there = vector(121.5, at), lat == at
        ends = vectors(x[there], y[there])
        found[there] = from_chords(((ends - here) ** 2).sum(axis=1), ends[:, 2], here.item(2))
    assert np.abs(found - distance_m(lon, lat, x, y)).max() < 1e-8


def test_beyond_the_limit_chords_would_not_do() -> None:
    """So that the limit is not moved unseen: what is left out grows with the fifth power."""
    x, y, _ = GEOD.fwd(121.5, 30.0, 0.0, 200_000.0)
    end, start = vector(x, y), vector(121.5, 30.0)
    square = float(((end - start) ** 2).sum())
    assert abs(from_few_chords([square**0.5], [end[2]], start[2])[0] - 200_000.0) > 1e-7


@given(LONGITUDES, LATITUDES, LONGITUDES, LATITUDES)
def test_chords_bound_the_geodesic(lon1: float, lat1: float, lon2: float, lat2: float) -> None:
    metres = single_m(lon1, lat1, lon2, lat2)
    chord = float(np.linalg.norm(vector(lon1, lat1) - vector(lon2, lat2)))
    assert farthest_m(chord) <= metres <= A_M * 2 * math.asin(min(chord / 2, 1.0)) + 1e-7
    assert chord <= chord_within(metres + 1e-8)


def test_one_place_has_one_vector() -> None:
    places = vectors(np.array([180.0, -180.0, 7.0, -99.0]), np.array([5.0, 5.0, 90.0, 90.0]))
    assert places[0].tolist() == places[1].tolist()
    assert places[2].tolist() == places[3].tolist() == [0.0, 0.0, 1.0]
    for lat in (0.0, 30.0, 89.0):
        assert np.linalg.norm(vector(121.5, lat)) == pytest.approx(1, abs=1e-15)
    assert pytest.approx(6_356_752.314_245, abs=1e-6) == B_M
