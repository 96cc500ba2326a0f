"""A snapshot made from an earlier one is, byte for byte, the one that is made from nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from mapsvc.model import Branch, BranchList, Notice, Placement, Point, Precision
from mapsvc.snapshot import Keeper, files
from mapsvc.store import open_store
from mapsvc.store.base import OF_BRANCH, OF_PLACEMENT, Row, Writer
from mapsvc.store.migrations import SHOWN
from mapsvc.store.sql import SqlReading, SqlStore

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
FIRST, SECOND = BranchList("first", "第一"), BranchList("second", "第二", award="示范")
MANY = [
    Branch(f"b{i}", f"工行{i}支行", f"宁波市甲路{i}号", "icbc", f"0574-{i}", "Mo-Fr 09:00-17:00")
    for i in range(40)
]
NEW = Branch("new", "建设银行新支行", "宁波市丙路3号", "ccb", services=("atm",))


def placed(branch: str, lon: float, provider: str = "curated") -> Placement:
    place = Point(lon, 29.8)
    return Placement(branch, place, Precision.STREET, 90.0, provider, NOW, None, "甲路", ())


PLACED = [placed(branch.id, 121 + i / 100) for i, branch in enumerate(MANY[:30])]


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgres_url"))
    else:
        url = f"sqlite:///{tmp_path}/mapsvc.sqlite3"
    with closing(open_store(url)) as opened:
        assert isinstance(opened, SqlStore)
        with opened.write() as writer:
            writer.put_list(FIRST, MANY)
            writer.put_list(SECOND, MANY[5:8])
            writer.put_placements(PLACED)
        yield opened


def with_phone(number: int, phone: str) -> list[Branch]:
    return [*MANY[:number], replace(MANY[number], phone=phone), *MANY[number + 1 :]]


def put_and_remove(writer: Writer) -> None:
    writer.put_list(FIRST, MANY[:3])
    writer.put_list(FIRST, with_phone(20, "again"))
    writer.put_placements([placed("b25", 121.5)])


CHANGES: dict[str, Callable[[Writer], None]] = {
    "a cell": lambda w: w.put_list(FIRST, with_phone(6, "1")),
    "nothing": lambda w: w.put_list(FIRST, MANY),
    "a new one": lambda w: w.put_list(FIRST, [*MANY[:2], NEW, *MANY[2:]]),
    "a new one alone in front": lambda w: w.put_list(FIRST, [NEW, *MANY]),
    "one less": lambda w: w.put_list(FIRST, MANY[1:]),
    "the order": lambda w: w.put_list(FIRST, MANY[::-1]),
    "a list": lambda w: w.put_list(SECOND, [MANY[9], MANY[5]]),
    "a list less": lambda w: w.drop_list("second"),
    "a list more": lambda w: w.put_list(BranchList("third", "第三"), [MANY[0], NEW]),
    "a title": lambda w: w.put_list(replace(FIRST, title="另一"), MANY),
    "an award": lambda w: w.put_list(replace(FIRST, award="十佳"), MANY),
    "a place": lambda w: w.put_placements([placed("b3", 120.0, "other")]),
    "a first place": lambda w: w.put_placements([placed("b35", 121.05)]),
    "no place": lambda w: w.put_placements(
        [replace(PLACED[0], point=None, precision=None, radius_m=None, provider=None)]
    ),
    "gone and there again": put_and_remove,
    "a notice": lambda w: w.put_notices(
        [Notice(1, "停电", NOW, datetime(2126, 1, 1, tzinfo=UTC), branch="b4")]
    ),
}


def contents(folder: Path) -> dict[str, bytes]:
    """The current snapshot's files, without the tree's nodes: they hold addresses in memory."""
    current = files._current(folder)
    assert current is not None
    found = {path.name: path.read_bytes() for path in (folder / current).iterdir()}
    assert found.pop("points.tree_0.npy")
    return {"name": current.encode(), **found}


@pytest.mark.parametrize("change", CHANGES)
def test_the_same_as_from_nothing(store: SqlStore, tmp_path: Path, change: str) -> None:
    keeper = Keeper(store, tmp_path / "kept")
    keeper.refresh()
    for number, name in enumerate((change, "a cell", change)):
        with store.write() as writer:
            CHANGES[name](writer)
        keeper.refresh()
        Keeper(store, tmp_path / f"anew{number}").refresh()
        assert contents(tmp_path / "kept") == contents(tmp_path / f"anew{number}")


def test_only_what_has_changed_is_read(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Keeper(store, tmp_path / "kept").refresh()
    read: list[str] = []
    rows_of = SqlReading.rows_of

    def spied(reading: SqlReading, members: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[Row]:
        for row in rows_of(reading, members):
            read.append(row.id)
            yield row

    monkeypatch.setattr(SqlReading, "rows", None)
    monkeypatch.setattr(SqlReading, "rows_of", spied)
    with store.write() as writer:
        writer.put_list(FIRST, [NEW, *with_phone(6, "1")])
        writer.put_placements([placed("b8", 120.0), *PLACED[10:]])
    Keeper(store, tmp_path / "kept").refresh()  # by another process
    assert read == ["new", "b6", "b8"]


def test_a_change_past_the_program_is_noted(store: SqlStore, tmp_path: Path) -> None:
    with store.reading() as reading:
        revision, changed_at = reading.revision, reading.changed_at
    with store.write() as writer:
        writer.connection.execute(text("UPDATE branches SET name = 'x' WHERE id = 'b1'"))
        writer.connection.execute(text("DELETE FROM placements WHERE branch = 'b2'"))
        writer.put_notices([])
    with store.reading() as reading:
        assert reading.changed_since(revision, changed_at) == frozenset({"b1", "b2"})


def test_what_is_long_past_or_of_another_store_is_not_known(store: SqlStore) -> None:
    with store.reading() as reading:
        revision, changed_at = reading.revision, reading.changed_at
        assert reading.changed_since(revision, changed_at) == frozenset()
        assert reading.changed_since(revision, NOW) is None
        assert reading.changed_since(revision + 1, changed_at) is None
        assert reading.changed_since(0, None) is None
    for number in range(101):
        with store.write() as writer:
            writer.put_list(SECOND, [MANY[number % 2]])
    with store.reading() as reading:
        assert reading.changed_since(revision, changed_at) is None


def test_a_store_in_place_of_another_is_read_from_nothing(store: SqlStore, tmp_path: Path) -> None:
    """A backup that was put back and changed since: its revisions are others."""
    Keeper(store, tmp_path / "kept").refresh()
    other = open_store(f"sqlite:///{tmp_path}/other.sqlite3")
    with other.write() as writer:
        writer.put_list(FIRST, MANY[::-1])
    with other.write() as writer:
        writer.put_list(FIRST, with_phone(3, "other"))
    Keeper(other, tmp_path / "kept").refresh()
    Keeper(other, tmp_path / "anew").refresh()
    other.close()
    assert contents(tmp_path / "kept") == contents(tmp_path / "anew")


def test_all_that_is_shown_of_a_branch_is_noted() -> None:
    """A column more is a new step of the migrations, with new triggers."""
    assert set(OF_BRANCH) <= set(SHOWN["branches"])
    assert set(OF_PLACEMENT) <= set(SHOWN["placements"])
