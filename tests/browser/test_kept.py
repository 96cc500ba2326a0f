"""What the worker keeps no longer, and what it never keeps: gone, typed, old, made up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest
from flask import abort, request
from playwright.sync_api import Page, expect

from mapsvc.snapshot import EVERYTHING, Snapshot
from tests.browser.conftest import Visitor, serving
from tests.browser.test_offline import forgive_lost_connection, kept, wait_until_kept
from tests.integration.conftest import make_app

_AGED = """async ([days, path]) => {
  const cache = await caches.open("mapsvc-pages");
  for (const request of await cache.keys()) {
    if (path && new URL(request.url).pathname !== path) continue;
    const answer = await cache.match(request);
    const headers = new Headers(answer.headers);
    headers.set("x-mapsvc-kept", new Date(Date.now() - days * 86400000).toISOString());
    await cache.put(request, new Response(await answer.blob(), {headers}));
  }
}"""


@dataclass
class Site:
    """A server that can forget pages, and the stack whose closing ends it."""

    url: str
    running: ExitStack
    gone: dict[str, int] = field(default_factory=dict)


@pytest.fixture
def server(shipped: Snapshot) -> Iterator[Site]:
    app = make_app(shipped)
    with ExitStack() as running:
        site = Site("", running)

        @app.before_request
        def forget() -> None:
            if status := site.gone.get(request.path):
                abort(status)

        site.url = running.enter_context(serving(app))
        yield site


def wait_until_forgotten(page: Page, *paths: str) -> None:
    for _ in range(100):
        if not kept(page).intersection(paths):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{paths} are still in {kept(page)}")


def forgive(visit: object, status: int) -> None:
    """The browser itself complains of each page that is not there."""
    said = f"console error: Failed to load resource: the server responded with a status of {status}"
    visit.complaints = [each for each in visit.complaints if not each.startswith(said)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [404, 410])
def test_what_the_server_has_no_longer_is_forgotten(
    visitor: Visitor, shipped: Snapshot, server: Site, status: int
) -> None:
    one, other = (json.loads(found)["id"] for found in shipped.page(EVERYTHING, 2).features)
    removed = f"/branches/{one}"
    visit = visitor("phone", service_workers="allow")
    page = visit.open(server.url)
    wait_until_kept(page, "/")
    for path in (removed, f"{removed}?lang=en", f"/branches/{other}"):
        visit.open(server.url + path)
        wait_until_kept(page, path)
    page.wait_for_function(
        "(id) => caches.open('mapsvc-pages').then((cache) => cache.keys()).then((keys) =>"
        " keys.some(({url}) => url.includes('data.json') && url.includes(id)))",
        arg=one,
    )

    server.gone[removed] = status
    page.goto(server.url + removed)
    wait_until_forgotten(page, removed, f"{removed}?lang=en")
    assert f"/branches/{other}" in kept(page)
    assert not [path for path in kept(page) if one in path], "its map was kept"
    server.running.close()
    page.goto(f"{server.url}{removed}?lang=en")
    expect(page.locator("h1")).to_have_text("没有网络连接")
    forgive(visit, status)
    forgive_lost_connection(visit)


def test_errors_that_pass_forget_nothing(visitor: Visitor, server: Site) -> None:
    visit = visitor("desktop", service_workers="allow")
    page = visit.open(server.url)
    wait_until_kept(page, "/")
    for status in (429, 503):
        server.gone["/"] = status
        page.goto(server.url)
        page.wait_for_timeout(200)
        assert "/" in kept(page)
        forgive(visit, status)


def test_what_was_typed_is_not_kept(visitor: Visitor, server: Site) -> None:
    visit = visitor("desktop", service_workers="allow")
    page = visit.open(server.url)
    wait_until_kept(page, "/")
    for query in ("near=鄞州区首南街道", "q=工商", "near=me", "q=鄞州&bank=icbc", "open=now"):
        visit.open(f"{server.url}/?{query}")
    visit.open(f"{server.url}/?bank=icbc")
    wait_until_kept(page, "/?bank=icbc")
    names = ("near=", "q=", "open=")
    assert not [path for path in kept(page) if any(name in path for name in names)]


def test_a_request_with_a_position_is_left_alone(visitor: Visitor, server: Site) -> None:
    visit = visitor("desktop", service_workers="allow")
    page = visit.open(server.url)
    wait_until_kept(page, "/")
    ask = """(path) => fetch(path, {headers: {"Mapsvc-Position": "29.8683,121.5440"}})
      .then(({status}) => status, () => "lost")"""
    assert page.evaluate(ask, "/?bank=icbc") == 200
    page.wait_for_timeout(300)
    assert "/?bank=icbc" not in kept(page)
    server.running.close()
    assert page.evaluate(ask, "/") == "lost"
    forgive_lost_connection(visit)


def test_made_up_parameters_make_no_entries(visitor: Visitor, server: Site) -> None:
    visit = visitor("desktop", service_workers="allow")
    page = visit.open(server.url)
    wait_until_kept(page, "/")
    before = kept(page)
    for number in range(3):
        page.goto(f"{server.url}/?utm_source={number}&evil=x&bank=")
        page.evaluate(
            "(n) => fetch(`/map/data.json?page=${n}&evil=x`).then((a) => a.text())", number
        )
        page.evaluate(
            "fetch(document.querySelector('script[src]').src + '?evil=x').then((a) => a.text())"
        )
    page.wait_for_timeout(300)
    assert not [path for path in kept(page) if "utm" in path or "evil" in path]
    assert {path for path in kept(page) - before if not path.startswith("/static/")} <= {
        "/map/data.json"
    }
    visit.open(f"{server.url}/?utm_source=1&service=x&bank=icbc&lang=en")
    wait_until_kept(page, "/?lang=en&bank=icbc&service=x")
    server.running.close()
    visit.open(f"{server.url}/?evil=2")
    expect(page.locator(".card")).to_have_count(15)
    expect(page.locator("[data-kept-notice]")).to_be_visible()
    forgive_lost_connection(visit)


def test_what_is_older_than_a_month_is_dropped(visitor: Visitor, server: Site) -> None:
    visit = visitor("desktop", service_workers="allow")
    page = visit.open(server.url)
    visit.open(f"{server.url}/?bank=icbc")
    wait_until_kept(page, "/?bank=icbc", "/")
    page.evaluate(_AGED, [29, "/"])
    server.running.close()
    visit.open(server.url)
    expect(page.locator("[data-kept-notice]")).to_contain_text("29天前")
    page.evaluate(_AGED, [31, "/"])
    page.goto(server.url)
    expect(page.locator("h1")).to_have_text("没有网络连接")
    assert "/" not in kept(page)
    forgive_lost_connection(visit)


def test_old_and_foreign_entries_go_by_themselves(visitor: Visitor, server: Site) -> None:
    visit = visitor("desktop", service_workers="allow")
    page = visit.open(server.url)
    wait_until_kept(page, "/")
    page.evaluate(
        """() => caches.open("mapsvc-pages").then((cache) => Promise.all(
          ["/?q=old", "/?near=home", "/?utm_source=1"].map((path) => cache.put(path,
            new Response("", {headers: {"x-mapsvc-kept": new Date().toISOString()}})))))"""
    )
    # Another build is another worker, which is made anew.
    page.evaluate("navigator.serviceWorker.getRegistration().then((it) => it.unregister())")
    visit.open(server.url)
    wait_until_forgotten(page, "/?q=old", "/?near=home", "/?utm_source=1")
    assert "/" in kept(page)


def test_only_so_many_are_kept(visitor: Visitor, server: Site) -> None:
    visit = visitor("desktop", service_workers="allow")
    page = visit.open(server.url)
    wait_until_kept(page, "/")
    page.evaluate(
        """async () => {
          for (let page = 1; page < 75; page++) {
            await (await fetch(`/?bank=icbc&service=x&list=${page}`)).text();
          }
        }"""
    )
    page.wait_for_timeout(500)
    pages = [path for path in kept(page) if path.startswith(("/?", "/map/data.json"))]
    assert len(pages) == 60
    assert "/" in kept(page)
