"""What PostGIS answers is what memory answers: the same questions to both, over one store."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from shapely import box

from mapsvc.errors import NotFound, SettingError, StoreError
from mapsvc.hours import CHINA
from mapsvc.model import (
    BBox,
    Branch,
    BranchList,
    Datum,
    District,
    Notice,
    Placement,
    Point,
    Precision,
    ReviewCode,
    ReviewReason,
)
from mapsvc.snapshot import BranchQuery, MemorySnapshot
from mapsvc.snapshot.database import PostgisSource
from mapsvc.snapshot.postgis import PostgisSnapshot
from mapsvc.snapshot.wording import EXAMINED
from mapsvc.store import open_store
from mapsvc.store.postgresql import PostgresStore
from mapsvc.store.sql import SqlStore
from tests.postgres import Cluster

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
HOURS = ("", "Mo-Fr 09:00-17:00; PH off", "24/7", "as stored by an old version", "Sa 10:00-12:00")
OFFERS = ((), ("atm",), ("atm", "parking"), ("counter", "wifi"))
OPEN = datetime(2026, 11, 23, 9, 30, tzinfo=CHINA)  # a Monday
NOTICES = (
    Notice(1, "全部", NOW, NOW + timedelta(3650), "all"),
    Notice(2, "区", NOW - timedelta(1), NOW + timedelta(3650), district="330212"),
    Notice(3, "市", NOW + timedelta(1), NOW + timedelta(3650), district="330200"),
    Notice(4, "网点", NOW, NOW + timedelta(3650), branch="b38"),
    Notice(5, "过去", NOW - timedelta(9), NOW - timedelta(8)),
)
BANKS = ("icbc", "ccb", "bocom", None)
SPREADS = (
    # about Ningbo, across ±180°, at both poles, at 50°N, all over the world
    (121.55, 29.87, 0.3, 0.2),
    (180.0, -17.0, 2.0, 2.0),
    (0.0, 89.9, 180.0, 0.1),
    (0.0, -89.9, 180.0, 0.1),
    (8.0, 50.0, 1.0, 1.0),
    (0.0, 0.0, 180.0, 89.0),
)
EDGES = ((180.0, 10.0), (-180.0, 10.0), (0.0, 90.0), (77.0, 90.0), (0.0, -90.0), (121.55, 29.87))


def places() -> Iterator[tuple[float, float]]:
    choice = random.Random(4)
    yield from EDGES
    for lon, lat, wide, high in SPREADS:
        for _ in range(250):
            x = lon + choice.uniform(-wide, wide)
            y = max(-90.0, min(90.0, lat + choice.uniform(-high, high)))
            yield (x + 180) % 360 - 180, y
    for _ in range(12):  # more at one place than are asked for in excess
        yield 121.6, 29.9


def fill(store: SqlStore) -> None:
    found = list(places())
    branches = [
        Branch(
            f"b{i}",
            f"支行{i % 97}號",
            f"宁波市（中山）路{i}号",
            BANKS[i % 4],
            "1" * (i % 2),
            HOURS[i % 7 % len(HOURS)],
            services=OFFERS[i % 11 % len(OFFERS)],
            award="奖" * (i % 5 == 0),
        )
        for i in range(len(found) + 3)  # the last are without a place
    ]
    reason = ReviewReason(ReviewCode.NEAR_BORDER, {"border_m": 3.5})
    placements = [
        Placement(
            branch.id, Point(x, y), Precision.STREET, 800.0, "curated", NOW,
            (None, "330203", "330212", "999999")[i % 4], branch.address, (reason,) * (i % 2),
        )
        for i, (branch, (x, y)) in enumerate(zip(branches, found, strict=False))
    ]  # fmt: skip
    placements.append(Placement(branches[-1].id, None, None, None, None, None, None, "x"))
    west, east = box(121.2, 29.7, 121.5, 30.0), box(121.5, 29.7, 121.8, 30.0)
    with store.write() as writer:
        writer.put_list(BranchList("second", "二", 2020), branches[::-3])
        writer.put_list(BranchList("first", "一", 2021, award="示范"), branches)
        writer.put_notices(NOTICES)
        writer.put_placements(placements)
        writer.put_districts(
            [
                District("330203", "海曙区", "宁波市", "浙江省", west, west, "Haishu"),
                District("330212", "鄞州区", "宁波市", "浙江省", east, east),
            ]
        )


@pytest.fixture(scope="module")
def store(postgres: Cluster, postgres_template: str) -> Iterator[PostgresStore]:
    name = postgres.new_database(postgres_template)
    opened = open_store(postgres.url(name))
    assert isinstance(opened, PostgresStore)
    fill(opened)
    yield opened
    opened.close()
    postgres.drop(name)


@pytest.fixture(scope="module")
def memory(store: PostgresStore) -> MemorySnapshot:
    with store.reading() as reading:
        return MemorySnapshot.of(reading)


@pytest.fixture
def postgis(store: PostgresStore) -> PostgisSnapshot:
    return PostgisSource(store).current()


QUERIES = (
    BranchQuery(),
    BranchQuery(list="first"),
    BranchQuery(list="second"),
    BranchQuery(list="none"),
    BranchQuery(list="a\0b"),
    BranchQuery(bank="icbc"),
    BranchQuery(bank="none"),
    BranchQuery(bank="\ud800"),
    BranchQuery(district="330212"),
    BranchQuery(district="330200"),
    BranchQuery(district="330000"),
    BranchQuery(district="999999"),
    BranchQuery(district="\0"),
    BranchQuery(q="支行13号"),
    BranchQuery(q="13號"),
    BranchQuery(q="工行"),
    BranchQuery(q="[中山] 路1７"),
    BranchQuery(q=" \u200b"),
    BranchQuery(q="%"),
    BranchQuery(q="\ud800"),
    BranchQuery(q="路\0"),
    BranchQuery(bbox=BBox(121.5, 29.8, 121.6, 29.9)),
    BranchQuery(bbox=BBox(121.55, 29.87, 121.55, 29.87)),
    BranchQuery(bbox=BBox(179, -20, -179, -10)),
    BranchQuery(bbox=BBox(170, 0, 180, 20)),
    BranchQuery(bbox=BBox(-180, 0, -170, 20)),
    BranchQuery(bbox=BBox(-180, -90, 180, 90)),
    BranchQuery(bbox=BBox(10, 89.95, -10, 90)),
    BranchQuery(list="second", bank="ccb", district="330200", q="支行"),
    BranchQuery(list="second", bbox=BBox(100, -90, -100, 90)),
    BranchQuery(service="atm"),
    BranchQuery(service="none"),
    BranchQuery(service="a\0"),
    BranchQuery(open_at=OPEN),
    BranchQuery(open_at=OPEN + timedelta(days=5)),
    BranchQuery(open_at=OPEN, service="parking", q="支行", bbox=BBox(100, -90, -100, 90)),
)


WORDS = (
    *(
        "gongh",
        "gsyh 中山",
        "zh13",
        "zhihang1",
        "zhongshanlu",
        "zsl",
        "hs",
        "海曙",
        "支行 (中山)路1",
    ),
    *("yz", "jhyz", "支h13", "zhihang\ud800", "zh\0", "a.*\\", "中山 zhihang13", "支行13號", "( ["),
)


@pytest.mark.parametrize("text", WORDS)
def test_suggestions(text: str, postgis: PostgisSnapshot, memory: MemorySnapshot) -> None:
    if memory.page(BranchQuery(q=text), 1).matched < EXAMINED:
        for limit in (0, 1, 3, 20):
            assert postgis.suggested(text, limit) == memory.suggested(text, limit)
    assert len(postgis.suggested(text, 20)) == len(memory.suggested(text, 20))


@pytest.mark.parametrize("query", [*QUERIES, *(BranchQuery(q=text) for text in WORDS)], ids=repr)
def test_filters(query: BranchQuery, postgis: PostgisSnapshot, memory: MemorySnapshot) -> None:
    for limit, offset in ((5, 0), (5, 3), (1_000, 0), (1_000, 1_000), (10, 100_000)):
        found, expected = (each.page(query, limit, offset) for each in (postgis, memory))
        assert found.matched == expected.matched
        assert len(found.features) == len(expected.features)
        if query.bbox is None:  # in a box, each has an order of its own
            assert found.features == expected.features
    whole, parts = (
        list(postgis.iterate(query)),
        [
            feature
            for start in range(0, len(memory), 500)
            for feature in postgis.page(query, 500, start).features
        ],
    )
    assert parts == whole, "pages neither leave out nor repeat"
    assert sorted(whole) == sorted(memory.iterate(query))
    assert postgis.counts(query) == memory.counts(query)
    assert postgis.extent(query) == memory.extent(query)
    found_facets, expected_facets = postgis.facets(query), memory.facets(query)
    for name in ("banks", "services", "districts"):
        found_counts, expected_counts = (getattr(f, name) for f in (found_facets, expected_facets))
        for code in {*found_counts, *expected_counts} - {None}:
            assert found_counts.get(code, 0) == expected_counts.get(code, 0), (name, code)


def test_services_hours_and_notices(postgis: PostgisSnapshot) -> None:
    """What both give is right: counted by hand."""
    size = len(postgis)
    offers = [OFFERS[i % 11 % len(OFFERS)] for i in range(size)]
    hours = [HOURS[i % 7 % len(HOURS)] for i in range(size)]
    counts = {entry.service.code: entry.count for entry in postgis.services}
    assert counts == {
        code: sum(code in each for each in offers) for code in ("counter", "atm", "wifi", "parking")
    }
    assert postgis.hours_known == sum(each not in {"", HOURS[3]} for each in hours)
    assert postgis.page(BranchQuery(service="atm"), 1).matched == counts["atm"]
    monday = postgis.page(BranchQuery(open_at=OPEN), 1).matched
    assert monday == hours.count(HOURS[1]) + hours.count(HOURS[2])
    assert [notice.id for notice in postgis.notices] == [2, 1, 4, 3]
    of_b38 = json.loads(postgis.feature("b38"))["properties"]
    assert (of_b38["hours"], of_b38["award"]) == (None, "示范")
    assert [notice["text"] for notice in of_b38["notices"]] == ["区", "全部", "网点", "市"]
    of_b5 = json.loads(postgis.feature("b5"))["properties"]
    assert (of_b5["services"], of_b5["award"]) == (["atm"], "奖")
    assert [notice["text"] for notice in of_b5["notices"]] == ["全部", "市"]
    assert of_b5["notices"][0]["text_en"] == "all"
    assert [notice["scope"] for notice in of_b38["notices"]] == [
        "district", "all", "branch", "district",
    ]  # fmt: skip


FROM = (
    *(Point(x, y) for x, y in EDGES),
    Point(121.6, 29.9),
    Point(121.5, 29.8, Datum.GCJ02),
    Point(-179.99, -17.0),
    Point(179.99, -17.0),
    Point(8.2, 50.1),
    Point(120.0, 89.95),
    Point(-60.0, -89.99),
    Point(-58.4, -30.0),
)


@pytest.mark.parametrize("query", [QUERIES[i] for i in (0, 2, 5, 9, 14, 21, 23, 26, 28)], ids=repr)
def test_the_nearest(query: BranchQuery, postgis: PostgisSnapshot, memory: MemorySnapshot) -> None:
    for point in FROM:
        for limit, most in ((1, None), (10, None), (10, 25_000.0), (200, None)):
            found, expected = (
                each.nearest(point, limit, max_distance_m=most, query=query)
                for each in (postgis, memory)
            )
            assert [one.distance_m for one in found] == pytest.approx(
                [one.distance_m for one in expected], abs=1e-6
            )
            # Of those at the very distance of the last, each may give others.
            near = [
                {one.feature for one in each if one.distance_m < each[-1].distance_m - 1e-6}
                for each in (found, expected)
            ]
            assert near[0] == near[1]


@pytest.mark.parametrize("zoom", [0, 2, 5, 9, 13, 20, 24])
def test_clusters(zoom: int, postgis: PostgisSnapshot, memory: MemorySnapshot) -> None:
    for bbox in (
        BBox(121.5, 29.8, 121.6, 29.9),
        BBox(179, -20, -179, -10),
        BBox(-180, -90, 180, 90),
        BBox(170, 80, 180, 90),
        BBox(-180, -90, -175, -80),
    ):
        for query in (QUERIES[0], QUERIES[5], BranchQuery(q="支行1", bbox=bbox)):
            for limit in (16, 100, 100_000):
                found = postgis.clusters(query, bbox, zoom, limit)
                assert found == memory.clusters(query, bbox, zoom, limit)
                assert len(found[0]) <= limit


def test_the_rest(postgis: PostgisSnapshot, memory: MemorySnapshot) -> None:
    assert len(postgis) == len(memory)
    for name in ("revision", "changed_at", "lists", "banks", "districts", "providers", "services",
                 "hours_known", "notices"):  # fmt: skip
        assert getattr(postgis, name) == getattr(memory, name), name
    assert postgis.areas.roots == memory.areas.roots
    assert postgis.feature("b7") == memory.feature("b7")
    assert postgis.branch_list("first") == memory.branch_list("first")
    assert postgis.district("330212") == memory.district("330212")
    for point in (Point(121.3, 29.8), Point(0, 0)):
        assert postgis.locate(point) == memory.locate(point)
    for lookup in (postgis.feature, postgis.branch_list, postgis.district):
        for key in ("none", "a\0", "\ud800", "'; --"):
            with pytest.raises(NotFound):
                lookup(key)


# One request, one revision ----------------------------------------------------------------------


def test_a_snapshot_stays_at_its_revision(postgres_url: str) -> None:
    with closing(open_store(postgres_url)) as store:
        fill(store)
        source = PostgisSource(store)
        old = source.current()
        before = old.page(BranchQuery(), 5)
        with store.write() as writer:
            writer.put_list(BranchList("first", "neu"), [Branch("n", "n", "n")])
            writer.drop_list("second")
        new = source.current()
        assert (old.revision, new.revision) == (1, 2)
        assert (len(old), len(new)) == (before.matched, 1)
        assert old.page(BranchQuery(), 5) == before
        assert old.nearest(Point(121.6, 29.9), 1)
        assert new.page(BranchQuery(), 5).matched == 1
        assert new.nearest(Point(121.6, 29.9), 1) == []
        assert old.areas is new.areas, "districts that have not changed are kept"
        del old, new


def test_connections_come_back(postgres_url: str) -> None:
    with closing(open_store(postgres_url)) as store:
        assert isinstance(store, PostgresStore)
        source = PostgisSource(store)
        for _ in range(200):
            snapshot = source.current()
            next(snapshot.iterate(BranchQuery()), None)
        del snapshot
        assert store._engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_many_threads_at_once(postgres_url: str) -> None:
    with closing(open_store(postgres_url)) as store:
        fill(store)
        source = PostgisSource(store)
        wrong: list[object] = []

        def ask() -> None:
            for _ in range(10):
                snapshot = source.current()
                titles = {known.title for known in snapshot.lists}
                if snapshot.page(BranchQuery(), 1).matched != len(snapshot) or not titles:
                    wrong.append(snapshot.revision)

        threads = [threading.Thread(target=ask) for _ in range(12)]
        for thread in threads:
            thread.start()
        for number in range(5):
            with store.write() as writer:
                writer.put_list(BranchList("l", f"{number}"), [Branch(f"{number}", "n", "n")])
        for thread in threads:
            thread.join(60)
        assert wrong == []


def test_only_postgresql_has_postgis(tmp_path: object) -> None:
    with (
        closing(open_store(f"sqlite:///{tmp_path}/store.sqlite3")) as store,
        pytest.raises(SettingError, match="MAPSVC_INDEX"),
    ):
        PostgisSource(store)


def test_a_stopped_server_is_a_store_error_and_passes(postgres: Cluster) -> None:
    name = postgres.new_database()
    store = open_store(postgres.url(name))
    with store.write() as writer:
        writer.put_list(BranchList("l", "l"), [replace(Branch("a", "a", "a"))])
    source = PostgisSource(store)
    held = source.current()
    postgres.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mapsvc'"
        f" AND datname = '{name}'"
    )
    with pytest.raises(StoreError):
        held.feature("a")
    assert b'"a"' in source.current().feature("a")
    del held
    store.close()
    postgres.drop(name)


@pytest.mark.parametrize(
    ("number", "whom"),
    list(
        enumerate(
            [
                {},
                {"branch": "b1"},
                {"branch": "b8"},
                {"district": "330212"},
                {"district": "330200"},
            ],
            90,
        )
    ),
)
def test_what_a_notice_closes_is_not_open(
    postgis: PostgisSnapshot,
    memory: MemorySnapshot,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    whom: dict[str, str],
) -> None:
    moment = OPEN + timedelta(minutes=1)
    query = BranchQuery(open_at=moment)
    before = set(postgis.iterate(query))
    shut = Notice(number, "停业", moment, moment + timedelta(1), closes=True, **whom)
    for snapshot in (postgis, memory):
        monkeypatch.setattr(snapshot, "notices", (shut,))
    left = set(postgis.iterate(query))
    assert left == set(memory.iterate(query))
    assert left < before
    later = BranchQuery(open_at=moment + timedelta(1))
    assert list(postgis.iterate(later)) == list(memory.iterate(later))
