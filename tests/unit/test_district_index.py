"""Locating positions in districts, their borders, checks, and simplification."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from mapsvc.districts import read_folder
from mapsvc.geo.cells import BORDER, OUTSIDE, CellGrid
from mapsvc.geo.datum import convert, convert_arrays
from mapsvc.geo.districts import DistrictIndex, check, is_near_border, simplify_coverage
from mapsvc.geo.geodesic import distance_m
from mapsvc.model import Datum, District, Point
from mapsvc.resources import resource

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@pytest.fixture(scope="module")
def ningbo() -> list[District]:
    return read_folder(resource("data/districts"))


@pytest.fixture(scope="module")
def index(ningbo: list[District]) -> DistrictIndex:
    return DistrictIndex([d.code for d in ningbo], [d.geometry for d in ningbo])


def square(x: float, y: float, side: float = 1.0) -> BaseGeometry:
    return shapely.box(x, y, x + side, y + side)


def code_at(index: DistrictIndex, point: Point) -> str | None:
    wgs84 = convert(point, Datum.WGS84)
    rows, _ = index.locate(wgs84.lon, wgs84.lat)
    return None if rows < 0 else index.codes[int(rows)]


def test_the_curated_places_lie_in_their_districts_in_every_datum(index: DistrictIndex) -> None:
    lines = resource("data/geocache.jsonl").read_text("utf-8").splitlines()
    curated = [row for row in map(json.loads, lines) if row["provider"] == "curated"]
    for row in curated:
        point = Point(row["lon"], row["lat"])
        for datum in Datum:
            assert code_at(index, convert(point, datum)) == row["district"], row["query"]
    counts = Counter(row["district"] for row in curated)
    assert counts == {"330212": 8, "330203": 3, "330282": 2, "330281": 1, "330226": 1}


def test_polygons_left_in_gcj02_would_assign_wrongly(ningbo: list[District]) -> None:
    """The reason for the conversion: half a kilometre decides at every border."""
    rng = np.random.default_rng(5)
    index = DistrictIndex([d.code for d in ningbo], [d.geometry for d in ningbo])
    lon, lat = rng.uniform(121.4, 121.8, 2_000), rng.uniform(29.7, 30.0, 2_000)
    right, _ = index.locate(lon, lat)
    wrong, _ = index.locate(*convert_arrays(lon, lat, Datum.WGS84, Datum.GCJ02))
    assert 0.005 < np.mean(right != wrong) < 0.1


@pytest.mark.parametrize("codes", [("a", "b"), ("b", "a")])
def test_a_shared_edge_belongs_to_the_smaller_code(codes: tuple[str, str]) -> None:
    index = DistrictIndex(codes, [square(0, 0), square(1, 0)])
    rows, metres = index.locate([1.0, 1.0, 1.0], [0.0, 0.5, 1.0])
    assert [index.codes[row] for row in rows] == ["a", "a", "a"]
    assert metres.max() < 1e-6


def test_vertices_that_ningbos_districts_share_belong_to_the_smaller_code(
    ningbo: list[District], index: DistrictIndex
) -> None:
    seen: dict[tuple[float, float], set[str]] = {}
    for district in ningbo:
        for x, y in shapely.get_coordinates(district.geometry):
            seen.setdefault((x, y), set()).add(district.code)
    shared = {place: codes for place, codes in seen.items() if len(codes) > 1}
    assert len(shared) > 1_000
    lon, lat = np.array(list(shared)).T
    rows, metres = index.locate(lon, lat)
    assert [index.codes[row] for row in rows] == [min(codes) for codes in shared.values()]
    assert metres.max() < 1e-6


def by_brute_force(codes: list[str], shapes: list[BaseGeometry], lon: Floats, lat: Floats) -> Ints:
    """Every position against every polygon; the smallest code last, so that it stays."""
    rows = np.full(lon.shape, -1, dtype=np.int64)
    for row in sorted(range(len(codes)), key=lambda r: codes[r], reverse=True):
        shapely.prepare(shapes[row])
        rows[shapely.intersects_xy(shapes[row], lon, lat)] = row
    return rows


def test_every_answer_is_that_of_brute_force(ningbo: list[District]) -> None:
    rng = np.random.default_rng(17)
    lon, lat = rng.uniform(120.7, 122.4, 30_000), rng.uniform(28.7, 30.5, 30_000)
    corners = shapely.get_coordinates([d.geometry for d in ningbo])
    middles = (corners[1:] + corners[:-1])[::7] / 2
    lon = np.concatenate([lon, corners[::5, 0], middles[:, 0]])
    lat = np.concatenate([lat, corners[::5, 1], middles[:, 1]])
    codes, shapes = [d.code for d in ningbo], [d.geometry for d in ningbo]
    index = DistrictIndex(codes, shapes)
    rows = index.assign(lon, lat)
    assert np.array_equal(rows, by_brute_force(codes, shapes, lon, lat))
    assert np.array_equal(rows, index.assign(lon, lat))
    assert np.array_equal(rows, index.locate(lon, lat)[0])
    assert [int(index.assign(lon[i], lat[i])) for i in range(300)] == rows[:300].tolist()


SHAPES = [
    ("a hole that another fills", ["b", "a"], [shapely.box(0, 0, 9, 9) - shapely.box(3, 3, 6, 6),
                                               shapely.box(3, 3, 6, 6)]),
    ("one within the other", ["b", "a"], [shapely.box(0, 0, 9, 9), shapely.box(4, 4, 5, 5)]),
    ("overlapping", ["a", "b"], [shapely.box(0, 0, 6, 6), shapely.box(3, 3, 9, 9)]),
    ("a long slanting border", ["a", "b"], [shapely.Polygon([(0, 0), (9, 0), (0, 9)]),
                                            shapely.Polygon([(9, 9), (9, 0), (0, 9)])]),
    ("far apart", ["a", "b"], [shapely.box(0, 0, 1e-3, 1e-3), shapely.box(8, 8, 9, 9)]),
    ("a thin strip", ["a"], [shapely.box(0, 4, 9, 4.0001)]),
    ("a tall strip", ["a"], [shapely.box(4, -80, 4.0001, 80)]),
    ("a comb", ["a"], [shapely.union_all([shapely.box(0, 0, 9, 1),
                                          *(shapely.box(i, 1, i + 0.5, 9) for i in range(9))])]),
]  # fmt: skip


@pytest.mark.parametrize(("codes", "shapes"), [c[1:] for c in SHAPES], ids=[c[0] for c in SHAPES])
def test_regions_without_a_border_are_told_apart(
    codes: list[str], shapes: list[BaseGeometry]
) -> None:
    rng = np.random.default_rng(23)
    lon, lat = rng.uniform(-1, 10, 20_000), rng.uniform(-1, 10, 20_000)
    on = shapely.get_coordinates(shapely.segmentize(shapes, 0.5))
    lon, lat = np.concatenate([lon, on[:, 0]]), np.concatenate([lat, on[:, 1]])
    dense = list(shapely.segmentize(np.array(shapes), 0.01))
    for polygons in (shapes, dense):  # few large cells, and many small ones
        rows = DistrictIndex(codes, polygons).assign(lon, lat)
        assert np.array_equal(rows, by_brute_force(codes, polygons, lon, lat))


def test_no_cell_of_a_long_edge_is_taken_for_a_region() -> None:
    angles = np.linspace(0, 2 * np.pi, 2_000, endpoint=False)
    many_cells = shapely.Polygon(np.column_stack([15 + np.cos(angles), np.sin(angles)]))
    rng = np.random.default_rng(37)
    for _ in range(40):
        spike = shapely.Polygon(rng.uniform(0, 10, (3, 2)))
        grid = CellGrid(np.array([spike, many_cells], dtype=object))
        on = shapely.get_coordinates(shapely.segmentize(spike.exterior, 0.02))
        assert (grid.region(*on.T) == BORDER).all()


def test_most_positions_need_no_polygon(ningbo: list[District]) -> None:
    grid = CellGrid(np.array([d.geometry for d in ningbo], dtype=object))
    rng = np.random.default_rng(29)
    region = grid.region(rng.uniform(120.9, 122.2, 20_000), rng.uniform(28.9, 30.4, 20_000))
    assert np.mean(region == BORDER) < 0.35
    assert 10 <= np.unique(region[region > BORDER]).size <= grid.regions < 1_000
    assert grid.region(np.array([0.0, np.nan]), np.array([0.0, 30.0])).tolist() == [OUTSIDE] * 2


def test_threads_may_share_an_index(ningbo: list[District]) -> None:
    rng = np.random.default_rng(31)
    lon, lat = rng.uniform(121, 122, (8, 2_000)), rng.uniform(29, 30.3, (8, 2_000))
    codes, shapes = [d.code for d in ningbo], [d.geometry for d in ningbo]
    index = DistrictIndex(codes, shapes)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(index.locate, lon, lat))
    alone = DistrictIndex(codes, shapes)
    for x, y, (rows, metres) in zip(lon, lat, found, strict=True):
        expected_rows, expected_metres = alone.locate(x, y)
        assert np.array_equal(rows, expected_rows)
        assert np.array_equal(metres, expected_metres, equal_nan=True)


def test_outside_and_nan_lie_nowhere(index: DistrictIndex) -> None:
    rows, metres = index.locate([[0.0, np.nan], [121.55, 999.0]], [[0.0, 29.8], [np.nan, 29.8]])
    assert rows.tolist() == [[-1, -1], [-1, -1]]
    assert np.isnan(metres).all()


def test_shapes(index: DistrictIndex) -> None:
    rows, metres = index.locate(121.55, 29.8)
    assert rows.shape == metres.shape == ()
    rows, metres = index.locate([], [])
    assert rows.shape == metres.shape == (0,)
    assert DistrictIndex([], []).locate([121.0], [29.0])[0].tolist() == [-1]
    assert index.assign(121.55, 29.8).shape == ()
    assert index.assign([[121.55], [121.5]], 29.8).shape == (2, 1)
    assert index.assign([], []).shape == (0,)
    assert DistrictIndex([], []).assign([121.0], [29.0]).tolist() == [-1]


def test_a_hole_is_outside() -> None:
    ring = shapely.difference(square(0, 0, 3), square(1, 1))
    index = DistrictIndex(["ring"], [ring])
    rows, metres = index.locate([1.5, 1.4, 0.9], [1.5, 1.0, 1.5])
    assert rows.tolist() == [-1, 0, 0]
    assert metres[1] < 1e-6
    assert metres[2] == pytest.approx(float(distance_m(0.9, 1.5, 1.0, 1.5)), rel=1e-3)


def test_border_distances_agree_with_the_geodesic(
    ningbo: list[District], index: DistrictIndex
) -> None:
    """Against the smallest geodesic to the own district's border, sampled every 5 m or so."""
    rng = np.random.default_rng(11)
    lon, lat = rng.uniform(121.0, 122.0, 80), rng.uniform(29.0, 30.3, 80)
    rows, metres = index.locate(lon, lat)
    assert (rows >= 0).sum() > 40
    borders = {
        row: shapely.get_coordinates(shapely.segmentize(ningbo[row].geometry.boundary, 5e-5))
        for row in set(rows.tolist()) - {-1}
    }
    for x, y, row, found in zip(lon, lat, rows, metres, strict=True):
        if row >= 0:
            border = borders[int(row)]
            true = distance_m(x, y, border[:, 0], border[:, 1]).min()
            assert found == pytest.approx(true, rel=1e-3, abs=0.1)


