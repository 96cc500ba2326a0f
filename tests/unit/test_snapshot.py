"""The read side in memory: filters, pages, nearest, districts, clusters."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from geopy.distance import geodesic

from mapsvc import service
from mapsvc.errors import NotFound
from mapsvc.geo.datum import convert
from mapsvc.model import BBox, Branch, BranchList, Datum, Placement, Point, Precision
from mapsvc.snapshot import EVERYTHING, BranchQuery, MemorySnapshot, Snapshot
from mapsvc.store import open_store
from mapsvc.store.base import Contents
from tests.readings import snapshot_of


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('s')}/mapsvc.sqlite3")
    service.seed(store)
    found = store.contents()
    store.close()
    return found


@pytest.fixture(scope="module")
def snapshot(contents: Contents) -> Snapshot:
    return snapshot_of(contents)


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


def facts(feature: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(feature)["properties"]
    return found


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
    everything = list(snapshot.iterate(EVERYTHING))
    page = snapshot.page(query, 100)
    assert page.matched == len(page.features) == count
    places = [everything.index(feature) for feature in page.features]
    assert len(set(places)) == count
    assert query.bbox is not None or places == sorted(places)
    assert list(snapshot.iterate(query)) == page.features
    for offset in (0, 1, 2):
        rest = page.features[offset : offset + 2]
        matched, returned, pieces = snapshot.collection(query, 2, offset)
        assert (matched, returned, b",".join(pieces)) == (count, len(rest), b",".join(rest))
    assert sum(snapshot.counts(query).values()) == count
    assert (snapshot.extent(query) is None) == (count == 0)


@pytest.mark.parametrize("query", [EVERYTHING, BranchQuery(q="银行")])
def test_pages_follow_each_other(snapshot: Snapshot, query: BranchQuery) -> None:
    everything = list(snapshot.iterate(query))
    pages = [snapshot.page(query, 4, offset) for offset in range(0, 24, 4)]
    assert [len(page.features) for page in pages] == [4, 4, 4, 3, 0, 0]
    assert [feature for page in pages for feature in page.features] == everything
    assert {page.matched for page in pages} == {15}


@pytest.mark.parametrize(
    "query",
    [
        EVERYTHING,
        BranchQuery(bank="bocom"),
        BranchQuery(district="330212", q="支行"),
        BranchQuery(bank="ccb", district="330212", list="ningbo-2021"),
        BranchQuery(bank="none", service="none"),
    ],
    ids=repr,
)
def test_facets_say_what_each_choice_would_find(snapshot: Snapshot, query: BranchQuery) -> None:
    facets = snapshot.facets(query)
    for entry in snapshot.banks:
        chosen = replace(query, bank=entry.bank.code)
        assert facets.banks.get(entry.bank.code, 0) == snapshot.page(chosen, 0).matched
    for district in snapshot.districts:
        code = district.district.code
        chosen = replace(query, district=code)
        assert facets.districts.get(code, 0) == snapshot.page(chosen, 0).matched
    for offered in snapshot.services:
        code = offered.service.code
        chosen = replace(query, service=code)
        assert facets.services.get(code, 0) == snapshot.page(chosen, 0).matched


def test_counts_and_extent(snapshot: Snapshot) -> None:
    assert snapshot.counts(BranchQuery(bank="bocom", district="330212")) == {
        entry.district.code: {"330212": 1}.get(entry.district.code, 0)
        for entry in snapshot.districts
    }
    box = snapshot.extent(BranchQuery(district="330203"))
    assert box is not None
    for feature in snapshot.iterate(BranchQuery(district="330203")):
        lon, lat = json.loads(feature)["geometry"]["coordinates"]
        assert box.west <= lon <= box.east
        assert box.south <= lat <= box.north


def test_nearest_agrees_with_the_geodesic_to_a_millimetre(snapshot: Snapshot) -> None:
    point = Point(121.55, 29.82)
    found = snapshot.nearest(point, 15)
    assert [n.distance_m for n in found] == sorted(n.distance_m for n in found)
    for feature, distance in found:
        lon, lat = json.loads(feature)["geometry"]["coordinates"]
        expected = geodesic((point.lat, point.lon), (lat, lon)).m
        assert distance == pytest.approx(expected, abs=1e-3)


def test_the_same_place_in_each_datum_gives_the_same_answers(snapshot: Snapshot) -> None:
    answers = []
    for datum in Datum:
        point = convert(Point(121.55, 29.82), datum)
        located = snapshot.locate(point)
        assert located is not None
        found = [(n.feature, round(n.distance_m, 3)) for n in snapshot.nearest(point, 5)]
        answers.append((located.district.code, found))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == "330212"


def test_nearest_within_filters_and_reach(snapshot: Snapshot) -> None:
    here = Point(121.55, 29.82)
    found = snapshot.nearest(here, 5, query=BranchQuery(district="330203"))
    assert [facts(n.feature)["district"] for n in found] == ["330203"] * 3
    near = snapshot.nearest(here, 15, max_distance_m=found[0].distance_m)
    assert near[-1].distance_m <= found[0].distance_m
    boxed = snapshot.nearest(here, 15, query=BranchQuery(bbox=BBox(121.5, 29.8, 121.6, 29.85)))
    assert len(boxed) == 4


def test_outside_every_district(snapshot: Snapshot) -> None:
    assert snapshot.locate(Point(0, 0)) is None


def test_unknown_keys(snapshot: Snapshot) -> None:
    for look_up in (snapshot.feature, snapshot.district, snapshot.branch_list):
        with pytest.raises(NotFound):
            look_up("none")


def test_a_feature_is_geojson_in_wgs84(snapshot: Snapshot) -> None:
    feature = json.loads(snapshot.feature("spdb-37e40ac570"))
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
        "services": [],
        "award": "千佳示范单位",
        "notices": [],
        "review": [],
    }


def test_an_unplaced_branch_is_listed_without_geometry(contents: Contents) -> None:
    bare = snapshot_of(replace(contents, placements={}))
    page = bare.page(EVERYTHING, 100)
    assert page.matched == 15
    assert {json.loads(feature)["geometry"] for feature in page.features} == {None}
    assert bare.nearest(Point(121.5, 29.8), 5) == []
    assert bare.extent(EVERYTHING) is None
    assert bare.clusters(EVERYTHING, BBox(-180, -90, 180, 90), 3, 100) == ([], 3)


def test_an_empty_store_has_an_empty_snapshot() -> None:
    empty = snapshot_of(Contents(0, None, (), (), {}, {}, ()))
    assert len(empty) == 0
    assert empty.page(BranchQuery(q="x", bbox=BBox(0, 0, 1, 1)), 10) == (0, [])
    assert empty.page(EVERYTHING, 10) == (0, [])
    assert empty.nearest(Point(0, 0), 5) == []
    assert empty.locate(Point(0, 0)) is None
    assert empty.extent(EVERYTHING) is None
    assert empty.counts(EVERYTHING) == {}
    assert list(empty.iterate(EVERYTHING)) == []


CODES = {"330212": "鄞州区", "330203": "海曙区", "310101": "黄浦区"}


@pytest.fixture(scope="module")
def spread(contents: Contents) -> MemorySnapshot:
    """300 branches over two provinces; some on two lists, some without a place or a district."""
    codes = [*CODES, None]
    branches = tuple(Branch(f"b{i}", f"甲{i}支行", f"乙路{i}号", "icbc") for i in range(300))
    placements = {
        branch.id: Placement(
            branch.id,
            Point(121 + i / 1000, 29 + i / 1000),
            Precision.STREET,
            500.0,
            "curated",
            None,
            codes[i % 4],
            branch.address,
        )
        for i, branch in enumerate(branches)
        if i % 10
    }
    shape = contents.districts[0].geometry
    districts = tuple(
        replace(contents.districts[0], code=code, name=name, city="", province="", geometry=shape)
        for code, name in CODES.items()
    )
    return snapshot_of(
        Contents(
            revision=1,
            changed_at=None,
            lists=(BranchList("a", "甲"), BranchList("b", "乙")),
            branches=branches,
            members={b.id: ("a", "b") if i % 3 == 0 else ("a",) for i, b in enumerate(branches)},
            placements=placements,
            districts=districts,
        )
    )


def test_lists_and_districts_of_many(spread: MemorySnapshot) -> None:
    assert spread.page(BranchQuery(list="a"), 1).matched == 300
    second = list(spread.iterate(BranchQuery(list="b")))
    assert [facts(feature)["id"] for feature in second] == [f"b{i}" for i in range(0, 300, 3)]
    assert facts(second[0])["list"] == ["a", "b"]
    for code in CODES:
        found = list(spread.iterate(BranchQuery(district=code)))
        assert {facts(feature)["district"] for feature in found} == {code}
        assert len(found) == spread.district(code).count >= 60
    assert sum(spread.counts(EVERYTHING).values()) == sum(e.count for e in spread.districts)


def test_a_text_is_found_wherever_it_stands(spread: MemorySnapshot) -> None:
    for wanted in ("甲7", "乙路29", "支行", "号", "工商银行", "甲0支行", "甲299支行"):
        expected = [
            facts(feature)["id"]
            for feature in spread.iterate(EVERYTHING)
            if wanted in facts(feature)["name"] + "\n" + facts(feature)["address"]
            or wanted == "工商银行"
        ]
        found = [facts(feature)["id"] for feature in spread.iterate(BranchQuery(q=wanted))]
        assert found == expected
    # No text reaches from one branch, or one field, into the next.
    assert spread.page(BranchQuery(q="支行乙"), 1).matched == 0
    assert spread.page(BranchQuery(q="号甲"), 1).matched == 0
    for mark in ("，", ",甲", "、、"):
        assert spread.page(BranchQuery(q=mark), 1).matched == 0


def test_clusters_add_up(spread: MemorySnapshot) -> None:
    world = BBox(-180, -90, 180, 90)
    for zoom in (0, 5, 9, 12, 20):
        found, of_zoom = spread.clusters(EVERYTHING, world, zoom, 300)
        assert of_zoom == zoom
        assert sum(cluster.count for cluster in found) == 270
        for cluster in found:
            assert (cluster.feature is None) == (cluster.count > 1)
            assert cluster.box.west <= cluster.box.east
    assert len(spread.clusters(BranchQuery(q="甲7支行"), world, 3, 300)[0]) == 1


def test_what_lies_together_is_sent_in_few_pieces(spread: MemorySnapshot) -> None:
    box = BranchQuery(bbox=BBox(121, 29, 121.25, 29.25))
    page, collection = spread.page(box, 200), spread.collection(box, 200)
    assert collection.returned == len(page.features) > 150
    assert len(collection.pieces) < 20
    assert b",".join(collection.pieces) == b",".join(page.features)
    listed = spread.collection(EVERYTHING, 300)
    assert b",".join(listed.pieces) == b",".join(spread.iterate(EVERYTHING))
