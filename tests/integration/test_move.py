"""Moving a store: everything or nothing, in every direction, and proved by checksums."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from mapsvc import service
from mapsvc.cli import main
from mapsvc.errors import InvalidValue, StoreError
from mapsvc.model import Branch, Notice
from mapsvc.service import move_store
from mapsvc.store import open_store
from mapsvc.store.rows import branch_values
from mapsvc.store.schema import branches as branches_table
from mapsvc.store.transfer import TABLES, transfer
from tests.integration.test_store import (
    ANSWER,
    DISTRICT,
    FIRST,
    MISS,
    NOW,
    PLACED,
    SECOND,
    UNPLACED,
    A,
    B,
    C,
)
from tests.postgres import Cluster

KINDS = ("sqlite", "postgresql")


@pytest.fixture
def urls(
    tmp_path: Path, postgres: Cluster, postgres_template: str
) -> Iterator[dict[tuple[str, int], str]]:
    """Two stores of each kind."""
    names = [postgres.new_database(postgres_template) for _ in range(2)]
    yield {
        **{("sqlite", i): f"sqlite:///{tmp_path}/{i}/store.sqlite3" for i in range(2)},
        **{("postgresql", i): postgres.url(names[i]) for i in range(2)},
    }
    for name in names:
        postgres.drop(name)


def fill(url: str) -> None:
    with closing(open_store(url)) as store:
        with store.write() as writer:
            writer.put_list(SECOND, [B, C])
            writer.put_list(FIRST, [A, B])
            writer.put_placements([PLACED, UNPLACED])
        with store.write() as writer:
            writer.put_districts([DISTRICT])
            writer.put_notices([Notice(4, "{{7*7}} <script>", NOW, NOW, branch=A.id)])
            writer.put_geocodes([ANSWER, MISS])
            writer.note_seed("list", "abc")
        store.add_views({("2026-11-22", "https://bank.example"): 3})


def quiet(_total: int) -> AbstractContextManager[Callable[[int], None]]:
    return nullcontext(lambda _rows: None)


@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("target", KINDS)
def test_everything_is_moved(source: str, target: str, urls: dict[tuple[str, int], str]) -> None:
    old, new = urls[source, 0], urls[target, 1]
    fill(old)
    checked = move_store(old, new, quiet)
    assert [(entry.table, entry.rows) for entry in checked] == [
        ("lists", 2),
        ("branches", 3),
        ("entries", 4),
        ("placements", 2),
        ("geocodes", 2),
        ("districts", 1),
        ("notices", 1),
        ("seeds", 1),
        ("embed_views", 1),
        ("revision", 1),
    ]
    with closing(open_store(old)) as before, closing(open_store(new)) as after:
        assert after.contents() == before.contents()
        assert after.revision() == 2
        assert list(after.records()) == list(before.records())
        assert after.seeds() == {"list": "abc"}
        assert after.views() == (("2026-11-22", "https://bank.example", 3),)
        with after.write() as writer:
            writer.put_list(FIRST, [A])
        assert after.revision() == 3


def test_a_store_that_moved_away_and_back_has_the_same_checksums(
    urls: dict[tuple[str, int], str],
) -> None:
    fill(urls["sqlite", 0])
    there = move_store(urls["sqlite", 0], urls["postgresql", 0], quiet)
    back = move_store(urls["postgresql", 0], urls["sqlite", 1], quiet)
    assert there == back


def test_what_is_searched_in_the_database_comes_into_being(
    urls: dict[tuple[str, int], str], postgres: Cluster
) -> None:
    fill(urls["sqlite", 0])
    move_store(urls["sqlite", 0], urls["postgresql", 0], quiet)
    name = urls["postgresql", 0].partition("@/")[2].partition("?")[0]
    assert postgres.run("SELECT count(*) FROM branches WHERE search = ''", name) == "0"
    ranked = postgres.run("SELECT id FROM branches WHERE rank >= 0 ORDER BY rank", name)
    assert ranked.split() == [B.id, C.id, A.id]
    assert postgres.run("SELECT count(*) FROM placements WHERE place IS NOT NULL", name) == "1"


def test_a_target_that_holds_something_is_left_alone(urls: dict[tuple[str, int], str]) -> None:
    for kind in KINDS:
        fill(urls[kind, 0])
    with pytest.raises(StoreError, match=r"TO is not empty: it has rows in lists \(2\), br"):
        move_store(urls["sqlite", 0], urls["postgresql", 0], quiet)
    with closing(open_store(urls["postgresql", 0])) as store:
        assert store.revision() == 2


def test_there_must_be_something_to_move(urls: dict[tuple[str, int], str], tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store at"):
        move_store(urls["sqlite", 0], urls["sqlite", 1], quiet)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StoreError, match="FROM is empty"):
        move_store(urls["postgresql", 0], urls["sqlite", 1], quiet)


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_is_not_moved_into_itself(kind: str, urls: dict[tuple[str, int], str]) -> None:
    fill(urls[kind, 0])
    other = urls[kind, 0].replace("/0/store", "/0/../0/store")
    other = other.replace("postgresql+psycopg:", "postgres:")
    with pytest.raises(StoreError, match="FROM and TO are the same store"):
        move_store(urls[kind, 0], other, quiet)


def test_a_wrong_address_is_blamed_on_its_argument(urls: dict[tuple[str, int], str]) -> None:
    fill(urls["sqlite", 0])
    with pytest.raises(InvalidValue, match=r"^FROM: .* is not an address such as"):
        move_store("mysql://host/map", urls["sqlite", 1], quiet)
    with pytest.raises(InvalidValue, match=r"^TO: .* is not an address such as"):
        move_store(urls["sqlite", 0], "mysql://host/map", quiet)


def test_a_row_that_changes_on_the_way_undoes_everything(
    urls: dict[tuple[str, int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(urls["sqlite", 0])
    with (
        closing(open_store(urls["sqlite", 0])) as old,
        closing(open_store(urls["postgresql", 0])) as new,
    ):
        put = new.writer.put_rows

        def spoil(self: object, table: object, values: list[dict[str, object]]) -> int:
            if table is branches_table:
                values = [row | {"phone": "1"} for row in values]
            return put(self, table, values)  # type: ignore[arg-type]

        monkeypatch.setattr(new.writer, "put_rows", spoil)
        with pytest.raises(StoreError, match="the table branches came out different"):
            transfer(old, new)
        assert (new.revision(), new.lists()) == (0, ())


def test_an_old_store_s_nul_is_moved_as_it_is_shown(urls: dict[tuple[str, int], str]) -> None:
    """Stores once kept U+0000, which PostgreSQL cannot."""
    fill(urls["sqlite", 0])
    with closing(open_store(urls["sqlite", 0])) as old, old.loading() as writer:
        writer.put_rows(branches_table, [branch_values(A) | {"name": "a\0b"}])
    move_store(urls["sqlite", 0], urls["postgresql", 0], quiet)
    with closing(open_store(urls["postgresql", 0])) as new:
        assert replace(A, name="a␀b") in new.branches()


MOVE = """
import sys
from contextlib import nullcontext
from mapsvc.service import move_store
print("ready", flush=True)
move_store(sys.argv[1], sys.argv[2], lambda _: nullcontext(lambda _: print("moved", flush=True)))
"""


@pytest.mark.parametrize("target", KINDS)
def test_killed_halfway_leaves_nothing(target: str, urls: dict[tuple[str, int], str]) -> None:
    source = urls["sqlite", 0]
    with closing(open_store(source)) as store, store.write() as writer:
        writer.put_list(FIRST, [Branch(f"b{i}", "n", "a") for i in range(20_000)])
    for lines in (1, 3, 5):
        mover = subprocess.Popen(
            [sys.executable, "-c", MOVE, source, urls[target, 1]], stdout=subprocess.PIPE, text=True
        )
        assert mover.stdout is not None
        for _ in range(lines):
            assert mover.stdout.readline()
        os.kill(mover.pid, signal.SIGKILL)
        mover.wait(30)
        mover.stdout.close()
        with closing(open_store(urls[target, 1])) as store:
            assert (store.revision(), store.lists(), store.branches()) == (0, (), ())
    assert len(move_store(source, urls[target, 1], quiet)) == len(TABLES)


def test_the_command(
    urls: dict[tuple[str, int], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source, target = urls["sqlite", 0], urls["postgresql", 1]
    with closing(open_store(source)) as store:
        service.seed(store)
        expected = store.contents()
    run = CliRunner().invoke
    shown = run(main, ["migrate-store", source, target])
    assert shown.exit_code == 0, shown.output
    assert shown.output.splitlines()[0].split() == ["table", "rows", "checksum"]
    assert shown.output.splitlines()[2].split()[:2] == ["branches", "15"]
    again = run(main, ["migrate-store", source, target])
    assert (again.exit_code, again.stdout) == (1, "")
    assert "not empty" in again.stderr
    back = run(main, ["migrate-store", target, urls["sqlite", 1], "--json"])
    tables = json.loads(back.stdout)
    assert tables[1]["table"] == "branches"
    assert len(tables[1]["checksum"]) == 64
    with closing(open_store(urls["sqlite", 1])) as store:
        assert store.contents() == expected


def test_no_password_is_printed(tmp_path: Path) -> None:
    target = "postgresql+psycopg://map:geheim@127.0.0.1:1/map"
    fill(f"sqlite:///{tmp_path}/a/store.sqlite3")
    for arguments in (
        [f"sqlite:///{tmp_path}/a/store.sqlite3", target],
        [target, f"sqlite:///{tmp_path}/b/store.sqlite3"],
        ["mysql://map:geheim@127.0.0.1/map", target],
        ["postgresql+psycopg://map:geheim@127.0.0.1:port/map", target],
    ):
        result = CliRunner().invoke(main, ["migrate-store", *arguments])
        assert result.exit_code in (1, 2)
        assert "geheim" not in result.output
        assert result.stderr.startswith("mapsvc: ")
