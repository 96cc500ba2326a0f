"""Finding a branch: by typing, by filters, near me or near a place; and what is said when not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from mapsvc import service
from mapsvc.geo.geodesic import distance_m
from mapsvc.hours import CHINA
from mapsvc.model import BranchList, Notice
from mapsvc.snapshot import EVERYTHING, Snapshot
from mapsvc.store import open_store
from mapsvc.web import clock
from tests.browser.conftest import Visitor, serving
from tests.integration.conftest import make_app
from tests.readings import snapshot_of

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=CHINA)
BOX = "网点、银行、区县、道路或地址"
BOX_EN = "Branch, bank, district, street or address"
HERE = {"latitude": 29.86601234, "longitude": 121.55001234, "accuracy": 250}
VIEW = "[map_shell.getCenter().lat, map_shell.getCenter().lng, map_shell.getZoom()]"
TYPHOON = "受台风影响，今日暂停营业"


class _Monday(datetime):
    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return MONDAY


@pytest.fixture(scope="module")
def lively(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The 15 branches, where some have hours, a telephone, services, a notice, a second list."""
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('lively') / 'mapsvc.sqlite3'}")
    service.seed(store)
    contents = store.contents()
    store.close()
    changes = (
        {"hours": "Mo-Su 09:00-17:00", "phone": "0574-8765 4321 转 8", "services": ("atm", "etc")},
        {"hours": "Sa,Su 09:30-16:00", "services": ("atm",)},
        {"hours": "24/7"},
    )
    branches = list(contents.branches)
    for i, change in enumerate(changes):
        branches[i] = replace(branches[i], **change)  # type: ignore[arg-type]
    first = branches[0].id
    notice = Notice(
        1, TYPHOON, MONDAY - timedelta(hours=2), MONDAY + timedelta(hours=8), branch=first
    )
    members = dict(contents.members) | {first: (*contents.members[first], "extra")}
    return snapshot_of(
        replace(
            contents,
            lists=(*contents.lists, BranchList("extra", "老年友好网点", 2026)),
            branches=tuple(branches),
            members=members,
            notices=(notice,),
        )
    )


@pytest.fixture(scope="module")
def lively_site(lively: Snapshot) -> Iterator[str]:
    """Where it is Monday, ten o'clock."""
    with pytest.MonkeyPatch.context() as patch, serving(make_app(lively)) as url:
        patch.setattr(clock, "datetime", _Monday)
        yield url


def _address(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def _in_view(page: Page) -> int:
    """How many branches the map shows, by themselves or in clusters."""
    shown: int = page.evaluate(
        "(() => { let found = 0; marker_cluster_branches.eachLayer((marker) => {"
        "  if (map_shell.getBounds().contains(marker.getLatLng())) found += 1; });"
        "  return found; })()"
    )
    return shown


# --- by typing


@pytest.mark.parametrize(("screen", "scheme"), [("phone", "light"), ("desktop", "dark")])
def test_typed_initials_are_suggested_and_chosen(
    visitor: Visitor, site: str, screen: str, scheme: str
) -> None:
    page = visitor(screen, color_scheme=scheme).open(site)
    box = page.get_by_role("combobox", name=BOX)
    box.press_sequentially("yz")
    options = page.locator(".suggestions").get_by_role("option")
    expect(options.first).to_contain_text("鄞州区")
    expect(options.first.locator("mark")).to_have_text("鄞州")
    expect(page.locator("#suggested")).to_have_text(re.compile(r"\d+.条联想结果"))
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "suggestion-0")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(box).to_be_focused()
    box.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box).to_have_value("yz")
    box.press("Enter")
    expect(page.locator(".card")).to_have_count(9)
    assert _address(page) == {"q": ["yz"]}
    box.fill("")
    box.press_sequentially("jiaotong")
    bank = options.filter(has_text="交通银行").first
    if screen == "phone":
        bank.tap()
    else:
        bank.click()
    expect(page.locator(".card")).to_have_count(3)
    assert _address(page) == {"bank": ["bocom"]}
    expect(page.locator("[data-part=result]")).to_have_text(re.compile(r"找到\s3\s家网点"))
    page.go_back()
    expect(page.locator(".card")).to_have_count(9)
    expect(box).to_have_value("yz")


def test_a_failing_search_service_leaves_the_form(visitor: Visitor, site: str) -> None:
    visit = visitor("desktop", "en")
    page = visit.open(site)
    page.route("**/api/v1/search*", lambda route: route.fulfill(status=503, body=""))
    box = page.get_by_role("combobox", name=BOX_EN)
    box.press_sequentially("交通")
    page.wait_for_timeout(400)
    expect(page.get_by_role("listbox")).to_be_hidden()
    box.press("Enter")
    expect(page.locator(".card")).to_have_count(3)
    visit.complaints.clear()


