"""Names in pinyin: how they are spelled, and how typed letters are read."""

from __future__ import annotations

import csv
import re
import time

import pytest

from mapsvc.address.extract import extract_pinyin
from mapsvc.address.pinyin import initials, readings, spelled
from mapsvc.address.searched import address_spellings, key, keys, spellings, word_starts
from mapsvc.resources import resource


def rows(name: str) -> list[dict[str, str]]:
    with resource(f"data/{name}").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def own_readings() -> dict[str, str]:
    return {c: row["syllable"] for row in rows("pinyin.csv") for c in row["characters"]}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("支行", "zhi hang"),
        ("中国银行宁波分行", "zhong guo yin hang ning bo fen hang"),
        ("农商行", "nong shang hang"),
        ("步行街", "bu xing jie"),
        ("行政服务中心", "xing zheng fu wu zhong xin"),
        ("鄞州区", "yin zhou qu"),
        ("重庆银行", "chong qing yin hang"),
        ("乐清", "yue qing"),
        ("长安银行", "chang an yin hang"),
        ("厦门", "xia men"),
        ("三江六岸", "san jiang liu an"),
        ("石碶街道", "shi qi jie dao"),
        ("1弄2号a座", "1 long 2 hao a zuo"),
        ("绿城", "lv cheng"),
    ],
)
def test_how_names_are_read(text: str, wanted: str) -> None:
    assert spelled(text) == f" {wanted}"


def test_the_table_is_what_the_library_reads() -> None:
    assert dict(extract_pinyin()) == {r["syllable"]: r["characters"] for r in rows("pinyin.csv")}


def test_every_word_is_read_otherwise_than_by_the_table() -> None:
    table = own_readings()
    single = {r["word"]: r["reading"] for r in rows("pinyin-words.csv") if len(r["word"]) == 1}
    for row in rows("pinyin-words.csv"):
        word, reading = row["word"], row["reading"].split(" ")
        assert len(word) == len(reading), word
        assert set(reading) <= set(table.values()), word
        usual = table if len(word) == 1 else table | single
        assert [usual[c] for c in word] != reading, word


def test_many_are_spelled_as_one() -> None:
    names = ["鄞州", "", "重庆", "icbc 2"]
    assert spellings(names) == [spelled(name) for name in names]
    assert (spellings([]), keys([]), address_spellings([])) == ([], [], [])
    assert keys(["寧波", "Ａ Ｂ", ""]) == [key("寧波"), "ab", ""]


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("浙江省宁波市鄞州区天童北路933号", "tian tong bei lu 9 3 3 hao"),
        ("宁海县跃龙街道学勉路1号", "yue long jie dao xue mian lu 1 hao"),
        ("中山西路1号", "zhong shan xi lu 1 hao"),
        ("人民路市场内", "ren min lu shi chang nei"),
        ("内蒙古自治区锡林郭勒盟多伦县诺尔路3号", "nuo er lu 3 hao"),
    ],
)
def test_addresses_are_spelled_from_behind_their_district(address: str, wanted: str) -> None:
    assert address_spellings([address]) == [f" {wanted}"]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("yz", ["y z"]),
        ("yinz", ["yin z", "yi n z"]),
        ("yzhou", ["y zhou"]),
        ("zh", ["zh", "z h"]),
        ("xian", ["xian", "xia n", "xi an"]),
        ("xa", ["x a"]),
        ("nb", ["n b"]),
        ("ah", ["a h"]),
        ("gsyh", ["g s y h"]),
        ("鄞zhou", ["yin zhou"]),
        ("工行yz", ["gong hang y z"]),
        ("2hao", ["2 hao", "2 ha o"]),
        ("鄞州", []),
        ("icbc", []),
        ("v", []),
        ("", []),
        ("{{7*7}}", []),
    ],
)
def test_what_letters_can_mean(typed: str, wanted: list[str]) -> None:
    assert [" ".join(way.pieces) for way in readings(typed)] == wanted


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("yz", "鄞州支行"),
        ("yinzhouzh", "鄞州支行"),
        ("yzzh", "鄞州支行"),
        ("zhou支", "鄞州支行"),
        ("zh", "中行"),
        ("nb", "宁波"),
        ("ah", "安徽"),
        ("xa", "西安"),
        ("xian", "西安"),
    ],
)
def test_a_name_is_found(typed: str, name: str) -> None:
    assert any(re.search(way.pattern, spelled(name)) for way in readings(typed))


@pytest.mark.parametrize(
    ("typed", "name"),
    [("inzhou", "鄞州"), ("yz", "鄞江周"), ("yin州", "英州"), ("yinz", "鄞江"), ("hang银", "行应")],
)
def test_a_name_is_not_found(typed: str, name: str) -> None:
    assert not any(re.search(way.pattern, spelled(name)) for way in readings(typed))


def test_what_a_needle_promises() -> None:
    for typed in ("yz", "yzhou", "yinzhou", "gshang", "鄞zhou", "zhongshanx"):
        for way in readings(typed):
            for name in ("鄞州中山西路", "工商银行", "鄞州支行"):
                if re.search(way.pattern, spelled(name)):
                    assert way.needle in spelled(name)
                    assert way.letters in initials(spelled(name))


@pytest.mark.parametrize(
    "typed",
    ["a" * 100, "nan" * 33, "xian" * 10, "an" * 20, "zh" * 20, "a鄞" * 50, "e." * 50, "ang" * 13],
)
def test_long_nonsense_is_read_at_once(typed: str) -> None:
    start = time.process_time()
    ways = readings(typed)
    assert len(ways) <= 4
    for way in ways:
        re.search(way.pattern, " nan" * 500)
    assert time.process_time() - start < 0.2


def test_the_words_of_english_names() -> None:
    assert word_starts("Bank of China (Hong Kong)")[-1] == "kong)"
    assert word_starts("") == []
