"""The pages as a visitor without scripts gets them: complete, in two languages, and only text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import eviltransform
import pytest
from flask import Flask
from flask.testing import FlaskClient
from shapely import box

from mapsvc.geo.geodesic import distance_m
from mapsvc.model import Datum, District, Point
from mapsvc.snapshot import EVERYTHING, Snapshot
from mapsvc.store.base import Contents
from tests.integration.conftest import HOSTILE, hostile_contents, make_app
from tests.readings import snapshot_of

ENGLISH_WORDS = re.compile(r">\s*(Search|Directions|Bank|District|Language|Map)\s*<")


class Page(HTMLParser):
    """What a page holds, for questions about it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page(client: FlaskClient, path: str, status: int = 200, accept: str = "") -> Page:
    response = client.get(path, headers={"Accept-Language": accept} if accept else {})
    assert response.status_code == status
    assert response.mimetype == "text/html"
    return Page(response.get_data(as_text=True))


def runs_no_text(script: dict[str, str | None]) -> bool:
    """Whether a script is a file of its own, or no program at all."""
    return bool(script.get("src")) or script.get("type") == "application/ld+json"


def all_properties(snapshot: Snapshot) -> list[dict[str, Any]]:
    return [json.loads(feature)["properties"] for feature in snapshot.iterate(EVERYTHING)]


def branch_ids(snapshot: Snapshot) -> list[str]:
    return [properties["id"] for properties in all_properties(snapshot)]


@pytest.fixture(scope="session")
def every_path(snapshot: Snapshot) -> list[str]:
    branches = [f"/branches/{branch_id}" for branch_id in branch_ids(snapshot)]
    districts = [f"/districts/{entry.district.code}" for entry in snapshot.districts]
    return ["/", "/embed", "/?q=zzz", "/?district=330212", *branches, *districts]


def test_the_locator_lists_all_branches_by_district(client: FlaskClient) -> None:
    home = page(client, "/")
    assert len([a for a in home.all("li") if a.get("class") == "card"]) == 15
    listed = home.text[home.text.index("大致位置") :]
    heads = re.findall(r"(\w+[区县市])\s+(\d+)\s+家网点", listed)
    assert heads[:5] == [
        ("鄞州区", "8"), ("海曙区", "3"), ("慈溪市", "2"), ("宁海县", "1"), ("余姚市", "1"),
    ]  # fmt: skip
    without = home.text[home.text.index("名单中暂无网点的区县") :]
    assert all(name in without for name in ("江北区", "北仑区", "镇海区", "奉化区", "象山县"))


def test_a_branch_page_says_what_is_known_and_what_is_in_doubt(
    client: FlaskClient, snapshot: Snapshot
) -> None:
    branch = next(p for p in all_properties(snapshot) if "道林" in p["name"])
    shown = page(client, f"/branches/{branch['id']}")
    for fact in ("农业银行慈溪道林支行", "慈溪市道林镇林西路111号", "中国农业银行", "慈溪市"):
        assert fact in shown.text
    assert "大致位置，误差约\N{NO-BREAK SPACE}1.8\N{NO-BREAK SPACE}公里" in shown.text
    assert "目前只能确定所在街道或乡镇" in shown.text
    links = [a["href"] or "" for a in shown.all("a") if "http" in (a.get("href") or "")]
    assert {urlsplit(link).hostname for link in links} == {
        "uri.amap.com", "api.map.baidu.com", "apis.map.qq.com",
        "maps.apple.com", "www.google.com",
    }  # fmt: skip
    assert not any(re.search(r"\d+\.\d{4}", link) for link in links), "an address, not a point"


def test_an_exact_place_is_linked_by_its_point(client: FlaskClient, snapshot: Snapshot) -> None:
    branch = next(p for p in all_properties(snapshot) if p["precision"] == "building")
    shown = page(client, f"/branches/{branch['id']}")
    assert "精确位置" in shown.text
    assert "大致位置，" not in shown.text
    assert any((a.get("href") or "").startswith("geo:29.8364") for a in shown.all("a"))


def test_a_district_without_branches_says_so(client: FlaskClient) -> None:
    assert "名单中暂无网点" in page(client, "/districts/330205").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("bank=bocom", 3),
        ("district=330203", 3),
        ("q=天童", 1),
        ("q=icbc", 2),
        ("bank=bocom&district=330212", 1),
        ("q=&bank=&district=", 15),
        ("bank=nobody", 0),
        ("unknown=1", 15),
    ],
)
def test_the_filter_works_without_scripts(client: FlaskClient, query: str, found: int) -> None:
    shown = page(client, f"/?{query}")
    assert len([a for a in shown.all("li") if a.get("class") == "card"]) == found
    assert ("没有符合条件的网点" in shown.text) == (found == 0)


