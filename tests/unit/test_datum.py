"""The datum shift: its figures against published packages, its gate, its inverse."""

from __future__ import annotations

import coordTransform  # type: ignore[import-untyped]
import eviltransform
import numpy as np
import prcoords
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mapsvc.geo.datum import convert, convert_arrays, convert_geometry, in_mainland, shift_arrays
from mapsvc.geo.geodesic import distance_m
from mapsvc.geo.mainland import _mask
from mapsvc.model import Datum, Point

WGS, GCJ, BD = Datum.WGS84, Datum.GCJ02, Datum.BD09

MAINLAND = {
    "Shenzhen": (114.0597, 22.5429),
    "Luohu, 300 m from Hong Kong": (114.1135, 22.5335),
    "Zhuhai": (113.5767, 22.2707),
    "Gongbei, 100 m from Macau": (113.5497, 22.2185),
    "Hengqin, beside Macau": (113.53, 22.13),
    "Dandong, across the river from North Korea": (124.394, 40.124),
    "Dandong harbour": (124.15, 39.82),
    "Heihe, across the river from Russia": (127.50, 50.245),
    "Manzhouli": (117.43, 49.59),
    "Dongxing, across the river from Vietnam": (107.97, 21.545),
    "Ruili": (97.85, 24.015),
    "Kashgar": (75.99, 39.47),
    "Mohe": (122.54, 52.97),
    "Zhoushan": (122.207, 29.985),
    "Dongji, the islands furthest out": (122.69, 30.195),
    "Yangshan harbour, on reclaimed land": (122.07, 30.62),
    "Hangzhou Bay bridge, middle": (121.14, 30.45),
    "Jiaozhou Bay bridge": (120.25, 36.17),
    "Hong Kong-Zhuhai-Macau bridge, mainland part": (113.75, 22.25),
    "Changdao, in the Bohai strait": (120.74, 37.92),
    "Weizhou island": (109.11, 21.04),
    "Xiamen": (118.09, 24.46),
    "Sanya": (109.51, 18.25),
    "Ningbo": (121.55, 29.87),
}

ELSEWHERE = {
    "Hong Kong, Central": (114.158, 22.282),
    "Hong Kong, Sheung Shui": (114.128, 22.501),
    "Hong Kong, Lo Wu station": (114.1130, 22.5285),
    "Hong Kong airport": (113.915, 22.308),
    "Macau": (113.543, 22.19),
    "Macau, Ilha Verde": (113.5385, 22.2115),
    "Macau, Cotai": (113.56, 22.14),
    "Taipei": (121.56, 25.03),
    "Kaohsiung": (120.30, 22.62),
    "Penghu": (119.57, 23.57),
    "Seoul": (126.98, 37.57),
    "Jeju": (126.53, 33.50),
    "Fukuoka": (130.40, 33.60),
    "Hanoi": (105.85, 21.03),
    "Mong Cai": (107.965, 21.53),
    "Lao Cai": (103.975, 22.485),
    "Sinuiju": (124.398, 40.1006),
    "Blagoveshchensk": (127.53, 50.28),
    "Vladivostok": (131.88, 43.12),
    "Zabaikalsk": (117.327, 49.652),
    "Ulaanbaatar": (106.90, 47.92),
    "Kathmandu": (85.32, 27.70),
    "Manila": (120.98, 14.60),
    "London": (-0.12, 51.50),
    "the pole": (0.0, 90.0),
    "the date line": (180.0, -30.0),
}


