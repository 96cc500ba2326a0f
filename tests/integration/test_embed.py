"""The frame's address: every parameter at its limits and beyond, and how a mistake is said."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest
from flask.testing import FlaskClient

from mapsvc.geo.datum import convert
from mapsvc.model import Datum, Notice, Point
from mapsvc.snapshot import EVERYTHING
from mapsvc.web.clock import minute
from mapsvc.web.embedparams import CONTROLS, NAMES
from tests.embedding import client_of, shipped
from tests.integration.conftest import HOSTILE, hostile_contents
from tests.readings import snapshot_of

BRANCH = json.loads(next(iter(shipped().iterate(EVERYTHING))))["properties"]["id"]


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return client_of()


def asked(client: FlaskClient, status: int = 200, /, **parameters: object) -> str:
    response = client.get("/embed", query_string=urlencode(parameters))
    assert response.status_code == status, response.text[:2000]
    assert "Set-Cookie" not in response.headers
    return response.text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("v", "1"),
        *(("show", text) for text in ("both", "map", "list")),
        ("list", "ningbo-2021"),
        ("list", "x" * 64),
        ("bank", "icbc"),
        ("bank", "x" * 64),
        ("district", "330212"),
        ("district", "330200"),
        ("district", "x" * 64),
        ("branch", BRANCH),
        ("q", "工"),
        ("q", "工" * 100),
        ("q", "<script>"),
        ("service", "wheelchair"),
        ("open", "now"),
        ("center", "29.8683,121.544"),
        ("center", "90,180"),
        ("center", "-90,-180"),
        ("center", "1e1,1.5E+2"),
        *(("datum", text) for text in ("wgs84", "gcj02", "bd09")),
        ("zoom", "4"),
        ("zoom", "18"),
        ("height", "200"),
        ("height", "2000"),
        ("lang", "zh"),
        ("lang", "en"),
        *(("theme", text) for text in ("auto", "light", "dark")),
        ("accent", "0d4a57"),
        ("accent", "#0D4A57"),
        ("accent", "000000"),
        ("controls", "none"),
        *(("controls", name) for name in CONTROLS),
        ("controls", "scale,zoom,layers,fullscreen"),
        ("near", "0"),
        ("near", "1"),
        ("page", "1"),
    ],
)
def test_what_is_allowed(client: FlaskClient, name: str, text: str) -> None:
    assert "page--embed" in asked(client, **{name: text})


WRONG = [
    *(("v", text) for text in ("0", "2", "1.0", "x")),
    *(("show", text) for text in ("all", "Map", "map,list")),
    *((name, "x" * 65) for name in ("list", "bank", "district")),
    *((name, "a\x00b") for name in ("list", "bank", "district", "q", "branch")),
    ("branch", "x" * 129),
    ("q", "工" * 101),
    ("open", "yes"),
    *(("center", text) for text in (
        "29.8", "29.8,121.5,3", "121.5,29.8", "90.1,0", "0,180.1", "nan,0", "0,inf", "29.8;121.5",
        "29.8, 121.5", ",", "٢٩,121",
    )),
    *(("datum", text) for text in ("WGS84", "cgcs2000", "x")),
    *(("zoom", text) for text in ("3", "19", "-1", "9.5", "x", "１０")),
    *(("height", text) for text in ("199", "2001", "0", "-1", "420px", "100%", "9" * 30)),
    *(("lang", text) for text in ("fr", "zh-CN", "EN")),
    *(("theme", text) for text in ("Dark", "black")),
    *(("accent", text) for text in (
        "ffffff", "ffff00", "777", "red", "0d4a5", "0d4a57;}", "url(x)", "#0d4a57ff",
    )),
    *(("controls", text) for text in ("all", "zoom,zoom", "zoom,", "none,zoom", "locate")),
    *(("near", text) for text in ("true", "2", "yes")),
    *(("page", text) for text in ("0", "-1", "99999999", "x")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_what_is_not_allowed_is_said_in_the_frame(
    client: FlaskClient, name: str, text: str
) -> None:
    page = asked(client, 400, **{name: text})
    assert "这张地图的网址有误" in page
    assert f"<code>{name}</code>" in page
    assert "可用的值：" in page
    assert "url(x)" not in page or "<bdi>url(x)</bdi>" in page
    assert "frame-list-" in page  # a host's script hears that there is something to see


def test_every_parameter_has_its_limits_tested() -> None:
    assert {name for name, _ in WRONG} >= set(NAMES) - {"service"}


def test_all_mistakes_are_named_in_the_visitor_s_language(client: FlaskClient) -> None:
    query = "zoom=99&accent=ffff00&show=x&q=a&q=b"
    response = client.get(f"/embed?{query}", headers={"Accept-Language": "en"})
    assert response.status_code == 400
    assert response.headers["Cache-Control"] == "no-store"
    page = response.text
    assert re.findall("<code>(.*?)</code>", page) == ["accent", "q", "show", "zoom"]
    assert "a whole number from 4 to 18" in page
    assert "It may be given only once." in page
    assert "/embed/builder" in page


@pytest.mark.parametrize("name", ["", "utm_source", "ZOOM", "zoom[]", "callback", "工", "x" * 500])
def test_unknown_names_and_empty_values_are_passed_over(client: FlaskClient, name: str) -> None:
    page = asked(client, **{name: "1", "bank": "", "lang": "zh"})
    assert page.count('class="card"') == 15
    assert "utm_source" not in page


def test_a_query_that_is_no_text_is_a_mistake(client: FlaskClient) -> None:
    for query in ("q=%ff", "&".join(f"x{i}=1" for i in range(101))):
        response = client.get(f"/embed?{query}")
        assert response.status_code == 400
        assert "网址过长，或不是 UTF-8 编码" in response.text


def test_map_list_or_both(client: FlaskClient) -> None:
    both, only_map, only_list = (asked(client, show=show) for show in ("both", "map", "list"))
    assert 'class="card"' in both
    assert 'id="map_shell"' in both
    assert 'class="card"' not in only_map
    assert 'id="map_shell"' in only_map
    assert 'class="card"' in only_list
    assert 'id="map_shell"' not in only_list
    assert "frame-list-" in only_list
    assert "/map/shell" not in only_list


def test_a_branch_opens_within_the_frame(client: FlaskClient) -> None:
    listed = asked(client, bank="icbc", theme="dark", lang="en")
    link = re.search(r'<h3 class="card__name"><a href="([^"]+)"', listed)
    assert link
    assert link[1].startswith("/embed?")
    address = link[1].replace("&amp;", "&")
    assert {"bank=icbc", "theme=dark", "lang=en"} < set(address.partition("?")[2].split("&"))
    page = client.get(address).text
    assert "uri.amap.com" in page
    assert f'data-shown="{re.search("branch=([^&]+)", address)[1]}"' in page  # type: ignore[index]
    assert 'href="/embed?' in page  # the way back
    assert "/branches/" in page  # the larger page
    for link_out in re.findall(r'<a [^>]*href="https?:[^>]*>', page):
        assert 'target="_blank"' in link_out
        assert "noopener" in link_out


def test_a_branch_that_is_gone_is_said_in_the_frame(client: FlaskClient) -> None:
    page = asked(client, 404, branch="nobody", bank="icbc", lang="en")
    assert "This branch is no longer on the list" in page
    assert 'href="/embed?bank=icbc&amp;lang=en"' in page


def test_the_middle_is_in_the_datum_of_the_tiles() -> None:
    here = Point(121.544, 29.8683)
    gcj = convert(here, Datum.GCJ02)
    for tiles, datum in (("none", Datum.WGS84), ("amap", Datum.GCJ02)):
        client = client_of(tiles=tiles)
        given = {"center": f"{gcj.lat},{gcj.lon}", "datum": "gcj02"}
        found = re.search(r'data-center="([\d.,]+)"', asked(client, zoom=12, **given))
        assert found
        expected = convert(here, datum)
        drawn = [float(part) for part in found[1].split(",")]
        assert drawn == pytest.approx([expected.lon, expected.lat], abs=2e-6)


def test_looks_are_a_style_sheet_of_the_site(client: FlaskClient) -> None:
    page = asked(client, accent="#c7000b", height=500, theme="auto")
    look = re.search(r'href="(/embed/look\.css[^"]*)"', page)
    assert look
    response = client.get(look[1].replace("&amp;", "&"))
    assert response.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in response.headers["Cache-Control"]
    assert "--map-height:500px" in response.text
    assert "--brand:#c7000b" in response.text
    assert "@media (prefers-color-scheme:dark)" in response.text
    assert "look.css" not in asked(client, theme="dark")
    assert client.get("/embed/look.css?accent=ffff00").status_code == 400
    dark = client.get("/embed/look.css?accent=c7000b&theme=dark").text
    assert "--brand:#c7000b" not in dark
    assert "@media" not in dark


@pytest.mark.parametrize(
    ("theme", "scheme", "link"),
    [
        ("auto", "light dark", 'media="(prefers-color-scheme: dark)"'),
        ("dark", "dark", "/static/dark-"),
        ("light", "light", None),
    ],
)
def test_themes(client: FlaskClient, theme: str, scheme: str, link: str | None) -> None:
    page = asked(client, theme=theme)
    assert f'name="color-scheme" content="{scheme}"' in page
    assert f'data-theme="{theme}"' in page
    assert (link in page) if link else ("/static/dark-" not in page)
    assert ("media=" in page) == (theme == "auto")


def test_the_button_of_the_own_position_is_asked_for(client: FlaskClient) -> None:
    assert "/map/shell-embed-" in asked(client)
    assert "locate-blocked" not in asked(client)
    near = asked(client, near=1)
    assert "/map/shell-embednear-" in near
    assert "locate-blocked" in near
    shell = re.search(r'src="(/map/shell-embednear-[^"]+)"', near)
    assert shell
    assert client.get(shell[1]).status_code == 200


def test_what_must_be_seen_is_seen(client: FlaskClient) -> None:
    for parameters in ({"show": "map", "controls": "none"}, {"branch": BRANCH}):
        page = asked(client, lang="en", **parameters)
        assert "Data as of" in page
        assert "AutoNavi" in page
        assert "2021年银行业营业网点" in page
        assert "noindex" in page


def test_hostile_names_are_text(client: FlaskClient) -> None:
    hostile = client_of(snapshot_of(hostile_contents()))
    for address in ("/embed", "/embed?show=list&lang=en", "/embed?branch=b2", "/embed?q=<script>"):
        page = hostile.get(address).text
        assert "<script>alert" not in page
        assert "onerror=" not in page
    wrong = hostile.get(f"/embed?show={quote(HOSTILE[2])}")
    assert wrong.status_code == 400
    assert "<script>alert" not in wrong.text
    assert "&lt;script&gt;" in wrong.text


def test_hours_and_notices_are_told_in_the_frame() -> None:
    contents = hostile_contents()
    branch, *others = contents.branches
    now = minute()
    notice = Notice(
        1, "台风停业 <b>", now - timedelta(hours=1), now + timedelta(hours=1), branch="b0"
    )
    client = client_of(
        snapshot_of(
            replace(
                contents,
                branches=(replace(branch, hours="Mo-Fr 09:00-17:00"), *others),
                notices=(notice,),
            )
        )
    )
    for address in ("/embed", "/embed?show=list", "/embed?branch=b0"):
        page = client.get(address).text
        assert page.count("台风停业 &lt;b&gt;") == 1, address
        assert page.count('data-openings="') == page.count("card__hours") > 0, address
        assert "data-open-until" in page
