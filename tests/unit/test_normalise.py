"""The canonical form of names and addresses."""

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsvc.address.normalise import NORMALISER_VERSION, canonical, canonical_all

CASES = [
    ("", ""),
    ("宁波市河清北路295号", "宁波市河清北路295号"),
    ("  宁波市　河清北路\t295 号\n", "宁波市河清北路295号"),
    ("河清北路２９５号", "河清北路295号"),
    ("四明西路154、156、158号", "四明西路154,156,158号"),
    ("文康路128号，扬帆路555号；A座", "文康路128号,扬帆路555号,a座"),
    ("宁波鄞州支行(本级)", "宁波鄞州支行(本级)"),
    ("宁波鄞州支行（本级）", "宁波鄞州支行(本级)"),
    ("宁波鄞州支行【本级】", "宁波鄞州支行(本级)"),
    ("宁波鄞州支行〔本级］", "宁波鄞州支行(本级)"),
    ("中山西路166—168号", "中山西路166-168号"),
    ("中山西路166～168号", "中山西路166-168号"),
    ("中山西路166–168号", "中山西路166-168号"),
    ("ABC大厦", "abc大厦"),
    ("ＡＢＣ大厦", "abc大厦"),
    ("Straße", "strasse"),
    ("\ufeff宁\u200b波\u200d\u00ad市\ufe0f", "宁波市"),
    ("\u202e宁波\u202c\u2066市\u2069", "宁波市"),
    ("宁波\0\x1b[31m市", "宁波(31m市"),
    ("⾏", "行"),  # Kangxi radical
    ("\uf9c4", "龍"),  # compatibility ideograph
    ("“天一”广场", '"天一"广场'),
    ("e\u200d\u0301", "é"),  # the joiner's removal lets the accent combine
    ("<script>${x}</script>", "(script)${x)(/script)".replace("${", "$(")),
    ("。", "。"),
    ("一", "一"),  # the numeral is no dash
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_canonical(text: str, expected: str) -> None:
    assert canonical(text) == expected


@settings(deadline=None)  # a busy machine is no failure
@given(st.text())
def test_applying_it_again_changes_nothing(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(alphabet="宁波A ａ（)、，-—\u200b\u0301ßſKﬁ①ᾳͅ\u3164"))
def test_applying_it_again_changes_nothing_where_rules_meet(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.text("支1aA(（、，１ \n\u200b", max_size=4) | st.text(max_size=4)))
def test_many_at_once_are_as_one_by_one(texts: list[str]) -> None:
    assert canonical_all(texts) == [canonical(text) for text in texts]


@given(st.text(alphabet="宁波路1号,"), st.sampled_from([" ", "\u3000", "\u200b", "\0", "\u202e"]))
def test_what_cannot_be_seen_changes_no_key(text: str, invisible: str) -> None:
    assert canonical(invisible.join(text)) == canonical(text)


def test_every_single_character_is_stable_and_the_invisible_ones_vanish() -> None:
    gone = {"Cc", "Cf", "Zs", "Zl", "Zp"}
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        if unicodedata.category(char) in {"Cn", "Co", "Cs"}:
            continue  # nothing is defined there
        once = canonical(char)
        assert canonical(once) == once, hex(code)
        if unicodedata.category(char) in gone:
            assert once == "", hex(code)
        elif char.isalnum() and not 0x1100 <= code <= 0xFFFF:
            assert once, hex(code)


def test_different_house_numbers_stay_different() -> None:
    assert canonical("中山路1-2号") != canonical("中山路12号")
    assert canonical("中山路1、2号") != canonical("中山路12号")


def test_the_version_is_part_of_what_is_cached() -> None:
    assert NORMALISER_VERSION == 1
