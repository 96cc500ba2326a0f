"""What visitors do with the map: by finger, mouse and keyboard, and when something is missing."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from mapsvc.geo.datum import convert
from mapsvc.model import Datum, Point
from mapsvc.snapshot import EVERYTHING, Snapshot
from tests.browser.conftest import Visitor, serving
from tests.integration.conftest import make_app

EXACT = "浦发银行宁波鄞州支行"
IN_CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}")
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8Dwn4EIAAAM"
    "DgIBnV3f0wAAAABJRU5ErkJggg=="
)


def _card(page: Page, name: str) -> str:
    return f".card:has(:text-is('{name}'))"


@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_from_the_list_to_the_map_to_the_branch_and_back(
    visitor: Visitor, site: str, screen: str
) -> None:
    page = visitor(screen).open(site)
    page.locator(_card(page, EXACT)).get_by_role("link", name="地图").click()
    popup = page.locator(".leaflet-popup")
    expect(popup.locator(".popup__name")).to_have_text(EXACT)
    expect(popup.locator(".popup__bank")).to_have_text("上海浦东发展银行")
    expect(page.locator(_card(page, EXACT))).to_have_class("card is-selected")
    expect(page.locator(".pin.is-selected")).to_have_attribute("aria-label", f"{EXACT} · 精确位置")
    expect(page.locator(".map__live")).to_be_in_viewport()

    popup.get_by_role("link", name="详情与路线").click()
    expect(page.locator("h1")).to_have_text(EXACT)
    expect(page.get_by_role("link", name="高德地图")).to_be_visible()
    page.wait_for_selector(".map.is-live", state="attached")

    page.go_back()
    page.wait_for_selector(".map.is-live", state="attached")
    expect(page.locator(".card")).to_have_count(15)


def test_an_approximate_place_says_so(visitor: Visitor, site: str) -> None:
    page = visitor("phone").open(site)
    name = "农业银行慈溪道林支行"
    page.locator(_card(page, name)).get_by_role("link", name="地图").click()
    expect(page.locator(".popup__precision")).to_have_text("大致位置，误差约 1.8 公里")
    expect(page.locator(".radius.is-selected")).to_be_visible()


def test_every_marker_and_cluster_has_a_name(visitor: Visitor, site: str) -> None:
    page = visitor("desktop").open(site)
    markers = page.locator(".leaflet-marker-pane .leaflet-marker-icon")
    assert markers.count() >= 4
    for marker in markers.all():
        expect(marker).to_have_role("button")
        expect(marker).to_have_accessible_name(IN_CHINESE)
    for button in page.locator(".map__live .leaflet-control a").all():
        expect(button).to_have_accessible_name(IN_CHINESE)


def test_by_keyboard_alone(visitor: Visitor, site: str) -> None:
    page = visitor("desktop").open(site)
    pin = page.locator(".pin[title='交通银行宁波宁海支行']")
    for _ in range(120):
        page.keyboard.press("Tab")
        if pin.evaluate("(icon) => icon === document.activeElement"):
            break
    else:
        pytest.fail("no Tab reaches the marker")
    page.keyboard.press("Enter")
    link = page.locator(".popup__link")
    expect(link).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".leaflet-popup")).to_have_count(0)
    expect(pin).to_be_focused()
    page.keyboard.press("Enter")
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("交通银行宁波宁海支行")


def test_a_cluster_opens(visitor: Visitor, site: str) -> None:
    page = visitor("desktop").open(site)
    page.get_by_role("button", name=re.compile(r"1\d 家相邻网点")).click()
    expect(page.locator(f".pin[title='{EXACT}']")).to_be_visible()


def test_a_district_answers_with_its_number(visitor: Visitor, site: str) -> None:
    page = visitor("desktop").open(site)
    page.locator(".map__live .district--5").click(position={"x": 60, "y": 60})
    expect(page.locator(".popup__name")).to_have_text("鄞州区")
    expect(page.locator(".popup__address")).to_have_text("8 家网点")
    page.get_by_role("link", name="查看当地网点").click()
    expect(page.locator("h1")).to_have_text("鄞州区")


def test_layers_can_be_switched_off(visitor: Visitor, site: str) -> None:
    page = visitor("desktop").open(site)
    assert page.locator(".radius").count() == 14
    page.get_by_role("button", name="图层").hover()
    page.get_by_label("大致位置的范围").uncheck()
    expect(page.locator(".radius")).to_have_count(0)
    page.get_by_label("网点", exact=True).uncheck()
    expect(page.locator(".pin")).to_have_count(0)
    page.get_by_role("checkbox", name="各区县网点数").uncheck()
    expect(page.locator(".map__live .district")).to_have_count(0)


def test_the_filter_takes_effect_at_once_and_keeps_the_address_short(
    visitor: Visitor, site: str
) -> None:
    page = visitor("phone").open(site)
    page.get_by_label("银行", exact=True).select_option("bocom")
    page.wait_for_url(f"{site}/?bank=bocom")
    expect(page.locator(".card")).to_have_count(3)
    page.get_by_role("link", name="显示全部").click()
    expect(page.locator(".card")).to_have_count(15)


def test_without_scripts_list_map_and_filter_work(visitor: Visitor, site: str) -> None:
    page = visitor("phone", java_script_enabled=False).open(site, live=False)
    assert page.locator(".card").count() == 15
    expect(page.locator(".map__static svg")).to_be_visible()
    assert page.locator(".map__static .point").count() == 15
    expect(page.locator(".map__live")).not_to_be_visible()
    page.locator(_card(page, EXACT)).get_by_role("link", name="地图").click()
    expect(page.locator(".map__static")).to_be_in_viewport()
    page.get_by_label("网点、银行、区县、道路或地址").fill("民生")
    page.get_by_role("button", name="搜索").click()
    expect(page.locator(".card")).to_have_count(2)
    page.locator(".map__static .point").first.click()
    expect(page.locator("h1")).to_contain_text("民生银行")


@pytest.mark.parametrize("missing", ["**/map/shell-*", "**/map/data.json*", "**/locator-*.js"])
def test_where_a_part_is_missing_the_drawn_map_stays(
    visitor: Visitor, site: str, missing: str
) -> None:
    visit = visitor("phone")
    visit.page.route(missing, lambda route: route.fulfill(status=500, body=""))
    page = visit.open(site, live=False)
    page.wait_for_load_state("networkidle")
    expect(page.locator(".map__static svg")).to_be_visible()
    expect(page.locator(".map__live")).not_to_be_visible()
    assert page.locator(".card").count() == 15
    visit.complaints.clear()  # the browser reports the failed request; that is right


def test_a_refused_position_is_said_in_words(visitor: Visitor, site: str) -> None:
    page = visitor("phone").open(site)
    page.get_by_role("button", name="显示我的位置").click()
    expect(page.locator(".map__status")).to_have_text("未获得位置权限，仍可使用列表和搜索。")


@pytest.mark.parametrize("tiles", ["none", "amap"])
def test_the_visitors_position_is_in_the_maps_datum(
    visitor: Visitor, shipped: Snapshot, tiles: str
) -> None:
    """A visitor who stands in the branch is drawn on the branch, on shifted tiles as well."""
    features = map(json.loads, shipped.iterate(EVERYTHING))
    exact = next(f for f in features if f["properties"]["precision"] == "building")
    branch = Point(*exact["geometry"]["coordinates"])
    here = {"latitude": branch.lat, "longitude": branch.lon, "accuracy": 20}
    hosts = tuple(f"webrd0{i}.is.autonavi.com" for i in range(1, 5))
    with serving(make_app(shipped, tiles=tiles)) as site:
        visit = visitor("desktop", allowed=hosts, geolocation=here, permissions=["geolocation"])
        _stub_tiles(visit.context)
        page = visit.open(site)
        page.get_by_role("button", name="显示我的位置").click()
        page.wait_for_selector(".leaflet-control-locate-marker")
        drawn = page.evaluate(
            "(() => { let found = null; map_shell.eachLayer((layer) => {"
            "  if (layer.options?.className === 'leaflet-control-locate-marker'"
            "      && layer.getLatLng) found = layer.getLatLng(); });"
            "  return found && [found.lng, found.lat]; })()"
        )
        datum = Datum.GCJ02 if tiles == "amap" else Datum.WGS84
        expected = convert(Point(branch.lon, branch.lat), datum)
        assert drawn == pytest.approx([expected.lon, expected.lat], abs=2e-7)


def _stub_tiles(context: BrowserContext) -> None:
    body = base64.b64decode(PIXEL)
    context.route(
        lambda url: "127.0.0.1" not in url,
        lambda route: route.fulfill(body=body, content_type="image/png"),
    )


@pytest.mark.parametrize(
    ("settings", "host", "credit"),
    [
        ({"tiles": "osm"}, "tile.openstreetmap.org", "© OpenStreetMap 贡献者"),
        (
            {"tiles": "tianditu", "tianditu_key": "k", "tiles_review_number": "GS(2026)1号"},
            "t0.tianditu.gov.cn",
            "天地图 · 审图号：GS(2026)1号",
        ),
        (
            {
                "tiles": "https://tiles.example.org/{z}/{x}/{y}.png",
                "tiles_attribution": "<img src=x onerror=alert(1)>",
            },
            "tiles.example.org",
            "<img src=x onerror=alert(1)>",
        ),
    ],
)
def test_tiles_are_shown_with_their_source_as_text(
    visitor: Visitor, shipped: Snapshot, settings: dict[str, str], host: str, credit: str
) -> None:
    hosts = (host, *(f"t{i}.tianditu.gov.cn" for i in range(8)))
    with serving(make_app(shipped, **settings)) as site:
        visit = visitor("desktop", allowed=hosts)
        _stub_tiles(visit.context)
        page = visit.open(site)
        page.wait_for_selector(".leaflet-tile-loaded")
        expect(page.locator(".attribution")).to_have_text(credit)
        visit.check()


def test_the_map_speaks_of_two_fingers_in_the_pages_language(visitor: Visitor, site: str) -> None:
    page = visitor("phone").open(site)
    touch = "data-gesture-handling-touch-content"
    assert page.locator(".map__live").get_attribute(touch) == "请用双指移动地图"
    page = visitor("phone", "en").open(site)
    assert page.locator(".map__live").get_attribute(touch) == "Use two fingers to move the map"


@pytest.fixture
def bank_page() -> Iterator[Callable[[str], str]]:
    """Another site (another host name and port) whose one page holds a frame."""
    with ExitStack() as running:

        def framing(address: str) -> str:
            app = Flask("bank")
            frame = f'<iframe src="{address}" width="380" height="560"></iframe>'
            app.add_url_rule("/", view_func=lambda: f"<!doctype html><title>b</title>{frame}")
            app.add_url_rule("/favicon.ico", "icon", view_func=lambda: ("", 204))
            return running.enter_context(serving(app)).replace("127.0.0.1", "localhost")

        yield framing


def test_an_embed_works_in_a_foreign_page(
    visitor: Visitor, site: str, bank_page: Callable[[str], str]
) -> None:
    visit = visitor("desktop", allowed=("localhost",))
    page = visit.open(bank_page(f"{site}/embed?lang=zh"), live=False)
    frame = page.frame_locator("iframe")
    expect(frame.locator(".map.is-live")).to_be_attached()
    frame.locator("a[data-show]").first.click()
    expect(frame.locator(".popup__name")).to_be_visible()
    with visit.context.expect_page() as opened:
        frame.get_by_role("link", name="查看大图").click()
    expect(opened.value.locator(".card")).to_have_count(15)


def test_other_pages_may_not_be_framed(
    visitor: Visitor, site: str, bank_page: Callable[[str], str]
) -> None:
    visit = visitor("desktop", allowed=("localhost",))
    page = visit.open(bank_page(f"{site}/"), live=False)
    page.wait_for_load_state("networkidle")
    assert page.frame_locator("iframe").locator(".card").count() == 0
    assert any("frame-ancestors" in complaint for complaint in visit.complaints)
    visit.complaints.clear()


@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_escape_closes_what_the_list_opened(visitor: Visitor, site: str, screen: str) -> None:
    page = visitor(screen).open(site)
    link = page.locator(_card(page, EXACT)).get_by_role("link", name="地图")
    link.click()
    expect(page.locator(".popup__link")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".leaflet-popup")).to_have_count(0)
    expect(link).to_be_focused()
