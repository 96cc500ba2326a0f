"""The nearest points and boxes, against the geodesic to every point."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mapsvc.errors import InvalidValue
from mapsvc.geo.datum import convert
from mapsvc.geo.geodesic import distance_m
from mapsvc.geo.index import PointIndex
from mapsvc.model import BBox, Datum, Point

Floats = NDArray[np.float64]


def brute_force(
    lon: Floats,
    lat: Floats,
    point: Point,
    k: int,
    farthest: float | None = None,
    mask: NDArray[np.bool_] | None = None,
) -> tuple[list[int], list[float]]:
    metres = distance_m(point.lon, point.lat, lon, lat)
    allowed = np.isfinite(metres)
    if mask is not None:
        allowed &= mask
    if farthest is not None:
        allowed &= metres <= farthest
    rows = np.flatnonzero(allowed)
    rows = rows[np.lexsort((rows, metres[rows]))][:k]
    return rows.tolist(), metres[rows].tolist()


def same(answer: tuple[NDArray[np.int64], Floats], expected: tuple[list[int], list[float]]) -> bool:
    """The same rows in the same order, and the same distances but for 10 nm."""
    (rows, metres), (right, right_m) = answer, expected
    return rows.tolist() == right and bool(np.all(np.abs(metres - right_m) < 1e-8))


def around(lon: float, lat: float, spread: float, count: int, seed: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    x = lon + rng.uniform(-spread, spread, count)
    y = np.clip(lat + rng.uniform(-spread, spread, count), -90, 90)
    return (x + 180) % 360 - 180, y


PLACES = {
    "30°N": (121.5, 30.0),
    "50°N": (-100.0, 50.0),
    "±180°": (180.0, -17.0),
    "North Pole": (20.0, 90.0),
    "South Pole": (-60.0, -89.5),
    "equator": (0.0, 0.0),
}


@pytest.mark.parametrize("spread", [0.01, 1.0, 10.0], ids=["1 km", "100 km", "1,000 km"])
@pytest.mark.parametrize(("lon", "lat"), PLACES.values(), ids=PLACES.keys())
def test_nearest_is_what_the_geodesic_says(lon: float, lat: float, spread: float) -> None:
    lons, lats = around(lon, lat, spread, 2_000, seed=1)
    index = PointIndex(lons, lats)
    for x, y in zip(*around(lon, lat, spread * 1.2, 10, seed=2), strict=True):
        for k in (1, 7, 100):
            rows, metres = index.nearest(Point(float(x), float(y)), k)
            assert same((rows, metres), brute_force(lons, lats, Point(x, y), k))


def test_nearest_over_the_whole_earth_and_from_the_other_side_of_it() -> None:
    rng = np.random.default_rng(3)
    lons = rng.uniform(-180, 180, 3_000)
    lats = np.degrees(np.arcsin(rng.uniform(-1, 1, 3_000)))
    index = PointIndex(lons, lats)
    for x, y in zip(rng.uniform(-180, 180, 10), rng.uniform(-90, 90, 10), strict=True):
        for k in (5, 2_990, 3_000, 5_000):
            rows, metres = index.nearest(Point(x, y), k)
            assert same((rows, metres), brute_force(lons, lats, Point(x, y), k))
    lons, lats = around(-58.45, -29.87, 0.5, 500, seed=4)
    point = Point(121.55, 29.87)
    rows, metres = PointIndex(lons, lats).nearest(point, 20)
    assert same((rows, metres), brute_force(lons, lats, point, 20))


@pytest.mark.parametrize("name", PLACES)
def test_nearest_in_dense_towns_and_between_them(name: str) -> None:
    """Where the remembered size of a neighbourhood fits, is too small, and is too large."""
    x, y = PLACES[name]
    towns = [around(x, y, 8.0, 1, seed) for seed in range(8)]
    parts = [
        around(float(lon[0]), float(lat[0]), 0.003 * 4**i, 400, seed=i)
        for i, (lon, lat) in enumerate(towns)
    ]
    lons, lats = (np.concatenate(values) for values in zip(*parts, strict=True))
    index = PointIndex(lons, lats)
    near_towns = [p for i in range(0, lons.size, 320) for p in [(lons[i], lats[i])]]
    for qx, qy in [*near_towns, *zip(*around(x, y, 12.0, 12, seed=50), strict=True)]:
        point = Point(float(qx), float(qy))
        for k in (1, 10, 60):
            assert same(index.nearest(point, k), brute_force(lons, lats, point, k))
        assert same(index.nearest(point, 10, 5e4), brute_force(lons, lats, point, 10, 5e4))


def test_a_crowd_far_away_is_thinned_before_it_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All of a town is in the ring that the bounds leave from the other side of the earth."""
    lons, lats = around(121.5, 29.8, 0.1, 20_000, seed=13)
    measured = []

    def counting(*ends: Floats) -> Floats:
        metres = distance_m(*ends)
        measured.append(metres.size)
        return metres

    index, point = PointIndex(lons, lats), Point(-74.0, 40.7)
    monkeypatch.setattr("mapsvc.geo.ranking.distance_m", counting)
    for k in (1, 10, 500):
        measured.clear()
        assert same(index.nearest(point, k), brute_force(lons, lats, point, k))
        assert sum(measured) < 5_000