def apart(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(distance_m(a[0], a[1], b[0], b[1]))


def moved(lon: float, lat: float, source: Datum, target: Datum) -> tuple[float, float]:
    point = convert(Point(lon, lat, source), target)
    return point.lon, point.lat


@pytest.mark.parametrize(("lon", "lat"), MAINLAND.values(), ids=MAINLAND.keys())
def test_the_mainland_and_its_harbours_are_shifted(lon: float, lat: float) -> None:
    assert in_mainland(lon, lat)
    assert 20 < apart((lon, lat), moved(lon, lat, WGS, GCJ)) < 720
    assert 500 < apart((lon, lat), moved(lon, lat, WGS, BD)) < 1_900


@pytest.mark.parametrize("target", [GCJ, BD])
@pytest.mark.parametrize(("lon", "lat"), ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_everywhere_else_is_untouched(lon: float, lat: float, target: Datum) -> None:
    assert not in_mainland(lon, lat)
    assert moved(lon, lat, WGS, target) == (lon, lat)


@pytest.mark.parametrize("source", [GCJ, BD])
@pytest.mark.parametrize(
    "place", ["Seoul", "Hanoi", "Hong Kong, Central", "Taipei", "Vladivostok", "Ulaanbaatar"]
)
def test_everywhere_else_is_untouched_on_the_way_back(place: str, source: Datum) -> None:
    lon, lat = ELSEWHERE[place]
    assert moved(lon, lat, source, WGS) == (lon, lat)
    assert moved(lon, lat, BD if source is GCJ else GCJ, source) == (lon, lat)


def test_the_shift_at_ningbo_is_as_long_as_measured() -> None:
    assert apart((121.55, 29.87), moved(121.55, 29.87, WGS, GCJ)) == pytest.approx(493, abs=3)


@pytest.mark.parametrize(("lon", "lat"), MAINLAND.values(), ids=MAINLAND.keys())
def test_forward_agrees_with_published_packages(lon: float, lat: float) -> None:
    gcj, bd = moved(lon, lat, WGS, GCJ), moved(lon, lat, WGS, BD)
    theirs = prcoords.wgs_gcj((lat, lon), check_china=False)
    assert apart(gcj, (theirs.lon, theirs.lat)) < 1e-6
    theirs = prcoords.wgs_bd((lat, lon), check_china=False)
    assert apart(bd, (theirs.lon, theirs.lat)) < 1e-6
    assert apart(gcj, tuple(coordTransform.wgs84_to_gcj02(lon, lat))) < 1e-6
    assert apart(bd, tuple(coordTransform.wgs84_to_bd09(lon, lat))) < 1e-6
    # It takes another ellipsoid, which shortens the shift by a fifty-thousandth: 11 mm.
    assert apart(gcj, eviltransform.wgs2gcj(lat, lon)[::-1]) < 0.015
    assert apart(bd, eviltransform.wgs2bd(lat, lon)[::-1]) < 0.015


@pytest.mark.parametrize(("lon", "lat"), MAINLAND.values(), ids=MAINLAND.keys())
def test_inverse_agrees_with_published_packages_as_far_as_they_go(lon: float, lat: float) -> None:
    gcj = moved(lon, lat, WGS, GCJ)
    back = moved(*gcj, GCJ, WGS)
    theirs = prcoords.gcj_wgs_bored((gcj[1], gcj[0]), check_china=False)
    assert apart(back, (theirs.lon, theirs.lat)) < 0.01
    assert apart(back, eviltransform.gcj2wgs_exact(gcj[1], gcj[0])[::-1]) < 1
    assert apart(back, tuple(coordTransform.gcj02_to_wgs84(*gcj))) < 6


lons, lats = st.floats(70, 140), st.floats(0, 56)


@settings(deadline=None)  # a busy machine is no failure
@given(lon=lons, lat=lats, datum=st.sampled_from([GCJ, BD]))
@example(lon=105.0, lat=28.0, datum=GCJ)
def test_there_and_back_is_exact(lon: float, lat: float, datum: Datum) -> None:
    there = moved(lon, lat, WGS, datum)
    back = moved(*there, datum, WGS)
    outline = _mask()._polygon
    if in_mainland(lon, lat) or outline.distance(shapely.Point(lon, lat)) > 0.04:
        assert apart((lon, lat), back) < 1e-6
    # Nearer to the outline another place may come back, but never another position.
    assert apart(there, moved(*back, WGS, datum)) < 1e-6


def test_the_inverse_is_exact_on_the_meridian_where_the_formula_has_a_cusp() -> None:
    lat = np.linspace(24, 41, 50_001)
    lon = np.concatenate([np.full(lat.shape, 105.0), 105.0 + np.geomspace(1e-15, 1e-3, lat.size)])
    lat = np.concatenate([lat, lat])
    back = convert_arrays(*convert_arrays(lon, lat, WGS, GCJ), GCJ, WGS)
    assert distance_m(lon, lat, *back).max() < 1e-6


@pytest.mark.parametrize("datum", [GCJ, BD])
def test_there_and_back_along_the_outline(datum: Datum) -> None:
    """Half of these lie inside, half outside, all nearer to the outline than the shift is long."""
    ring = shapely.get_coordinates(_mask()._polygon)
    rng = np.random.default_rng(7)
    places = ring[rng.integers(0, len(ring), 20_000)] + rng.normal(0, 0.005, (20_000, 2))
    lon, lat = places.T
    there = convert_arrays(lon, lat, WGS, datum)
    back = convert_arrays(*there, datum, WGS)
    inside = in_mainland(lon, lat)
    assert 0.2 < inside.mean() < 0.8
    assert distance_m(lon, lat, *back)[inside].max() < 1e-6
    again = convert_arrays(*back, WGS, datum)
    assert distance_m(*there, *again).max() < 1e-6


@settings(deadline=None)  # a busy machine is no failure
@given(lon=st.floats(74, 134), lat=st.floats(18, 53.5))
def test_gcj_and_bd_agree_through_any_way(lon: float, lat: float) -> None:
    gcj = moved(lon, lat, WGS, GCJ)
    assert apart(moved(lon, lat, WGS, BD), moved(*gcj, GCJ, BD)) < 1e-6 or not in_mainland(lon, lat)
    if in_mainland(lon, lat):
        assert apart(moved(*moved(*gcj, GCJ, BD), BD, GCJ), gcj) < 1e-6


def test_arrays_keep_their_shape_and_strange_values() -> None:
    lon = np.array([[121.55, np.nan, np.inf], [1e300, 121.55, -121.0]])
    lat = np.array([[29.87, 29.87, 29.87], [0.0, np.nan, 29.87]])
    x, y = convert_arrays(lon, lat, WGS, BD)
    assert x.shape == y.shape == (2, 3)
    assert x[0, 0] != lon[0, 0]
    untouched = np.ones((2, 3), dtype=bool)
    untouched[0, 0] = False
    np.testing.assert_array_equal(x[untouched], lon[untouched])
    np.testing.assert_array_equal(y[untouched], lat[untouched])
    assert in_mainland([], []).shape == (0,)
    assert convert_arrays([], [], GCJ, WGS)[0].shape == (0,)
    assert convert_arrays(121.55, 29.87, WGS, GCJ)[0].shape == ()


def test_arrays_are_new_even_where_nothing_moves() -> None:
    lon, lat = np.array([121.55]), np.array([29.87])
    for target in (WGS, GCJ):
        x, _ = convert_arrays(lon, lat, WGS, target)
        assert not np.shares_memory(x, lon)


def test_the_raster_before_the_outline_changes_no_answer() -> None:
    rng = np.random.default_rng(3)
    ring = shapely.get_coordinates(_mask()._polygon)
    near = ring[rng.integers(0, len(ring), 20_000)] + rng.normal(0, 0.05, (20_000, 2))
    far = rng.uniform((70, 0), (140, 56), (20_000, 2))
    along = shapely.get_coordinates(shapely.segmentize(_mask()._polygon, 0.01))
    along = along + rng.normal(0, 0.002, along.shape)
    lon, lat = np.concatenate([near, far, along]).T
    expected = shapely.contains_xy(_mask()._polygon, lon, lat)
    np.testing.assert_array_equal(in_mainland(lon, lat), expected)


def test_a_polygon_on_the_outline_moves_as_a_whole() -> None:
    luohu = shapely.box(114.09, 22.53, 114.14, 22.58)
    corners = shapely.get_coordinates(luohu)
    assert 0 < in_mainland(*corners.T).sum() < len(corners)
    shifted = convert_geometry(luohu, WGS, GCJ)
    lon, lat = shift_arrays(corners[:, 0], corners[:, 1], WGS, GCJ)
    np.testing.assert_allclose(shapely.get_coordinates(shifted), np.column_stack([lon, lat]))
    assert shapely.hausdorff_distance(convert_geometry(shifted, GCJ, WGS), luohu) < 1e-11


GEOMETRIES = {
    "point": "POINT (121.55 29.87)",
    "points on both sides": "MULTIPOINT ((121.55 29.87), (114.158 22.282))",
    "line": "LINESTRING (121.5 29.8, 121.6 29.9)",
    "hole": "POLYGON ((121 29, 122 29, 122 30, 121 30, 121 29),"
    " (121.4 29.4, 121.6 29.4, 121.6 29.6, 121.4 29.6, 121.4 29.4))",
    "polygons": "MULTIPOLYGON (((121 29, 122 29, 122 30, 121 29)),"
    " ((120 29, 120.5 29, 120.5 30, 120 29)))",
    "collection": "GEOMETRYCOLLECTION (POINT (121.55 29.87), LINESTRING (2 48, 3 49))",
}


@pytest.mark.parametrize("datum", [GCJ, BD])
@pytest.mark.parametrize("wkt", GEOMETRIES.values(), ids=GEOMETRIES.keys())
def test_geometries_go_there_and_back(wkt: str, datum: Datum) -> None:
    geometry = shapely.from_wkt(wkt)
    there = convert_geometry(geometry, WGS, datum)
    assert there.geom_type == geometry.geom_type
    assert not there.equals(geometry)
    assert convert_geometry(there, datum, WGS).equals_exact(geometry, 1e-11)


@pytest.mark.parametrize(
    "wkt",
    ["POLYGON EMPTY", "POINT EMPTY", "GEOMETRYCOLLECTION EMPTY", "LINESTRING (2 48, 3 49)",
     "MULTIPOINT ((2 48), (114.158 22.282))"],
)  # fmt: skip
def test_geometries_that_stay_as_they_are(wkt: str) -> None:
    geometry = shapely.from_wkt(wkt)
    assert shapely.equals_identical(convert_geometry(geometry, GCJ, WGS), geometry)


def test_a_nan_among_coordinates_stays_and_the_others_move() -> None:
    nan = np.nan
    with np.errstate(invalid="ignore"):
        line = shapely.LineString([(121.5, 29.8), (nan, nan), (121.6, 29.9)])
        nothing = shapely.LineString([(nan, nan), (nan, nan)])
    xy = shapely.get_coordinates(convert_geometry(line, WGS, GCJ))
    assert np.isnan(xy[1]).all()
    assert np.isnan(shapely.get_coordinates(convert_geometry(nothing, WGS, GCJ))).all()
    assert xy[0].tolist() == pytest.approx(list(moved(121.5, 29.8, WGS, GCJ)))
