"""A file's rows against what is stored: matching, ids, changes."""

from __future__ import annotations

import random
import re
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsvc.lists import ListRow, difference, new_id, read_list
from mapsvc.lists.changes import FieldChange
from mapsvc.model import Branch, Datum, Point
from mapsvc.resources import resource


def _row(name: str, address: str, branch_id: str | None = None, line: int = 1) -> ListRow:
    return ListRow(line, branch_id, name, address, None)


def _branch(branch_id: str, name: str, address: str) -> Branch:
    return Branch(id=branch_id, name=name, address=address)


def _ids(rows: list[ListRow], stored: list[Branch]) -> list[str]:
    return [branch.id for branch in difference(rows, stored).branches]


@pytest.fixture(scope="module")
def shipped() -> tuple[ListRow, ...]:
    return read_list(resource("data/lists/ningbo-2021.txt")).rows


def test_into_an_empty_list_everything_is_added(shipped: tuple[ListRow, ...]) -> None:
    found = difference(shipped, [])
    assert len(found.added) == 15
    assert (found.changed, found.unchanged, found.unlisted) == ((), (), ())
    assert not found.is_empty
    assert [added.branch for added in found.added] == list(found.branches)
    assert found.added[0].branch == shipped[0].branch("icbc-8326a69e12")
    assert len({branch.id for branch in found.branches}) == 15


def test_two_fresh_stores_get_the_same_ids(shipped: tuple[ListRow, ...]) -> None:
    once = {b.id: b for b in difference(shipped, []).branches}
    again = {b.id: b for b in difference(list(reversed(shipped)), []).branches}
    assert once == again


def test_the_same_file_twice_changes_nothing(shipped: tuple[ListRow, ...]) -> None:
    stored = difference(shipped, []).branches
    for order in (stored, stored[::-1]):
        found = difference(shipped, order)
        assert found.is_empty
        assert [u.branch for u in found.unchanged] == list(found.branches) == list(stored)


def test_new_id() -> None:
    row = ListRow(1, None, "工商银行 甲支行", "路１号", "icbc")
    assert re.fullmatch(r"icbc-[0-9a-f]{10}", new_id(row))
    assert new_id(row) == new_id(row._replace(name="工商银行甲支行", address="路1号", line=9))
    assert new_id(row) != new_id(row._replace(address="路2号"))
    assert new_id(row._replace(bank=None)) == new_id(row).replace("icbc", "branch")
    assert new_id(_row("ab", "c")) != new_id(_row("a", "bc"))


MATCHING = [
    # what, rows (name, address, id), stored (id, name, address), ids expected (None: a new one)
    ("id before all", [("B", "2", "x")], [("x", "A", "1"), ("y", "B", "2")], ["x"]),
    ("name and address", [("A", "1", None)], [("x", "A", "1")], ["x"]),
    ("canonical", [("Ａ 支行", "１、2号", None)], [("x", "a支行", "1,2号")], ["x"]),
    ("moved", [("A", "9", None)], [("x", "A", "1"), ("y", "B", "2")], ["x"]),
    ("renamed", [("C", "1", None)], [("x", "A", "1"), ("y", "B", "2")], ["x"]),
    ("both changed", [("C", "3", None)], [("x", "A", "1")], [None]),
    (
        "same name twice in the store",
        [("A", "9", None)],
        [("x", "A", "1"), ("y", "A", "2")],
        [None],
    ),
    (
        "same name twice in the file",
        [("A", "8", None), ("A", "9", None)],
        [("x", "A", "1")],
        [None, None],
    ),
    (
        "one of two moved",
        [("A", "1", None), ("A", "9", None)],
        [("x", "A", "1"), ("y", "A", "2")],
        ["x", "y"],
    ),
    (
        "two in one building, one renamed",
        [("A", "1", None), ("C", "1", None)],
        [("x", "A", "1"), ("y", "B", "1")],
        ["x", "y"],
    ),
    (
        "swapped names keep to their names",
        [("A", "2", None), ("B", "1", None)],
        [("x", "A", "1"), ("y", "B", "2")],
        ["x", "y"],
    ),
    ("an unknown id, same branch", [("A", "1", "n")], [("x", "A", "1")], ["x"]),
    ("an unknown id at the same address is new", [("C", "1", "n")], [("x", "A", "1")], ["n"]),
    (
        "ids come later, and the branch moved",
        [("A", "9", "n")],
        [("icbc-0123456789", "A", "1")],
        ["icbc-0123456789"],
    ),
    ("an explicit id is used", [("A", "1", "n")], [], ["n"]),
]