# --- by filters


def test_a_filter_is_in_the_address_and_the_map_keeps_its_view(visitor: Visitor, site: str) -> None:
    """Back, reload and the language keep it; a district is a place that is gone to."""
    page = visitor("phone").open(site)
    page.evaluate("window.__same = true")
    page.evaluate("map_shell.setView([29.29, 121.43], 12, { animate: false })")
    before = page.evaluate(VIEW)
    bank = page.get_by_label("银行", exact=True)
    bank.focus()
    bank.select_option("cmbc")
    expect(page.locator(".card")).to_have_count(2)
    expect(bank).to_be_focused()
    assert page.evaluate(VIEW) == before
    fit = page.get_by_role("button", name="在地图上显示全部结果")
    fit.click()
    expect(fit).to_be_hidden()
    assert _in_view(page) == 2
    bank.select_option("")
    expect(page.locator(".card")).to_have_count(15)
    page.get_by_label("区县", exact=True).select_option("330226")
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator(".map__live .pin")).to_have_count(1)
    page.go_back()
    page.go_back()
    expect(page.locator(".card")).to_have_count(2)
    expect(page.get_by_label("银行", exact=True)).to_have_value("cmbc")
    assert page.evaluate("window.__same"), "the page was never loaded anew"
    page.reload()
    expect(page.locator(".card")).to_have_count(2)
    page.get_by_role("link", name="English").click()
    expect(page.locator("[data-part=result]")).to_have_text("2 branches found")


def test_services_lists_and_what_is_open_now(visitor: Visitor, lively_site: str) -> None:
    """With scripts, and by the form alone."""
    for scripts in (True, False):
        visit = visitor("desktop", java_script_enabled=scripts)
        page = visit.open(lively_site, live=scripts)
        submit = page.get_by_role("button", name="搜索")
        service_choice = page.get_by_label("服务", exact=True)
        expect(service_choice.locator("option", has_text="自助设备")).to_have_text("自助设备（2）")
        service_choice.select_option("atm")
        if not scripts:
            submit.click()
        expect(page.locator(".card")).to_have_count(2)
        page.get_by_label("营业中").check()
        if not scripts:
            submit.click()
        expect(page.locator(".card")).to_have_count(1)
        expect(page.locator(".panel__note")).to_have_text(
            re.compile(r"另有\s12\s家网点未公布营业时间，未列出。")
        )
        assert _address(page) == {"service": ["atm"], "open": ["now"]}
        service_choice.select_option("")
        if scripts:
            expect(page.locator(".card")).to_have_count(2)
        page.get_by_label("名单", exact=True).select_option("extra")
        if not scripts:
            submit.click()
        expect(page.locator(".card")).to_have_count(1)
        assert _address(page) == {"list": ["extra"], "open": ["now"]}


# --- near me


@pytest.mark.parametrize(
    ("screen", "lang", "tiles"), [("phone", "zh", "none"), ("desktop", "en", "amap")]
)
def test_near_me_sorts_by_distance_and_tells_nobody(
    visitor: Visitor, shipped: Snapshot, screen: str, lang: str, tiles: str
) -> None:
    hosts = tuple(f"webrd0{i}.is.autonavi.com" for i in range(1, 5))
    with serving(make_app(shipped, tiles=tiles)) as site:
        visit = visitor(screen, lang, allowed=hosts, geolocation=HERE, permissions=["geolocation"])
        visit.context.route(lambda url: "127.0.0.1" not in url, lambda route: route.abort())
        page = visit.open(site)
        asked: list[str] = []
        sent: list[str] = []

        def seen(request: Request) -> None:
            asked.append(request.url)
            sent.extend(filter(None, [request.headers.get("mapsvc-position")]))

        page.on("request", seen)
        button = page.get_by_role("button", name={"zh": "附近网点", "en": "Near me"}[lang]).first
        with page.expect_response("**/?near=me") as answered:
            button.click()
        expect(page.locator(".card__distance")).to_have_count(15)
        assert _address(page) == {"near": ["me"]}
        assert sent == ["29.8660,121.5500"]
        assert not [url for url in asked if "29.86" in url], "addresses stand in logs"
        assert "no-store" in answered.value.headers["cache-control"]
        listed = page.locator(".card").evaluate_all(
            "(all) => all.map((each) => each.dataset.branch)"
        )
        features = map(json.loads, shipped.iterate(EVERYTHING))
        figure = {}
        for f in features:
            metres = distance_m(121.5500, 29.8660, *f["geometry"]["coordinates"])
            radius = f["properties"]["radius_m"]
            vague = f["properties"]["precision"] != "building" and metres < radius
            figure[f["properties"]["id"]] = metres + radius if vague else metres
        assert listed == sorted(figure, key=lambda branch: figure[branch])
        expect(page.locator("path.leaflet-control-locate-circle")).to_be_attached()
        drawn = page.evaluate(
            "(() => { let found = null; map_shell.eachLayer((layer) => {"
            "  if (layer.options?.className === 'leaflet-control-locate-circle')"
            "    found = [layer.getRadius(), map_shell.getBounds().contains(layer.getLatLng())];"
            "}); return found; })()"
        )
        assert drawn == [250, True]
        # The list of a reload waits for nobody: who has allowed it before is not asked again.
        page.reload()
        expect(page.locator(".card__distance")).to_have_count(15)
        page.get_by_role(
            "link", name={"zh": "显示全部", "en": "Show all"}[lang], exact=True
        ).click()
        expect(page.locator(".card__distance")).to_have_count(0)
        page.wait_for_load_state("networkidle")
        visit.complaints[:] = [each for each in visit.complaints if "ERR_FAILED" not in each]


