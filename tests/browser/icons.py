"""The app's icons as PNG, drawn from their SVG by Chromium: ``python -m tests.browser.icons``."""

from __future__ import annotations

import shutil

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import FLAGS
from tests.unit.doc_pages import ROOT

ICONS = ROOT / "frontend" / "icons"
DRAWN = {
    "icon-180.png": ("app-maskable.svg", 180),  # devices that take it cut the corners themselves
    "icon-192.png": ("app.svg", 192),
    "icon-512.png": ("app.svg", 512),
    "icon-maskable-512.png": ("app-maskable.svg", 512),
}
"""File → what it is drawn from, and its width and height in pixels."""


def draw(browser: Browser, name: str) -> bytes:
    """The icon as a PNG."""
    source, size = DRAWN[name]
    page = browser.new_page(viewport={"width": size, "height": size})
    svg = (ICONS / source).read_text("utf-8").replace("<svg ", f'<svg width="{size}" ', 1)
    page.set_content(f'<body style="margin:0;background:transparent">{svg}</body>')
    page.evaluate("document.querySelector('svg').style.display = 'block'")
    drawn = page.screenshot(omit_background=True)
    page.close()
    return drawn


if __name__ == "__main__":
    chromium = shutil.which("chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for icon in DRAWN:
            (ICONS / icon).write_bytes(draw(opened, icon))
        opened.close()