@pytest.mark.parametrize(
    ("rows", "stored", "expected"), [case[1:] for case in MATCHING], ids=[c[0] for c in MATCHING]
)
def test_matching(
    rows: list[tuple[str, str, str | None]],
    stored: list[tuple[str, str, str]],
    expected: list[str | None],
) -> None:
    given_rows = [_row(*row) for row in rows]
    wanted = [
        new_id(row) if branch_id is None else branch_id
        for row, branch_id in zip(given_rows, expected, strict=True)
    ]
    branches = [_branch(*branch) for branch in stored]
    assert _ids(given_rows, branches) == wanted
    found = difference(given_rows, branches)
    assert [b.id for b in found.unlisted] == [b.id for b in branches if b.id not in wanted]
    assert _ids(given_rows[::-1], branches[::-1]) == wanted[::-1]


def test_every_changed_field_is_named_with_old_and_new() -> None:
    old = Branch("x", "A", "1", "icbc", "1", "9-17", Point(121, 29))
    row = ListRow(7, None, "A", "1 ", "abc", "", "9-18", Point(121, 29, Datum.GCJ02))
    (changed,) = difference([row], [old]).changed
    assert changed.old == old
    assert changed.new == row.branch("x")
    assert changed.row.line == 7
    assert changed.fields == (
        FieldChange("address", "1", "1 "),
        FieldChange("bank", "icbc", "abc"),
        FieldChange("phone", "1", ""),
        FieldChange("hours", "9-17", "9-18"),
        FieldChange("point", Point(121, 29), Point(121, 29, Datum.GCJ02)),
    )


def test_a_spelling_is_a_change_and_no_new_branch() -> None:
    (changed,) = difference(
        [_row("甲支行（本级）", "1")], [_branch("x", "甲支行(本级)", "1")]
    ).changed
    assert changed.fields == (FieldChange("name", "甲支行(本级)", "甲支行（本级）"),)


def test_ids_that_are_taken_get_a_number() -> None:
    row = _row("A", "1")
    made = new_id(row)
    renamed = [_branch(made, "B", "2"), _branch(f"{made}-2", "C", "3")]
    rows = [_row("B", "2"), _row("C", "3"), row]
    assert _ids(rows, renamed) == [made, f"{made}-2", f"{made}-3"]
    assert _ids([row, _row("D", "4", made)], []) == [f"{made}-2", made]


def test_an_unlisted_branch_keeps_its_id_to_itself() -> None:
    row = _row("A", "1")
    found = difference([row], [_branch(new_id(row), "B", "2")])
    assert found.branches[0].id == f"{new_id(row)}-2"
    assert [branch.name for branch in found.unlisted] == ["B"]


def test_nothing_against_nothing() -> None:
    assert difference([], []).is_empty
    assert [b.id for b in difference([], [_branch("x", "A", "1")]).unlisted] == ["x"]


_few = st.sampled_from("ABC")
_rows = st.lists(st.tuples(_few, _few, st.none() | st.sampled_from("xyz")), max_size=6)
_stored = st.lists(st.tuples(_few, _few), max_size=5)


@settings(deadline=None)  # a busy machine is no failure
@given(_rows, _stored)
def test_every_row_and_branch_is_accounted_for_once(
    pairs: list[tuple[str, str, str | None]], held: list[tuple[str, str]]
) -> None:
    seen: set[object] = set()
    rows: list[ListRow] = []
    for name, address, branch_id in pairs:
        if {(name, address), branch_id} & (seen - {None}):
            continue  # the reader rejects these
        seen |= {(name, address), branch_id}
        rows.append(_row(name, address, branch_id, len(rows) + 1))
    stored = [_branch("xyzuv"[i], *pair) for i, pair in enumerate(dict.fromkeys(held))]
    found = difference(rows, stored)
    assert len(found.branches) == len(rows)
    assert len({branch.id for branch in found.branches}) == len(rows)
    assert len(found.added) + len(found.changed) + len(found.unchanged) == len(rows)
    matched = {c.old.id for c in found.changed} | {u.branch.id for u in found.unchanged}
    assert matched | {branch.id for branch in found.unlisted} == {b.id for b in stored}
    assert len(matched) + len(found.unlisted) == len(stored)
    assert not {added.branch.id for added in found.added} & {b.id for b in stored}
    assert difference(rows, found.branches).is_empty


def test_a_hundred_thousand_rows_in_seconds() -> None:
    rows = [_row(f"工商银行第{i}支行", f"宁波市中山路{i}号", line=i) for i in range(100_000)]
    stored = list(difference(rows, []).branches)
    random.Random(1).shuffle(stored)
    stored[:20_000] = [replace(branch, name=f"{branch.name}旧") for branch in stored[:20_000]]
    stored[20_000:40_000] = [replace(b, address=f"{b.address}旧") for b in stored[20_000:40_000]]
    stored[40_000:50_000] = [replace(b, name="同", address="同") for b in stored[40_000:50_000]]
    start = time.process_time()
    found = difference(rows, stored)
    assert time.process_time() - start < 20
    assert len(found.changed) == 40_000
    assert len(found.unchanged) == 50_000
    assert len(found.added) == len(found.unlisted) == 10_000
