"""Text that no browser can wrap does not push a page sideways."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.browser.conftest import Visitor, serving
from tests.integration.conftest import hostile_contents, make_app
from tests.readings import snapshot_of

UNBREAKABLE = ("Z" + "\u0e49" * 480, "Z" + "\u0335" * 480, "﷽" * 100, "W" * 500)


@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_no_page_scrolls_sideways(visitor: Visitor, screen: str) -> None:
    contents = hostile_contents()
    branches = (
        tuple(
            replace(branch, name=text, address=text)
            for branch, text in zip(contents.branches, UNBREAKABLE, strict=False)
        )
        + contents.branches[len(UNBREAKABLE) :]
    )
    with serving(make_app(snapshot_of(replace(contents, branches=branches)))) as url:
        visit = visitor(screen)
        for path in ("/", "/embed", "/branches/b0", "/branches/b1", "/districts/330203"):
            page = visit.open(url + path)
            page.evaluate("window.scrollTo(5000, 0)")
            assert page.evaluate("window.scrollX") == 0, path
        visit.check()
