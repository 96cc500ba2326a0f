"""Every page on every screen in both languages: nothing foreign, no error, room for everything."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page

from mapsvc.snapshot import EVERYTHING, Snapshot
from tests.browser.conftest import Visitor

SCREENS = ("phone", "small phone", "desktop")

_TOO_SMALL = """
[...document.querySelectorAll("a, button, input, select")]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }))
  .filter((each) => !each.closest("svg, .without, .facts, .skip, .leaflet-control-layers-list"))
  .map((each) => [each, each.getBoundingClientRect()])
  .filter(([each, box]) => box.height < 43.5 && !each.closest(".card__name"))
  .map(([each, box]) => `${each.outerHTML.slice(0, 120)}: ${box.width}x${box.height}`)
"""


def _paths(shipped: Snapshot) -> dict[str, str]:
    branch_ids = [json.loads(feature)["id"] for feature in shipped.iterate(EVERYTHING)]
    return {
        "locator": "/",
        "filtered": "/?bank=bocom",
        "empty": "/?q=zzz",
        "branch": f"/branches/{branch_ids[2]}",
        "exact branch": f"/branches/{branch_ids[8]}",
        "district": "/districts/330212",
        "empty district": "/districts/330205",
        "embed": "/embed",
    }


def _overflows(page: Page) -> bool:
    wide: bool = page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return wide


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("screen", SCREENS)
def test_every_page(visitor: Visitor, site: str, shipped: Snapshot, screen: str, lang: str) -> None:
    visit = visitor(screen, lang)
    for name, path in _paths(shipped).items():
        page = visit.open(site + path)
        assert page.locator(".map__live").is_visible(), name
        assert not _overflows(page), f"{name}: scrolls sideways"
        assert page.evaluate("document.documentElement.lang") == {"zh": "zh-Hans", "en": "en"}[lang]
        if screen != "desktop":
            assert page.evaluate(_TOO_SMALL) == [], f"{name}: too small for a finger"


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_moves_when_the_live_map_comes(visitor: Visitor, site: str, screen: str) -> None:
    visit = visitor(screen)
    visit.context.add_init_script(
        "window.__shift = 0; new PerformanceObserver((list) => {"
        "  for (const entry of list.getEntries()) window.__shift += entry.value;"
        "}).observe({ type: 'layout-shift', buffered: true });"
    )
    page = visit.open(site)
    page.wait_for_timeout(300)
    assert page.evaluate("window.__shift") < 0.01


@pytest.mark.parametrize("screen", SCREENS)
def test_the_live_map_lies_where_the_drawn_one_was(
    visitor: Visitor, site: str, screen: str
) -> None:
    """Measured by a district's outline, which both draw."""
    page = visitor(screen).open(site)
    boxes = page.evaluate(
        "[...document.querySelectorAll('path.district--5')].map((path) => {"
        "  const { x, y, width, height } = path.getBoundingClientRect();"
        "  return [x, y, width, height]; })"
    )
    assert len(boxes) == 2
    assert boxes[0] == pytest.approx(boxes[1], abs=3.5)


@pytest.mark.parametrize(("path", "budget"), [("/", 200_000), ("/embed", 110_000)])
def test_weight(visitor: Visitor, site: str, path: str, budget: int) -> None:
    visit = visitor("phone")
    page = visit.open(site + path)
    page.wait_for_load_state("networkidle")
    assert 20_000 < visit.received_bytes < budget


def test_an_unknown_address_is_a_helpful_page(visitor: Visitor, site: str) -> None:
    visit = visitor("phone")
    page = visit.open(f"{site}/nope", live=False)
    assert page.locator("h1").inner_text() == "找不到这个页面"
    page.get_by_role("link", name="查看全部网点").click()
    page.wait_for_selector(".map.is-live", state="attached")
    visit.complaints.remove(
        "console error: Failed to load resource: "
        "the server responded with a status of 404 (NOT FOUND)"
    )


def test_dark_mode_and_print(visitor: Visitor, site: str) -> None:
    visit = visitor("desktop", color_scheme="dark")
    page = visit.open(site)
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(14, 22, 25)"
    page.emulate_media(media="print", color_scheme="light")
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    assert page.locator(".map__static").is_visible()
    assert not page.locator(".map__live").is_visible()
    assert not page.locator("form").is_visible()
    assert page.locator(".card").count() == 15


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize(
    ("screen", "path"), [("desktop", "/"), ("desktop", "/embed"), ("phone", "/embed")]
)
def test_a_page_that_fills_the_window_does_not_scroll(
    visitor: Visitor, site: str, screen: str, path: str, scripts: bool
) -> None:
    """Hidden texts of the list must not lengthen the page around it."""
    page = visitor(screen, java_script_enabled=scripts).open(site + path, live=scripts)
    height, window = page.evaluate("[document.documentElement.scrollHeight, innerHeight]")
    assert height == window


def test_the_legend_explains_the_points_on_a_phone(visitor: Visitor, site: str) -> None:
    page = visitor("phone").open(site)
    assert page.locator(".legend__marks").is_visible()
    assert "大致位置" in page.locator(".legend__marks").inner_text()


def test_a_printed_branch_has_no_directions(visitor: Visitor, site: str, shipped: Snapshot) -> None:
    page = visitor("desktop").open(site + _paths(shipped)["branch"])
    page.emulate_media(media="print")
    assert not page.locator("#directions h2").is_visible()
