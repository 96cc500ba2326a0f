"""Text at twice its size, as the browser's own setting makes it (WCAG 1.4.4)."""

from __future__ import annotations

import json

import pytest

from mapsvc.snapshot import EVERYTHING, Snapshot
from tests.browser.conftest import Visitor

SIZES = """[...document.querySelectorAll("main p, main h1, main h2, main h3, main a, main label")]
  .filter((element) => !element.closest(".map") && element.checkVisibility())
  .map((element) => parseFloat(getComputedStyle(element).fontSize))"""


@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_twice_the_size_is_twice_as_large_and_fits(
    visitor: Visitor, site: str, shipped: Snapshot, screen: str
) -> None:
    branch = json.loads(shipped.page(EVERYTHING, 1).features[0])["id"]
    visit = visitor(screen)
    for path in ("/", "/districts/330212", f"/branches/{branch}", "/embed"):
        page = visit.open(site + path)
        before = page.evaluate(SIZES)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        after = page.evaluate(SIZES)
        assert before, path
        assert after == pytest.approx([2 * size for size in before], rel=0.01), path
        page.evaluate("window.scrollTo(5000, 0)")
        assert page.evaluate("window.scrollX") == 0, path
