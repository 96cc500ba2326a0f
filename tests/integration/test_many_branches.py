"""Pages and map data where there are more branches than a page lists: areas, pages and views."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mapsvc.geo.datum import convert
from mapsvc.model import Datum, Point
from mapsvc.snapshot import BranchQuery, Snapshot
from tests.integration.conftest import make_app
from tests.integration.test_pages import Page, page
from tests.many import HOSTILE, LONELY, TOWER, TOWER_BRANCHES, many_contents
from tests.readings import snapshot_of

PAGE_SIZE = 30


@pytest.fixture(scope="module")
def many() -> Snapshot:
    return snapshot_of(many_contents())


@pytest.fixture(scope="module")
def app(many: Snapshot) -> Flask:
    return make_app(many)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def cards(shown: Page) -> list[str]:
    return [str(a["id"]) for a in shown.all("li") if a.get("class") == "card"]


def links(shown: Page, start: str) -> list[str]:
    return [a["href"] or "" for a in shown.all("a") if (a.get("href") or "").startswith(start)]


def rel(shown: Page, name: str) -> str | None:
    return next(
        (a["href"] for a in shown.all("a") + shown.all("link") if a.get("rel") == name), None
    )


# --- areas


def test_the_first_page_shows_provinces_with_their_numbers(client: FlaskClient) -> None:
    shown = page(client, "/")
    assert re.findall(r"(\w+省)\s*([\d,]+)\s家网点", shown.text.partition("各省网点数")[2]) == [
        ("江苏省", "4,000"), ("浙江省", "16,000"),
    ]  # fmt: skip
    assert re.search(r"20,000\s家网点，分布在\s8\s个区县", shown.text)
    assert "各省网点数" in shown.text
    assert {"/districts/320000", "/districts/330000"} <= set(links(shown, "/districts/"))
    assert "/districts/330212" not in links(shown, "/districts/")
    options = [a.get("value") for a in shown.all("option")]
    assert [value for value in options if value and value.isdigit()] == ["320000", "330000"]


@pytest.mark.parametrize(
    ("code", "heading", "way", "below"),
    [
        ("330000", "浙江省", [], ["330100", "330200"]),
        ("330200", "宁波市", ["330000"], ["330203", "330212"]),
        ("330212", "宁波市 鄞州区", ["330000", "330200"], []),
    ],
)
def test_an_area_has_its_page(
    client: FlaskClient, code: str, heading: str, way: list[str], below: list[str]
) -> None:
    html = client.get(f"/districts/{code}").get_data(as_text=True)
    shown = Page(html)
    assert heading in re.sub(r"\s+", " ", html[html.index("<h1>") : html.index("</h1>")])
    crumbs = Page(html[html.index('class="crumbs"') : html.index("</nav>", html.index("crumbs"))])
    assert links(crumbs, "/districts/") == [f"/districts/{above}" for above in way]
    areas = html[html.index('class="areas"') :] if 'class="areas"' in html else ""
    listed = links(Page(areas[: areas.index("</section>")]), "/districts/") if areas else []
    assert listed == [f"/districts/{each}" for each in below]
    assert len(shown.all("h1")) == 1


def test_the_choice_is_of_what_lies_in_the_chosen_area_and_above(client: FlaskClient) -> None:
    shown = page(client, "/?district=330200&bank=bocom")
    codes = [a["value"] for a in shown.all("option") if (a.get("value") or "").isdigit()]
    assert codes == ["330000", "330200", "330203", "330212"]
    assert [a["value"] for a in shown.all("option") if "selected" in a] == ["bocom", "330200"]
    assert [a["label"] for a in shown.all("optgroup")] == ["宁波市"]
    # The chips that stand for a refused position start anew; the list's own ways keep the filter.
    narrower = [link for link in links(shown, "/?") if "district=330212" in link]
    assert any("bank=bocom" in link for link in narrower)


def test_english_names_areas_in_english(client: FlaskClient) -> None:
    text = page(client, "/?lang=en").text
    assert "Zhejiang" in text
    assert "16,000 branches" in text
    assert "Branches per province" in text


def test_a_search_is_shown_by_the_districts_that_hold_what_it_found(client: FlaskClient) -> None:
    drawn = json.loads(client.get("/map/data.json?q=鄞州区第1").data)
    assert {d["code"] for d in drawn["districts"]} == {"330203", "330212"}


def strewn(several: int, outside: int) -> Snapshot:
    """So many branches in one district, and so many where no district is stored."""
    contents = many_contents()
    kept = contents.branches[:several] + contents.branches[-outside:]
    gone = replace(
        contents,
        branches=kept,
        members={branch.id: ("many",) for branch in kept},
        placements={
            branch.id: contents.placements[branch.id]
            if i < several
            else replace(contents.placements[branch.id], district=None)
            for i, branch in enumerate(kept)
        },
    )
    return snapshot_of(gone)


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", "1,900 家网点，其中 1,500 家在 1 个区县（市）内"),
        ("en", "1,900 branches, 1,500 of them in 1 district"),
    ],
)
def test_branches_outside_all_districts_are_not_said_to_lie_in_them(lang: str, said: str) -> None:
    client = make_app(strewn(1_500, 400)).test_client()
    assert said in re.sub(r"\s+", " ", page(client, f"/?lang={lang}").text)


def test_a_branch_outside_all_districts_has_no_legend_of_their_numbers() -> None:
    client = make_app(strewn(300, 300)).test_client()
    for branch, legends in (("320102-0", 0), ("330212-3999", 0)):
        html = client.get(f"/branches/{branch}").get_data(as_text=True)
        assert html.count('class="legend"') == legends, branch
    assert client.get("/").get_data(as_text=True).count('class="legend"') == 1


@pytest.mark.parametrize("query", ["q=西湖", "bank=icbc", "bank=icbc&district=330200"])
def test_a_filtered_page_says_whose_list_it_is(client: FlaskClient, query: str) -> None:
    shown = page(client, f"/?lang=zh&{query}")
    assert re.search(r"名单来源：\s*两省网点", shown.text)


def test_drawn_labels_lie_inside_the_picture(client: FlaskClient) -> None:
    html = client.get("/districts/330203?lang=zh").get_data(as_text=True)
    picture = html[html.index('class="map__static"') :].partition("</svg>")[0]
    labels = re.findall(r"<text[^>]*>(.*?)</text>", picture)
    assert labels == ["海曙区 2,000"], "not that of the neighbour, whose middle lies far outside"


# --- pages of a list


def test_every_branch_of_a_district_is_reached_by_its_pages(
    client: FlaskClient, many: Snapshot
) -> None:
    query = BranchQuery(district="320505")
    wanted = [json.loads(feature)["id"] for feature in many.iterate(query)]
    found: list[str] = []
    address: str | None = "/districts/320505"
    while address:
        shown = page(client, address)
        assert rel(shown, "canonical") == address
        listed = cards(shown)
        assert len(listed) <= PAGE_SIZE
        found += listed
        address = rel(shown, "next")
    assert found == [f"branch-{branch_id}" for branch_id in wanted]


def test_a_page_in_the_middle_leads_both_ways(client: FlaskClient) -> None:
    shown = page(client, "/?bank=bocom&district=330000&page=3")
    assert rel(shown, "prev") == "/?bank=bocom&district=330000&page=2"
    assert rel(shown, "next") == "/?bank=bocom&district=330000&page=4"
    assert (
        "第\N{NO-BREAK SPACE}3\N{NO-BREAK SPACE}页，共\N{NO-BREAK SPACE}54\N{NO-BREAK SPACE}页"
        in shown.text
    )
    assert rel(page(client, "/?bank=bocom&district=330000&page=2"), "prev") == (
        "/?bank=bocom&district=330000"
    )


@pytest.mark.parametrize(
    ("number", "ways"),
    [
        (1, ["下一页", "最后一页"]),
        (2, ["上一页", "下一页", "最后一页"]),
        (67, ["第一页", "上一页", "下一页", "最后一页"]),
        (133, ["第一页", "上一页", "下一页"]),
        (134, ["第一页", "上一页"]),
    ],
)
def test_a_long_list_leads_to_its_ends(client: FlaskClient, number: int, ways: list[str]) -> None:
    html = client.get(f"/districts/330212?page={number}").get_data(as_text=True)
    pager = html[html.index('class="pager"') :]
    found = dict(
        re.findall(r'<a class="button"(?: rel="\w+")? href="([^"]+)">(.*?)</a>', pager[:2_000])
    )
    assert list(found.values()) == ways
    of = {name: address for address, name in found.items()}
    assert of.get("第一页", "/districts/330212") == "/districts/330212"
    assert of.get("最后一页", "/districts/330212?page=134") == "/districts/330212?page=134"


@pytest.mark.parametrize(("lang", "said"), [("zh", "列表共667页。"), ("en", "only 667 pages.")])
def test_the_end_of_a_long_list_is_told(client: FlaskClient, lang: str, said: str) -> None:
    text = page(client, f"/?page=9999&lang={lang}", status=404).text
    assert said in text.replace("\N{NO-BREAK SPACE}", "")


@pytest.mark.parametrize(
    ("address", "first"),
    [
        ("/?page=99999", "/"),
        ("/districts/330212?page=135", "/districts/330212"),
        ("/embed?page=9999", "/embed"),
        ("/?q=西湖区第77&page=2", "/?q=%E8%A5%BF%E6%B9%96%E5%8C%BA%E7%AC%AC77"),
    ],
)
def test_a_page_beyond_the_end_says_so(client: FlaskClient, address: str, first: str) -> None:
    shown = page(client, address, status=404)
    assert "没有这一页" in shown.text
    assert first in links(shown, "/")
    assert rel(shown, "canonical") is None
    assert not cards(shown)


@pytest.mark.parametrize("number", ["0", "-1", "x", "1e3", "99999999999"])
def test_a_page_that_is_no_number_is_refused(client: FlaskClient, number: str) -> None:
    assert "page" in page(client, f"/?page={number}", status=400).text


def test_a_short_list_is_whole(client: FlaskClient) -> None:
    shown = page(client, "/?district=320508")
    assert len(cards(shown)) == 100
    assert rel(shown, "next") is None
    assert 'id="pin-320508-0"' in client.get("/?district=320508").get_data(as_text=True)


def test_without_scripts_show_on_map_leads_to_the_branch(client: FlaskClient) -> None:
    shown = page(client, "/districts/330212")
    targets = {a["href"] for a in shown.all("a") if a.get("data-show")}
    assert len(targets) == PAGE_SIZE
    assert all(target and target.startswith("/branches/330212-") for target in targets)


def test_the_embed_stays_in_its_frame_while_it_narrows_down(client: FlaskClient) -> None:
    shown = page(client, "/embed?lang=zh&district=330000")
    inside = [a for a in shown.all("a") if (a.get("href") or "").startswith("/embed")]
    assert {"/embed?lang=zh&district=330200", "/embed?lang=zh&district=330000&page=2"} <= {
        a["href"] for a in inside
    }
    assert all("branch=" in (a["href"] or "") for a in inside if a.get("data-show"))
    assert not any(a.get("target") for a in inside)
    assert all(
        a.get("target") == "_blank"
        for a in shown.all("a")
        if (a.get("href") or "").startswith("/branches/")
    )


def test_pages_do_not_grow_with_the_branches(client: FlaskClient) -> None:
    for path in ("/", "/districts/330000", "/districts/330212", "/embed"):
        assert len(client.get(path).data) < 120_000, path


def test_many_pages_are_whole(client: FlaskClient) -> None:
    paths = (
        "/",
        "/?page=2",
        "/districts/330000",
        "/districts/330212?page=2",
        "/embed",
        "/?bank=icbc",
    )
    for path in paths:
        for lang in ("zh", "en"):
            answer = client.get(path + ("&" if "?" in path else "?") + f"lang={lang}")
            shown = Page(answer.get_data(as_text=True))
            assert len(shown.ids) == len(set(shown.ids)), path
            assert len(shown.all("h1")) == 1
            labels = {a["for"] for a in shown.all("label")}
            assert labels == {
                a["id"] for t in ("select", "input") for a in shown.all(t) if a.get("id")
            }
            for attributes in shown.all("a"):
                link = attributes["href"] or ""
                assert not link.startswith("#") or link[1:] in shown.ids, f"{path}: {link}"


# --- the map's views


def view(
    client: FlaskClient, west: float, south: float, east: float, north: float, **more: Any
) -> Any:
    wanted = {"bbox": f"{west},{south},{east},{north}", "lang": "zh", **more}
    response = client.get(f"/map/view.json?{urlencode(wanted)}")
    assert response.status_code == 200
    assert response.headers["ETag"]
    return json.loads(response.data)


def total(shown: Any) -> int:
    counts: list[int] = [cluster["count"] for cluster in shown["clusters"]]
    return sum(counts) + len(shown["branches"])


def test_the_maps_data_names_where_views_are(client: FlaskClient) -> None:
    drawn = json.loads(client.get("/map/data.json?bank=icbc&lang=zh").data)
    assert drawn["branches"] == []
    assert drawn["view"]["marks"] == "/map/view.json?bank=icbc&lang=zh"
    assert {d["code"]: d["count"] for d in drawn["districts"]} == {"320000": 3600, "330000": 14400}
    few = json.loads(client.get("/map/data.json?district=320508").data)
    assert "view" not in few
    assert len(few["branches"]) == 100


@pytest.mark.parametrize("zoom", [3, 8, 12])
def test_a_view_holds_every_branch_once(client: FlaskClient, zoom: int) -> None:
    assert total(view(client, 117, 29, 122.5, 33, zoom=zoom)) == 20_000


@pytest.mark.parametrize("tiles", ["osm", "amap"])
@pytest.mark.parametrize(
    ("west", "east"),
    [(0.00001, 0), (180, 179.99999), (-179.99999, -180), (120.00001, 120), (-180, 180)],
)
def test_a_view_of_nearly_the_whole_world_is_one_of_the_world(
    many: Snapshot, tiles: str, west: float, east: float
) -> None:
    client = make_app(many, tiles=tiles).test_client()
    assert total(view(client, west, -90, east, 90, zoom=20)) == 20_000


def test_a_narrow_tall_view_on_shifted_tiles_is_narrow(many: Snapshot) -> None:
    client = make_app(many, tiles="amap").test_client()
    # At one end the tiles are shifted by 0.007 degrees less than at the other.
    assert total(view(client, 125, 20, 125.0001, 50, zoom=12)) == 0


def test_a_view_follows_the_filter(client: FlaskClient) -> None:
    assert total(view(client, 117, 29, 122.5, 33, zoom=8, bank="bocom", district="330200")) == 600


def test_a_single_branch_is_marked_as_in_the_maps_data(client: FlaskClient) -> None:
    west, south = LONELY.lon - 0.01, LONELY.lat - 0.01
    shown = view(client, west, south, west + 0.02, south + 0.02, zoom=13)
    few = json.loads(client.get("/map/data.json?district=320508&lang=zh").data)["branches"]
    assert [b["name"] for b in shown["branches"]] == [HOSTILE[0]]
    assert shown["branches"][0] in few


def test_on_shifted_tiles_views_are_asked_for_and_given_shifted(many: Snapshot) -> None:
    client = make_app(many, tiles="amap").test_client()
    there = convert(Point(LONELY.lon, LONELY.lat), Datum.GCJ02)
    side = 0.0005  # far less than the shift
    box = there.lon - side, there.lat - side, there.lon + side, there.lat + side
    (branch,) = view(client, *box, zoom=16)["branches"]
    assert branch["at"] == pytest.approx([there.lon, there.lat], abs=1e-5)
    tower = convert(TOWER, Datum.GCJ02)
    box = tower.lon - side, tower.lat - side, tower.lon + side, tower.lat + side
    (cluster,) = [
        c for c in view(client, *box, zoom=18)["clusters"] if c["count"] >= TOWER_BRANCHES
    ]
    assert cluster["box"][0] == pytest.approx([tower.lon, tower.lat], abs=1e-4)


def test_a_place_that_no_zoom_takes_apart_names_its_first_branches(client: FlaskClient) -> None:
    side = 0.0005
    shown = view(
        client, TOWER.lon - side, TOWER.lat - side, TOWER.lon + side, TOWER.lat + side, zoom=18
    )
    tower = next(c for c in shown["clusters"] if c["apart"] > 18)
    bbox = ",".join(str(number) for corner in tower["box"] for number in corner)
    answer = json.loads(client.get(f"/map/members.json?bbox={bbox}&lang=zh").data)
    assert len(answer["branches"]) == 20
    assert answer["more"] == f"另有\N{NO-BREAK SPACE}{tower['count'] - 20}\N{NO-BREAK SPACE}家"


def test_one_branch_can_be_asked_for(client: FlaskClient) -> None:
    (mark,) = json.loads(client.get("/map/mark.json?branch=320508-0&lang=zh").data)["branches"]
    assert mark["name"] == HOSTILE[0]
    assert client.get("/map/mark.json?branch=nobody").status_code == 404
    assert client.get("/map/mark.json").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "",
        "zoom=3",
        "bbox=1,2,3,4",
        "bbox=1,2,3&zoom=3",
        "bbox=1,5,3,4&zoom=3",
        "bbox=1,2,3,4&zoom=99",
    ],
)
def test_a_view_of_nowhere_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/map/view.json?{query}").status_code == 400


def test_a_view_is_validated_by_its_etag(client: FlaskClient) -> None:
    address = "/map/view.json?bbox=118,29,122,33&zoom=7"
    etag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
