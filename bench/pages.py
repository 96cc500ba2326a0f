"""The locator at scale: bytes of its HTML, and the time until its map lives in Chromium.

Bytes are those of ``/`` before compression, beside a plain folium page of the same branches: a
Marker with a Popup of name and address each, saved as folium saves it. At 1,000,000 branches the
folium page is not made: it would be as many times larger. Times are from the start of the
navigation until the live map has taken the drawn one's place (the class ``is-live``), in a fresh
browser context each time, with nothing cached, on a desktop screen; the two servers take turns,
and the median counts. The 15 are today's own list with its ten districts.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import metadata
from pathlib import Path

import folium
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from bench.counties import BUILD
from bench.figures import Figure, at_most
from bench.scale import Scale
from bench.servers import Server, mapsvc, ready
from bench.synthetic import branches

COMPARED = 10_000
LOADS = 15

_DESKTOP: ViewportSize = {"width": 1366, "height": 850}
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
_WATCH = """
new MutationObserver((_, observer) => {
  if (document.querySelector(".map.is-live")) {
    window.__live = performance.now();
    observer.disconnect();
  }
}).observe(document, {subtree: true, childList: true, attributes: true});
"""


def run(scale: Scale) -> list[Figure]:
    """Bytes at 10,000 and at the largest size; milliseconds there beside the shipped list."""
    figures = []
    with ExitStack() as stack:
        servers = {
            n: stack.enter_context(serving(n)) for n in {scale.upto(COMPARED), scale.largest}
        }
        shipped = stack.enter_context(serving_shipped())
        for n, server in servers.items():
            size = len(server.get("/"))
            if n == COMPARED:
                peer = f"folium {metadata.version('folium')}, Marker and Popup"
                figures.append(Figure("HTML of /", n, size, "bytes", peer, _folium_bytes(n),
                                      at_most(1 / 40)))  # fmt: skip
            else:
                figures.append(
                    Figure("HTML of /", n, size, "bytes", "mapsvc with its 15 branches",
                           len(shipped.get("/")))
                )  # fmt: skip
        millis = _live_ms({"large": servers[scale.largest].url, "small": shipped.url}, scale)
        figures.append(
            Figure("live map of /", scale.largest, statistics.median(millis["large"]), "ms",
                   "mapsvc with its 15 branches", statistics.median(millis["small"]),
                   at_most(1.25), f"{len(millis['large'])} loads each; "
                   f"quartiles {_quartiles(millis['large'])} and {_quartiles(millis['small'])} ms")
        )  # fmt: skip
    return figures


@contextmanager
def serving(n: int) -> Iterator[Server]:
    """``mapsvc run`` over a copy of the store with ``n`` branches."""
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        shutil.copytree(ready(n), Path(folder) / "data")
        with mapsvc(Path(folder) / "data") as server:
            yield server


@contextmanager
def serving_shipped() -> Iterator[Server]:
    """``mapsvc run`` as it comes: 15 branches, ten districts."""
    with tempfile.TemporaryDirectory(dir=BUILD) as folder, mapsvc(Path(folder)) as server:
        yield server


def _folium_bytes(n: int) -> int:
    page = folium.Map(location=[35, 105], zoom_start=4)
    for branch, _ in branches(n):
        assert branch.point is not None
        where = [branch.point.lat, branch.point.lon]
        # Synthetic names hold no markup: real ones must never be handed to folium like this.
        text = f"<b>{branch.name}</b><br>{branch.address}"
        folium.Marker(where, popup=folium.Popup(text, max_width=260)).add_to(page)
    return len(page.get_root().render().encode())


def _live_ms(urls: dict[str, str], scale: Scale) -> dict[str, list[float]]:
    """Milliseconds of each load; one load of each before does not count."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise FileNotFoundError("the benchmarks need Chromium: run 'sh .ci/bench-packages'")
    millis: dict[str, list[float]] = {name: [] for name in urls}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        for number in range(1 + (3 if scale.quick else LOADS)):
            names = list(urls) if number % 2 else list(urls)[::-1]
            for name in names:
                taken = _load_ms(browser, urls[name])
                if number:
                    millis[name].append(taken)
        browser.close()
    return millis


def _load_ms(browser: Browser, url: str) -> float:
    context = browser.new_context(viewport=_DESKTOP, locale="zh-CN")
    try:
        page: Page = context.new_page()
        page.add_init_script(_WATCH)
        page.goto(f"{url}/", wait_until="load")
        page.wait_for_selector(".map.is-live", state="attached", timeout=120_000)
        return float(page.evaluate("window.__live"))
    finally:
        context.close()


def _quartiles(values: Sequence[float]) -> str:
    low, _, high = statistics.quantiles(values, n=4)
    return f"{low:.0f}–{high:.0f}"
