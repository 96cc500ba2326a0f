"""Chinese numerals, traditional characters, divisions, zones and house numbers by themselves."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsvc.address.divisions import gazetteer, short
from mapsvc.address.numbers import asked, split_numbers, spoken
from mapsvc.address.numerals import arabic, value
from mapsvc.address.simplified import simplified
from mapsvc.address.zones import generic_at, known_at

VALUES = [
    ("一", 1), ("十", 10), ("十一", 11), ("二十", 20), ("廿", 20), ("廿三", 23), ("卅一", 31),
    ("一百", 100), ("一百零五", 105), ("一百〇五", 105), ("一百二", 120), ("一百三十八", 138),
    ("一千零一", 1001), ("一千二百三十四", 1234), ("两百", 200), ("二〇一", 201),
    ("二零二一", 2021),
    ("壹佰贰拾叁", 123), ("一三八", 138), ("", None), ("百丈", None), ("百", None), ("千", None),
    ("十百", None), ("一百二百", None), ("十十", None), ("五一十", None),
]  # fmt: skip


@pytest.mark.parametrize(("numeral", "number"), VALUES)
def test_value(numeral: str, number: int | None) -> None:
    assert value(numeral) == number


def written(n: int) -> str:
    """The usual way to write 1 to 9999, made independently of the reader."""
    digits = "零一二三四五六七八九"
    text, zero = "", False
    for scale, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = n // scale % 10
        if digit:
            text += ("零" if zero and text else "") + digits[digit] + name
        zero = (zero or bool(text)) and not digit
    return text.removeprefix("一") if 10 <= n < 20 else text


@settings(deadline=None)
@given(st.integers(1, 9999))
def test_every_number_is_read_back(n: int) -> None:
    assert value(written(n)) == n
    assert arabic(f"中山路{written(n)}号") == f"中山路{n}号"


ARABIC = [
    ("一百三十八号", "138号"),
    ("四明西路一百五十四、一百五十六号", "四明西路一百五十四、156号"),  # after `canonical` only
    ("四明西路一百五十四,一百五十六号", "四明西路154,156号"),
    ("二〇一室", "201室"),
    ("三单元十二层", "3单元12层"),
    ("中山路五号二楼", "中山路5号2楼"),
    ("五一路十号", "五一路10号"),
    ("甲十二号", "甲12号"),
    ("六号大街", "6号大街"),
    ("国道三二四线", "国道324线"),
    ("十二号之一", "12号之1"),
    ("八号附三号", "8号附3号"),
    ("三里屯", "三里屯"), ("五一路", "五一路"), ("八一七路", "八一七路"), ("四明西路", "四明西路"),
    ("百丈路", "百丈路"), ("中山西路", "中山西路"), ("东四十条", "东四十条"), ("一号桥", "一号桥"),
    ("二号路", "二号路"), ("三座店镇", "三座店镇"), ("五社区", "五社区"), ("万寿路", "万寿路"),
    ("曹杨一村", "曹杨一村"), ("三七市镇", "三七市镇"), ("百号", "百号"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ARABIC)
def test_arabic(text: str, expected: str) -> None:
    assert arabic(text) == expected


def test_no_name_of_a_division_is_changed() -> None:
    for code in ("330282", "330281", "110101", "610124", "330112"):
        division = gazetteer().get(code)
        assert division
        assert arabic(simplified(division.name)) == division.name
    assert simplified("於潜镇乾县里后") == "於潜镇乾县里后"
    assert simplified("餘姚鄞縣臺州灣") == "余姚鄞县台州湾"


@given(st.text())
def test_simplifying_keeps_the_length_and_is_stable(text: str) -> None:
    once = simplified(text)
    assert len(once) == len(text)
    assert simplified(once) == once


@pytest.mark.parametrize(
    ("name", "stem"),
    [("内蒙古自治区", "内蒙古"), ("广西壮族自治区", "广西"), ("新疆维吾尔自治区", "新疆"),
     ("沛县", "沛县"),
     ("恩施土家族苗族自治州", "恩施"), ("巴音郭楞蒙古自治州", "巴音郭楞"),
     ("锡林郭勒盟", "锡林郭勒"),
     ("浦东新区", "浦东"), ("神农架林区", "神农架"), ("喀什地区", "喀什"),
     ("景宁畲族自治县", "景宁"),
     ("香港特别行政区", "香港"), ("城区", "城区")],
)  # fmt: skip
def test_short_names(name: str, stem: str) -> None:
    assert short(name) == stem


def test_divisions_know_what_is_around_them() -> None:
    names = gazetteer()
    assert names.city("330281") == "宁波市"
    assert names.city("110101") == "北京市"
    assert names.city("500235") == "重庆市"
    assert names.city("429004") == ""
    assert names.city("330000") == ""
    assert len(names.named("鼓楼区")) == 4
    dongguan, ningbo = names.get("441900"), names.get("330200")
    assert dongguan
    assert ningbo
    assert not names.has_districts(dongguan)
    assert names.has_districts(ningbo)


NUMBERS = [
    ("933号", ["933"]), ("154,156,158号", ["154", "156", "158"]), ("879号,881号", ["879", "881"]),
    ("166-168号", ["166-168"]), ("166号-168号", ["166-168"]), ("166号至168号", ["166-168"]),
    ("12和14号", ["12", "14"]), ("1234弄56号", ["1234弄56"]), ("50弄3,5号", ["50弄3", "50弄5"]),
    ("12号附3号", ["12号附3"]), ("甲12号", ["甲12"]), ("12a号", ["12a"]), ("3组15号", ["3组15"]),
    ("15号院", ["15"]), ("12号,12号", ["12"]), ("101/103号", ["101", "103"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "numbers"), NUMBERS)
def test_split_numbers(text: str, numbers: list[str]) -> None:
    assert split_numbers(text) == numbers


ASKED = [
    ("933", ["933"]), ("166-168", ["166", "168"]), ("12-5", ["12-5", "12"]),
    ("1-900", ["1-900", "1"]),  # no street has so wide a front
    ("1234弄56", ["1234弄56", "1234弄"]), ("1234弄", ["1234弄"]), ("8号附3", ["8号附3", "8"]),
    ("50弄3-5", ["50弄3", "50弄5", "50弄"]), ("k12+300", ["k12+300"]), ("12公里", ["12公里"]),
]  # fmt: skip


@pytest.mark.parametrize(("number", "texts"), ASKED)
def test_asked(number: str, texts: list[str]) -> None:
    assert [text for text, _ in asked(number)] == texts


def test_spoken() -> None:
    assert [spoken(n) for n in ("933", "50弄", "8号附3", "12公里")] == [
        "933号", "50弄", "8号附3号", "12公里",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "codes", "alias"),
    [
        ("高新区聚贤路", ["330200"], "高新区"),
        ("高新区聚贤路", ["330212"], "高新区"),
        ("高新区聚贤路", ["330000"], "高新区"),
        ("高新区聚贤路", ["330282"], None),  # 慈溪 has another one
        ("高新区天府大道", ["510100"], None),
        ("高新区聚贤路", [], None),
        ("杭州湾新区滨海二路", [], "杭州湾新区"),
        ("杭州湾新区滨海二路", ["330100"], None),
        ("东钱湖镇", ["330200"], None),
        ("大榭街道", ["330200"], None),
        ("高新区大道", ["330200"], None),
        ("东钱湖旅游度假区", ["330200"], "东钱湖旅游度假区"),
    ],
)
def test_known_zones(text: str, codes: list[str], alias: str | None) -> None:
    zone = known_at(text, 0, codes)
    assert (zone.alias if zone else None) == alias


@pytest.mark.parametrize(
    ("text", "zone"),
    [("经济技术开发区6号大街", "经济技术开发区"), ("两江新区黄山大道", "两江新区"),
     ("工业园区星湖街", "工业园区"),
     ("开发区路5号", ""), ("中山路开发区", ""), ("梅墟街道高新区", ""),
     ("综合保税区", "综合保税区")],
)  # fmt: skip
def test_zones_by_their_ending(text: str, zone: str) -> None:
    assert generic_at(text, 0) == zone
