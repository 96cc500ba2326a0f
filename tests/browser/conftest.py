"""A live server and a browser that forgives nothing: foreign requests, errors, CSP violations."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from mapsvc import service
from mapsvc.snapshot import Snapshot
from mapsvc.store import open_store
from tests.integration.conftest import hostile_contents, make_app
from tests.readings import snapshot_of

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PHONE: dict[str, Any] = {
    "viewport": {"width": 412, "height": 839},
    "device_scale_factor": 2.625,
    "is_mobile": True,
    "has_touch": True,
}
"""A Pixel 7."""
SMALL_PHONE = PHONE | {"viewport": {"width": 320, "height": 640}}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1366, "height": 850}}
SCREENS = {"phone": PHONE, "small phone": SMALL_PHONE, "desktop": DESKTOP}
LOCALES = {"zh": "zh-CN", "en": "en-GB"}

_NO_WORKER = "Service Worker registration blocked by Playwright"

_WATCH_POLICY = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.__violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
});
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "the browser tests need Chromium: apt-get install chromium fonts-noto-cjk"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve an application on a free port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The 15 announced branches, as a freshly started server has them."""
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('browser') / 'mapsvc.sqlite3'}")
    service.seed(store)
    contents = store.contents()
    store.close()
    return snapshot_of(contents)


@pytest.fixture(scope="session")
def site(shipped: Snapshot) -> Iterator[str]:
    with serving(make_app(shipped)) as url:
        yield url


@pytest.fixture(scope="session")
def hostile_site() -> Iterator[str]:
    with serving(make_app(snapshot_of(hostile_contents()))) as url:
        yield url


class Visit:
    """A visitor's browser; `complaints` holds everything that a page must not do."""

    def __init__(self, context: BrowserContext, allowed: tuple[str, ...]) -> None:
        self.context = context
        self.complaints: list[str] = []
        self.received_bytes = 0
        self._allowed = ("127.0.0.1", *allowed)
        context.set_default_timeout(10_000)
        context.add_init_script(_WATCH_POLICY)
        self.page = self._watched(context.new_page())

    def _watched(self, page: Page) -> Page:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", lambda request: self._request(request.url))
        page.on("requestfinished", self._finished)
        page.on("dialog", self._dialog)
        return page

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning") and message.text != _NO_WORKER:
            self.complaints.append(f"console {message.type}: {message.text}")

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.hostname not in self._allowed:
            self.complaints.append(f"foreign request: {url}")

    def _finished(self, request: Any) -> None:
        sizes = request.sizes()
        self.received_bytes += sizes["responseBodySize"] + sizes["responseHeadersSize"]

    def _dialog(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open(self, url: str, *, live: bool = True) -> Page:
        """Open a page; with a live map, wait until it has taken the drawn one's place."""
        self.page.goto(url, wait_until="load")
        if live:
            self.page.wait_for_selector(".map.is-live", state="attached")
        return self.page

    def check(self) -> None:
        for page in self.context.pages:
            self.complaints += page.evaluate("window.__violations || []")
        assert self.complaints == []


Visitor = Callable[..., Visit]


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    """Make visits; at the end of the test none of them may have a complaint.

    Without the worker that keeps pages (``service_workers="allow"``): its requests come on top.
    """
    visits: list[Visit] = []

    def make(
        screen: str = "desktop", lang: str = "zh", allowed: tuple[str, ...] = (), **options: Any
    ) -> Visit:
        chosen = SCREENS[screen] | {"locale": LOCALES[lang], "service_workers": "block"} | options
        visits.append(Visit(browser.new_context(**chosen), allowed))
        return visits[-1]

    yield make
    try:
        for visit in visits:
            visit.check()
    finally:
        for visit in visits:
            visit.context.close()