def test_a_crowd_at_one_place_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lons, lats = np.full(20_000, 121.55), np.full(20_000, 29.87)
    lons[7], lons[-1] = 121.5501, 121.5499
    index, point = PointIndex(lons, lats), Point(121.56, 29.87)
    expected = brute_force(lons, lats, point, 30)

    def few(*ends: Floats) -> Floats:
        metres = distance_m(*ends)
        assert metres.size < 4_000
        return metres

    monkeypatch.setattr("mapsvc.geo.ranking.distance_m", few)
    assert same(index.nearest(point, 30), expected)
    assert same(index.nearest(Point(121.55, 29.87), 30), ([*range(7), *range(8, 31)], [0.0] * 30))


def test_north_is_not_east() -> None:
    """Two points that a sphere puts in the wrong order: 20 km to the north and to the east."""
    point = Point(0.0, 0.0)
    lons, lats = np.array([0.179700, 0.0]), np.array([0.0, 0.180000])
    metres = distance_m(0, 0, lons, lats)
    assert metres[1] < metres[0]
    assert PointIndex(lons, lats).nearest(point, 1)[0].tolist() == [1]


def test_near_and_far_ones_in_one_answer_are_measured_alike() -> None:
    """Points on both sides of the limit up to which chords give the distance."""
    lats = 30.0 + np.linspace(0.26, 0.28, 2_001)
    lons = np.full(lats.size, 121.5)
    index, point = PointIndex(lons, lats), Point(121.5, 30.0)
    for k in (1, 20, 40, 900, 2_001):
        assert same(index.nearest(point, k), brute_force(lons, lats, point, k))


@pytest.mark.parametrize("count", [12, 40])
def test_more_points_at_one_distance_than_were_asked_of_the_tree(count: int) -> None:
    lons = np.r_[np.full(count, 121.56), 121.57, np.full(count, 121.56)]
    index = PointIndex(lons, np.full(lons.size, 29.87))
    for k in (3, 10, count + 5):
        expected = [row for row in range(lons.size) if row != count][:k]
        assert index.nearest(Point(121.55, 29.87), k)[0].tolist() == expected


def test_ties_and_duplicates_are_ordered_by_row() -> None:
    lons = np.array([10.0, 10.0, 10.1, 9.9, 10.0, 10.1])
    lats = np.array([50.0, 50.0, 50.0, 50.0, 50.0, 50.0])
    index = PointIndex(lons, lats)
    rows, metres = index.nearest(Point(10.0, 50.0), 6)
    assert rows.tolist()[:3] == [0, 1, 4]
    assert sorted(rows.tolist()[3:]) == [2, 3, 5]
    assert metres[:3].max() < 1e-8
    for k in range(1, 7):
        assert index.nearest(Point(10.0, 50.0), k)[0].tolist() == rows.tolist()[:k]
    one_place = PointIndex(np.full(1_000, 121.55), np.full(1_000, 29.87))
    assert one_place.nearest(Point(121.5, 29.8), 10)[0].tolist() == list(range(10))


