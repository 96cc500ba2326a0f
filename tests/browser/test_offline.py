"""The site as an app: what was seen opens without a connection and says how old it is."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, expect

from mapsvc.snapshot import EVERYTHING, Snapshot
from tests.browser.conftest import Visit, Visitor, serving
from tests.browser.icons import DRAWN, ICONS, draw
from tests.integration.conftest import make_app
from tests.unit.doc_pages import ROOT

_KEPT = """async () => {
  const names = await caches.keys();
  const lists = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return lists.flat().map(({ url }) => url.replace(location.origin, ""));
}"""


@pytest.fixture
def server(shipped: Snapshot) -> Iterator[tuple[str, ExitStack]]:
    """A server, and the stack whose closing ends it."""
    with ExitStack() as running:
        yield running.enter_context(serving(make_app(shipped))), running


def kept(page: Page) -> set[str]:
    return set(page.evaluate(_KEPT))


def wait_until_kept(page: Page, *paths: str) -> None:
    """Until the worker holds these pages, each with its map."""
    for _ in range(100):
        there = kept(page)
        if there.issuperset(paths) and any(path.startswith("/map/data.json") for path in there):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{paths} are not all in {kept(page)}")


def forgive_lost_connection(visit: Visit) -> None:
    """The browser itself complains of each request that found no server."""
    lost = re.compile(r"console error: Failed to load resource: net::ERR_CONNECTION_REFUSED")
    visit.complaints = [said for said in visit.complaints if not lost.match(said)]


def test_what_was_seen_opens_without_a_connection(
    visitor: Visitor, shipped: Snapshot, server: tuple[str, ExitStack]
) -> None:
    url, running = server
    branches = [json.loads(feature) for feature in shipped.page(EVERYTHING, 3).features]
    seen, unseen = (f"/branches/{branch['id']}" for branch in branches[:2])
    visit = visitor("phone", service_workers="allow")
    page = visit.open(url)
    wait_until_kept(page, "/")
    assert "/offline" in kept(page)
    visit.open(url + seen)
    wait_until_kept(page, "/", seen)
    expect(page.locator("[data-kept-notice]")).to_be_hidden()

    sorted_by_it = page.evaluate(
        "fetch('/?near=me&bank=icbc', {headers: {'Mapsvc-Position': '29.8683,121.5440'}})"
        ".then((answer) => answer.text()).then((text) => text.includes('card__distance'))"
    )
    assert sorted_by_it
    page.wait_for_timeout(200)
    assert "/?near=me&bank=icbc" not in kept(page), "what was asked from a position was kept"

    visit.open(f"{url}/?bank=icbc")
    wait_until_kept(page, "/?bank=icbc")
    visit.open(url)
    expect(page.locator("[data-kept-notice]")).to_be_hidden()
    running.close()
    page.locator("select[name=bank]").select_option("icbc")
    expect(page.locator(".card")).to_have_count(2)
    expect(page.locator("[data-kept-notice]")).to_be_visible()

    page.clock.install()
    for path, heading in (("/", "宁波"), (seen, branches[0]["properties"]["name"])):
        visit.open(url + path)  # with its live map
        expect(page.locator("h1")).to_contain_text(heading)
        expect(page.locator("[data-kept-notice]")).to_be_visible()
        expect(page.locator("[data-kept-notice]")).to_contain_text("1分钟前")
    assert page.locator(".map__live path.district").count() > 0
    page.clock.fast_forward("03:10:00")
    visit.open(url)
    assert page.locator(".card").count() == 15
    expect(page.locator("[data-kept-notice]")).to_contain_text("3小时前")

    page.goto(url + unseen)
    expect(page.locator("h1")).to_have_text("没有网络连接")
    page.get_by_role("link", name="查看列表").click()
    expect(page.locator(".card")).to_have_count(15)
    forgive_lost_connection(visit)


def test_a_page_from_the_server_is_not_called_old(
    visitor: Visitor, server: tuple[str, ExitStack]
) -> None:
    """Also where it was kept before; the age is of the kept one alone."""
    visit = visitor("desktop", "en", service_workers="allow")
    page = visit.open(server[0])
    wait_until_kept(page, "/")
    for _ in range(2):
        visit.open(server[0])
        assert page.evaluate("navigator.serviceWorker.controller !== null")
        expect(page.locator("[data-kept-notice]")).to_be_hidden()


def test_a_server_that_takes_too_long_is_not_waited_for(
    visitor: Visitor, server: tuple[str, ExitStack]
) -> None:
    visit = visitor("phone", "en", service_workers="allow")
    page = visit.open(server[0])
    wait_until_kept(page, "/")
    held: list[Any] = []
    visit.context.route(re.compile(r"/$"), lambda route: held.append(route))  # noqa: PLW0108
    page.goto(server[0], wait_until="commit")
    expect(page.locator("[data-kept-notice]")).to_contain_text(
        "This is what the page said 1 minute ago."
    )
    assert held
    for route in held:
        route.abort()
    visit.complaints = [said for said in visit.complaints if "ERR_FAILED" not in said]


def test_the_site_can_be_installed(visitor: Visitor, site: str) -> None:
    page = visitor("phone", service_workers="allow").open(site)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    session = page.context.new_cdp_session(page)
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    said = json.loads(manifest["data"])
    assert said["name"] == "宁波银行业文明规范服务示范网点"
    assert said["lang"] == "zh-Hans"
    for icon in said["icons"]:
        answer = page.request.get(site + icon["src"])
        width, height = Image.open(io.BytesIO(answer.body())).size
        assert icon["sizes"] == f"{width}x{height}"
    found = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A context of tests is always a private window, where nothing is installed.
    assert [each["errorId"] for each in found if each["errorId"] != "in-incognito"] == []


@pytest.mark.parametrize("name", DRAWN)
def test_icons_are_those_of_their_drawings(browser: Browser, name: str) -> None:
    now, shipped = (
        Image.open(io.BytesIO(data)).convert("RGBA")
        for data in (draw(browser, name), (ICONS / name).read_bytes())
    )
    assert now.size == shipped.size
    # Another Chromium may smooth an edge otherwise.
    wide = ImageChops.difference(now, shipped).convert("L").point([0] * 97 + [255] * 159)
    assert wide.getbbox() is None


def test_the_qr_code_is_read_as_the_page_s_address(
    visitor: Visitor, site: str, shipped: Snapshot
) -> None:
    branch_id = json.loads(shipped.page(EVERYTHING, 1).features[0])["id"]
    page = visitor("phone", "en").open(f"{site}/branches/{branch_id}?lang=en")
    code = page.locator(".qr svg")
    code.scroll_into_view_if_needed()
    assert code.bounding_box() is not None
    page.evaluate((ROOT / "frontend/node_modules/jsqr/dist/jsQR.js").read_text("utf-8"))
    read = page.evaluate(
        """async (svg) => {
          const drawing = new Image(400, 400);
          drawing.src = "data:image/svg+xml," + encodeURIComponent(
            svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" '));
          await drawing.decode();
          const canvas = Object.assign(document.createElement("canvas"), {width: 400, height: 400});
          const pen = canvas.getContext("2d");
          pen.drawImage(drawing, 0, 0, 400, 400);
          return jsQR(pen.getImageData(0, 0, 400, 400).data, 400, 400)?.data;
        }""",
        code.evaluate("(svg) => svg.outerHTML"),
    )
    assert read == f"{site}/branches/{branch_id}"
