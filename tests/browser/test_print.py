"""On paper: a branch on one sheet, with its address, map and QR code, and nothing to press."""

from __future__ import annotations

import json
import re

from mapsvc.snapshot import EVERYTHING, Snapshot
from tests.browser.conftest import Visitor


def test_a_branch_fits_one_sheet(visitor: Visitor, site: str, shipped: Snapshot) -> None:
    branch = json.loads(shipped.page(EVERYTHING, 3).features[2])
    page = visitor("desktop").open(f"{site}/branches/{branch['id']}")
    sheets = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
    assert len(sheets) == 1
    page.emulate_media(media="print")
    text = page.locator("main").inner_text()
    assert branch["properties"]["name"] in text
    assert branch["properties"]["address"] in text
    for shown in (".map__static svg", ".qr svg"):
        assert page.locator(shown).is_visible(), shown
    pressed = page.locator("button:visible, input:visible, .routes:visible, .crumbs:visible")
    assert pressed.count() == 0
