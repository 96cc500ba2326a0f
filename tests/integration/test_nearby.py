"""Lists by distance as the server makes them: what is asked, said, kept, and given page by page."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
import shapely
from flask.testing import FlaskClient
from shapely.geometry import shape

from mapsvc.geo.geodesic import distance_m
from mapsvc.web.branches import dialled
from tests.integration.conftest import make_app
from tests.many import many_contents
from tests.readings import snapshot_of


def _result(html: str) -> str:
    found = re.search(r'data-part="result">(.*?)</p>', html)
    assert found
    return unescape(found[1]).replace("\N{NO-BREAK SPACE}", " ")


def _distances(html: str) -> list[str]:
    said = re.findall(r'<p class="card__distance">(.*?)</p>', html)
    return [each.replace("\N{NO-BREAK SPACE}", " ") for each in said]


HERE = {"Mapsvc-Position": "29.866,121.55"}


def _panel(html: str) -> str:
    said = html.partition('data-part="panel">')[2]
    return unescape(re.sub(r"\s+", " ", re.sub("<[^>]+>", "", said)).strip())


def _listed(html: str) -> list[str]:
    return re.findall(r'<li class="card" id="branch-(.*?)"', html)


def _metres(said: str) -> float:
    """The figure of a distance in words; nothing is nearer than what lies in a vague place."""
    if said == "就在这一带":
        return -1
    figure, unit = re.findall(r"([\d.,]+) (米|公里)", said)[0]
    return float(figure.replace(",", "")) * {"米": 1, "公里": 1000}[unit]


@pytest.mark.parametrize(
    ("query", "result", "kept", "typed"),
    [
        # A district is an area: its branches, or where it has none those around it.
        ("near=慈溪市", "慈溪市有 2 家网点", [], ""),
        ("q=奉化", "奉化区暂无网点", [], ""),
        ("near=奉化区", "奉化区暂无网点", [], ""),
        ("district=330213", "奉化区暂无网点", [], ""),
        ("q=奉化&bank=bocom", "奉化区没有交通银行的网点", [], ""),
        ("near=慈溪市&q=民生", "慈溪市没有符合条件的网点", [], "民生"),
        ("q=鄞州区甲路9号", "鄞州区有 8 家网点", [], ""),
        # A city is more than those whose address names it.
        ("q=宁波市", "宁波市有 15 家网点", [], ""),
        ("q=zhejiang", "浙江省有 15 家网点", [], ""),
        # The shipped list has no branch of this bank.
        ("q=中国银行", "本名单没有中国银行的网点", [], "中国银行"),
        ("bank=boc", "本名单没有中国银行的网点", [], ""),
        # A search that finds no branch is a place, if anybody knows it, whatever was before.
        (
            "near=慈溪市&q=天童北路1000号",
            "15 家网点，按与“天童北路1000号”的距离排列",
            [],
            "天童北路1000号",
        ),
        ("q=天童北路1000号", "15 家网点，按与“天童北路1000号”的距离排列", [], "天童北路1000号"),
        (
            "near=首南街道&q=首南街道",
            "15 家网点，按与“鄞州区首南街道”的距离排列",
            ["首南街道"],
            "首南街道",
        ),
        ("q=zzz", "找到 0 家网点", [], "zzz"),
        ("near=me", "15 家网点，分布在 5 个区县（市）", ["me"], ""),
        ("near=zzz", "15 家网点，分布在 5 个区县（市）", ["zzz"], ""),
    ],
)
def test_where_a_list_begins(
    client: FlaskClient, query: str, result: str, kept: list[str], typed: str
) -> None:
    html = client.get(f"/?{query}").get_data(as_text=True)
    assert _result(html) == result
    assert re.findall(r'<input type="hidden" name="near" value="(.*?)">', html) == kept
    assert re.findall(r'<input id="q" .*?value="(.*?)"', html) == [typed]


def test_around_an_area_without_branches_are_the_nearest_and_no_figures(
    client: FlaskClient,
) -> None:
    html = client.get("/?q=奉化").get_data(as_text=True)
    assert _panel(html).startswith("奉化区暂无网点 以下按由近及远列出其他地方的网点。")
    assert '<option value="330213" selected>' in html
    assert not _distances(html)
    assert len(_listed(html)) == 15
    source = unescape(re.findall(r'data-source="(.*?)"', html)[0])
    drawn = client.get(source).get_json()
    assert len(drawn["branches"]) == 15
    assert "place" not in drawn
    levels = {area["code"]: area["level"] for area in drawn["districts"]}
    assert [code for code, level in levels.items() if level] == ["330213"]
    # By the outline: what is nearest to the middle of a district is not what is nearest to it.
    near = [json.loads(client.get(f"/api/v1/branches/{i}").data) for i in _listed(html)]
    outline = client.get("/api/v1/districts/330213?geometry=drawing").get_json()["geometry"]
    corners = shapely.get_coordinates(shape(outline))
    metres = [
        distance_m(lon, lat, corners[:, 0], corners[:, 1]).min()
        for lon, lat in (each["geometry"]["coordinates"] for each in near)
    ]
    assert metres[0] == min(metres)
    assert metres[-1] == max(metres)


def test_the_order_is_that_of_the_figures(client: FlaskClient) -> None:
    """A place that may be farther away than another does not stand before it."""
    for header, query in (
        ({"Mapsvc-Position": "29.8683,121.5440"}, "near=me"),
        (HERE, "near=me"),
        ({}, "near=首南街道"),
        ({}, "near=天童北路1000号"),
    ):
        said = _distances(client.get(f"/?{query}", headers=header).get_data(as_text=True))
        assert len(said) == 15
        assert [_metres(each) for each in said] == sorted(_metres(each) for each in said)


def test_a_distance_is_never_more_exact_than_the_places(client: FlaskClient) -> None:
    html = client.get("/?near=me", headers=HERE).get_data(as_text=True)
    assert _result(html) == "15 家网点，由近及远排列"
    assert _distances(html)[:3] == ["340 米以内", "1.5 公里以内", "约 1.6 公里"]
    plain = [said for said in _distances(html) if not re.search("约|以内", said)]
    assert plain == ["3.3 公里"], "of the one exact place"


def test_what_lies_within_a_vague_place_has_no_distance(client: FlaskClient) -> None:
    html = client.get("/?near=首南街道").get_data(as_text=True)
    assert _distances(html)[:3] == ["就在这一带", "就在这一带", "就在这一带"]
    assert all(said.startswith("约") for said in _distances(html)[4:])


def test_neighbours_of_a_branch_are_no_more_exact(client: FlaskClient) -> None:
    branches = client.get("/api/v1/branches").get_json()["features"]
    vague = 0
    for branch in branches:
        radius = branch["properties"]["radius_m"]
        html = client.get(f"/branches/{branch['properties']['id']}").get_data(as_text=True)
        said = re.findall(r"<span>(就在这一带|[^<]*(?:米|公里)[^<]*)</span></a></li>", html)
        said = [each.replace("\N{NO-BREAK SPACE}", " ") for each in said]
        assert len(said) == 3
        figures = [_metres(each) for each in said]
        assert figures == sorted(figures)
        about = [_metres(each) for each in said if each.startswith("约")]
        assert not about or min(about) >= radius * 0.95, "rounded"
        vague += said.count("就在这一带")
    assert vague


def test_who_is_far_away_is_told_so(client: FlaskClient) -> None:
    answer = client.get("/?near=me", headers={"Mapsvc-Position": "39.9,116.4"})
    html = answer.get_data(as_text=True)
    said = _panel(html).replace("\N{NO-BREAK SPACE}", " ")
    assert said.startswith("离您最近的网点约 1,150 公里。请直接选择区县： 海曙区 鄞州区")
    assert not _distances(html)
    assert "data-near-box" not in html, "the map stays where the branches are"


def test_what_a_position_is_answered_is_kept_by_nobody(client: FlaskClient) -> None:
    answer = client.get("/?near=me", headers=HERE)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in answer.headers
    assert "Mapsvc-Position" in answer.headers["Vary"]
    assert "29.866" not in answer.get_data(as_text=True)
    others = client.get("/?near=me")
    assert "Mapsvc-Position" in others.headers["Vary"]
    again = client.get("/?near=me", headers=HERE | {"If-None-Match": others.headers["ETag"]})
    assert again.status_code == 200
    assert _distances(again.get_data(as_text=True))


def test_a_position_in_the_address_is_none(client: FlaskClient) -> None:
    html = client.get("/?near=me&lat=29.866&lon=121.55").get_data(as_text=True)
    assert not _distances(html)


@pytest.mark.parametrize(
    "given", ["", "91,0", "0,181", "x,0", "1", "1,2,3", "nan,0", "29.8,121.5, 29.8,121.5", "1;2"]
)
def test_a_wrong_position_is_refused(client: FlaskClient, given: str) -> None:
    answer = client.get("/?near=me", headers={"Mapsvc-Position": given})
    assert answer.status_code == 400


def test_a_wrong_place_is_refused(client: FlaskClient) -> None:
    assert client.get("/?near=%07").status_code == 400


@pytest.mark.parametrize(
    ("typed", "kind", "url", "count"),
    [
        ("奉化", "district", "/districts/330213", 0),
        ("宁波市", "district", "/districts/330200", 15),
        ("中国银行", "bank", "/?bank=boc", 0),
        ("交通银行", "bank", "/?bank=bocom", 3),
    ],
)
def test_what_has_no_branch_is_suggested_as_such(
    client: FlaskClient, typed: str, kind: str, url: str, count: int
) -> None:
    results = client.get(f"/api/v1/search?q={typed}").get_json()["results"]
    first = results[0]
    assert (first["kind"], first["url"], first["count"]) == (kind, url, count)


def test_many_come_page_by_page_and_end() -> None:
    client = make_app(snapshot_of(many_contents())).test_client()
    first = client.get("/?near=鄞州区第100支行").get_data(as_text=True)
    assert len(_distances(first)) == 30
    assert "第 1 页，共 10 页" in first.replace("\N{NO-BREAK SPACE}", " ")
    last = client.get("/?near=鄞州区第100支行&page=10")
    assert len(_distances(last.get_data(as_text=True))) == 30
    assert client.get("/?near=鄞州区第100支行&page=11").status_code == 404


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("0574-87654321", "057487654321"),
        ("＋86 574 8765 4321", "+8657487654321"),
        ("95588", "95588"),
        ("0574-87654321转802", "057487654321"),
        ("javascript:alert(1)", ""),
        ("12", ""),
        ("", ""),
    ],
)
def test_a_telephone_number_is_dialled_without_its_extension(phone: str, number: str) -> None:
    assert dialled(phone) == number
