"""Lists by distance as the server makes them: what is asked, said, kept, and given page by page."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

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


@pytest.mark.parametrize(
    ("query", "result", "kept"),
    [
        ("near=慈溪市", "15 家网点，按与“慈溪市”的距离排列", ["慈溪市"]),
        ("near=慈溪市&bank=bocom", "3 家网点，按与“慈溪市”的距离排列", ["慈溪市"]),
        ("near=慈溪市&q=民生", "2 家网点，按与“慈溪市”的距离排列", ["慈溪市"]),
        # A search that finds no branch is a place, if anybody knows it, whatever was before.
        ("near=慈溪市&q=天童北路1000号", "15 家网点，按与“天童北路1000号”的距离排列", []),
        ("q=天童北路1000号", "15 家网点，按与“天童北路1000号”的距离排列", []),
        ("q=zzz", "找到 0 家网点", []),
        ("near=me", "15 家网点，分布在 5 个区县（市）", ["me"]),
        ("lat=29.866&lon=121.55&near=me", "15 家网点，由近及远排列", ["me"]),
        ("near=zzz", "15 家网点，分布在 5 个区县（市）", ["zzz"]),
    ],
)
def test_where_a_list_begins(client: FlaskClient, query: str, result: str, kept: list[str]) -> None:
    html = client.get(f"/?{query}").get_data(as_text=True)
    assert _result(html) == result
    assert re.findall(r'<input type="hidden" name="near" value="(.*?)">', html) == kept


def test_a_distance_is_never_more_exact_than_the_places(client: FlaskClient) -> None:
    html = client.get("/?lat=29.866&lon=121.55&near=me").get_data(as_text=True)
    assert _distances(html)[:3] == ["340 米以内", "1.5 公里以内", "约 1.6 公里"]
    plain = [said for said in _distances(html) if not re.search("约|以内", said)]
    assert plain == ["3.3 公里"], "of the one exact place"


def test_what_lies_within_a_vague_place_has_no_distance(client: FlaskClient) -> None:
    html = client.get("/?near=首南街道").get_data(as_text=True)
    assert _distances(html)[:3] == ["就在这一带", "就在这一带", "就在这一带"]
    assert all(said.startswith("约") for said in _distances(html)[4:])


def test_what_a_position_is_answered_is_kept_by_nobody(client: FlaskClient) -> None:
    answer = client.get("/?lat=29.866&lon=121.55&near=me")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in answer.headers
    assert "29.866" not in answer.get_data(as_text=True).replace("lat=29.866&amp;lon=121.55", "")


@pytest.mark.parametrize("query", ["lat=91&lon=0", "lat=x&lon=0", "near=%07", "lat=1&lat=2&lon=0"])
def test_a_wrong_place_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/?{query}").status_code == 400


def test_many_come_page_by_page_and_end() -> None:
    client = make_app(snapshot_of(many_contents())).test_client()
    first = client.get("/?near=鄞州区").get_data(as_text=True)
    assert len(_distances(first)) == 30
    assert "第 1 页，共 10 页" in first.replace("\N{NO-BREAK SPACE}", " ")
    last = client.get("/?near=鄞州区&page=10")
    assert len(_distances(last.get_data(as_text=True))) == 30
    assert client.get("/?near=鄞州区&page=11").status_code == 404


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
