"""A list full of traps: on every page it is text, and nothing of it is ever run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from mapsvc.model import Branch, BranchList, District, Placement, Point, Precision
from mapsvc.store.base import Contents
from tests.browser.conftest import Visitor, serving
from tests.integration.conftest import HOSTILE, NOW, hostile_contents, make_app
from tests.readings import snapshot_of

PWN = "window.__pwned=1"
TRAPS = (
    *HOSTILE,
    f"<script>{PWN}</script>",
    f"<img src=x onerror={PWN}>",
    f'"><svg onload={PWN}>',
    f"${{{PWN}}}",
    f"`${{{PWN}}}`",
    f"{{{{constructor.constructor('{PWN}')()}}}}",
    f"javascript:{PWN}",
    f"');{PWN};//",
    f"</textarea></title><script>{PWN}</script>",
    "\u202e\u2066<b>\u0007\u009b",
)


def traps() -> Contents:
    """One branch for each trap, each placed, so that the map has them all."""
    known = hostile_contents()
    branches = tuple(Branch(f"t{i}", text, text, None, text, text) for i, text in enumerate(TRAPS))
    placements = {
        branch.id: Placement(
            branch.id,
            Point(121.25 + 0.025 * i, 29.85),
            Precision.STREET,
            300.0,
            TRAPS[10],
            NOW,
            "330203" if i < 10 else "330212",
            branch.address,
        )
        for i, branch in enumerate(branches)
    }
    shape = known.districts[1].geometry
    districts = (
        known.districts[0],
        District("330212", TRAPS[11], TRAPS[12], TRAPS[13], shape, shape, TRAPS[14]),
    )
    return Contents(
        9,
        NOW,
        (BranchList("traps", TRAPS[11], 2021), BranchList("more", TRAPS[12], 2022)),
        branches,
        {branch.id: ("traps", "more") for branch in branches},
        placements,
        districts,
    )


@pytest.fixture(scope="module")
def trapped_site() -> Iterator[str]:
    app = make_app(
        snapshot_of(traps()), title=TRAPS[10], title_en=TRAPS[11], contact=f"{TRAPS[12]} {TRAPS[0]}"
    )
    with serving(app) as url:
        yield url


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_traps_are_text_everywhere(visitor: Visitor, trapped_site: str, lang: str) -> None:
    visit = visitor("phone", lang)
    paths = ["/", "/embed", "/districts/330212", *(f"/branches/t{i}" for i in range(len(TRAPS)))]
    for path in paths:
        page = visit.open(trapped_site + path)
        assert page.evaluate("window.__pwned") is None, path
        assert page.locator("img, iframe, object, textarea").count() == 0, path
        assert "49" not in page.title()


def test_traps_are_text_in_popups(visitor: Visitor, trapped_site: str) -> None:
    visit = visitor("desktop")
    page = visit.open(trapped_site)
    for index, trap in enumerate(TRAPS):
        page.locator(f"#branch-t{index} a[data-show]").click()
        expect(page.locator(".popup")).to_have_count(1)
        if trap.isprintable() and trap.isascii():
            expect(page.locator(".popup__name")).to_have_text(trap)
        page.keyboard.press("Escape")
    page = visit.open(trapped_site)
    page.locator(".map__live .district").last.click(position={"x": 8, "y": 8})
    expect(page.locator(".popup__name")).to_have_text(TRAPS[11])
    assert page.evaluate("window.__pwned") is None


def test_a_trap_in_the_address_is_text(visitor: Visitor, trapped_site: str) -> None:
    visit = visitor("desktop")
    for trap in (TRAPS[10], TRAPS[12], TRAPS[0], TRAPS[14]):
        visit.page.goto(trapped_site)
        page = visit.page
        page.locator("#q").fill(trap)
        with page.expect_response("**/?q=*"):
            page.locator("#q").press("Enter")
        page.wait_for_selector(".map.is-live", state="attached")
        expect(page.locator("[data-part=clear] a")).to_be_visible()
        assert page.locator("#q").input_value() == trap
        assert page.evaluate("window.__pwned") is None
