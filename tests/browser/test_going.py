"""Seeing a branch and going there: card and marker, the branch's page, directions, the keyboard."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from mapsvc.geo.geodesic import distance_m
from mapsvc.links import App
from mapsvc.model import Branch
from mapsvc.snapshot import EVERYTHING, Snapshot
from mapsvc.store.base import Contents
from tests.browser.conftest import Visitor, serving
from tests.browser.test_map import EXACT
from tests.integration.conftest import make_app
from tests.many import many_contents
from tests.readings import snapshot_of
from tests.unit.test_links import DATUM_OF_THE_APP, READ_AS_THE_APP_DOES, true_place

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 16_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
PIXEL = "Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 Chrome/120.0 Mobile"
DESK = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0"
LONGEST_TASK_MS = 100


def _exact(shipped: Snapshot) -> dict[str, Any]:
    features: list[dict[str, Any]] = [json.loads(f) for f in shipped.iterate(EVERYTHING)]
    return next(f for f in features if f["properties"]["precision"] == "building")


# --- seeing


def test_card_and_marker_light_up_together(visitor: Visitor, site: str) -> None:
    page = visitor("desktop").open(site)
    card = page.locator(".card", has_text="交通银行宁波宁海支行")
    pin = page.locator(".pin[title='交通银行宁波宁海支行']")
    lit = re.compile("is-hovered")
    card.hover()
    expect(pin).to_have_class(lit)
    pin.hover()
    expect(card).to_have_class(lit)
    page.locator(".card").first.hover()
    expect(pin).not_to_have_class(lit)
    expect(card).not_to_have_class(lit)
    page.mouse.move(5, 5)
    card.get_by_role("link", name="路线").focus()
    expect(pin).to_have_class(lit)
    # A list that was swapped, too.
    page.locator("#bank").select_option("bocom")
    expect(page.locator(".card")).to_have_count(3)
    expect(page.locator(".pin")).to_have_count(3)  # the map has followed
    card.hover()
    expect(page.locator(".pin[title='交通银行宁波宁海支行']")).to_have_class(lit)


class _Fingers:
    """Fingers on the screen, as the browser itself gets them."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)

    def _send(self, kind: str, places: list[tuple[float, float]]) -> None:
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def drag(self, places: list[tuple[float, float]], by: tuple[float, float]) -> None:
        self._send("touchStart", places)
        for step in range(1, 9):
            moved = [(x + by[0] * step / 8, y + by[1] * step / 8) for x, y in places]
            self._send("touchMove", moved)
        self._send("touchEnd", [])


def test_one_finger_scrolls_the_page_and_two_move_the_map(visitor: Visitor, site: str) -> None:
    visit = visitor("phone")
    page = visit.open(site)
    box = page.locator(".map").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] - 30
    centre = (
        "[map_shell.getCenter().lat, map_shell.getCenter().lng].map((n) => n.toFixed(4)).join()"
    )
    before = page.evaluate(centre)
    fingers = _Fingers(page)
    fingers.drag([(x, y)], (0, -160))
    page.wait_for_function("window.scrollY > 60")
    assert page.evaluate(centre) == before
    page.wait_for_timeout(500)  # until the page has come to rest
    page.evaluate("window.scrollTo(0, 0)")
    fingers.drag([(x - 50, y - 60), (x + 50, y - 60)], (72, 0))
    page.wait_for_function(f"{centre} !== '{before}'")
    # What Chromium says where a touch came while it was still scrolling.
    visit.complaints[:] = [each for each in visit.complaints if "cancelable=false" not in each]