def test_choices_say_what_they_would_find_with_the_other_filters(client: FlaskClient) -> None:
    shown = page(client, "/?bank=bocom&lang=zh")
    assert "鄞州区（1）" in shown.text  # of its eight branches
    assert "工商银行（2）" in shown.text  # instead of this bank, everywhere
    disabled = {a.get("value") for a in shown.all("option") if "disabled" in a}
    assert disabled, "a district without a branch of this bank cannot be chosen"
    for code in disabled:
        assert page(client, f"/?bank=bocom&district={code}").text.count("card__name") == 0


def test_the_filter_keeps_what_was_asked(client: FlaskClient) -> None:
    shown = page(client, "/?q=支行&bank=bocom&lang=zh")
    assert [a.get("value") for a in shown.all("option") if "selected" in a] == ["bocom"]
    field = next(a for a in shown.all("input") if a.get("name") == "q")
    assert field["value"] == "支行"
    other = next(a for a in shown.all("a") if a.get("class") == "language")
    assert other["href"] == "?q=%E6%94%AF%E8%A1%8C&bank=bocom&lang=en"


@pytest.mark.parametrize(
    ("path", "accept", "tag"),
    [
        ("/", "", "zh-Hans"),
        ("/", "zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("/", "en-GB,en;q=0.9", "en"),
        ("/", "fr", "zh-Hans"),
        ("/?lang=en", "zh-CN", "en"),
        ("/?lang=zh", "en", "zh-Hans"),
        ("/?lang=fr", "en", "en"),
    ],
)
def test_language(client: FlaskClient, path: str, accept: str, tag: str) -> None:
    shown = page(client, path, accept=accept)
    assert shown.all("html")[0]["lang"] == tag


def test_a_chosen_language_stays_chosen(client: FlaskClient, every_path: list[str]) -> None:
    for path in every_path:
        shown = page(client, path + ("&" if "?" in path else "?") + "lang=en")
        inner = [
            a["href"] or ""
            for a in shown.all("a")
            if (a.get("href") or "").startswith("/") and "/api/" not in (a["href"] or "")
        ]
        assert inner
        assert all("lang=en" in link for link in inner), path


def test_every_page_is_whole_in_both_languages(client: FlaskClient, every_path: list[str]) -> None:
    for path in every_path:
        for lang in ("zh", "en"):
            answer = client.get(path + ("&" if "?" in path else "?") + f"lang={lang}")
            html = answer.get_data(as_text=True)
            shown = Page(html)
            assert len(shown.ids) == len(set(shown.ids)), f"{path}: an id twice"
            assert not any("style" in a for _, a in shown.tags), f"{path}: a style attribute"
            assert not any(n.startswith("on") for _, a in shown.tags for n in a), path
            assert not shown.all("style")
            assert all(map(runs_no_text, shown.all("script"))), f"{path}: an inline script"
            assert len(shown.all("h1")) == 1
            assert len(shown.all("main")) == 1
            assert shown.all("title")
            assert "maximum-scale" not in html
            assert "user-scalable" not in html
            labels = {a["for"] for a in shown.all("label")}
            fields = {a["id"] for t in ("select", "input") for a in shown.all(t) if a.get("id")}
            assert labels == fields
            if lang == "zh":
                assert not ENGLISH_WORDS.search(html), path


def test_every_link_within_the_pages_leads_somewhere(
    client: FlaskClient, every_path: list[str]
) -> None:
    links = set()
    for path in every_path:
        shown = page(client, path)
        for attributes in shown.all("a") + shown.all("script") + shown.all("link"):
            link = attributes.get("href") or attributes.get("src") or ""
            if link.startswith("#"):
                assert link[1:] in shown.ids, f"{path}: {link}"
            elif link.startswith("/"):
                links.add(link.partition("#")[0])
    for link in sorted(links):
        with client.get(link) as answer:
            assert answer.status_code == 200, link


def test_the_drawn_map_has_every_district_and_branch(
    client: FlaskClient, snapshot: Snapshot
) -> None:
    html = client.get("/").get_data(as_text=True)
    assert len(re.findall(r'<path class="district district--\d" d="M', html)) == 10
    assert len(re.findall(r'<a id="pin-', html)) == 15
    shown = page(client, "/")
    for branch_id in branch_ids(snapshot):
        assert f"pin-{branch_id}" in shown.ids


def test_the_embed_opens_its_links_outside_the_frame(client: FlaskClient) -> None:
    shown = page(client, "/embed?bank=bocom&lang=en")
    leaving = [a for a in shown.all("a") if not (a["href"] or "").startswith(("#", "/embed?"))]
    assert leaving
    assert all(a.get("target") == "_blank" and a.get("rel") == "noopener" for a in leaving)
    assert any("/?bank=bocom&lang=en" in (a["href"] or "") for a in leaving)


@pytest.mark.parametrize("path", ["/nope", "/branches/nobody", "/districts/1", "/branches/%00"])
def test_not_found_helps_in_both_languages(client: FlaskClient, path: str) -> None:
    shown = page(client, path, status=404)
    assert "找不到这个页面" in shown.text
    assert "There is nothing at this address" in shown.text
    assert any(a["href"] == "/?lang=en" for a in shown.all("a"))


def test_a_language_link_cannot_lead_away(client: FlaskClient) -> None:
    answer = client.get("/x", environ_overrides={"PATH_INFO": "//example.org//x"})
    assert answer.status_code == 404
    shown = Page(answer.get_data(as_text=True))
    assert next(a for a in shown.all("a") if a.get("class") == "language")["href"] == "?lang=en"


def test_bad_parameters_are_a_page_that_says_so(client: FlaskClient) -> None:
    shown = page(client, "/?q=%07", status=400)
    assert "无法识别这个网址" in shown.text
    assert "q:" in shown.text


def test_pages_are_validated_by_language(client: FlaskClient) -> None:
    first = client.get("/")
    assert first.headers["Cache-Control"] == "no-cache"
    assert "Accept-Language" in first.headers["Vary"]
    etag = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/", headers=etag).status_code == 304
    english = client.get("/", headers={**etag, "Accept-Language": "en"})
    assert english.status_code == 200


# --- the map's data


def data(client: FlaskClient, query: str = "") -> dict[str, Any]:
    response = client.get(f"/map/data.json?lang=zh{query}")
    assert response.status_code == 200
    answer: dict[str, Any] = json.loads(response.data)
    return answer


def test_map_data_is_what_the_map_draws(client: FlaskClient) -> None:
    drawn = data(client)
    assert drawn["datum"] == "wgs84"
    assert drawn["tiles"] is None
    assert len(drawn["branches"]) == 15
    counts = {d["code"]: d["count"] for d in drawn["districts"] if d["count"]}
    assert counts == {"330212": 8, "330203": 3, "330282": 2, "330281": 1, "330226": 1}
    exact = [b for b in drawn["branches"] if b["radius_m"] is None]
    assert [b["name"] for b in exact] == ["浦发银行宁波鄞州支行"]


def test_map_data_follows_the_filter(client: FlaskClient) -> None:
    drawn = data(client, "&bank=bocom")
    assert len(drawn["branches"]) == 3
    assert sum(d["count"] for d in drawn["districts"]) == 3
    one = data(client, f"&branch={drawn['branches'][0]['id']}")
    assert [b["id"] for b in one["branches"]] == [drawn["branches"][0]["id"]]
    levels = {d["code"]: d["level"] for d in one["districts"]}
    assert sorted(levels.values()) == [0] * 9 + [2], "its district stands out, no other"


def test_labels_stand_in_their_district(client: FlaskClient, snapshot: Snapshot) -> None:
    for district in data(client)["districts"]:
        for lon, lat in district["label_at"]:
            found = snapshot.locate(Point(lon, lat))
            assert found is not None
            assert found.district.code == district["code"]


def test_on_shifted_tiles_everything_is_shifted(snapshot: Snapshot) -> None:
    plain = data(make_app(snapshot).test_client())
    amap = data(make_app(snapshot, tiles="amap").test_client())
    assert amap["datum"] == "gcj02"
    assert amap["tiles"]["attribution"] == [{"text": "高德地图", "url": None}]

    def positions(drawn: dict[str, Any]) -> list[list[float]]:
        x, y = drawn["districts"][0]["outline"][0][0][:2]
        outline = [[x / 10_000, y / 10_000]]
        labels = [place for d in drawn["districts"] for place in d["label_at"]]
        return [*(b["at"] for b in drawn["branches"]), *drawn["bounds"], *labels, *outline]

    for before, after in zip(positions(plain), positions(amap), strict=True):
        lat, lon = eviltransform.wgs2gcj(before[1], before[0])
        assert distance_m(lon, lat, *after) < 20, "outlines are rounded to 11 m"


def test_tiles_come_with_their_source_as_text(snapshot: Snapshot) -> None:
    app = make_app(
        snapshot,
        tiles="https://{s}.tiles.example.org/{z}/{x}/{y}.png",
        tiles_datum=Datum.BD09,
        tiles_attribution="<b>甲\u202e</b>",
        tiles_review_number="GS(2026)0001号",
    )
    drawn = data(app.test_client())
    assert drawn["datum"] == "bd09"
    assert [line["text"] for line in drawn["tiles"]["attribution"]] == [
        "<b>甲</b>",
        "审图号：GS(2026)0001号",
    ]


def test_a_page_with_no_districts_and_no_branches() -> None:
    empty = snapshot_of(Contents(0, None, (), (), {}, {}, ()))
    client = make_app(empty).test_client()
    assert "没有符合条件的网点" in page(client, "/").text
    page(client, "/embed")
    assert data(client)["bounds"] is None


# --- the shell


def test_the_shell_is_a_script_that_may_be_kept(client: FlaskClient) -> None:
    address = re.search(r'src="(/map/shell-[^"]+)"', client.get("/").get_data(as_text=True))
    assert address
    response = client.get(address[1])
    assert response.mimetype == "text/javascript"
    assert "immutable" in response.headers["Cache-Control"]
    name = json.dumps("各区县网点数").strip('"')
    assert name in response.get_data(as_text=True)


@pytest.mark.parametrize("name", ["locator-0000000000000000.zh", "x-0.zh", "locator-0.fr"])
def test_an_unknown_shell_is_not_there(client: FlaskClient, name: str) -> None:
    assert client.get(f"/map/shell-{name}.js").status_code == 404


# --- hostile data


@pytest.fixture(scope="session")
def hostile_paths(hostile_snapshot: Snapshot) -> list[str]:
    return [
        "/",
        "/embed",
        "/?q={{7*7}}",
        "/?q=</script><script>alert(1)</script>",
        "/?q=%22%3E%3Cimg%20src%3Dx%3E",
        "/districts/330212",
        *(f"/branches/{branch_id}" for branch_id in branch_ids(hostile_snapshot)),
    ]


def test_hostile_text_is_text_on_every_page(
    hostile_client: FlaskClient, hostile_paths: list[str]
) -> None:
    for path in hostile_paths:
        for lang in ("zh", "en"):
            url = path + ("&" if "?" in path else "?") + f"lang={lang}"
            response = hostile_client.get(url)
            assert response.status_code == 200, path
            html = response.get_data(as_text=True)
            assert "<script>alert" not in html
            assert "<img" not in html
            assert "<!--" not in html
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", html)
            shown = Page(html)
            assert all(map(runs_no_text, shown.all("script")))
            assert not any(n.startswith("on") for _, a in shown.tags for n in a)


def test_hostile_names_are_shown_as_they_are(hostile_client: FlaskClient) -> None:
    text = page(hostile_client, "/").text
    for name in (HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[3], HOSTILE[6], HOSTILE[9]):
        assert name in text
    assert "a␁b␛[31m" in text
    assert "gnp.exe" in text


def test_hostile_names_reach_the_map_as_data_and_never_the_shell(
    hostile_app: Flask, snapshot: Snapshot
) -> None:
    client = hostile_app.test_client()
    names = {branch["name"] for branch in data(client)["branches"]}
    assert HOSTILE[0] in names
    assert HOSTILE[2] in names
    shells = [
        re.search(r'src="(/map/shell-[^"]+)"', asked.get("/?lang=zh").get_data(as_text=True))[1]  # type: ignore[index]
        for asked in (client, make_app(snapshot).test_client())
    ]
    assert shells[0] == shells[1], "the shell does not depend on the data"


@pytest.mark.parametrize(("provider", "credited"), [("nominatim", True), ("curated", False)])
@pytest.mark.parametrize("path", ["/", "/branches/b1", "/districts/330203", "/embed"])
def test_openstreetmap_is_credited_where_its_positions_show(
    path: str, provider: str, credited: bool
) -> None:
    contents = hostile_contents()
    placements = {
        key: replace(placement, provider=provider) for key, placement in contents.placements.items()
    }
    client = make_app(snapshot_of(replace(contents, placements=placements))).test_client()
    page = client.get(path).get_data(as_text=True)
    assert ("网点位置：© OpenStreetMap 贡献者" in page) == credited


@pytest.mark.parametrize(
    ("lon", "lat", "radius_m"),
    [(179.99, 10, 150), (-180, 0, 150), (0, 90, 150), (10, -89.99999, 150), (120, 30, 2e7)],
)
def test_a_branch_at_the_edge_of_the_world_has_its_page(
    lon: float, lat: float, radius_m: float
) -> None:
    contents = hostile_contents()
    placements = {
        key: replace(placement, point=Point(lon, lat), radius_m=radius_m)
        for key, placement in contents.placements.items()
    }
    client = make_app(snapshot_of(replace(contents, placements=placements))).test_client()
    for path in ("/branches/b1", "/map/data.json?branch=b1", "/", "/embed"):
        assert client.get(path).status_code == 200, path


# --- what a visitor found


def test_files_and_pages_are_relative_whatever_the_public_address(snapshot: Snapshot) -> None:
    """Absolute ones would be blocked by the policy on every other host that is answered."""
    client = make_app(snapshot, public_url="https://map.example.org").test_client()
    for path in ("/", "/embed", f"/branches/{branch_ids(snapshot)[0]}"):
        html = client.get(path, base_url="http://localhost").get_data(as_text=True)
        for tag, attributes in Page(html).tags:
            is_told = tag == "meta" or attributes.get("rel") in ("canonical", "alternate")
            linked = f"{attributes.get('href')} {attributes.get('src')}"
            assert is_told or "https://map.example.org" not in linked, path
    mounted = client.get("/", base_url="http://localhost/maps").get_data(as_text=True)
    files = [
        a.get("src") or a.get("href") for t in ("script", "link") for a in Page(mounted).all(t)
    ]
    assert all(
        file.startswith(("/maps/", "https://map.example.org/"))
        for file in files
        if file is not None
    )


@pytest.mark.parametrize(
    ("given", "lang", "shown_as"),
    [
        ("GS(2024)1号", "zh", "审图号：GS(2024)1号"),
        ("审图号 GS(2024)1号", "zh", "审图号 GS(2024)1号"),
        ("GS(2024)1号", "en", "Map review number: GS(2024)1号"),
    ],
)
def test_the_review_number_has_its_label(
    snapshot: Snapshot, given: str, lang: str, shown_as: str
) -> None:
    client = make_app(snapshot, tiles="osm", tiles_review_number=given).test_client()
    answer = json.loads(client.get(f"/map/data.json?lang={lang}").data)
    assert answer["tiles"]["attribution"][-1]["text"] == shown_as


def test_a_branch_without_a_place_is_not_called_approximate(hostile_client: FlaskClient) -> None:
    text = page(hostile_client, "/branches/b9").text
    assert "尚无地图位置，以下链接将按地址搜索。" in text
    assert "大致位置" not in text


def test_a_search_without_result_shows_its_district_but_pale(client: FlaskClient) -> None:
    levels = {d["code"]: d["level"] for d in data(client, "&district=330212&q=zzz")["districts"]}
    assert levels.pop("330212") == 1
    assert set(levels.values()) == {0}


def test_a_map_of_one_district_says_nothing_of_the_others(client: FlaskClient) -> None:
    summaries = {d["code"]: d["summary"] for d in data(client, "&district=330212")["districts"]}
    assert summaries.pop("330212").startswith("8")
    assert set(summaries.values()) == {""}


def _with_far_district(placed: bool) -> Snapshot:
    contents = hostile_contents()
    shape = box(87.5, 43.7, 87.7, 43.9)
    far = District("650102", "天山区", "乌鲁木齐市", "新疆维吾尔自治区", shape, shape)
    placements = contents.placements if placed else {}
    return snapshot_of(
        replace(contents, districts=(*contents.districts, far), placements=placements)
    )


def test_the_first_view_shows_where_branches_are() -> None:
    [[west, _], _] = data(make_app(_with_far_district(True)).test_client())["bounds"]
    assert west > 121
    [[west, _], _] = data(make_app(_with_far_district(False)).test_client())["bounds"]
    assert west < 88, "without any place, all districts"


def test_districts_of_several_cities_are_named_with_theirs(client: FlaskClient) -> None:
    several = make_app(_with_far_district(True)).test_client()
    assert "宁波市 海曙区" in page(several, "/districts/330203").text
    assert "宁波市 海曙区" in page(several, "/").text
    assert "宁波市 海曙区" not in page(client, "/").text


def test_a_refusal_says_why_in_chinese(client: FlaskClient) -> None:
    assert "参数 q 只能出现一次" in page(client, "/?q=a&q=b", status=400).text
    answer = client.get("/", base_url="http://evil.example")
    assert "访问的域名不在允许之列" in answer.get_data(as_text=True)
