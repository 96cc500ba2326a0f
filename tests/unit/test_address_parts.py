"""Parts and questions of addresses from all over China: one row of a table each, by hand."""

import csv
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsvc.address.parts import MAX_READ, Address, parse
from mapsvc.address.plan import MAX_QUESTIONS, plan

TABLE = Path(__file__).parents[1] / "data" / "addresses.tsv"
AREA = ("province", "city", "district", "zone", "town", "village")
LETTERS = {"b": "building", "i": "interpolated", "s": "street", "t": "town",
           "d": "district", "c": "city"}  # fmt: skip


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def area(row: dict[str, str]) -> dict[str, str]:
    """The area column is province/city/district/zone/town/village."""
    return dict(zip(AREA, (row["area"] + "/" * 5).split("/"), strict=False))


def streets(address: Address) -> str:
    return ";".join(f"{street.name}={','.join(street.numbers)}" for street in address.streets)


def other(address: Address) -> str:
    """Everything else in the table's short form, in this order."""
    parts = [("place", "+".join(filter(None, (p.name, p.building)))) for p in address.places]
    parts += [("building", b) for b in address.buildings]
    parts += [("floor", f) for f in address.floors] + [("room", r) for r in address.rooms]
    parts += [("cross", "×".join(address.crossing))] if address.crossing else []
    parts += [("near", n) for n in address.landmarks] + [("rel", r) for r in address.relations]
    parts += [("remark", r) for r in address.remarks]
    parts += [("post", address.postcode)] if address.postcode else []
    parts += [("rest", address.rest)] if address.rest else []
    return ";".join(f"{name}={value}" for name, value in parts)


def expected(row: dict[str, str]) -> list[tuple[str, str]]:
    """The asked column: precision letter and what follows the area; t, d, c alone are the area."""
    known = area(row)
    city = known["city"] if known["city"] != known["province"] else ""
    stem = {"c": known["province"] + city}
    stem["d"] = stem["c"] + known["district"] + known["zone"]
    stem["t"] = stem["d"] + known["town"]
    asked = [] if row["asked"] == "-" else row["asked"].split(" ")
    return [
        ((stem["t"] + item[1:]) if item[1:] else stem[item], LETTERS[item[0]]) for item in asked
    ]


def test_the_table_is_as_large_as_promised() -> None:
    assert len({row["address"] for row in rows()}) >= 150


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["address"])
def test_parts(row: dict[str, str]) -> None:
    address = parse(row["address"])
    assert {name: getattr(address, name) for name in AREA} == area(row)
    assert streets(address) == row["streets"]
    assert other(address) == row["other"]
    assert address.original == row["address"]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["address"])
def test_questions(row: dict[str, str]) -> None:
    address = parse(row["address"])
    # A zone read as a district is another test's matter (test_address_plan).
    asked = [q for q in plan(address) if q.district == address.district or q.best == "city"]
    assert [(q.text, q.best.value) for q in asked] == expected(row)


@pytest.mark.parametrize(
    ("region", "city"), [("", ""), ("320100", "南京市"), ("350000", "福州市"), ("330200", "")]
)
def test_a_region_decides_between_divisions_of_one_name(region: str, city: str) -> None:
    address = parse("鼓楼区中山路5号", region=region)
    assert address.city == city
    assert len(address.codes) == (1 if city else 4)


HOSTILE = [
    "", "号", "0" * 60, "路" * 60, "1,2,3," * 30, "(" * 50, ")" * 50, "一" * 50, "附1号" * 30,
    "12号3号4号", "\ud800", "𠮷路1号", "<script>${1}</script>路1号", "-1号", "与与与路口", "镇镇镇",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_nonsense_is_read_without_an_error(text: str) -> None:
    assert parse(text).original == text
    assert len(plan(parse(text))) <= MAX_QUESTIONS


WORDS = st.sampled_from(
    [
        "浙江省",
        "宁波",
        "鼓楼区",
        "高新区",
        "道林镇",
        "中山",
        "路",
        "街",
        "号",
        "弄",
        "及",
        "与",
        "(",
        ")",
        "12",
        "3-5",
        ",",
        "、",
        "甲",
        "一百",
        "k1+2",
        "国道",
        "村",
        "大厦",
        "楼",
        "a座",
        "交叉口",
        "对面",
        "公里",
    ]
)


@settings(deadline=None)
@given(st.one_of(st.text(), st.lists(WORDS, max_size=60).map("".join)))
def test_any_text_is_read_and_kept_and_asked_in_bounds(text: str) -> None:
    address = parse(text)
    questions = plan(address)
    assert address.original == text
    assert len(questions) <= MAX_QUESTIONS
    assert len({q.text for q in questions}) == len(questions)
    assert all(q.text for q in questions)
    ranks = [q.best.rank for q in questions if not q.place]
    assert all(a <= 1 or a <= b for a, b in pairwise(ranks))


HOSTILE_UNITS = """
路 1, 1- 12号 一 中山路 ( 街道 镇 宁波市 a 附1 k1+ 弄1
大厦 村 区 及1 1号楼 a1 g1 第1 1弄2 和 与 口 1层
大学
"""


@pytest.mark.parametrize("unit", HOSTILE_UNITS.split())
def test_ten_thousand_characters_take_no_time(unit: str) -> None:
    text = (unit * 10_000)[:10_000]
    parse(text)
    began = time.process_time()
    parse(text)
    assert time.process_time() - began < 0.05


def test_the_text_is_what_the_parts_were_read_from() -> None:
    address = parse(" 寧波市中山路一百號 ３樓")
    assert address.text == "宁波市中山路100号3楼"
    assert address.original == " 寧波市中山路一百號 ３樓"


def test_what_is_too_long_is_still_kept() -> None:
    text = "宁波市中山路1号" + "x" * MAX_READ * 3
    address = parse(text)
    assert address.original == text
    assert address.streets[0].numbers == ("1",)
