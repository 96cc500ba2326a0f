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
from dataclasses import replace
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

_PHASES = """() => {
  const page = performance.getEntriesByType("navigation")[0];
  const asked = performance.getEntriesByType("resource")
    .filter((entry) => entry.initiatorType === "fetch" && entry.startTime < window.__live);
  return {
    "first byte of the page": page.responseStart,
    "page complete": page.responseEnd,
    "scripts run (DOMContentLoaded)": page.domContentLoadedEventStart,
    "data asked for": Math.min(...asked.map((entry) => entry.startTime), window.__live),
    "data there": Math.max(...asked.map((entry) => entry.responseEnd), 0),
    "live": window.__live,
  };
}"""
Phases = dict[str, float]

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
        urls = {"large": servers[scale.largest].url, "small": shipped.url}
        loads = _loads(urls, 3 if scale.quick else LOADS)
        figures.append(_live(loads, scale.largest))
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


def _live(loads: dict[str, list[Phases]], n: int) -> Figure:
    millis = {name: [one["live"] for one in found] for name, found in loads.items()}
    figure = Figure(
        "live map of /", n, statistics.median(millis["large"]), "ms", "mapsvc with its 15 branches",
        statistics.median(millis["small"]), at_most(1.25), f"{len(millis['large'])} loads each; "
        f"quartiles {_quartiles(millis['large'])} and {_quartiles(millis['small'])} ms",
    )  # fmt: skip
    if figure.met:
        return figure
    lines = [f"ms since the navigation began (median)   {n:>11,}           15"]
    for phase in loads["large"][0]:
        large, small = (statistics.median(one[phase] for one in loads[name]) for name in loads)
        lines.append(f"{phase:40} {large:11.0f}  {small:11.0f}")
    return replace(figure, profile="\n".join(lines))


def _loads(urls: dict[str, str], count: int) -> dict[str, list[Phases]]:
    """What each load took; one load of each before does not count."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise FileNotFoundError("the benchmarks need Chromium: run 'sh .ci/bench-packages'")
    loads: dict[str, list[Phases]] = {name: [] for name in urls}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        for number in range(1 + count):
            names = list(urls) if number % 2 else list(urls)[::-1]
            for name in names:
                taken = _load(browser, urls[name])
                if number:
                    loads[name].append(taken)
        browser.close()
    return loads


def _load(browser: Browser, url: str) -> Phases:
    context = browser.new_context(viewport=_DESKTOP, locale="zh-CN")
    try:
        page: Page = context.new_page()
        page.add_init_script(_WATCH)
        page.goto(f"{url}/", wait_until="load")
        page.wait_for_selector(".map.is-live", state="attached", timeout=120_000)
        phases: Phases = page.evaluate(_PHASES)
        return phases
    finally:
        context.close()


def _quartiles(values: Sequence[float]) -> str:
    low, _, high = statistics.quantiles(values, n=4)
    return f"{low:.0f}–{high:.0f}"
