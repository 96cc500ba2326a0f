"""axe-core finds nothing on any page: languages, screens, light, dark, and what opens on a page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mapsvc.snapshot import EVERYTHING, Snapshot
from tests.browser.conftest import Visitor
from tests.unit.doc_pages import ROOT

_AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """async () => {
  const { violations } = await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  });
  // Of pins and clusters WCAG 2.5.8 asks for no size: their place is what they say, and the list
  // has the same links.
  const counts = ({ id }, { target }) =>
    id !== "target-size" || !document.querySelector(target).closest(".leaflet-marker-pane");
  const named = (rule) => rule.nodes
    .filter((node) => counts(rule, node))
    .map(({ html, any }) =>
      `${rule.impact} ${rule.id}: ${html.slice(0, 160)} ${any[0]?.message ?? ""}`);
  return violations.flatMap(named);
}"""


def findings(page: Page) -> list[str]:
    """What axe-core has to say of a page as it is now."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.read_text("utf-8"))
    found: list[str] = page.evaluate(_RUN)
    return found


def paths(shipped: Snapshot) -> dict[str, bool]:
    """Every kind of page → whether it has a live map."""
    features: list[dict[str, Any]] = [json.loads(f) for f in shipped.page(EVERYTHING, 15).features]
    exact = next(f["id"] for f in features if f["properties"]["precision"] == "building")
    return {
        "/": True,
        "/?bank=bocom": True,
        "/?q=zzz": True,
        f"/branches/{features[2]['id']}": True,
        f"/branches/{exact}": True,
        "/districts/330212": True,
        "/districts/330205": True,
        "/embed": True,
        f"/embed?branch={exact}&near=1": True,
        "/embed?show=list&theme=dark&accent=c7000b": False,
        "/embed?zoom=99": False,
        "/embed/builder": False,
        "/api/docs": False,
        "/offline": False,
        "/?page=0": False,
        "/nope": False,
    }


@pytest.mark.parametrize(
    ("screen", "lang", "scheme"),
    [("phone", "zh", "dark"), ("desktop", "en", "light")],
)
def test_axe_finds_nothing(
    visitor: Visitor, site: str, shipped: Snapshot, screen: str, lang: str, scheme: str
) -> None:
    visit = visitor(screen, lang, color_scheme=scheme, reduced_motion="reduce")
    found = {}
    for path, live in paths(shipped).items():
        found[path] = findings(visit.open(site + path, live=live))
    visit.complaints = [said for said in visit.complaints if "status of 40" not in said]
    assert {path: said for path, said in found.items() if said} == {}


def test_axe_finds_nothing_in_what_opens(visitor: Visitor, site: str) -> None:
    """Popup, choice of layers, suggestions."""
    page = visitor("desktop", color_scheme="dark", reduced_motion="reduce").open(site)
    page.locator(".card a[data-show]").first.click()
    expect(page.locator(".popup")).to_have_count(1)
    page.locator(".leaflet-control-layers-toggle").focus()
    page.keyboard.press("Enter")
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("combobox").first.fill("yz")
    expect(page.get_by_role("option").first).to_be_visible()
    assert findings(page) == []


def test_a_fault_is_found(visitor: Visitor, site: str) -> None:
    """That the checks above can fail."""
    page = visitor("desktop").open(site)
    page.evaluate("document.querySelector('#q').labels.forEach((label) => label.remove())")
    page.evaluate(
        "for (const each of ['aria-label', 'placeholder', 'aria-labelledby', 'title'])"
        "  document.querySelector('#q').removeAttribute(each)"
    )
    assert any("label" in said for said in findings(page))