@pytest.mark.parametrize("share", [0.5, 0.01, 0.0003, 0.0])
@pytest.mark.parametrize("farthest", [None, 20_000.0])
def test_a_mask_lets_only_its_rows_through(share: float, farthest: float | None) -> None:
    lons, lats = around(121.5, 29.8, 1.0, 20_000, seed=5)
    mask = np.random.default_rng(6).random(20_000) < share
    point = Point(121.55, 29.87)
    rows, metres = PointIndex(lons, lats).nearest(point, 10, farthest, mask)
    expected = brute_force(lons, lats, point, 10, farthest, mask)
    assert same((rows, metres), expected)


def test_rows_may_come_with_their_mask() -> None:
    lons, lats = around(121.5, 29.8, 1.0, 5_000, seed=11)
    lons[:50] = np.nan
    index, point = PointIndex(lons, lats), Point(121.55, 29.87)
    for share in (0.9, 0.2, 0.01):
        mask = np.random.default_rng(12).random(5_000) < share
        answer = index.nearest(point, 10, mask=mask, rows=np.flatnonzero(mask))
        assert same(answer, brute_force(lons, lats, point, 10, None, mask))


def test_a_mask_of_far_away_rows() -> None:
    lons, lats = around(121.5, 29.8, 1.0, 20_000, seed=7)
    lons[10_000:] -= 40.0
    mask = np.arange(20_000) >= 10_000
    point = Point(121.55, 29.87)
    rows, metres = PointIndex(lons, lats).nearest(point, 10, None, mask)
    assert same((rows, metres), brute_force(lons, lats, point, 10, None, mask))


def test_a_mask_with_a_few_near_rows_and_many_far_ones() -> None:
    lons, lats = around(121.5, 29.8, 1.0, 20_000, seed=9)
    lons[10_000:] -= 40.0
    mask = np.arange(20_000) >= 10_000
    mask[[17, 170, 1_700]] = True
    lons[[17, 170, 1_700]], lats[[17, 170, 1_700]] = 121.55, (29.87, 29.88, 29.89)
    point = Point(121.55, 29.87)
    rows, metres = PointIndex(lons, lats).nearest(point, 10, None, mask)
    assert same((rows, metres), brute_force(lons, lats, point, 10, None, mask))


def test_the_farthest_allowed_distance_is_included() -> None:
    index = PointIndex([121.55, 121.60], [29.87, 29.87])
    metres = float(index.nearest(Point(121.55, 29.87), 2)[1][1])
    for farthest, rows in [(metres, [0, 1]), (metres - 1e-6, [0]), (0.0, [0]), (-1.0, [])]:
        assert index.nearest(Point(121.55, 29.87), 2, farthest)[0].tolist() == rows
    assert index.nearest(Point(121.55, 29.87), 2, np.inf)[0].tolist() == [0, 1]


def test_unplaced_rows_are_never_found() -> None:
    lons = np.array([np.nan, 121.55, 121.56, np.nan])
    lats = np.array([29.87, 29.87, np.nan, np.nan])
    index = PointIndex(lons, lats)
    assert len(index) == 4
    assert index.nearest(Point(121.5, 29.8), 4)[0].tolist() == [1]
    assert (
        index.nearest(Point(121.5, 29.8), 4, mask=np.array([True, False, True, True]))[0].size == 0
    )
    assert index.within(BBox(-180, -90, 180, 90)).tolist() == [1]


@pytest.mark.parametrize("lon", [[], [np.nan]])
def test_an_index_of_nothing(lon: list[float]) -> None:
    index = PointIndex(lon, lon)
    rows, metres = index.nearest(Point(121.5, 29.8), 5)
    assert rows.dtype == np.dtype(np.int64)
    assert metres.dtype == np.dtype(np.float64)
    assert rows.size == metres.size == index.within(BBox(-180, -90, 180, 90)).size == 0


@pytest.mark.parametrize("k", [0, -3])
def test_asking_for_none_gives_none(k: int) -> None:
    assert PointIndex([121.5], [29.8]).nearest(Point(121.5, 29.8), k)[0].size == 0


def test_a_point_in_another_datum_is_converted() -> None:
    index = PointIndex([121.55, 121.552], [29.87, 29.87])
    for datum in Datum:
        rows, metres = index.nearest(convert(Point(121.55, 29.87), datum), 1)
        assert rows.tolist() == [0]
        assert float(metres[0]) < 1e-6


