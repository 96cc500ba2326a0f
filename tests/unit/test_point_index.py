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
            assert (rows.tolist(), metres.tolist()) == brute_force(lons, lats, Point(x, y), k)


def test_nearest_over_the_whole_earth_and_from_the_other_side_of_it() -> None:
    rng = np.random.default_rng(3)
    lons = rng.uniform(-180, 180, 3_000)
    lats = np.degrees(np.arcsin(rng.uniform(-1, 1, 3_000)))
    index = PointIndex(lons, lats)
    for x, y in zip(rng.uniform(-180, 180, 10), rng.uniform(-90, 90, 10), strict=True):
        for k in (5, 2_990, 3_000, 5_000):
            rows, metres = index.nearest(Point(x, y), k)
            assert (rows.tolist(), metres.tolist()) == brute_force(lons, lats, Point(x, y), k)
    lons, lats = around(-58.45, -29.87, 0.5, 500, seed=4)
    point = Point(121.55, 29.87)
    rows, metres = PointIndex(lons, lats).nearest(point, 20)
    assert (rows.tolist(), metres.tolist()) == brute_force(lons, lats, point, 20)


def test_north_is_not_east() -> None:
    """Two points that a sphere puts in the wrong order: 20 km to the north and to the east."""
    point = Point(0.0, 0.0)
    lons, lats = np.array([0.179700, 0.0]), np.array([0.0, 0.180000])
    metres = distance_m(0, 0, lons, lats)
    assert metres[1] < metres[0]
    assert PointIndex(lons, lats).nearest(point, 1)[0].tolist() == [1]


def test_ties_and_duplicates_are_ordered_by_row() -> None:
    lons = np.array([10.0, 10.0, 10.1, 9.9, 10.0, 10.1])
    lats = np.array([50.0, 50.0, 50.0, 50.0, 50.0, 50.0])
    index = PointIndex(lons, lats)
    rows, metres = index.nearest(Point(10.0, 50.0), 6)
    assert rows.tolist()[:3] == [0, 1, 4]
    assert sorted(rows.tolist()[3:]) == [2, 3, 5]
    assert metres[:3].tolist() == [0.0, 0.0, 0.0]
    for k in range(1, 7):
        assert index.nearest(Point(10.0, 50.0), k)[0].tolist() == rows.tolist()[:k]
    same = PointIndex(np.full(1_000, 121.55), np.full(1_000, 29.87))
    assert same.nearest(Point(121.5, 29.8), 10)[0].tolist() == list(range(10))


@pytest.mark.parametrize("share", [0.5, 0.01, 0.0003, 0.0])
@pytest.mark.parametrize("farthest", [None, 20_000.0])
def test_a_mask_lets_only_its_rows_through(share: float, farthest: float | None) -> None:
    lons, lats = around(121.5, 29.8, 1.0, 20_000, seed=5)
    mask = np.random.default_rng(6).random(20_000) < share
    point = Point(121.55, 29.87)
    rows, metres = PointIndex(lons, lats).nearest(point, 10, farthest, mask)
    expected = brute_force(lons, lats, point, 10, farthest, mask)
    assert (rows.tolist(), metres.tolist()) == expected


def test_a_mask_of_far_away_rows() -> None:
    lons, lats = around(121.5, 29.8, 1.0, 20_000, seed=7)
    lons[10_000:] -= 40.0
    mask = np.arange(20_000) >= 10_000
    point = Point(121.55, 29.87)
    rows, metres = PointIndex(lons, lats).nearest(point, 10, None, mask)
    assert (rows.tolist(), metres.tolist()) == brute_force(lons, lats, point, 10, None, mask)


def test_a_mask_with_a_few_near_rows_and_many_far_ones() -> None:
    lons, lats = around(121.5, 29.8, 1.0, 20_000, seed=9)
    lons[10_000:] -= 40.0
    mask = np.arange(20_000) >= 10_000
    mask[[17, 170, 1_700]] = True
    lons[[17, 170, 1_700]], lats[[17, 170, 1_700]] = 121.55, (29.87, 29.88, 29.89)
    point = Point(121.55, 29.87)
    rows, metres = PointIndex(lons, lats).nearest(point, 10, None, mask)
    assert (rows.tolist(), metres.tolist()) == brute_force(lons, lats, point, 10, None, mask)


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
