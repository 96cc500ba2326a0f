"""How smooth the locator stays with 5,000 branches: the longest task of the page's main thread.

A visitor types, closes the suggestions, moves and zooms the map and filters, on a phone and on a
desktop screen. A page cannot answer while a task of its main thread runs. The task counts by the
clock, as the visitor waits for it; beside it stands its processor time, which others at work on the
machine do not stretch. The median of three rounds counts.
"""

from __future__ import annotations

import json
import shutil
import statistics
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench.counties import BUILD
from bench.figures import Figure, up_to
from bench.pages import serving
from bench.scale import Scale

BRANCHES = 5_000
LONGEST_MS = 100
ROUNDS = 3

_SCREENS: dict[str, dict[str, Any]] = {
    "phone": {
        "viewport": {"width": 412, "height": 839},
        "device_scale_factor": 2.625,
        "is_mobile": True,
        "has_touch": True,
    },
    "desktop": {"viewport": {"width": 1366, "height": 850}},
}
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
_SETTLED_MS = 600
"""After an act: what it asked for has come and is drawn."""

Task = tuple[float, float]
"""Milliseconds by the clock and of processor time."""


def run(scale: Scale) -> list[Figure]:
    """The longest task of each act on each screen."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise FileNotFoundError("the benchmarks need Chromium: run 'sh .ci/bench-packages'")
    found: dict[str, list[Task]] = {}
    with serving(BRANCHES) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        for _ in range(1 if scale.quick else ROUNDS):
            for screen, options in _SCREENS.items():
                context = browser.new_context(locale="zh-CN", **options)
                page = context.new_page()
                page.goto(server.url)
                page.wait_for_selector(".map.is-live")
                page.wait_for_timeout(_SETTLED_MS)
                for name, act in _acts(page).items():
                    taken = _longest(browser, page, act)
                    found.setdefault(f"{name}, {screen}", []).append(taken)
                context.close()
        browser.close()
    return [_figure(name, tasks) for name, tasks in found.items()]


def _figure(name: str, tasks: list[Task]) -> Figure:
    clock, processor = (statistics.median(column) for column in zip(*tasks, strict=True))
    return Figure(
        f"longest task of {name}", BRANCHES, clock, "ms", goal=up_to(LONGEST_MS),
        note=f"{processor:.0f} ms of processor time",
    )  # fmt: skip


def _acts(page: Page) -> dict[str, Callable[[], object]]:
    box, bank = page.locator("#q"), page.locator("#bank")

    def move() -> None:
        for x, y in ((200, 0), (0, 150), (-300, -100)):
            page.evaluate(f"void map_shell.panBy([{x}, {y}])")
            page.wait_for_timeout(400)

    return {
        "typing": lambda: box.press_sequentially("yinzhou zhihang", delay=60),
        "closing": lambda: box.press("Escape"),
        "moving": move,
        "zooming": lambda: page.evaluate("void map_shell.zoomIn(2)"),
        "filtering": lambda: bank.select_option(index=1),
    }


def _longest(browser: Browser, page: Page, act: Callable[[], object]) -> Task:
    """Of the main thread's tasks from an act until all that it asked for is drawn."""
    with TemporaryDirectory(dir=BUILD) as folder:
        trace = Path(folder) / "trace.json"
        browser.start_tracing(page=page, path=trace, categories=["toplevel", "devtools.timeline"])
        act()
        page.wait_for_timeout(_SETTLED_MS)
        browser.stop_tracing()
        events = json.loads(trace.read_bytes())["traceEvents"]
    main = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        (event["dur"] / 1_000, event.get("tdur", 0) / 1_000)
        for event in events
        if event["name"].endswith("RunTask") and event["ph"] == "X"
        if (event["pid"], event["tid"]) in main
    ]
    return max(tasks)