@pytest.mark.parametrize("count", [3, 15, 16, 17, 32, 33, 100])
def test_no_edge_of_a_border_is_left_out(count: int) -> None:
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    corners = np.column_stack([10 + np.cos(angles), np.sin(angles)])
    index = DistrictIndex(["round"], [shapely.Polygon(corners)])
    middles = (corners + np.roll(corners, -1, axis=0)) / 2
    inwards = (10, 0) + (middles - (10, 0)) * 0.9999
    rows, metres = index.locate(*inwards.T)
    assert (rows == 0).all()
    assert metres.max() < 13


@pytest.mark.parametrize("lat", [0.0, 30.0, 50.0, 70.0])
def test_a_border_to_the_east_is_as_near_as_it_is(lat: float) -> None:
    index = DistrictIndex(["x"], [square(10, lat - 0.5)])
    _, metres = index.locate(10.99, lat)
    assert float(metres) == pytest.approx(float(distance_m(10.99, lat, 11.0, lat)), rel=1e-4)


def test_is_near_border() -> None:
    near = is_near_border([0.0, 299.0, 300.0, 301.0, np.nan], 300.0)
    assert near.tolist() == [True, True, True, False, False]
    assert is_near_border(100.0, [50.0, 150.0]).tolist() == [False, True]


