"""Clusters against a plain count of what lies in each cell."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mapsvc.errors import InvalidValue
from mapsvc.geo.clusters import MAX_ZOOM, ClusterIndex, Clusters
from mapsvc.model import BBox

Cell = tuple[int, int]
Floats = NDArray[np.float64]
WORLD = BBox(-180, -90, 180, 90)
_HIGHEST = 85.051128


def cell_of(lon: float, lat: float, zoom: int) -> Cell:
    side = 2 ** (zoom + 2)
    phi = math.radians(max(-89.9, min(89.9, lat)))
    x = lon / 360 + 0.5
    y = 0.5 - math.asinh(math.tan(phi)) / (2 * math.pi)
    column, row = (max(0, min(side - 1, math.floor(v * side))) for v in (x, y))
    return column, row


def touched(box: BBox, zoom: int, cell: Cell) -> bool:
    (west, north), (east, south) = (
        cell_of(box.west, box.north, zoom),
        cell_of(box.east, box.south, zoom),
    )
    columns = west <= cell[0] <= east
    if box.west > box.east:
        columns = cell[0] >= west or cell[0] <= east
    return columns and north <= cell[1] <= south


def counted(
    lon: Floats, lat: Floats, box: BBox, zoom: int, mask: Any = None
) -> dict[Cell, list[int]]:
    cells: dict[Cell, list[int]] = defaultdict(list)
    for row, (x, y) in enumerate(zip(lon.tolist(), lat.tolist(), strict=True)):
        if math.isfinite(x) and math.isfinite(y) and (mask is None or mask[row]):
            cell = cell_of(x, y, zoom)
            if touched(box, zoom, cell):
                cells[cell].append(row)
    return cells


def check(
    found: Clusters, cells: dict[Cell, list[int]], lon: Floats, lat: Floats, zoom: int
) -> None:
    """Each cluster is what its cell holds: count, row, box, and a place to draw in the cell."""
    assert len(found) == len(cells)
    seen = set()
    for i in range(len(found)):
        x, y = float(found.lon[i]), float(found.lat[i])
        cell = cell_of(x, y, zoom)
        seen.add(cell)
        rows = cells[cell]
        assert found.count[i] == len(rows)
        assert found.row[i] == (rows[0] if len(rows) == 1 else -1)
        box = (found.west[i], found.south[i], found.east[i], found.north[i])
        assert box == (lon[rows].min(), lat[rows].min(), lon[rows].max(), lat[rows].max())
        if len(rows) == 1:
            assert (x, y) == (lon[rows[0]], lat[rows[0]])
    assert len(seen) == len(found)


coordinates = st.tuples(
    st.one_of(st.floats(-180, 180), st.integers(-8, 8).map(lambda i: i * 22.5), st.just(math.nan)),
    st.one_of(st.floats(-90, 90), st.sampled_from([0.0, 90.0, -90.0, 40.979898, 86.0])),
)
crowds = st.lists(coordinates, max_size=60).map(
    lambda pairs: (np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs]))
)
boxes = st.tuples(
    st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90)
).map(lambda b: BBox(b[0], min(b[1], b[3]), b[2], max(b[1], b[3])))
zooms = st.integers(0, MAX_ZOOM)


@given(crowds, boxes, zooms)
@settings(max_examples=150, deadline=None)
def test_each_touched_cell_gives_one_cluster_of_all_its_points(
    crowd: tuple[Floats, Floats], box: BBox, zoom: int
) -> None:
    lon, lat = crowd
    index = ClusterIndex(lon, lat)
    found = index.within(box, zoom)
    check(found, counted(lon, lat, box, zoom), lon, lat, zoom)


@given(crowds, boxes, zooms, st.integers(16, 40))
@settings(max_examples=150, deadline=None)
def test_the_zoom_is_the_greatest_with_few_enough_clusters(
    crowd: tuple[Floats, Floats], box: BBox, zoom: int, limit: int
) -> None:
    index = ClusterIndex(*crowd)
    fitting = (z for z in range(zoom, -1, -1) if len(counted(*crowd, box, z)) <= limit)
    assert index.zoom_for(box, zoom, limit) == next(fitting)


@pytest.mark.parametrize("limit", [16, 17, 30, 200, 1_000])
@pytest.mark.parametrize(
    "box",
    [
        WORLD,
        BBox(121.49, 29.7, 121.61, 29.95),
        BBox(104.0, 30.5, 104.0001, 30.7),
        BBox(179.98, -17.1, -179.99, -16.9),
        BBox(121.5, -60, 104.01, 60),
    ],
)
def test_the_zoom_for_towns(box: BBox, limit: int) -> None:
    index = ClusterIndex(*crowd(3_000, seed=8))
    for zoom in (0, 9, 13, MAX_ZOOM):
        fitting = (z for z in range(zoom, -1, -1) if len(index.within(box, z)) <= limit)
        assert index.zoom_for(box, zoom, limit) == next(fitting)


def test_a_lower_zoom_may_hold_more_beside_the_box() -> None:
    side = 360 / 2**22  # of the finest cells, which are nearly square at the equator
    lon = (np.array([*range(17), *range(20, 40)]) + 0.5) * side
    lat = np.array([-0.5] * 17 + [-1.5] * 20) * side
    index, box = ClusterIndex(lon, lat), BBox(0.2 * side, -0.6 * side, 39.8 * side, -0.4 * side)
    assert [len(index.within(box, zoom)) for zoom in (20, 19, 18)] == [17, 9 + 10, 5 + 5]
    assert [index.zoom_for(box, 20, limit) for limit in (19, 17, 16)] == [20, 20, 18]


@given(crowds, boxes, zooms, st.integers(0, 2**32 - 1))
@settings(max_examples=150, deadline=None)
def test_a_mask_gives_what_an_index_of_its_points_alone_gives(
    crowd: tuple[Floats, Floats], box: BBox, zoom: int, seed: int
) -> None:
    lon, lat = crowd
    mask = np.random.default_rng(seed).random(lon.size) < 0.6
    found = ClusterIndex(lon, lat).within(box, zoom, mask)
    check(found, counted(lon, lat, box, zoom, mask), lon, lat, zoom)
    alone = ClusterIndex(lon[mask], lat[mask]).within(box, zoom)
    rows = np.append(np.flatnonzero(mask), -1)
    assert np.array_equal(found.row, rows[alone.row])
    for name in ("lon", "lat", "count", "west", "south", "east", "north", "expansion_zoom"):
        assert np.array_equal(getattr(found, name), getattr(alone, name)), name
    kept = ClusterIndex(lon, lat).only(mask)
    assert len(kept) == lon.size
    assert np.array_equal(kept.within(box, zoom).row, found.row)
    assert np.array_equal(kept.within(box, zoom, mask).count, found.count)


def crowd(count: int, seed: int) -> tuple[Floats, Floats]:
    """Dense towns, so that cells hold many blocks of points, and some far away."""
    rng = np.random.default_rng(seed)
    town = rng.integers(0, 6, count)
    lon = np.array([121.5, 121.6, 116.4, 104.0, 179.99, -179.99])[town] + rng.normal(0, 0.02, count)
    lat = np.array([29.8, 29.9, 39.9, 30.6, -17.0, -17.0])[town] + rng.normal(0, 0.02, count)
    return (lon + 180) % 360 - 180, lat


@pytest.mark.parametrize("zoom", [0, 3, 8, 11, 14, 17, 20])
def test_large_cells(zoom: int) -> None:
    lon, lat = crowd(5_000, seed=1)
    index = ClusterIndex(lon, lat)
    mask = np.random.default_rng(2).random(5_000) < 0.3
    for box in (WORLD, BBox(121, 29, 122, 30), BBox(179.9, -18, -179.9, -16)):
        check(index.within(box, zoom), counted(lon, lat, box, zoom), lon, lat, zoom)
        expected = counted(lon, lat, box, zoom, mask)
        check(index.within(box, zoom, mask), expected, lon, lat, zoom)


def test_each_cluster_lies_in_one_cluster_of_the_zoom_before() -> None:
    lon, lat = crowd(3_000, seed=3)
    index = ClusterIndex(lon, lat)
    before = index.within(WORLD, 0)
    for zoom in range(1, MAX_ZOOM + 1):
        found = index.within(WORLD, zoom)
        parents = [
            np.flatnonzero(
                (before.west <= found.west[i])
                & (before.east >= found.east[i])
                & (before.south <= found.south[i])
                & (before.north >= found.north[i])
            )
            for i in range(len(found))
        ]
        assert all(parent.size == 1 for parent in parents)
        sums = np.bincount([int(p[0]) for p in parents], found.count, len(before))
        assert sums.tolist() == before.count.tolist()
        before = found


def test_expansion_zoom_is_the_first_at_which_a_cluster_falls_apart() -> None:
    lon, lat = crowd(2_000, seed=4)
    lon[:3], lat[:3] = 10.0, 50.0
    index = ClusterIndex(lon, lat)
    found = index.within(WORLD, 6)
    for i in np.flatnonzero(found.count > 1):
        box = BBox(*(float(v[i]) for v in (found.west, found.south, found.east, found.north)))
        apart = int(found.expansion_zoom[i])
        assert apart > 6
        parts = [index.within(box, zoom).count for zoom in range(6, min(apart, MAX_ZOOM) + 1)]
        whole = parts if apart > MAX_ZOOM else parts[:-1]
        assert all(counts.tolist() == [found.count[i]] for counts in whole)
        assert apart > MAX_ZOOM or len(parts[-1]) > 1
    assert MAX_ZOOM + 1 in found.expansion_zoom[found.count == 3]
    assert (found.expansion_zoom[found.count == 1] == MAX_ZOOM + 1).all()


def test_panning_changes_no_cluster() -> None:
    lon, lat = crowd(3_000, seed=5)
    index = ClusterIndex(lon, lat)
    clusters: dict[Cell, tuple[float, ...]] = {}
    for step in range(40):
        found = index.within(BBox(121 + step / 50, 29, 121.4 + step / 50, 30.2), 12)
        for values in zip(found.lon, found.lat, found.count, found.row, strict=True):
            cell = cell_of(float(values[0]), float(values[1]), 12)
            assert clusters.setdefault(cell, values) == values


@pytest.mark.parametrize("zoom", [2, 9, 13])
def test_circles_never_overlap(zoom: int) -> None:
    lon, lat = crowd(5_000, seed=6)
    found = ClusterIndex(lon, lat).within(WORLD, zoom)
    circles = found.count > 1
    x = (found.lon[circles] / 360 + 0.5) * 256 * 2**zoom
    phi = np.radians(found.lat[circles])
    y = (0.5 - np.arcsinh(np.tan(phi)) / (2 * np.pi)) * 256 * 2**zoom
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    np.fill_diagonal(apart, np.inf)
    assert apart.min() >= 40 - 1e-6


def test_a_cluster_is_drawn_at_its_mean() -> None:
    index = ClusterIndex([10.0, 10.002], [50.0, 50.001])
    found = index.within(WORLD, 5)
    assert found.lon.round(6).tolist() == [10.001]
    assert found.lat.round(5).tolist() == [50.0005]


def test_points_beyond_the_map_and_unplaced_ones() -> None:
    lon = np.array([10.0, 10.0, np.nan, 5.0])
    lat = np.array([89.0, 90.0, 10.0, np.nan])
    index = ClusterIndex(lon, lat)
    assert len(index) == 4
    for zoom in (0, 7, MAX_ZOOM):
        for box in (WORLD, BBox(9, 85.06, 11, 88)):
            found = index.within(box, zoom)
            assert (found.count.tolist(), found.north.tolist()) == ([2], [90.0])
            assert found.lat[0] <= _HIGHEST


def test_a_box_across_180_degrees_counts_no_cell_twice() -> None:
    lon, lat = np.array([179.9, -179.9, 0.0]), np.zeros(3)
    index = ClusterIndex(lon, lat)
    for zoom in (0, 1, 5, 18):
        found = index.within(BBox(179.5, -1, -179.5, 1), zoom)
        assert sorted(found.row.tolist()) == [0, 1]
        assert index.within(BBox(10, -1, 9.9, 1), zoom).count.sum() == 3


def test_it_comes_apart_and_together_without_copies() -> None:
    lon, lat = crowd(1_000, seed=7)
    index = ClusterIndex(lon, lat)
    arrays = index.arrays()
    for array in arrays.values():
        array.flags.writeable = False
    again = ClusterIndex.from_arrays(arrays)
    assert len(again) == 1_000
    mask = lon > 0
    for given_mask in (None, mask):
        old, new = (i.within(WORLD, 9, given_mask) for i in (index, again))
        assert old.count.tolist() == new.count.tolist()
        assert old.row.tolist() == new.row.tolist()
    assert all(again.arrays()[name] is array for name, array in arrays.items())


def test_an_index_of_nothing() -> None:
    for lon in ([], [math.nan]):
        index = ClusterIndex(lon, lon)
        assert len(index.within(WORLD, 3)) == 0
        assert len(index.within(WORLD, 3, np.ones(len(lon), np.bool_))) == 0
        assert len(index.within(BBox(1, 1, 2, 2), 20)) == 0
        assert index.zoom_for(WORLD, 20, 16) == 20


def test_bad_questions() -> None:
    index = ClusterIndex([1.0], [1.0])
    for zoom in (-1, MAX_ZOOM + 1):
        with pytest.raises(InvalidValue, match=f"zoom: {zoom} is not a whole number from 0 to 20"):
            index.within(WORLD, zoom)
        with pytest.raises(InvalidValue, match=f"zoom: {zoom} is not a whole number from 0 to 20"):
            index.zoom_for(WORLD, zoom, 100)
    with pytest.raises(InvalidValue, match="limit: 15 is not a whole number from 16"):
        index.zoom_for(WORLD, 3, 15)
    with pytest.raises(InvalidValue, match="mask"):
        index.within(WORLD, 1, np.array([True, True]))
    with pytest.raises(InvalidValue, match="two flat arrays of one length"):
        ClusterIndex([1.0], [1.0, 2.0])
