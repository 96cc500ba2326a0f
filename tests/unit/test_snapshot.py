"""The read side: filters, nearest, districts, and rebuilding without a gap."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from geopy.distance import geodesic

from mapsvc import service
from mapsvc.errors import NotFound, StoreError
from mapsvc.geo.datum import convert
from mapsvc.model import BBox, Branch, BranchList, Datum, Point
from mapsvc.resources import resource
from mapsvc.snapshot import BranchQuery, Snapshot, SnapshotSource
from mapsvc.store import open_store
from mapsvc.store.base import Contents, Store


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('s')}/mapsvc.sqlite3")
    service.seed(store)
    found = store.contents()
    store.close()
    return found


@pytest.fixture(scope="module")
def snapshot(contents: Contents) -> Snapshot:
    return Snapshot(contents)


def test_the_announced_branches(snapshot: Snapshot) -> None:
    assert len(snapshot) == 15
    counts = {entry.district.name: entry.count for entry in snapshot.districts}
    assert counts == {
        "海曙区": 3,
        "江北区": 0,
        "北仑区": 0,
        "镇海区": 0,
        "鄞州区": 8,
        "奉化区": 0,
        "象山县": 0,
        "宁海县": 1,
        "余姚市": 1,
        "慈溪市": 2,
    }
    banks = {entry.bank.code: entry.count for entry in snapshot.banks}
    assert sum(banks.values()) == 15
    assert banks["bocom"] == 3


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (BranchQuery(), 15),
        (BranchQuery(list="ningbo-2021"), 15),
        (BranchQuery(list="none"), 0),
        (BranchQuery(bank="bocom"), 3),
        (BranchQuery(bank="none"), 0),
        (BranchQuery(district="330212"), 8),
        (BranchQuery(district="330212", bank="ccb"), 1),
        (BranchQuery(q="海曙"), 3),
        (BranchQuery(q="建行"), 2),
        (BranchQuery(q="BANK OF COMMUNICATIONS"), 3),
        (BranchQuery(q="天童 北路９３３号"), 1),
        (BranchQuery(q=" "), 15),
        (BranchQuery(q="{{7*7}}"), 0),
        (BranchQuery(bbox=BBox(121.5, 29.8, 121.6, 29.85)), 4),
        (BranchQuery(bbox=BBox(121.5, 29.8, 121.6, 29.85), bank="spdb"), 1),
        (BranchQuery(bbox=BBox(-10, -10, 10, 10)), 0),
    ],
)
def test_filters(snapshot: Snapshot, query: BranchQuery, count: int) -> None:
    indices = snapshot.select(query)
    assert len(indices) == count
    assert list(indices) == sorted(indices)


def test_nearest_agrees_with_the_geodesic_to_a_millimetre(snapshot: Snapshot) -> None:
    point = Point(121.55, 29.82)
    indices, metres = snapshot.nearest(point, 15)
    assert list(metres) == sorted(metres)
    for index, distance in zip(indices, metres, strict=True):
        there = snapshot.point(int(index))
        assert there is not None
        expected = geodesic((point.lat, point.lon), (there.lat, there.lon)).m
        assert distance == pytest.approx(expected, abs=1e-3)


def test_the_same_place_in_each_datum_gives_the_same_answers(snapshot: Snapshot) -> None:
    answers = []
    for datum in Datum:
        point = convert(Point(121.55, 29.82), datum)
        located = snapshot.locate(point)
        assert located is not None
        indices, metres = snapshot.nearest(point, 5)
        answers.append((located.district.code, list(indices), np.round(metres, 3).tolist()))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == "330212"


def test_nearest_within_filters_and_reach(snapshot: Snapshot) -> None:
    here = Point(121.55, 29.82)
    indices, metres = snapshot.nearest(here, 5, query=BranchQuery(district="330203"))
    assert len(indices) == 3
    assert [snapshot.properties(int(i))["district"] for i in indices] == ["330203"] * 3
    _, near = snapshot.nearest(here, 15, max_distance_m=float(metres[0]))
    assert near[-1] <= metres[0]
    boxed, _ = snapshot.nearest(here, 15, query=BranchQuery(bbox=BBox(121.5, 29.8, 121.6, 29.85)))
    assert len(boxed) == 4


def test_outside_every_district(snapshot: Snapshot) -> None:
    assert snapshot.locate(Point(0, 0)) is None


def test_unknown_keys(snapshot: Snapshot) -> None:
    for look_up in (snapshot.index_of, snapshot.district, snapshot.list):
        with pytest.raises(NotFound):
            look_up("none")


def test_a_feature_is_geojson_in_wgs84(snapshot: Snapshot) -> None:
    index = snapshot.index_of("spdb-37e40ac570")
    feature = json.loads(snapshot.feature(index))
    assert feature["geometry"] == {"type": "Point", "coordinates": [121.55007, 29.83646]}
    assert feature["properties"] == {
        "id": "spdb-37e40ac570",
        "name": "浦发银行宁波鄞州支行",
        "bank": "spdb",
        "bank_name": "浦发银行",
        "address": "宁波市鄞州区天童北路933号",
        "district": "330212",
        "district_name": "鄞州区",
        "list": ["ningbo-2021"],
        "phone": None,
        "hours": None,
        "precision": "building",
        "radius_m": 150.0,
        "provider": "curated",
        "located_at": "2026-11-22T00:00:00+00:00",
        "review": [],
    }
    assert json.loads(b"[" + snapshot.features([index, index]) + b"]") == [feature, feature]


def test_an_unplaced_branch_is_listed_without_geometry(contents: Contents) -> None:
    bare = Snapshot(replace(contents, placements={}))
    assert len(bare.select(BranchQuery())) == 15
    assert len(bare.nearest(Point(121.5, 29.8), 5)[0]) == 0
    assert json.loads(bare.feature(0))["geometry"] is None
    assert bare.point(0) is None


def test_an_empty_store_has_an_empty_snapshot() -> None:
    empty = Snapshot(Contents(0, None, (), (), {}, {}, ()))
    assert len(empty) == 0
    assert len(empty.select(BranchQuery(q="x", bbox=BBox(0, 0, 1, 1)))) == 0
    assert len(empty.nearest(Point(0, 0), 5)[0]) == 0
    assert empty.locate(Point(0, 0)) is None
    assert empty.features([]) == b""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"sqlite:///{tmp_path}/mapsvc.sqlite3")


def put(store: Store, name: str) -> None:
    with store.write() as writer:
        writer.put_list(BranchList("l", name), [Branch("b", name, "甲路1号")])


def test_a_change_shows_without_a_restart(store: Store) -> None:
    source = SnapshotSource(store)
    assert len(source.current()) == 0
    put(store, "甲支行")
    source.refresh()
    assert source.current().properties(0)["name"] == "甲支行"
    unchanged = source.current()
    source.refresh()
    assert source.current() is unchanged


def test_a_watched_store_shows_a_change_by_itself(store: Store) -> None:
    source = SnapshotSource(store)
    source.watch(every_s=0.01)
    put(store, "甲支行")
    deadline = time.monotonic() + 10
    while len(source.current()) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_nobody_waits_for_a_rebuild(store: Store) -> None:
    source = SnapshotSource(store)
    put(store, "甲支行")
    rebuilding, finish = threading.Event(), threading.Event()
    contents_of = store.contents

    def slow_contents() -> Contents:
        rebuilding.set()
        assert finish.wait(10)
        return contents_of()

    store.contents = slow_contents  # type: ignore[method-assign]
    worker = threading.Thread(target=source.refresh)
    worker.start()
    assert rebuilding.wait(10)
    assert len(source.current()) == 0
    finish.set()
    worker.join(10)
    assert len(source.current()) == 1


def test_a_store_that_fails_leaves_the_old_snapshot(store: Store) -> None:
    put(store, "甲支行")
    source = SnapshotSource(store)

    def broken() -> int:
        raise StoreError("gone")

    store.revision = broken  # type: ignore[method-assign]
    source.refresh()
    assert len(source.current()) == 1


def test_the_shipped_data_are_there() -> None:
    assert resource("data/districts/330200.geojson").is_file()
