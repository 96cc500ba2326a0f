"""What a first visit costs: bytes of the locator, to the first usable list and in all; its shifts.

A phone with an empty cache opens the page as ``mapsvc run`` serves it, with the shipped 15
branches and ten districts and without tiles. Bytes are those of answers as they came over the
connection, compressed and with their headers. The list is usable when the page's own scripts have
run (DOMContentLoaded): what came until then counts for it. The worker that keeps pages is left out:
it loads nothing that the page has not loaded.

A budget that is broken fails the run.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.figures import Figure, up_to
from bench.pages import serving_shipped
from bench.scale import Scale

ALL = 200_000
FIRST_LIST = 120_000
SHIFT = 0.01

_PHONE = {"width": 412, "height": 839}
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
_WATCH = """
window.__shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.__shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""


class Received:
    """Counts the bytes that a page receives."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        self.by_address: dict[str, int] = {}
        self._addresses: dict[str, str] = {}
        session: CDPSession = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def _asked(self, event: dict[str, object]) -> None:
        request = event["request"]
        assert isinstance(request, dict)
        self._addresses[str(event["requestId"])] = str(request["url"])

    def _finished(self, event: dict[str, object]) -> None:
        size = int(str(event["encodedDataLength"]))
        address = self._addresses.get(str(event["requestId"]), "")
        if not address.startswith("data:"):
            self.bytes += size
            self.by_address[address] = self.by_address.get(address, 0) + size


def run(scale: Scale) -> list[Figure]:  # noqa: ARG001  # the same at every scale
    """Bytes and shifts of ``/``."""
    with serving_shipped() as server, _browser() as browser:
        context = browser.new_context(
            viewport=_PHONE,  # type: ignore[arg-type]
            device_scale_factor=2.625,
            is_mobile=True,
            has_touch=True,
            locale="zh-CN",
            service_workers="block",
        )
        page = context.new_page()
        page.add_init_script(_WATCH)
        received = Received(page)
        page.goto(f"{server.url}/", wait_until="domcontentloaded")
        first = received.bytes
        page.wait_for_selector(".map.is-live", state="attached")
        page.wait_for_load_state("networkidle")
        shift = page.evaluate("window.__shift")
        note = "; ".join(
            f"{address.removeprefix(server.url).partition('?')[0]} {size:,}"
            for address, size in sorted(received.by_address.items(), key=lambda item: -item[1])
        )
    return [
        Figure("bytes to the first usable list", 15, first, "bytes", goal=up_to(FIRST_LIST)),
        Figure("bytes of / in all", 15, received.bytes, "bytes", goal=up_to(ALL), note=note),
        Figure("layout shift of /", 15, shift, "(CLS)", goal=up_to(SHIFT)),
    ]


@contextmanager
def _browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        raise FileNotFoundError("the benchmarks need Chromium: run 'sh .ci/bench-packages'")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        yield opened
        opened.close()