_POSITIONS = """
navigator.geolocation.getCurrentPosition = (found, failed) => {
  window.__give = () => found({ coords: { latitude: 29.866, longitude: 121.55, accuracy: 900 } });
  if (%s) failed({ code: %s });
};
"""


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("how", ["refused", "unavailable"])
def test_without_a_position_a_district_is_chosen(
    visitor: Visitor, site: str, how: str, lang: str
) -> None:
    visit = visitor("phone", lang)
    if how == "unavailable":
        visit.context.add_init_script(_POSITIONS % ("true", 2))
    page = visit.open(site)
    chinese = lang == "zh"
    page.get_by_role("button", name="附近网点" if chinese else "Near me").click()
    said = {
        ("refused", "zh"): "未获得位置权限。请直接选择区县，或在浏览器设置中允许定位：",
        ("unavailable", "zh"): "暂时无法确定您的位置。请直接选择区县：",
        ("refused", "en"): "This page may not use your position.",
        ("unavailable", "en"): "Your position cannot be found just now.",
    }[how, lang]
    expect(page.locator("[data-near-said]")).to_contain_text(said)
    areas = page.locator("[data-near-areas]")
    expect(areas.get_by_role("link")).to_have_count(5)
    areas.get_by_role("link", name="海曙区" if chinese else "Haishu").click()
    expect(page.locator(".card")).to_have_count(3)
    expect(areas).to_be_hidden()
    assert _address(page) == {"district": ["330203"]}


def test_a_slow_position_is_waited_for_and_said(visitor: Visitor, site: str) -> None:
    visit = visitor("phone")
    visit.context.add_init_script(_POSITIONS % ("false", 0))
    page = visit.open(site)
    button = page.get_by_role("button", name="附近网点")
    button.click()
    expect(button).to_have_attribute("aria-busy", "true")
    expect(page.locator("[data-near-said]")).to_contain_text("正在获取您的位置")
    expect(page.locator("[data-near-areas]")).to_be_visible()
    page.evaluate("window.__give()")
    expect(page.locator(".card__distance")).to_have_count(15)
    expect(page.locator("[data-near-said]")).to_be_empty()
    expect(page.locator("[data-near-areas]")).to_be_hidden()


# --- near a place


@pytest.mark.parametrize("scripts", [True, False])
def test_near_a_typed_place(visitor: Visitor, site: str, scripts: bool) -> None:
    page = visitor("phone", java_script_enabled=scripts).open(
        f"{site}/?near=首南街道", live=scripts
    )
    expect(page.locator("[data-part=result]")).to_contain_text("首南街道")
    expect(page.locator("#q")).to_have_value("首南街道")
    expect(page.locator(".group__note")).to_contain_text("距离为直线距离")
    if scripts:
        expect(page.locator("path.place")).to_have_count(1)
    page.get_by_label("银行", exact=True).select_option("bocom")
    if not scripts:
        page.get_by_role("button", name="搜索").click()
    expect(page.locator(".card__distance")).to_have_count(3)
    assert _address(page)["near"] == ["首南街道"]
    assert _address(page)["bank"] == ["bocom"]
    expect(page.locator("#q")).to_have_value("首南街道")


def test_a_typed_address_moves_the_map_as_its_page_does(visitor: Visitor, site: str) -> None:
    page = visitor("desktop").open(site)
    box = page.get_by_role("combobox", name=BOX)
    box.fill("天童北路1000号")
    box.press("Enter")
    expect(page.locator(".card__distance")).to_have_count(15)
    expect(page.locator("path.place")).to_have_count(1)
    expect(box).to_have_value("天童北路1000号")
    moved = page.evaluate(VIEW)
    page.reload()
    expect(page.locator("path.place")).to_have_count(1)
    page.wait_for_function("document.querySelector('.map.is-live')")
    assert page.evaluate(VIEW) == pytest.approx(moved, abs=0.01)


