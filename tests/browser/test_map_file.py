"""The file that `mapsvc map` writes, opened from a disk: live or drawn, and alone in the world."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from mapsvc.config import Settings
from mapsvc.snapshot import EVERYTHING, Snapshot
from mapsvc.web.standalone import standalone
from tests.browser.conftest import Visit, Visitor
from tests.browser.test_hostile import TRAPS, traps
from tests.readings import snapshot_of


def written(folder: Path, snapshot: Snapshot, lang: str = "zh", **settings: str) -> str:
    """The address of the file."""
    out = folder / "网点 map.html"
    made = Settings(**settings)  # type: ignore[arg-type]
    out.write_text(standalone(made, snapshot, EVERYTHING, lang), encoding="utf-8")
    return out.as_uri()


def opened(visit: Visit, url: str, *, live: bool = True) -> list[str]:
    """Open a file; gives what the browser asks for from now on, which is to be that file alone."""
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.url))
    visit.open(url, live=live)
    # A file has no host that could be allowed; what it asks for is looked at here.
    visit.complaints = [said for said in visit.complaints if said != f"foreign request: {url}"]
    return asked


@pytest.mark.parametrize("screen", ["phone", "desktop"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_file_is_a_live_map(
    visitor: Visitor, shipped: Snapshot, tmp_path: Path, screen: str, lang: str
) -> None:
    visit = visitor(screen, lang)
    url = written(tmp_path, shipped, lang)
    asked = opened(visit, url)
    page = visit.page
    assert page.locator("html").get_attribute("lang") == ("zh-Hans" if lang == "zh" else "en")
    expect(page.locator(".card")).to_have_count(15)
    wide, seen = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= seen

    card = page.locator(".card", has_text="浦发银行宁波鄞州支行")
    expect(card.locator(".routes")).to_be_hidden()
    card.locator("[data-show]").click()
    popup = page.locator(".leaflet-popup")
    expect(popup).to_contain_text("浦发银行宁波鄞州支行")
    popup.locator(".popup__link").click()
    expect(card.locator(".routes a").first).to_be_in_viewport()
    expect(card.locator(".routes a")).to_have_count(6)

    page.locator("path.district").last.evaluate(
        "(path) => path.dispatchEvent(new MouseEvent('click', { bubbles: true }))"
    )
    page.locator(".popup__link[href^='#district-']").evaluate("(link) => link.click()")
    place = page.locator(":target")
    expect(place).to_be_in_viewport()
    assert page.url.startswith(url + "#")
    assert asked == [url]


@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_a_file_is_whole_without_scripts(
    visitor: Visitor, shipped: Snapshot, tmp_path: Path, screen: str
) -> None:
    visit = visitor(screen, java_script_enabled=False)
    url = written(tmp_path, shipped)
    asked = opened(visit, url, live=False)
    page = visit.page
    expect(page.locator(".map__static svg")).to_be_visible()
    expect(page.locator(".map__static .point")).to_have_count(15)
    expect(page.locator(".card")).to_have_count(15)
    expect(page.locator("[data-copy]").first).to_be_hidden()
    card = page.locator(".card", has_text="宁海支行")
    card.locator("summary").click()
    expect(card.locator(".routes a").first).to_be_visible()
    assert asked == [url]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_traps_in_a_file_are_text(visitor: Visitor, tmp_path: Path, lang: str) -> None:
    visit = visitor("phone", lang)
    named = {"title": TRAPS[10], "title_en": TRAPS[11], "contact": f"{TRAPS[12]} {TRAPS[0]}"}
    asked = opened(visit, written(tmp_path, snapshot_of(traps()), lang, **named))
    page = visit.page
    expect(page.locator(".card")).to_have_count(len(TRAPS))
    page.locator("[data-show]").nth(2).click()
    expect(page.locator(".leaflet-popup")).to_be_visible()
    assert page.evaluate("window.__pwned") is None
    assert page.locator("img, iframe, .card script, .card svg:not(.icon)").count() == 0
    assert len(asked) == 1


def test_the_policy_lets_nothing_else_run(
    visitor: Visitor, shipped: Snapshot, tmp_path: Path
) -> None:
    visit = visitor()
    opened(visit, written(tmp_path, shipped))
    visit.page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.__pwned = 1";
          document.body.append(script);
          const picture = new Image();
          picture.src = "https://example.org/x.png";
        }"""
    )
    visit.page.wait_for_function("window.__violations.length === 2")
    assert visit.page.evaluate("window.__pwned") is None
    visit.page.evaluate("window.__violations = []")
    visit.complaints.clear()  # the browser's own words about them
