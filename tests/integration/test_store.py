"""The store's contract. Every store runs these; `open_store` is the only thing that differs."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from shapely import box
from sqlalchemy import create_engine

from mapsvc.errors import NotFound, SettingError, StoreError
from mapsvc.geocoding.record import CacheKey, from_json, key_of
from mapsvc.model import (
    Branch,
    BranchList,
    Datum,
    District,
    Geocode,
    Notice,
    Placement,
    Point,
    Precision,
    ReviewCode,
    ReviewReason,
)
from mapsvc.store import open_store
from mapsvc.store.base import Store
from mapsvc.store.migrations import steps_for

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
HOSTILE = (
    "{{7*7}} <script>alert(1)</script> ${x} ` ' \" \\ \x01\x1f \u202e\u2066 😀 ; DROP TABLE lists"
)
A = Branch("icbc-1", "工商银行甲支行", "宁波市甲路1号", "icbc", "0574-1", "Mo-Fr 09:00-17:00")
B = Branch("x-2", HOSTILE, HOSTILE, None, HOSTILE, HOSTILE, Point(121.5, 29.8, Datum.BD09),
           ("atm", "wifi"), HOSTILE)  # fmt: skip
C = Branch("ccb-3", "建设银行丙支行", "宁波市丙路3号", "ccb")
FIRST = BranchList("first", "第一", 2021, "first.txt", NOW, "示范")
SECOND = BranchList("second", HOSTILE)
PLACED = Placement(
    "icbc-1",
    Point(121.5412345678901, 29.8123456789012),
    Precision.STREET,
    800.5,
    "curated",
    NOW,
    "330212",
    "宁波市甲路1号",
    (ReviewReason(ReviewCode.NEAR_BORDER, {"border_m": 12.5, "name": HOSTILE}),),
)
UNPLACED = Placement("x-2", None, None, None, None, None, None, HOSTILE)
ANSWER = Geocode(
    provider="curated",
    query="宁波市甲路1号",
    located_at=NOW,
    point=Point(121.5, 29.8),
    native=Point(121.504, 29.797, Datum.GCJ02),
    precision=Precision.BUILDING,
    radius_m=100,
    district="330212",
    evidence=HOSTILE,
    options={"city": "宁波市", "b": [1, None]},
    answer={"raw": HOSTILE, "n": 1.5},
)
MISS = Geocode(provider="amap", query="nowhere", located_at=NOW)
DISTRICT = District(
    "330212", "鄞州区", "宁波市", "浙江省", box(121, 29, 122, 30), box(121, 29, 122, 30), "Yinzhou"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/new/store.sqlite3"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url)
    yield opened
    opened.close()


def test_a_new_store_is_empty(store: Store) -> None:
    contents = store.contents()
    assert (store.revision(), contents.changed_at) == (0, None)
    assert (contents.lists, contents.branches, contents.districts) == ((), (), ())
    assert list(store.geocodes()) == []
    assert store.seeds() == {}


def test_values_come_back_as_they_went_in(store: Store, url: str) -> None:
    with store.write() as writer:
        writer.put_list(FIRST, [A, B])
        writer.put_placements([PLACED, UNPLACED])
        writer.put_districts([DISTRICT])
        assert writer.put_geocodes([ANSWER, MISS]) == 2
        writer.note_seed("list", "abc")
    again = open_store(url)
    contents = again.contents()
    assert contents.lists == (FIRST,)
    assert contents.branches == (A, B)
    assert contents.placements == {"icbc-1": PLACED, "x-2": UNPLACED}
    assert contents.districts == (DISTRICT,)
    assert contents.changed_at is not None
    assert contents.changed_at.tzinfo is not None
    assert list(again.geocodes()) == [MISS, ANSWER]
    assert again.seeds() == {"list": "abc"}
    again.close()


def test_notices_are_kept_by_id_and_raise_the_revision(store: Store, url: str) -> None:
    end = NOW + timedelta(days=1)
    first = Notice(1, "台风停业", NOW, end, "typhoon", branch="icbc-1", closes=True)
    second = Notice(2, "{{7*7}}", NOW, end, district="330212")
    with store.write() as writer:
        writer.put_notices([second, first])
    assert store.revision() == 1
    assert store.notices() == (first, second) == store.contents().notices
    ended = replace(first, end=NOW)
    with store.write() as writer:
        writer.put_notices([ended])
    again = open_store(url)
    with again.reading() as reading:
        assert reading.notices == (ended, second)
    assert again.revision() == 2
    again.close()


def test_a_store_of_the_version_before_has_no_services_awards_and_notices(url: str) -> None:
    opened = open_store(url)
    with opened.write() as writer:
        writer.put_list(FIRST, [A])
    with opened._write() as connection:  # back to before the step
        if connection.dialect.name == "sqlite":  # which would not let go of the columns
            connection.exec_driver_sql("DROP TRIGGER branches_update")
        for table, column in (("lists", "award"), ("branches", "services"), ("branches", "award")):
            if column == "services":
                connection.exec_driver_sql("DROP INDEX IF EXISTS branches_services")
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.exec_driver_sql("DROP TABLE notices")
        connection.exec_driver_sql(
            "DELETE FROM migrations WHERE name LIKE '0006%%' OR name LIKE '0009%%'"
        )
    opened.close()
    with closing(open_store(url)) as again:
        assert again.branches() == (A,)
        assert again.lists() == (replace(FIRST, award=""),)
        assert again.notices() == ()


def test_nul_is_shown_as_lists_show_it(store: Store) -> None:
    """PostgreSQL holds no U+0000; what holds one is the same on every store."""
    nul = "a\0b"
    branch = replace(A, name=nul, address=nul, phone=nul, hours=nul)
    reason = ReviewReason(ReviewCode.ZONE_ALIAS, {"zone": nul})
    answer = replace(ANSWER, evidence=nul, answer={nul: nul})
    with store.write() as writer:
        writer.put_list(replace(FIRST, title=nul, source=nul), [branch])
        writer.put_placements([replace(PLACED, address=nul, reasons=(reason,))])
        writer.put_districts([replace(DISTRICT, name=nul, city=nul, province=nul, name_en=nul)])
        writer.put_geocodes([answer])
    contents, seen = store.contents(), "a␀b"
    assert contents.lists == (replace(FIRST, title=seen, source=seen),)
    assert contents.branches == (replace(A, name=seen, address=seen, phone=seen, hours=seen),)
    assert contents.placements["icbc-1"].address == seen
    assert contents.placements["icbc-1"].reasons == (reason,), "JSON has its own way to write it"
    assert (contents.districts[0].name, contents.districts[0].city) == (seen, seen)
    assert list(store.geocodes()) == [answer]


def test_half_a_character_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="half a character"), store.write() as writer:
        writer.put_list(FIRST, [replace(A, name="a\ud800")])
    assert store.revision() == 0


def test_many_rows_are_put_as_few_are(store: Store) -> None:
    """Enough for the quick way of every store, with texts that its format must escape."""
    texts = ("\t", "\n", "\r", "\\", "\\N", "\\.", '"', "'", "", "NULL", HOSTILE, "％")
    many = tuple(
        replace(A, id=f"b{i}", name=texts[i % len(texts)], bank=None if i % 2 else texts[i % 12])
        for i in range(2_000)
    )
    placed = {
        branch.id: replace(UNPLACED if i % 3 else PLACED, branch_id=branch.id)
        for i, branch in enumerate(many)
    }
    with store.write() as writer:
        writer.put_list(FIRST, many)
        writer.put_placements(placed.values())
    contents = store.contents()
    assert (contents.branches, contents.placements) == (many, placed)
    fewer = [replace(branch, phone="1") for branch in many[::-2]]
    with store.write() as writer:
        writer.put_list(FIRST, fewer)
    assert store.branches() == tuple(fewer)
    assert store.placements().keys() == {branch.id for branch in fewer}


def test_a_cached_answer_is_found_by_its_whole_key_only(store: Store) -> None:
    with store.write() as writer:
        writer.put_geocodes([ANSWER])
    key = CacheKey("curated", "宁波市甲路1号", '{"b":[1,null],"city":"宁波市"}', 1)
    assert store.geocode(key) == ANSWER
    for other in (
        replace(key, provider="amap"),
        replace(key, query="宁波市甲路2号"),
        replace(key, options="{}"),
        replace(key, normaliser=2),
    ):
        assert store.geocode(other) is None


def test_the_same_key_replaces_the_answer(store: Store) -> None:
    newer = replace(ANSWER, radius_m=5)
    for answer in (ANSWER, newer):
        with store.write() as writer:
            writer.put_geocodes([answer])
    assert list(store.geocodes()) == [newer]


KEY = CacheKey("amap", "nowhere")


def test_a_claim_holds_until_it_is_settled_released_or_over(store: Store) -> None:
    assert store.claim(KEY, "a", 100.0, 130.0) is None
    assert store.claim(KEY, "b", 110.0, 140.0) == "a"
    assert store.claim(KEY, "a", 110.0, 140.0) is None, "its owner may prolong it"
    assert store.claim(KEY, "b", 141.0, 170.0) is None, "it is over"
    store.release(KEY, "a")
    assert store.claim(KEY, "c", 142.0, 170.0) == "b", "only its owner can give it back"
    store.release(KEY, "b")
    assert store.claim(KEY, "c", 142.0, 170.0) is None
    store.settle(MISS, "c")
    assert store.geocode(KEY) == MISS
    assert store.claim(KEY, "d", 143.0, 170.0) is None
    assert store.revision() == 0, "visitors see nothing of this"


def test_request_slots_follow_each_other_and_end_with_the_quota(store: Store) -> None:
    slots = [store.reserve("amap", 0.5, 4, 1000.0) for _ in range(5)]
    assert slots == [1000.0, 1000.5, 1001.0, 1001.5, None]
    assert store.reserve("tencent", 0.5, 4, 1000.0) == 1000.0, "each provider has its own"
    tomorrow = 1000.0 + 86_400
    assert store.reserve("amap", 0.5, 4, tomorrow) == tomorrow
    assert store.reserve("nominatim", 1.0, 0, 1000.0) == 1000.0
    assert store.reserve("nominatim", 1.0, 0, 1010.0) == 1010.0, "unused slots do not pile up"


def test_answers_can_be_dropped(store: Store) -> None:
    with store.write() as writer:
        writer.put_geocodes([ANSWER, MISS])
    with store.write() as writer:
        assert writer.drop_geocodes([KEY, CacheKey("amap", "unknown")]) == 1
    assert list(store.geocodes()) == [ANSWER]
    ((key, record),) = store.records()
    assert (key, from_json(record)) == (key_of(ANSWER), ANSWER)


def test_every_write_raises_the_revision_once(store: Store) -> None:
    with store.write() as writer:
        writer.put_list(FIRST, [A])
        writer.put_placements([PLACED])
    assert store.revision() == 1
    with store.write() as writer:
        writer.put_districts([DISTRICT])
    assert store.revision() == 2


def test_a_write_that_changes_nothing_keeps_the_revision(store: Store) -> None:
    with store.write() as writer:
        writer.put_placements([])
    assert store.revision() == 0


def test_an_exception_rolls_everything_back(store: Store) -> None:
    with store.write() as writer:
        writer.put_list(FIRST, [A])
    before = store.contents()
    with pytest.raises(RuntimeError), store.write() as writer:
        writer.put_list(FIRST, [B, C])
        writer.put_placements([UNPLACED])
        raise RuntimeError
    assert store.contents() == before


def test_a_list_holds_exactly_what_was_put_last(store: Store) -> None:
    with store.write() as writer:
        writer.put_list(FIRST, [A, B])
        writer.put_placements([PLACED])
    with store.write() as writer:
        writer.put_list(FIRST, [C, B])
    assert store.branches("first") == (C, B)
    assert store.placements() == {}, "the branch that is gone takes its placement along"


def test_a_branch_on_two_lists_is_one_branch(store: Store) -> None:
    with store.write() as writer:
        writer.put_list(FIRST, [A, B])
        writer.put_list(SECOND, [C, A])
    contents = store.contents()
    assert contents.branches == (A, B, C)
    assert contents.members == {
        "icbc-1": ("first", "second"),
        "x-2": ("first",),
        "ccb-3": ("second",),
    }
    with store.write() as writer:
        writer.put_list(FIRST, [B])
    assert store.branches() == (B, C, A)


def test_a_removed_list_takes_along_what_no_other_list_names(store: Store) -> None:
    with store.write() as writer:
        writer.put_list(FIRST, [A, B])
        writer.put_list(SECOND, [B, C])
        writer.put_placements([PLACED])
    with store.write() as writer:
        writer.drop_list("first")
    contents = store.contents()
    assert contents.lists == (SECOND,)
    assert contents.branches == (B, C)
    assert contents.placements == {}
    assert contents.revision == 2


def test_no_such_list(store: Store) -> None:
    with pytest.raises(NotFound, match="no list 'none'"):
        store.branches("none")


def test_a_reader_sees_no_half_written_import(store: Store, url: str) -> None:
    other = open_store(url)
    with store.write() as writer:
        writer.put_list(FIRST, [A])
        assert other.contents().branches == ()
        assert other.revision() == 0
    assert other.contents().branches == (A,)
    other.close()


def test_writers_of_many_processes_queue_up(url: str) -> None:
    open_store(url).close()
    program = textwrap.dedent(
        """
        import sys
        from datetime import UTC, datetime, timedelta
        from mapsvc.model import Geocode
        from mapsvc.store import open_store
        store = open_store(sys.argv[1])
        for i in range(25):
            with store.write() as writer:
                writer.put_geocodes([Geocode(sys.argv[2], str(i), datetime.now(UTC))])
        """
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", program, url, f"writer{n}"]) for n in range(4)
    ]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0, 0]
    store = open_store(url)
    assert len(list(store.geocodes())) == 100
    assert store.revision() == 100
    store.close()


def test_killed_while_writing_leaves_before_or_after(url: str) -> None:
    """SIGKILL at moments spread over several imports; each commit is whole or absent."""
    open_store(url).close()
    program = textwrap.dedent(
        """
        import sys
        from mapsvc.model import Branch, BranchList
        from mapsvc.store import open_store
        store = open_store(sys.argv[1])
        print("ready", flush=True)
        n = store.revision()
        while True:
            n += 1
            rows = [Branch(f"b{i}", f"name {n}", f"address {i}") for i in range(2000)]
            with store.write() as writer:
                writer.put_list(BranchList("l", str(n)), rows)
        """
    )
    attempt, contents = 0, None
    while attempt < 8 or (attempt < 100 and not (contents and contents.revision)):  # slow machines
        attempt += 1
        writer = subprocess.Popen(
            [sys.executable, "-c", program, url], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(0.04 * attempt)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait(30)
        writer.stdout.close()
        store = open_store(url)
        contents = store.contents()
        if contents.revision:
            title = contents.lists[0].title
            assert title == str(contents.revision)
            assert {branch.name for branch in contents.branches} == {f"name {title}"}
            assert len(contents.branches) == 2000
        store.close()
    assert contents is not None
    assert contents.revision > 0


def test_an_empty_file_is_damage_not_a_new_store(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    path.touch()
    with pytest.raises(StoreError, match="is empty"):
        open_store(f"sqlite:///{path}")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match="not a database"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes() == b"not a database at all" * 100


def test_a_database_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["store.sqlite3"]


def test_a_store_of_a_newer_version(url: str) -> None:
    open_store(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO migrations VALUES ('9999_future', '')")
    engine.dispose()
    with pytest.raises(StoreError, match="newer version"):
        open_store(url)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(f"sqlite:///{tmp_path}/file/store.sqlite3")


@pytest.mark.parametrize("bad", ["", "nonsense", "mysql://x/y", "sqlite://", "sqlite:///"])
def test_addresses_that_are_no_store(bad: str) -> None:
    with pytest.raises(SettingError, match="MAPSVC_DATABASE_URL"):
        open_store(bad)


def test_durability_settings(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/new/store.sqlite3")
    with store._engine.connect() as connection:
        read = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "user_version")
        }
    newest = len(steps_for("sqlite"))
    assert read == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "user_version": newest,
    }  # fmt: skip
    store.close()
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["store.sqlite3"]