@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_a_district_without_branches_is_shown_as_one(
    visitor: Visitor, site: str, screen: str
) -> None:
    page = visitor(screen).open(site)
    box = page.get_by_role("combobox", name=BOX)
    box.fill("奉化")
    box.press("Enter")
    expect(page.locator("[data-part=result]")).to_have_text("奉化区暂无网点")
    expect(page.get_by_label("区县", exact=True)).to_have_value("330213")
    expect(page.locator(".card__distance")).to_have_count(0)
    expect(page.locator("path.place, path.place__radius")).to_have_count(0)
    expect(page.locator(".map__live path.district--1")).to_have_count(1)
    inside = "map_shell.getBounds().contains([29.6, 121.35]) && map_shell.getZoom() > 9"
    page.wait_for_function(inside)
    # From there to another district, without the typed one coming back.
    page.get_by_label("区县", exact=True).select_option("330203")
    expect(page.locator(".card")).to_have_count(3)
    assert _address(page) == {"district": ["330203"]}


def test_who_is_far_away_sees_the_branches(visitor: Visitor, site: str) -> None:
    beijing = {"latitude": 39.9, "longitude": 116.4, "accuracy": 100}
    page = visitor("phone", geolocation=beijing, permissions=["geolocation"]).open(site)
    before = page.evaluate(VIEW)
    page.get_by_role("button", name="附近网点").click()
    expect(page.locator(".panel__note")).to_have_text(
        re.compile(r"离您最近的网点约\s1,150\s公里。请直接选择区县：")
    )
    assert _in_view(page) == 15
    assert page.evaluate(VIEW) == pytest.approx(before, abs=0.01)
    page.locator(".panel .near__areas").get_by_role("link", name="海曙区").click()
    expect(page.locator(".card")).to_have_count(3)


def test_a_place_that_nobody_knows_is_said(visitor: Visitor, site: str) -> None:
    page = visitor("desktop", "en").open(f"{site}/?near=<i>月球背面")
    expect(page.locator(".panel__note")).to_contain_text(
        "Nobody here knows the place “<i>月球背面”"
    )
    expect(page.locator(".card")).to_have_count(15)


# --- when the connection is lost


def test_a_lost_connection_is_said_and_retried(visitor: Visitor, site: str) -> None:
    visit = visitor("phone")
    page = visit.open(site)
    visit.context.set_offline(True)
    page.get_by_label("银行", exact=True).select_option("bocom")
    expect(page.locator("[data-part=result]")).to_have_text("网络不通，仍显示之前的列表。")
    expect(page.locator(".card")).to_have_count(15)
    visit.context.set_offline(False)
    page.get_by_role("link", name="重试").click()
    expect(page.locator(".card")).to_have_count(3)
    assert _address(page) == {"bank": ["bocom"]}
    visit.complaints.clear()  # the browser reports the failed request; that is right


# --- what a card says


def test_a_card_says_whether_it_is_open_and_what_else_is_known(
    visitor: Visitor, lively: Snapshot, lively_site: str
) -> None:
    visit = visitor("phone")
    visit.page.clock.set_fixed_time(MONDAY)
    page = visit.open(lively_site)
    ids = [json.loads(feature)["id"] for feature in lively.iterate(EVERYTHING)]
    cards = [page.locator(f"#branch-{branch}") for branch in ids[:4]]
    expect(cards[0].locator(".card__hours")).to_have_text("营业至 17:00 · 每天 09:00–17:00")
    expect(cards[1].locator(".card__hours")).to_have_text(
        "休息中，周六 09:30 营业 · 周六至周日 09:30–16:00"
    )
    expect(cards[2].locator(".card__hours")).to_have_text("营业中 · 每天 24 小时营业")
    expect(cards[3].locator(".card__facts")).to_contain_text("营业时间未知")
    expect(cards[0].locator(".told")).to_contain_text(TYPHOON)
    expect(cards[0].locator(".card__award")).to_have_text("2021年千佳示范单位")
    expect(cards[0].get_by_role("link", name="电话")).to_have_attribute("href", "tel:057487654321")
    # A page that was kept goes on telling the truth, and then says nothing of today.
    page.clock.set_fixed_time(MONDAY + timedelta(hours=10))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(cards[0].locator(".card__hours")).to_contain_text("休息中，明天 09:00 营业")
    page.clock.set_fixed_time(MONDAY + timedelta(days=40))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(cards[0].locator(".card__hours")).to_have_text("每天 09:00–17:00")