BOXES = [
    BBox(121.0, 29.0, 122.0, 30.0),
    BBox(170.0, -20.0, -170.0, 20.0),
    BBox(-180.0, -90.0, 180.0, 90.0),
    BBox(-180.0, 0.0, -179.0, 1.0),
    BBox(179.0, 0.0, 180.0, 1.0),
    BBox(5.0, 5.0, 5.0, 5.0),
]


@pytest.mark.parametrize("box", BOXES, ids=str)
def test_within(box: BBox) -> None:
    rng = np.random.default_rng(8)
    lons = np.concatenate([rng.integers(-180, 181, 20_000), [180, -180, 180, -180, 5]]).astype(
        float
    )
    lats = np.concatenate([rng.integers(-90, 91, 20_000), [0.5, 0.5, -20, 20, 5]]).astype(float)
    ahead = (lons - box.west) % 360
    width = (box.east - box.west) % 360 or (360 if box.east != box.west else 0)
    expected = (ahead <= width) & (lats >= box.south) & (lats <= box.north)
    assert PointIndex(lons, lats).within(box).tolist() == np.flatnonzero(expected).tolist()


@pytest.mark.parametrize("count", [20_000, 200])
def test_within_boxes_of_every_size_and_place(count: int) -> None:
    rng = np.random.default_rng(14)
    lons, lats = around(121.5, 29.8, 1.0, count, seed=15)
    lons[:100] = rng.choice([180.0, -180.0, 179.9, -179.9], 100)
    lats[50:80] = lats[50]
    lats[:2] = 90, -90
    lons[-3:] = np.nan
    index = PointIndex(lons, lats)
    for _ in range(300):
        size = 10 ** rng.uniform(-4, 2.5)
        south, north = np.clip(29.8 + rng.uniform(-1, 1) + np.array([0, size]), -90, 90)
        west, east = (121.5 + rng.uniform(-1, 1) + np.array([0, size]) + 180) % 360 - 180
        if rng.random() < 0.2:
            west, south, east = lons[5], lats[50], lons[rng.integers(0, 60)]
            north = max(north, south)
        box = BBox(float(west), float(south), float(east), float(north))
        inside = (
            (lons >= west) & (lons <= east) if west <= east else (lons >= west) | (lons <= east)
        )
        if west > east or west == -180 or east == 180:
            inside |= np.abs(lons) == 180
        expected = np.flatnonzero(inside & (lats >= south) & (lats <= north))
        assert index.within(box).tolist() == expected.tolist()


@pytest.mark.parametrize("count", [0, 1, 20, 5_000])
def test_it_comes_apart_and_together(count: int) -> None:
    lons, lats = around(121.5, 29.8, 1.0, count, seed=16)
    lons, lats = np.append(lons, np.nan), np.append(lats, np.nan)
    arrays = PointIndex(lons, lats).arrays()
    for array in arrays.values():
        array.flags.writeable = False
    index, point = PointIndex.from_arrays(arrays), Point(121.55, 29.87)
    assert len(index) == count + 1
    assert same(index.nearest(point, 10), brute_force(lons, lats, point, 10))
    assert index.within(BBox(-180, -90, 180, 90)).tolist() == list(range(count))
    for name in ("lon", "lat", "rows", "places", "keys"):
        assert index.arrays()[name] is arrays[name]
    assert not count or np.shares_memory(index._tree.data, arrays["tree_1"])


@pytest.mark.parametrize(
    ("lon", "lat", "text"),
    [
        ([181.0], [0.0], "lon of row 0: 181.0 is not a number from -180 to 180"),
        ([0.0, 0.0], [0.0, -91.0], "lat of row 1: -91.0 is not a number from -90 to 90"),
        ([np.inf], [0.0], "lon of row 0: inf is not a number from -180 to 180"),
        ([0.0], [0.0, 1.0], "lon, lat: ((1,), (2,)) is not two flat arrays of one length"),
    ],
)
def test_bad_arrays(lon: list[float], lat: list[float], text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        PointIndex(lon, lat)
    assert str(caught.value) == text


def test_bad_questions() -> None:
    index = PointIndex([121.5], [29.8])
    with pytest.raises(InvalidValue, match="mask"):
        index.nearest(Point(121.5, 29.8), 1, mask=np.array([True, True]))
    with pytest.raises(InvalidValue, match="max_distance_m"):
        index.nearest(Point(121.5, 29.8), 1, max_distance_m=float("nan"))
