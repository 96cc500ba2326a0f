"""What search engines and chats are told: addresses, languages, JSON-LD, sitemap, robots."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from mapsvc.model import Branch, BranchList
from mapsvc.snapshot import EVERYTHING, Snapshot
from mapsvc.store.base import Contents
from mapsvc.web import clock, jsonld, sitemap
from tests.integration.conftest import HOSTILE, NOW, hostile_contents, make_app
from tests.integration.test_pages import Page, page
from tests.readings import snapshot_of

PUBLIC = "https://map.example.org/maps"


@pytest.fixture
def public(snapshot: Snapshot) -> FlaskClient:
    app = make_app(snapshot, public_url=PUBLIC, trusted_hosts=("localhost",))
    return app.test_client()


def first_id(snapshot: Snapshot) -> str:
    return str(json.loads(snapshot.page(EVERYTHING, 1).features[0])["id"])


def links(found: Page) -> dict[str, str]:
    """``canonical`` and the languages of a page's head → address."""
    return {
        str(link.get("hreflang") or link["rel"]): str(link["href"])
        for link in found.all("link")
        if link["rel"] in ("canonical", "alternate") and link.get("type") is None
    }


def told(found: Page) -> dict[str, str]:
    return {
        str(meta.get("property") or meta.get("name")): str(meta.get("content"))
        for meta in found.all("meta")
    }


def graph(client: FlaskClient, path: str) -> dict[str, dict[str, Any]]:
    """What the page's JSON-LD says, by type."""
    html = client.get(path).get_data(as_text=True)
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    said = json.loads(data)
    assert said["@context"] == "https://schema.org"
    return {thing["@type"]: thing for thing in said["@graph"]}


@pytest.mark.parametrize(
    ("asked", "canonical", "zh"),
    [
        ("/", "/", "/?lang=zh"),
        ("/?lang=en", "/?lang=en", "/?lang=zh"),
        ("/?bank=icbc&utm_source=x", "/?bank=icbc", "/?bank=icbc&lang=zh"),
        ("/?district=330212", "/districts/330212", "/districts/330212?lang=zh"),
        ("/?district=none", "/?district=none", "/?district=none&lang=zh"),
        ("/?page=1", "/", "/?lang=zh"),
        ("/districts/330212?page=1", "/districts/330212", "/districts/330212?lang=zh"),
        ("/branches/ID?bank=icbc", "/branches/ID", "/branches/ID?lang=zh"),
    ],
)
def test_a_page_has_one_address_and_its_languages(
    public: FlaskClient, snapshot: Snapshot, asked: str, canonical: str, zh: str
) -> None:
    own = first_id(snapshot)
    shown = page(public, asked.replace("ID", own))
    given = links(shown)
    assert given["canonical"] == PUBLIC + canonical.replace("ID", own)
    assert given["zh-Hans"] == PUBLIC + zh.replace("ID", own)
    assert given["en"] == given["zh-Hans"].replace("lang=zh", "lang=en")
    assert given["x-default"] == re.sub(r"[?&]lang=zh", "", given["zh-Hans"])
    assert told(shown)["og:url"] == given["canonical"]


@pytest.mark.parametrize(
    "asked", ["/?q=工商", "/?open=now", "/?bank=icbc&district=330212", "/?near=天一广场"]
)
def test_what_passes_is_not_to_be_found(public: FlaskClient, asked: str) -> None:
    shown = page(public, asked)
    assert told(shown)["robots"] == "noindex"
    assert links(shown) == {}


def test_errors_have_no_address(public: FlaskClient) -> None:
    assert links(page(public, "/branches/nobody", 404)) == {}


def test_without_a_public_address_links_stay_on_the_host(snapshot: Snapshot) -> None:
    client = make_app(snapshot, trusted_hosts=("lan.example", "localhost")).test_client()
    shown = Page(client.get("/", base_url="http://lan.example").get_data(as_text=True))
    assert links(shown)["canonical"] == "/"
    assert "og:url" not in told(shown)
    assert client.get("/sitemap.xml", base_url="http://lan.example").status_code == 404
    robots = client.get("/robots.txt", base_url="http://lan.example")
    assert b"Sitemap" not in robots.data
    tried = Page(client.get("/", base_url="http://localhost:8123").get_data(as_text=True))
    assert told(tried)["og:url"] == "http://localhost:8123/"


def test_answers_for_two_addresses_are_two(snapshot: Snapshot) -> None:
    client = make_app(snapshot).test_client()
    etags = {
        client.get("/sitemap.xml", base_url=f"http://{host}").headers["ETag"]
        for host in ("localhost", "localhost:8123", "127.0.0.1")
    }
    assert len(etags) == 3


def test_a_branch_is_a_bank_at_a_place(public: FlaskClient, snapshot: Snapshot) -> None:
    features = [json.loads(feature) for feature in snapshot.iterate(EVERYTHING)]
    kinds = set()
    for feature in features:
        facts = feature["properties"]
        said = graph(public, f"/branches/{facts['id']}")["BankOrCreditUnion"]
        assert (said["name"], said["url"]) == (facts["name"], f"{PUBLIC}/branches/{facts['id']}")
        assert said["address"]["streetAddress"] == facts["address"]
        assert said["address"]["addressLocality"] == facts["district_name"]
        at = said["geo"].get("geoMidpoint", said["geo"])
        assert [at["longitude"], at["latitude"]] == feature["geometry"]["coordinates"]
        kinds.add((facts["precision"] == "building", said["geo"]["@type"]))
    assert kinds == {(True, "GeoCoordinates"), (False, "GeoCircle")}