BOW_TIE = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
CASES = [
    ("all is well", ["a", "b"], [square(0, 0), square(1, 0)], []),
    ("duplicate code", ["a", "a"], [square(0, 0), square(1, 0)],
     ["district a: the code stands 2 times"]),
    ("empty", ["a"], [shapely.Polygon()], ["district a: the geometry is empty"]),
    ("a line", ["a"], [shapely.LineString([(0, 0), (1, 1)])],
     ["district a: LineString is not a Polygon or MultiPolygon"]),
    ("out of range", ["a"], [square(179.5, 0)],
     ["district a: (180.5, 0.0) is not a longitude and latitude in degrees"]),
    ("metres instead of degrees", ["a"], [square(500_000, 3_000_000)],
     ["district a: (500001.0, 3000000.0) is not a longitude and latitude in degrees"]),
    ("bow tie", ["a"], [BOW_TIE],
     ["district a: invalid polygon: Self-intersection[0.5 0.5]"]),
    ("overlap", ["a", "b"], [square(0, 0), square(0.999, 0)],
     ["district a and b: they overlap by 12,308,"]),
    ("one in the other", ["a", "b"], [square(0, 0), square(0.4, 0.4, 0.001)],
     ["district a and b: they overlap by 12,3"]),
    ("a sliver is let pass", ["a", "b"], [square(0, 0), square(1 - 1e-9, 0)], []),
]  # fmt: skip


