"""The banks' characters: the large banks' differ from each other."""

from __future__ import annotations

import pytest

from mapsvc.web.badges import badges


@pytest.mark.parametrize(
    ("code", "badge"),
    [("boc", "中"), ("citic", "信"), ("icbc", "工"), ("ccb", "建"), ("czb", "浙"), ("hzcb", "杭")],
)
def test_a_bank_has_its_character(code: str, badge: str) -> None:
    assert badges()[code] == badge


def test_the_large_banks_differ() -> None:
    first = list(badges().values())[:28]
    assert len(set(first)) == len(first)