@pytest.mark.parametrize("path", ["/", "branch", "/districts/330212"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_at_200_percent_everything_is_there(
    visitor: Visitor, site: str, shipped: Snapshot, path: str, lang: str
) -> None:
    """A laptop's window of 1280 by 800 pixels, of which 640 by 400 are left."""
    where = path if path != "branch" else f"/branches/{_exact(shipped)['id']}"
    visit = visitor("desktop", lang, viewport={"width": 640, "height": 400}, device_scale_factor=2)
    page = visit.open(f"{site}{where}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for wanted in ("h1", ".card a, .routes a", ".map__live"):
        page.locator(wanted).first.scroll_into_view_if_needed()
        expect(page.locator(wanted).first).to_be_in_viewport()
    cut = page.locator(".card__name, .card__actions, .chip, .field").evaluate_all(
        "(all) => all.filter((each) => each.scrollWidth > each.clientWidth + 1).length"
    )
    assert cut == 0


# --- the branch's page


def test_a_branchs_page_is_copied_and_shared(
    visitor: Visitor, site: str, shipped: Snapshot
) -> None:
    branch = _exact(shipped)
    visit = visitor("desktop", permissions=["clipboard-read", "clipboard-write"])
    page = visit.open(f"{site}/branches/{branch['id']}")
    expect(page.locator(".crumbs a")).to_have_text(["全部网点", "鄞州区"])
    expect(page.locator(".nearby li")).to_have_count(3)
    expect(page.locator(".qr svg")).to_be_visible()
    clipboard = "navigator.clipboard.readText()"
    page.get_by_role("button", name="复制地址").click()
    expect(page.locator("[data-said]")).to_have_text("已复制")
    expect(page.get_by_role("button", name="已复制")).to_be_visible()
    assert page.evaluate(clipboard) == branch["properties"]["address"]
    page.get_by_role("button", name="分享").click()
    expect(page.locator("[data-said]")).to_have_text("链接已复制")
    expect(page.get_by_role("button", name="链接已复制")).to_be_visible()
    assert page.evaluate(clipboard) == page.url
    page.evaluate("navigator.share = async (page) => { window.__shared = page; }")
    page.get_by_role("button", name="分享").click()
    assert page.evaluate("window.__shared.url") == page.url
    assert EXACT in page.evaluate("window.__shared.text")
    page.goto(f"{site}/")
    page.locator(".card", has_text=EXACT).get_by_role("button", name="复制地址").click()
    expect(page.locator("[data-said]")).to_have_text("已复制")


@pytest.mark.parametrize(
    ("device", "lang", "first"),
    [
        (IPHONE, "zh", "Apple 地图"),
        (PIXEL, "zh", "高德地图"),
        (PIXEL, "en", "Google Maps"),
        (DESK, "zh", "高德地图"),
    ],
)
def test_the_devices_likely_map_comes_first(
    visitor: Visitor, site: str, shipped: Snapshot, device: str, lang: str, first: str
) -> None:
    page = visitor("phone", lang, user_agent=device).open(
        f"{site}/branches/{_exact(shipped)['id']}"
    )
    links = page.locator("[data-routes] a")
    expect(links).to_have_count(6)
    expect(links.first).to_have_text(first)


def test_the_links_of_a_page_lead_to_the_branch(
    visitor: Visitor, site: str, shipped: Snapshot
) -> None:
    """Each is read as its map reads it: to the metre there, and apart by what the datums differ."""
    branch = _exact(shipped)
    lon, lat = branch["geometry"]["coordinates"]
    page = visitor("phone", java_script_enabled=False).open(
        f"{site}/branches/{branch['id']}", live=False
    )
    urls = {
        App(app): url
        for app, url in page.locator("[data-app]").evaluate_all(
            "(all) => all.map((each) => [each.dataset.app, each.querySelector('a').href])"
        )
    }
    assert set(urls) == set(App)
    shifts = {"wgs84": (0, 1), "gcj02": (480, 510), "bd09": (1_050, 1_250)}
    for app, url in urls.items():
        datum = DATUM_OF_THE_APP[app]
        given = READ_AS_THE_APP_DOES[app](url)
        low, high = shifts[datum]
        assert low <= distance_m(*given, lon, lat) <= high, app
        assert distance_m(*true_place(given, datum), lon, lat) < 1, app


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_by_keyboard_from_opening_to_directions(visitor: Visitor, site: str, lang: str) -> None:
    page = visitor("desktop", lang).open(site)
    focused = "document.activeElement"
    keys = page.keyboard

    def tab_to(what: str, most: int) -> None:
        for _ in range(most):
            keys.press("Tab")
            if page.evaluate(f"{focused}.matches({json.dumps(what)})"):
                outline = page.evaluate(f"getComputedStyle({focused}).outlineStyle")
                assert outline == "solid", f"focus on {what} is not seen"
                return
        pytest.fail(f"no Tab reaches {what}")

    tab_to(".skip", 1)
    tab_to("#q", 5)
    keys.type("pufa")
    expect(page.get_by_role("option").first).to_be_visible()
    for _ in range(8):
        keys.press("ArrowDown")
        if EXACT in page.locator("[role=option][aria-selected=true]").inner_text():
            break
    keys.press("Enter")
    expect(page.locator("h1")).to_have_text(EXACT)
    tab_to("[data-copy]", 8)
    tab_to("[data-routes] a", 30)
    assert page.evaluate(f"{focused}.href").startswith("https://uri.amap.com/navigation?to=121.5")
    keys.press("Shift+Tab")
    assert page.evaluate(f"{focused} !== document.body")


# --- with many branches


@pytest.fixture(scope="module")
def many_site() -> Iterator[str]:
    """5,000 branches: those of one city."""
    contents = many_contents()
    few = tuple(b for b in contents.branches if b.id.startswith("3302"))[:5_000]
    with serving(make_app(snapshot_of(_only(contents, few)))) as url:
        yield url


def _only(contents: Contents, branches: tuple[Branch, ...]) -> Contents:
    ids = {branch.id for branch in branches}
    return replace(
        contents,
        branches=branches,
        members={key: value for key, value in contents.members.items() if key in ids},
        placements={key: value for key, value in contents.placements.items() if key in ids},
    )


def _longest_task(browser: Browser, page: Page, act: Callable[[], object]) -> float:
    """Of the page's main thread while something is done, in milliseconds of its own time.

    What else runs on the machine is no fault of the page.
    """
    browser.start_tracing(page=page, categories=["toplevel", "devtools.timeline"])
    act()
    page.wait_for_timeout(600)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    main = {
        (e["pid"], e["tid"])
        for e in events
        if e["name"] == "thread_name" and e["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        e.get("tdur", 0) / 1_000
        for e in events
        if e["name"].endswith("RunTask") and (e["pid"], e["tid"]) in main
    ]
    assert tasks
    longest: float = max(tasks)
    return longest


@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_5000_branches_type_and_pan_smoothly(
    visitor: Visitor, browser: Browser, many_site: str, screen: str
) -> None:
    page = visitor(screen).open(many_site)
    page.wait_for_timeout(500)
    box, bank = page.locator("#q"), page.locator("#bank")

    def move() -> None:
        for x, y in ((200, 0), (0, 150), (-300, -100)):
            page.evaluate(f"map_shell.panBy([{x}, {y}])")
            page.wait_for_timeout(400)

    longest = {
        "type": _longest_task(
            browser, page, lambda: box.press_sequentially("yinzhou zhihang", delay=60)
        ),
        "close": _longest_task(browser, page, lambda: box.press("Escape")),
        "move": _longest_task(browser, page, move),
        "zoom": _longest_task(browser, page, lambda: page.evaluate("map_shell.zoomIn(2)")),
        "filter": _longest_task(browser, page, lambda: bank.select_option("bocom")),
    }
    assert max(longest.values()) <= LONGEST_TASK_MS, longest
