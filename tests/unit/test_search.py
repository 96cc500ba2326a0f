"""Suggestions and searches over the 15 branches and Ningbo's districts and towns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mapsvc import service
from mapsvc.search import Kind, Suggestion, suggest
from mapsvc.search.matching import Wanted, spans
from mapsvc.search.vocabulary import Named, Vocabulary
from mapsvc.snapshot import BranchQuery, Snapshot
from mapsvc.snapshot.lines import Lines
from mapsvc.store import open_store
from tests.readings import snapshot_of


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    folder: Path = tmp_path_factory.mktemp("store")
    store = open_store(f"sqlite:///{folder / 'mapsvc.sqlite3'}")
    service.seed(store)
    yield snapshot_of(store.contents())
    store.close()


def names(found: list[Suggestion], kind: Kind | None = None) -> list[str]:
    return [each.name for each in found if kind in {None, each.kind}]


@pytest.mark.parametrize(
    ("typed", "kind", "name"),
    [
        ("鄞州", Kind.DISTRICT, "鄞州区"),
        ("鄞州区", Kind.DISTRICT, "鄞州区"),
        ("鄞", Kind.DISTRICT, "鄞州区"),
        ("yz", Kind.DISTRICT, "鄞州区"),
        ("YZ", Kind.DISTRICT, "鄞州区"),
        ("ｙｚ", Kind.DISTRICT, "鄞州区"),
        ("yinzhou", Kind.DISTRICT, "鄞州区"),
        ("yin zhou", Kind.DISTRICT, "鄞州区"),
        ("Yinzhou", Kind.DISTRICT, "鄞州区"),
        ("yinzh", Kind.DISTRICT, "鄞州区"),
        ("yzhou", Kind.DISTRICT, "鄞州区"),
        ("鄞zhou", Kind.DISTRICT, "鄞州区"),
        ("yyao", Kind.DISTRICT, "余姚市"),
        ("餘姚", Kind.DISTRICT, "余姚市"),
        ("hs", Kind.DISTRICT, "海曙区"),
        ("cixi", Kind.DISTRICT, "慈溪市"),
        ("ninghaixian", Kind.DISTRICT, "宁海县"),
        ("gsyh", Kind.BANK, "工商银行"),
        ("gonghang", Kind.BANK, "工商银行"),
        ("工行", Kind.BANK, "工商银行"),
        ("ICBC", Kind.BANK, "工商银行"),
        ("ＩＣＢＣ", Kind.BANK, "工商银行"),
        ("中国工商银行", Kind.BANK, "工商银行"),
        ("industrial and", Kind.BANK, "工商银行"),
        ("communications", Kind.BANK, "交通银行"),
        ("建設銀行", Kind.BANK, "建设银行"),
        ("首南", Kind.TOWN, "首南街道"),
        ("shounan", Kind.TOWN, "首南街道"),
        ("逍林", Kind.TOWN, "逍林镇"),
        ("天童北路", Kind.BRANCH, "浦发银行宁波鄞州支行"),
        ("tiantongbeilu", Kind.BRANCH, "浦发银行宁波鄞州支行"),
        ("天童 北路９３３", Kind.BRANCH, "浦发银行宁波鄞州支行"),
        ("浦发yz", Kind.BRANCH, "浦发银行宁波鄞州支行"),
        ("浦发 鄞州", Kind.BRANCH, "浦发银行宁波鄞州支行"),
        ("pfyhnb", Kind.BRANCH, "浦发银行宁波鄞州支行"),
        ("zhihang", Kind.BRANCH, "工商银行宁波新城支行营业部"),
    ],
)
def test_the_first_suggestion(snapshot: Snapshot, typed: str, kind: Kind, name: str) -> None:
    first = suggest(snapshot, typed, 10)[0]
    assert (first.kind, first.name) == (kind, name)


def test_an_address_is_suggested_as_a_place(snapshot: Snapshot) -> None:
    *_, last = suggest(snapshot, "鄞州区天童北路900号", 10)
    assert (last.kind, last.key, last.name) == (Kind.PLACE, *["鄞州区天童北路900号"] * 2)
    assert last.point is not None
    assert Kind.PLACE not in {each.kind for each in suggest(snapshot, "鄞州区天童南路900号", 10)}


@pytest.mark.parametrize(
    "typed",
    ["zhixing", "inzhou", "天童南路", "xuanwu", "icbcc", "", " ", "\u200b", "没有"],
)
def test_what_means_nothing(snapshot: Snapshot, typed: str) -> None:
    assert names(suggest(snapshot, typed, 10)) == []


@pytest.mark.parametrize(
    ("typed", "count"),
    [
        ("yz", 9),
        ("yinzhou", 8),
        ("鄞州", 8),
        ("hs", 3),
        ("海曙区", 3),
        ("gsyh", 2),
        ("gonghang", 2),
        ("zhihang", 11),
        ("分行", 4),
        ("fenhang", 4),
        ("寧波", 13),
        ("ＮＢ", 13),
        ("tiantong", 1),
        ("tianyinlu", 1),
        ("鄞州 工行", 2),
        ("工行yz", 2),
        ("鄞州 工行 首南", 1),
        ("gh", 3),
        ("xing", 0),
        ("zhixing", 0),
        ("天童南路", 0),
        ("\ud800", 0),
        ("(", 1),
        ("%", 0),
    ],
)
def test_a_list_by_words(snapshot: Snapshot, typed: str, count: int) -> None:
    found = [json.loads(feature) for feature in snapshot.iterate(BranchQuery(q=typed))]
    assert len(found) == count, [each["properties"]["name"] for each in found]


def test_a_district_lists_its_branches_though_none_is_named_so(snapshot: Snapshot) -> None:
    listed = snapshot.page(BranchQuery(q="yz"), 100).features
    of_district = snapshot.page(BranchQuery(district="330212"), 100).features
    assert set(of_district) <= set(listed)


def test_things_that_begin_with_it_come_before_branches(snapshot: Snapshot) -> None:
    found = suggest(snapshot, "y", 20)
    kinds = [each.kind for each in found]
    assert kinds == sorted(kinds, key=list(Kind).index)
    assert kinds.count(Kind.TOWN) == 4
    counts = [each.count for each in found if each.kind is Kind.DISTRICT]
    assert counts == [8, 1]


def test_branches_come_before_things_that_only_hold_it(snapshot: Snapshot) -> None:
    kinds = [each.kind for each in suggest(snapshot, "州", 20)]
    assert kinds.index(Kind.BRANCH) < kinds.index(Kind.DISTRICT)


def test_at_most_as_many_as_asked_for(snapshot: Snapshot) -> None:
    for typed in ("银行", "yh", "y", "宁波 银行", "zhihang"):
        for limit in (0, 1, 3):
            found = suggest(snapshot, typed, limit)
            assert len(found) == limit
            assert [e.key for e in found] == [e.key for e in suggest(snapshot, typed, 20)][:limit]


def test_none_is_suggested_twice(snapshot: Snapshot) -> None:
    for typed in ("yz", "银行", "工行yz", "宁波 银行", "n"):
        keys = [(each.kind, each.key) for each in suggest(snapshot, typed, 20)]
        assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("typed", "name", "marked"),
    [
        ("鄞州", "寧波 鄞州支行", "鄞州"),
        ("yz", "浦发银行宁波鄞州支行", "鄞州"),
        ("yinzh", "浦发银行宁波鄞州支行", "鄞州"),
        ("zhihang", "宁波鄞州支行(本级)", "支行"),
        ("寧波", "宁波分行", "宁波"),
        ("icbc", "ＩＣ ＢＣ宁波", "ＩＣ ＢＣ"),
        ("①", "①号", "①"),
        ("1", "甲①号", "①"),
        ("gh", "工商银行", ""),
        ("ﷺ", "ﷺ", "ﷺ"),
    ],
)
def test_what_of_the_name_was_typed(typed: str, name: str, marked: str) -> None:
    found = spans(Wanted.of(typed), name)
    assert "".join(name[start:end] for start, end in found) == marked


def test_words_within_english_names_are_no_beginnings() -> None:
    known = Vocabulary([Named("a", "甲行", "Shanghai Bank of China", "")])
    found = {
        typed: [rank.name for rank, _ in known.find(Wanted.of(typed))]
        for typed in ("gh", "shang", "bank", "china", "hina", "甲")
    }
    assert found == {
        "gh": [], "shang": ["BEGINS"], "bank": ["BEGINS"], "china": ["WHOLE"], "hina": [],
        "甲": ["BEGINS"],
    }  # fmt: skip


def test_lines_without_any() -> None:
    assert list(Lines([]).holding("a")) == []
    assert list(Lines([]).matching("^a")) == []
    assert list(Lines(["aa", "", "a"]).holding("a")) == [(0, 0, 1), (2, 0, 1)]
