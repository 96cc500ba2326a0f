"""What a map in another site's page costs: bytes of one frame, and of ten on one page.

A page of another site, on another port, holds the frame as the builder gives it, here loaded at
once; a phone with an empty cache opens it. The map is served by ``mapsvc run`` as it comes, with
the shipped 15 branches and ten districts and without tiles. Bytes are those of the map's answers
as they came over the connection, compressed and with their headers; the host's own page does not
count. Ten frames that show the same share everything; of ten that show a bank each, the scripts,
styles and words come once, and page and data for each.

A budget that is broken fails the run.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench.figures import Figure, at_most, up_to
from bench.pages import serving_shipped
from bench.scale import Scale
from bench.servers import Server
from bench.weight import Received

ONE = 110_000
SHARED = 1.5
"""Ten frames that show the same, as a multiple of one."""
EACH = 1 / 2
"""Ten frames that show a bank each, as a part of ten times one."""

FRAMES = 10
_PHONE: Any = {"width": 412, "height": 839}
# In processes of their own, frames of another site would report to other sessions than the page's.
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
_FLAGS += ["--disable-site-isolation-trials", "--disable-features=IsolateOrigins,site-per-process"]


def run(scale: Scale) -> list[Figure]:  # noqa: ARG001  # the same at every scale
    """Bytes of one frame, of ten equal ones, and of ten different ones."""
    with serving_shipped() as server, _browser() as browser:
        banks = _banks(server)
        one = _received(browser, server, [""])
        ten = _received(browser, server, [""] * FRAMES)
        each = _received(browser, server, [f"bank={bank}" for bank in banks])
    note = "; ".join(
        f"{address.removeprefix(server.url).partition('?')[0]} {size:,}"
        for address, size in sorted(one.items(), key=lambda item: -item[1])
    )
    total = sum(one.values())
    return [
        Figure("bytes of one frame", 15, total, "bytes", goal=up_to(ONE), note=note),
        Figure("bytes of ten frames that show the same", 15, sum(ten.values()), "bytes",
               "one frame", total, at_most(SHARED)),
        Figure(f"bytes of {len(banks)} frames that show a bank each", 15, sum(each.values()),
               "bytes", "as many times one frame", len(banks) * total, at_most(EACH)),
    ]  # fmt: skip


def _banks(server: Server) -> list[str]:
    found = json.loads(server.get("/api/v1/branches"))["features"]
    banks = dict.fromkeys(feature["properties"]["bank"] for feature in found)
    return [bank for bank in banks if bank][:FRAMES]


def _received(browser: Browser, server: Server, queries: Sequence[str]) -> dict[str, int]:
    """The bytes of the map's answers by address, all frames together."""
    frames = "".join(
        f'<iframe src="{server.url}/embed?v=1&{query}" width="100%" height="480"></iframe>'
        for query in queries
    )
    context = browser.new_context(viewport=_PHONE, is_mobile=True, has_touch=True, locale="zh-CN")
    try:
        with _host(frames) as url:
            page = context.new_page()
            received = Received(page)
            page.goto(url, wait_until="load")
            for frame in page.frames[1:]:
                frame.wait_for_selector(".map.is-live", state="attached")
            page.wait_for_load_state("networkidle")
            return {a: n for a, n in received.by_address.items() if a.startswith(server.url)}
    finally:
        context.close()


@contextmanager
def _host(body: str) -> Iterator[str]:
    """Another site's page; its address."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(f"<!doctype html><title>host</title>{body}".encode())

        def log_message(self, *_words: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def _browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        raise FileNotFoundError("the benchmarks need Chromium: run 'sh .ci/bench-packages'")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        yield opened
        opened.close()