@pytest.mark.parametrize(("codes", "geometries", "texts"), [c[1:] for c in CASES],
                         ids=[c[0] for c in CASES])  # fmt: skip
def test_check(codes: list[str], geometries: list[BaseGeometry], texts: list[str]) -> None:
    problems = [str(problem) for problem in check(codes, geometries)]
    assert len(problems) == len(texts)
    for problem, text in zip(problems, texts, strict=True):
        assert problem.startswith(text)


def test_check_finds_nothing_in_what_is_shipped(ningbo: list[District]) -> None:
    codes = [d.code for d in ningbo]
    assert check(codes, [d.geometry for d in ningbo], tolerance_m2=1) == []
    assert check(codes, [d.drawing for d in ningbo], tolerance_m2=1) == []


def test_overlap_says_how_much() -> None:
    (problem,) = check(["a", "b"], [square(0, 0), square(0.5, 0)])
    assert problem.kind == "overlap"
    assert problem.codes == ("a", "b")
    assert problem.area_m2 == pytest.approx(55_660 * 110_574, rel=1e-3)


def test_simplified_districts_still_share_their_edges(ningbo: list[District]) -> None:
    full = [d.geometry for d in ningbo]
    simple = simplify_coverage(full, 100)
    assert shapely.get_num_coordinates(simple).sum() < shapely.get_num_coordinates(full).sum() / 2
    assert shapely.coverage_is_valid(np.array(simple))
    for before, after in zip(full, simple, strict=True):
        assert after.area == pytest.approx(before.area, rel=0.01)
        assert shapely.hausdorff_distance(before, after) < 1_000 / 111_195


def test_simplifying_nothing_gives_nothing() -> None:
    assert simplify_coverage([], 100) == []
