"""Typed texts are placed: by what is stored, by cached answers, by geocoders within limits."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mapsvc import service
from mapsvc.config import NETWORK_PROVIDERS, Settings
from mapsvc.geo.geodesic import single_m
from mapsvc.model import Place, Point, Precision
from mapsvc.search.places import known, place
from mapsvc.service.places import Geocoders
from mapsvc.snapshot import BranchQuery, Snapshot
from mapsvc.store import open_store
from mapsvc.store.base import Store
from mapsvc.web.asking import MAX_WAITING
from mapsvc.web.places import GEOCODERS
from tests.integration.conftest import HOSTILE, make_app
from tests.integration.test_geocode_run import StubAMap
from tests.readings import snapshot_of

PLACE = "/api/v1/place"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("store")
    opened = open_store(f"sqlite:///{folder / 'mapsvc.sqlite3'}")
    service.seed(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def snapshot(store: Store) -> Snapshot:
    return snapshot_of(store.contents())


@pytest.fixture
def amap() -> Iterator[StubAMap]:
    server = StubAMap()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def settings(amap: StubAMap, **changes: Any) -> Settings:
    own = replace(NETWORK_PROVIDERS["amap"], url=amap.url, key="k", rate=1000.0, may_store=True)
    providers = dict(NETWORK_PROVIDERS) | {"amap": replace(own, **changes)}
    return Settings(geocoders=("curated", "amap"), providers=providers)


@pytest.mark.parametrize(
    ("text", "label", "precision", "radius_m", "lon", "lat"),
    [
        ("浦发银行宁波鄞州支行", "浦发银行宁波鄞州支行", "building", 150, 121.55007, 29.83646),
        ("鄞州区天童北路933号", "鄞州区天童北路933号", "building", 150, 121.55007, 29.83646),
        (
            "宁波 鄞州 天童北路900号",
            "鄞州区天童北路900号",
            "interpolated",
            480,
            121.55007,
            29.83646,
        ),
        ("天童北路1号", "天童北路1号", "street", 9_470, 121.55007, 29.83646),
        ("天童北路", "天童北路", "street", 1_500, 121.55007, 29.83646),
        ("寧波市鄞州區天童北路", "鄞州区天童北路", "street", 1_500, 121.55007, 29.83646),
        ("首南街道", "鄞州区首南街道", "town", 3_150, 121.5435, 29.80915),
        ("shounan", "鄞州区首南街道", "town", 3_150, 121.5435, 29.80915),
        ("鄞州区首南街道", "鄞州区首南街道", "town", 3_150, 121.5435, 29.80915),
        ("慈溪市道林镇", "慈溪市道林镇", "town", 3_000, 121.31, 30.176),
        ("鄞州", "鄞州区", "district", 28_456, 121.65, 29.76),
        ("yz", "鄞州区", "district", 28_456, 121.65, 29.76),
        ("鄞州区天童南路1号", "鄞州区", "district", 28_456, 121.65, 29.76),
        ("观海卫", "慈溪市", "district", 41_607, 121.286, 30.269),
        ("宁波市", "宁波市", "city", 124_265, 121.538, 29.773),
    ],
)
def test_offline(
    snapshot: Snapshot,
    text: str,
    label: str,
    precision: str,
    radius_m: float,
    lon: float,
    lat: float,
) -> None:
    found = known(snapshot, text)
    assert found is not None
    assert (found.label, found.precision) == (label, precision)
    assert found.radius_m == pytest.approx(radius_m, rel=0.03)
    assert (found.point.lon, found.point.lat) == pytest.approx((lon, lat), abs=0.01)


@pytest.mark.parametrize(
    "text",
    ["", " ", "nowhere", "天童南路1号", "北京市海淀区中关村大街1号", "1", *HOSTILE, "\ud800"],
)
def test_nobody_knows(snapshot: Snapshot, text: str) -> None:
    assert known(snapshot, text) is None


def test_a_place_is_within_its_radius(snapshot: Snapshot) -> None:
    """Every branch that lies in an area or town lies within what is said of it."""
    for text, code in (("鄞州", "330212"), ("慈溪", "330282")):
        found = known(snapshot, text)
        assert found is not None
        for feature in snapshot.iterate(BranchQuery(district=code)):
            lon, lat = json.loads(feature)["geometry"]["coordinates"]
            assert single_m(found.point.lon, found.point.lat, lon, lat) <= found.radius_m


def test_the_more_exact_place_is_taken(snapshot: Snapshot) -> None:
    exact = Place(Point(121.5, 29.8), Precision.BUILDING, 50.0, "x", "amap")
    coarse = replace(exact, precision=Precision.CITY)
    assert place(snapshot, "鄞州区天童北路900号", lambda _: exact) is exact
    assert place(snapshot, "鄞州区天童北路900号", lambda _: coarse) != coarse
    assert place(snapshot, "nowhere", lambda _: coarse) is coarse
    assert place(snapshot, "nowhere", lambda _: None) is None

    def never(_: str) -> Place:
        raise AssertionError

    found = place(snapshot, "鄞州区天童北路933号", never)
    assert found is not None
    assert found.precision is Precision.BUILDING


class TestGeocoders:
    def test_an_answer_is_asked_for_once_and_kept(self, store: Store, amap: StubAMap) -> None:
        geocoders = Geocoders(store, settings(amap))
        text = "宁波市鄞州区某某一路12号"
        assert geocoders.cached(text) is None
        found = geocoders.ask(text)
        assert found is not None
        assert found.source == "amap"
        asked = list(amap.asked())
        assert 1 <= len(asked) <= 2
        assert geocoders.ask(text) == found == geocoders.cached(text)
        assert amap.asked() == asked

    def test_a_person_has_placed_it(self, store: Store, amap: StubAMap) -> None:
        geocoders = Geocoders(store, settings(amap))
        found = geocoders.ask("宁波市鄞州区天童北路933号")
        assert found is not None
        assert found.source == "curated"
        assert amap.asked() == []

    def test_without_accepted_terms_none_is_asked(self, store: Store, amap: StubAMap) -> None:
        geocoders = Geocoders(store, settings(amap, may_store=False))
        assert not geocoders.can_ask
        assert geocoders.ask("宁波市鄞州区某某二路12号") is None
        assert amap.asked() == []

    def test_offline_none_is_asked(self, store: Store, amap: StubAMap) -> None:
        geocoders = Geocoders(store, replace(settings(amap), offline=True))
        assert not geocoders.can_ask
        assert geocoders.ask("宁波市鄞州区某某三路12号") is None
        assert amap.asked() == []

    def test_nobody_waits_for_a_turn(self, store: Store, amap: StubAMap) -> None:
        geocoders = Geocoders(store, settings(amap, rate=0.001))
        first = geocoders.ask("宁波市鄞州区某某四路12号")
        second = geocoders.ask("宁波市鄞州区某某五路12号")
        assert second is None or first is None
        assert len(amap.asked()) <= 1

    def test_visitors_leave_half_of_the_quota(self, store: Store, amap: StubAMap) -> None:
        geocoders = Geocoders(store, settings(amap, quota=4))
        for number in range(9):
            geocoders.ask(f"宁波市鄞州区某某七路{number}号")
        assert len(amap.asked()) <= 2

    def test_an_unreachable_one_knows_nothing(self, store: Store, amap: StubAMap) -> None:
        wrong = settings(amap, url="http://127.0.0.1:9")
        assert Geocoders(store, wrong).ask("宁波市鄞州区某某六路12号") is None


class FakeGeocoders:
    """Knows everything that it is asked, and counts that."""

    can_ask = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.known: dict[str, Place] = {}
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.knows, self.breaks = True, False

    def cached(self, text: str) -> Place | None:
        return self.known.get(text)

    def ask(self, text: str) -> Place | None:
        self.asked.append(text)
        self.may_answer.wait(10)
        if self.breaks:
            raise RuntimeError
        if not self.knows:
            return None
        made = Place(Point(121.5, 29.8), Precision.BUILDING, 50.0, text, "amap")
        self.known[text] = made
        return made


@pytest.fixture
def geocoders() -> FakeGeocoders:
    return FakeGeocoders()


@pytest.fixture
def asking(snapshot: Snapshot, geocoders: FakeGeocoders) -> Flask:
    app = make_app(snapshot, place_limit=2)
    app.extensions[GEOCODERS] = lambda: geocoders
    return app


def ask(client: FlaskClient, text: str, address: str = "192.0.2.1") -> Any:
    overrides = {"REMOTE_ADDR": address}
    return client.get(PLACE, query_string={"q": text}, environ_overrides=overrides)


def settled(
    client: FlaskClient,
    text: str,
    address: str = "192.0.2.1",
    until: Callable[[], bool] | None = None,
) -> int:
    """The answer's status once nothing is being asked any more."""
    for _ in range(500):
        status: int = ask(client, text, address).status_code
        if status != 503 and (until is None or until()):
            return status
        time.sleep(0.01)
    raise AssertionError(text)