def test_hours_are_told_with_the_days_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "minute", lambda: NOW)
    monkeypatch.setattr(jsonld, "minute", lambda: NOW)
    contents = Contents(
        revision=1,
        changed_at=NOW,
        lists=(BranchList("a", "a", 2021),),
        branches=(
            Branch("b", "甲支行", "甲路1号", hours="Mo-Fr 09:00-17:00; 2026 Dec 24 off"),
            Branch("c", "乙支行", "乙路1号"),
        ),
        members={"b": ("a",), "c": ("a",)},
        placements={},
        districts=(),
    )
    client = make_app(snapshot_of(contents)).test_client()
    week, holiday = graph(client, "/branches/b")["BankOrCreditUnion"]["openingHoursSpecification"]
    assert (week["opens"], week["closes"]) == ("09:00", "17:00")
    assert len(week["dayOfWeek"]) == 5
    assert (holiday["validFrom"], holiday["opens"], holiday["closes"]) == (
        *("2026-12-24", "00:00"), "00:00",
    )  # fmt: skip
    unknown = graph(client, "/branches/c")["BankOrCreditUnion"]
    assert "openingHoursSpecification" not in unknown


def test_a_list_names_its_pages_and_the_way_to_them(public: FlaskClient) -> None:
    listed = graph(public, "/")["ItemList"]
    assert listed["numberOfItems"] == 15
    urls = [item["url"] for item in listed["itemListElement"]]
    assert len(urls) == 15
    assert all(url.startswith(f"{PUBLIC}/branches/") for url in urls)
    way = graph(public, "/districts/330212?lang=en")["BreadcrumbList"]["itemListElement"]
    assert [step["name"] for step in way] == ["Ningbo model bank branches", "Yinzhou"]
    assert way[0]["item"] == f"{PUBLIC}/?lang=en"


def test_hostile_texts_end_no_script(hostile_client: FlaskClient) -> None:
    for index, text in enumerate(HOSTILE[:-1]):
        html = hostile_client.get(f"/branches/b{index}").get_data(as_text=True)
        said = graph(hostile_client, f"/branches/b{index}")["BankOrCreditUnion"]
        assert html.count("<script") == html.count("</script>") == 6, text
        if text.isprintable():
            assert said["name"] == text


def addresses(xml: str) -> list[str]:
    root = ElementTree.fromstring(xml)
    return [str(found.text) for found in root.iter() if found.tag.endswith("}loc")]


def test_the_sitemap_has_every_page(public: FlaskClient, snapshot: Snapshot) -> None:
    answer = public.get("/sitemap.xml")
    assert answer.mimetype == "application/xml"
    found = addresses(answer.get_data(as_text=True))
    assert len(found) == len(set(found)) == 1 + 5 + 15
    for address in found:
        path = address.removeprefix(PUBLIC)
        assert links(page(public, path))["canonical"] == address


def test_a_large_sitemap_is_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "MAX_ADDRESSES", 4)
    client = make_app(snapshot_of(hostile_contents()), public_url=PUBLIC).test_client()
    at = {"base_url": "http://localhost"}
    files = addresses(client.get("/sitemap.xml", **at).get_data(as_text=True))
    assert files == [f"{PUBLIC}/sitemaps/{number}.xml" for number in range(4)]
    pages = [
        addresses(client.get(file.removeprefix(PUBLIC), **at).get_data(as_text=True))
        for file in files
    ]
    assert [len(some) for some in pages] == [3, 4, 4, 2]
    assert client.get("/sitemaps/4.xml", **at).status_code == 404


def test_an_id_of_any_kind_is_an_address() -> None:
    ids = ("a&b<c>", "甲/乙 ?", "%41", "ID")
    contents = Contents(
        revision=1,
        changed_at=NOW,
        lists=(BranchList("odd", "odd", 2021),),
        branches=tuple(Branch(one, "甲支行", "甲路1号") for one in ids),
        members=dict.fromkeys(ids, ("odd",)),
        placements={},
        districts=(),
    )
    client = make_app(snapshot_of(contents), public_url=PUBLIC).test_client()
    xml = client.get("/sitemap.xml", base_url="http://localhost").get_data(as_text=True)
    assert addresses(xml)[1:] == [
        f"{PUBLIC}/branches/{quoted}"
        for quoted in ("a%26b%3Cc%3E", "%E7%94%B2%2F%E4%B9%99%20%3F", "%2541", "ID")
    ]


def test_robots_are_let_in(public: FlaskClient) -> None:
    lines = public.get("/robots.txt").get_data(as_text=True).splitlines()
    assert lines == [
        "User-agent: *",
        "Disallow: /api/v1/",
        "",
        f"Sitemap: {PUBLIC}/sitemap.xml",
    ]
