"""What would steer a display is shown or taken out; everything else stays as it was."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsvc.web.display import shown


@pytest.mark.parametrize(
    ("raw", "display"),
    [
        ("浦发银行宁波鄞州支行(本级)", "浦发银行宁波鄞州支行(本级)"),
        ("a\x00b", "a␀b"),
        ("\x1b[31mred", "␛[31mred"),
        ("a\tb\r\nc", "a␉b␍␊c"),
        ("\x7f", "␡"),
        ("\x85\x9b", "\ufffd\ufffd"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\u2066\u2067\u2068\u2069\u202a\u202b\u202c\u202d\u200e\u200f\u061c", ""),
        ("a\u2028b\u2029c", "a b c"),
        ("<b>&amp;{{7*7}}${x}`", "<b>&amp;{{7*7}}${x}`"),
        ("שלום", "שלום"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
    ],
)
def test_shown(raw: str, display: str) -> None:
    assert shown(raw) == display


@given(st.text())
def test_nothing_that_steers_is_left_and_showing_twice_changes_nothing(text: str) -> None:
    display = shown(text)
    assert not any(unicodedata.category(c) == "Cc" for c in display)
    assert not any(unicodedata.bidirectional(c) in _STEERING for c in display)
    assert shown(display) == display


_STEERING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