class TestAnswers:
    def test_a_feature(self, snapshot: Snapshot) -> None:
        answer = make_app(snapshot).test_client().get(PLACE, query_string={"q": "天童北路933号"})
        assert answer.mimetype == "application/geo+json"
        assert json.loads(answer.data) == {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [121.55007, 29.83646]},
            "properties": {
                "label": "天童北路933号",
                "precision": "building",
                "radius_m": 150.0,
                "source": "branches",
            },
        }

    def test_where_nobody_knows_it(self, snapshot: Snapshot) -> None:
        answer = make_app(snapshot).test_client().get(PLACE, query_string={"q": "{{7*7}}<b>"})
        told = answer.get_json(force=True)
        assert (answer.status_code, told["type"]) == (404, "/api/docs#not-placed")
        assert answer.mimetype == "application/problem+json"

    @pytest.mark.parametrize("query", ["", "q=", "q=%00", "q=a&q=b", "q=a&x=1", f"q={'x' * 101}"])
    def test_wrong_queries(self, snapshot: Snapshot, query: str) -> None:
        client = make_app(snapshot).test_client()
        assert client.get(f"{PLACE}?{query}").status_code == 400
        assert client.get(f"/api/v1/search?{query}").status_code == 400

    def test_no_request_waits_for_a_geocoder(self, asking: Flask, geocoders: FakeGeocoders) -> None:
        client = asking.test_client()
        geocoders.may_answer.clear()
        began = time.monotonic()
        answer = ask(client, "nowhere 0")
        told = answer.get_json(force=True)
        assert (answer.status_code, told["type"]) == (503, "/api/docs#not-placed-yet")
        assert answer.headers["Retry-After"] == "5"
        assert client.get("/?near=nowhere 0").status_code == 200
        assert client.get("/?q=nowhere 0").status_code == 200
        assert time.monotonic() - began < 2
        geocoders.may_answer.set()
        assert settled(client, "nowhere 0") == 200
        assert geocoders.asked == ["nowhere 0"]

    def test_what_nobody_knew_is_not_asked_again(
        self, asking: Flask, geocoders: FakeGeocoders
    ) -> None:
        client = asking.test_client()
        geocoders.knows = False
        assert settled(client, "nowhere 0") == 404
        assert settled(client, "nowhere 0") == 404
        assert geocoders.asked == ["nowhere 0"]

    def test_a_visitor_may_ask_so_often(self, asking: Flask, geocoders: FakeGeocoders) -> None:
        client = asking.test_client()
        assert [settled(client, f"nowhere {n}") for n in range(4)] == [200, 200, 404, 404]
        assert ask(client, "nowhere 0").status_code == 200, "what is cached is given"
        assert settled(client, "nowhere 3", "192.0.2.2") == 200
        assert geocoders.asked == ["nowhere 0", "nowhere 1", "nowhere 3"]

    def test_with_a_limit_of_none_nobody_is_asked(
        self, snapshot: Snapshot, geocoders: FakeGeocoders
    ) -> None:
        app = make_app(snapshot, place_limit=0)
        app.extensions[GEOCODERS] = lambda: geocoders
        assert ask(app.test_client(), "nowhere 0").status_code == 404
        assert geocoders.asked == []

    def test_few_wait(self, asking: Flask, geocoders: FakeGeocoders) -> None:
        client = asking.test_client()
        geocoders.may_answer.clear()
        statuses = [
            ask(client, f"nowhere {n}", f"192.0.2.{n}").status_code for n in range(MAX_WAITING + 9)
        ]
        assert MAX_WAITING <= statuses.count(503) <= MAX_WAITING + 1
        assert statuses[-1] == 404
        geocoders.may_answer.set()
        assert settled(client, "nowhere 1") == 200

    def test_a_foreign_page_has_nothing_asked(
        self, asking: Flask, geocoders: FakeGeocoders
    ) -> None:
        client = asking.test_client()
        for path in (f"{PLACE}?q=nowhere", "/?near=nowhere", "/?q=nowhere"):
            client.get(path, headers={"Sec-Fetch-Site": "cross-site"})
        assert settled(client, "nowhere 1") == 200
        assert geocoders.asked == ["nowhere 1"]

    def test_what_cannot_be_asked_stops_nobody(
        self, asking: Flask, geocoders: FakeGeocoders
    ) -> None:
        client = asking.test_client()
        geocoders.breaks = True
        assert settled(client, "nowhere 0") == 404
        geocoders.breaks = False
        assert settled(client, "nowhere 1") == 200

    def test_what_is_known_at_the_house_is_not_asked(
        self, asking: Flask, geocoders: FakeGeocoders
    ) -> None:
        assert ask(asking.test_client(), "天童北路933号").status_code == 200
        assert geocoders.asked == []

    def test_the_validator_tells_answers_apart(
        self, asking: Flask, geocoders: FakeGeocoders
    ) -> None:
        client = asking.test_client()
        first = ask(client, "天童北路900号")
        assert first.get_json(force=True)["properties"]["source"] == "branches"
        settled(client, "天童北路900号", until=lambda: "天童北路900号" in geocoders.known)
        exact = ask(client, "天童北路900号")
        assert exact.get_json(force=True)["properties"]["source"] == "amap"
        assert exact.headers["ETag"] != first.headers["ETag"]
        first = exact
        again = client.get(
            PLACE,
            query_string={"q": "天童北路900号"},
            headers={"If-None-Match": first.headers["ETag"]},
            environ_overrides={"REMOTE_ADDR": "192.0.2.1"},
        )
        assert again.status_code == 304
        geocoders.known["天童北路900号"] = replace(
            geocoders.known["天童北路900号"], point=Point(121.6, 29.9)
        )
        assert ask(client, "天童北路900号").headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize("text", [*HOSTILE, "a" * 100, "xian" * 25, "({[" * 30, "\u202e" * 99])
def test_hostile_texts_are_suggested_as_text(hostile_client: FlaskClient, text: str) -> None:
    for path in ("/api/v1/search", PLACE, "/api/v1/branches"):
        answer = hostile_client.get(path, query_string={"q": text})
        assert answer.status_code in {200, 400, 404}
        json.loads(answer.data)
    printable = not any(ord(c) < 32 for c in text)
    if text in HOSTILE and printable:
        found = hostile_client.get("/api/v1/search", query_string={"q": text, "limit": 20})
        names = [each["name"] for each in json.loads(found.data)["results"]]
        assert text in names or not text.strip("\u2028\u2029\ufeff ")
