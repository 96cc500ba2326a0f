"""What visitors do where there are 20,000 branches: areas, pages, and a map that loads by view."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visitor, serving
from tests.integration.conftest import make_app
from tests.many import HOSTILE, TOWER_BRANCHES, many_contents
from tests.readings import snapshot_of

CLUSTER = ".map__live .cluster"
ZOOM = "map_shell.getZoom()"
SCREENS = ["phone", "desktop"]


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serving(make_app(snapshot_of(many_contents()))) as url:
        yield url


def _settled(page: Page) -> None:
    """Wait until the marks of the last move are there."""
    page.wait_for_timeout(200)
    page.wait_for_load_state("networkidle")


def _zoomed_in(page: Page, open_cluster: Callable[[], None]) -> None:
    """Open a cluster and wait for the marks of the nearer view."""
    before = page.evaluate(ZOOM)
    with page.expect_response("**/map/view.json*"):
        open_cluster()
    page.wait_for_timeout(100)
    assert page.evaluate(ZOOM) > before


def test_down_to_a_branch_without_scripts(visitor: Visitor, site: str) -> None:
    page = visitor("phone", java_script_enabled=False).open(site, live=False)
    expect(page.locator(".map__static .point")).to_have_count(0)
    expect(page.locator(".map__static .district")).to_have_count(2)
    for name in ("浙江省", "宁波市", "鄞州区"):
        page.locator(".areas").get_by_role("link", name=re.compile(name)).click()
        expect(page.locator("h1")).to_contain_text(name)
    expect(page.locator(".crumbs a")).to_have_text(["全部网点", "浙江省", "宁波市"])
    page.get_by_role("link", name="下一页").click()
    expect(page.locator(".pager")).to_contain_text(re.compile(r"第\s2\s页，共\s134\s页"))
    expect(page.locator(".card")).to_have_count(30)
    page.get_by_role("link", name="地图").first.click()
    expect(page.locator("h1")).to_contain_text("鄞州区第30支行")
    expect(page.locator(".map__static .point")).to_have_count(1)


def test_the_drawn_map_leads_down_too(visitor: Visitor, site: str) -> None:
    page = visitor("desktop", java_script_enabled=False).open(site, live=False)
    page.locator(".map__static a").nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("浙江省")


@pytest.mark.parametrize("screen", SCREENS)
def test_clusters_open_by_pointer_down_to_a_branch(
    visitor: Visitor, site: str, screen: str
) -> None:
    page = visitor(screen).open(f"{site}/districts/320505")
    for _ in range(8):
        if page.locator(".map__live .pin").count():
            break
        _zoomed_in(page, page.locator(CLUSTER).first.click)
    pin = page.locator(".map__live .pin").first
    expect(pin).to_have_accessible_name(re.compile("虎丘区第\\d+支行 · "))
    pin.click()
    expect(page.locator(".popup__name")).to_have_text(re.compile("虎丘区第\\d+支行"))


def test_clusters_say_their_number_in_words(visitor: Visitor, site: str) -> None:
    page = visitor("desktop").open(site)
    names = [c.inner_text() for c in page.locator(f"{CLUSTER} .visually-hidden").all()]
    assert names
    assert all(re.fullmatch(r"[\d,]+ 家相邻网点，点按可放大", name) for name in names)
    assert sum(int(re.sub(r"\D", "", name)) for name in names) == 20_000
    page = visitor("desktop", "en").open(site)
    expect(page.locator(f"{CLUSTER} .cluster__count", has_text="K").first).to_be_visible()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("screen", ["desktop"])
def test_the_numbers_of_the_legend_keep_apart(
    visitor: Visitor, site: str, screen: str, lang: str
) -> None:
    page = visitor(screen, lang).open(site)
    spans = page.locator(".legend__step").evaluate_all(
        """(steps) => steps.map((step) => {
          const range = document.createRange();
          range.selectNodeContents(step.lastChild);
          const { left, right } = range.getBoundingClientRect();
          return [left, right];
        })"""
    )
    assert len(spans) > 3
    assert all(here[1] + 4 <= there[0] for here, there in pairwise(spans))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    title = page.locator(".legend__title").bounding_box()
    scale = page.locator(".legend__scale").bounding_box()
    assert title
    assert scale
    assert title["y"] + title["height"] <= scale["y"]


def test_numbers_on_marks_are_written_as_in_the_list(visitor: Visitor, site: str) -> None:
    page = visitor("desktop").open(site)
    faces = [each.inner_text() for each in page.locator(f"{CLUSTER} .cluster__count").all()]
    assert any("," in face for face in faces)
    assert not any(re.search(r"\d{4}", face) for face in faces)


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("path", ["/", "/districts/330000", "/districts/330212"])
def test_no_cluster_lies_under_a_button(
    visitor: Visitor, site: str, screen: str, path: str
) -> None:
    page = visitor(screen).open(f"{site}{path}")
    covered = page.locator(CLUSTER).evaluate_all(
        """(icons) => icons.filter((icon) => {
          const { left, top, width, height } = icon.getBoundingClientRect();
          const hit = document.elementFromPoint(left + width / 2, top + height / 2);
          return hit && hit.closest(".leaflet-control");
        }).length"""
    )
    assert page.locator(CLUSTER).count() > 0
    assert covered == 0


def test_by_keyboard_focus_follows_into_the_cluster(visitor: Visitor, site: str) -> None:
    page = visitor("desktop").open(site)
    page.locator(CLUSTER).first.focus()
    for _ in range(2):
        _zoomed_in(page, lambda: page.keyboard.press("Enter"))
        focused = page.evaluate("document.activeElement.className")
        assert "leaflet-marker-icon" in focused, "focus stays on a mark"


def test_marks_that_stay_keep_their_element_and_focus(visitor: Visitor, site: str) -> None:
    page = visitor("desktop").open(site)
    page.locator(CLUSTER).first.evaluate("(icon) => { icon.dataset.kept = 'yes'; icon.focus(); }")
    page.evaluate("map_shell.panBy([300, 0], { animate: false })")
    _settled(page)
    page.evaluate("map_shell.panBy([-300, 0], { animate: false })")
    _settled(page)
    kept = page.locator("[data-kept]")
    expect(kept).to_have_count(1)
    expect(kept).to_be_focused()


def test_a_move_back_is_not_sent_again(visitor: Visitor, site: str) -> None:
    visit = visitor("desktop")
    answers: list[tuple[str, int]] = []
    page = visit.open(site)
    page.on(
        "response",
        lambda r: answers.append((r.url, r.status)) if "/map/view.json" in r.url else None,
    )
    for pixels in (700, -700, 700):
        page.evaluate(f"map_shell.panBy([{pixels}, 0], {{ animate: false }})")
        _settled(page)
    urls = [url for url, _ in answers]
    assert len(urls) == 3
    assert urls[0] == urls[2], "snapped to the same box"


def test_a_new_move_gives_up_the_request_before_it(visitor: Visitor, site: str) -> None:
    visit = visitor("desktop")
    page = visit.open(site)
    given_up: list[str] = []
    page.on("requestfailed", lambda request: given_up.append(request.url))

    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/map/view.json*", hold)
    for _ in range(2):
        page.evaluate("map_shell.setZoom(map_shell.getZoom() + 1, { animate: false })")
        page.wait_for_timeout(300)
    assert len(held) == 2
    assert given_up == [held[0].request.url]
    held[1].continue_()
    _settled(page)
    expect(page.locator(".map__status")).to_be_empty()


def test_a_failure_is_said_and_the_next_move_mends_it(visitor: Visitor, site: str) -> None:
    visit = visitor("phone")
    page = visit.open(site)
    before = page.locator(CLUSTER).count()
    page.route("**/map/view.json*", lambda route: route.fulfill(status=503, body=""))
    page.evaluate("map_shell.setZoom(map_shell.getZoom() + 2, { animate: false })")
    expect(page.locator(".map__status")).to_have_text("这一带的网点未能加载，移动地图可重试。")
    assert page.locator(CLUSTER).count() == before, "the old marks stay"
    page.unroute("**/map/view.json*")
    page.evaluate("map_shell.panBy([3, 3], { animate: false })")
    expect(page.locator(".map__status")).to_be_empty()
    visit.complaints.clear()  # the browser reports the failed request; that is right


def test_a_map_whose_first_view_fails_is_live_all_the_same(visitor: Visitor, site: str) -> None:
    visit = visitor("phone")
    visit.page.route("**/map/view.json*", lambda route: route.fulfill(status=503, body=""))
    page = visit.open(site)
    expect(page.locator(".map__live .district")).to_have_count(2)
    expect(page.locator(".map__status")).not_to_be_empty()
    visit.complaints.clear()


@pytest.mark.parametrize("screen", SCREENS)
def test_a_listed_branch_is_shown_on_the_map(visitor: Visitor, site: str, screen: str) -> None:
    page = visitor(screen).open(f"{site}/districts/330212?page=3")
    link = page.get_by_role("link", name="地图").first
    link.click()
    expect(page.locator(".popup__name")).to_have_text("鄞州区第60支行")
    expect(page.locator(".pin.is-selected")).to_have_count(1)
    expect(page.locator("#branch-330212-60")).to_have_class("card is-selected")
    page.keyboard.press("Escape")
    expect(page.locator(".leaflet-popup")).to_have_count(0)
    expect(link).to_be_focused()


def test_a_place_that_no_zoom_takes_apart_lists_its_branches(visitor: Visitor, site: str) -> None:
    page = visitor("desktop").open(f"{site}/districts/330212")
    page.evaluate("map_shell.setView([29.75, 121.25], 18, { animate: false })")
    _settled(page)
    tower = page.locator(CLUSTER, has_text="位于此处")
    tower.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".popup__list a")).to_have_count(20)
    expect(page.locator(".popup__list a").first).to_be_focused()
    expect(page.locator(".popup")).to_contain_text(re.compile(rf"另有\s{TOWER_BRANCHES - 20}\s家"))
    page.keyboard.press("Escape")
    expect(tower).to_be_focused()


def test_an_area_answers_with_its_number(visitor: Visitor, site: str) -> None:
    page = visitor("desktop").open(site)
    box = page.locator(".map__live .district").nth(1).bounding_box()
    assert box
    page.mouse.click(box["x"] + 4, box["y"] + box["height"] - 4)
    expect(page.locator(".popup__name")).to_have_text("浙江省")
    expect(page.locator(".popup__address")).to_have_text(re.compile(r"16,000\s家网点"))


def test_hostile_names_stay_text_in_views(visitor: Visitor, site: str) -> None:
    page = visitor("desktop").open(f"{site}/?bank=icbc")
    page.evaluate("map_shell.setView([31.93, 120.45], 13, { animate: false })")
    _settled(page)
    pin = page.get_by_role("button", name=f"{HOSTILE[1]} · ")
    expect(pin).to_be_visible()
    pin.click()
    expect(page.locator(".popup__name")).to_have_text(HOSTILE[1])
    assert page.locator("img[src=x]").count() == 0


def test_branches_can_be_switched_off(visitor: Visitor, site: str) -> None:
    page = visitor("desktop").open(site)
    assert page.locator(CLUSTER).count()
    page.get_by_role("button", name="图层").hover()
    page.get_by_label("网点", exact=True).uncheck()
    expect(page.locator(CLUSTER)).to_have_count(0)
    page.get_by_label("网点", exact=True).check()
    expect(page.locator(CLUSTER).first).to_be_visible()


def test_the_choice_of_an_area_narrows_down(visitor: Visitor, site: str) -> None:
    page = visitor("desktop").open(site)
    for code, count in (("330000", "16,000"), ("330200", "6,000"), ("330203", "2,000")):
        page.locator("#district").select_option(code)
        page.wait_for_url(re.compile(f"district={code}"))
        expect(page.locator(".result")).to_contain_text(count)
    page.locator("#district").select_option("")
    page.wait_for_url(re.compile(rf"^{site}/\??$"))
