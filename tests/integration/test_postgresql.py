"""What is PostgreSQL's own: connections that break, locks, timeouts, and the columns to search."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from socket import create_server

import pytest
from sqlalchemy import make_url, text

from mapsvc.address.normalise import canonical
from mapsvc.errors import SettingError, StoreError
from mapsvc.geocoding.record import CacheKey
from mapsvc.model import Branch, BranchList, Geocode
from mapsvc.store import open_store
from mapsvc.store.postgresql import PostgresStore
from mapsvc.store.sql import SqlStore
from tests.integration.test_store import FIRST, PLACED, A, B
from tests.postgres import Cluster, cluster

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@pytest.fixture
def store(postgres_url: str) -> Iterator[PostgresStore]:
    opened = open_store(postgres_url)
    assert isinstance(opened, PostgresStore)
    yield opened
    opened.close()


def name_of(url: str) -> str:
    """The database's."""
    return make_url(url).database or ""


def branches(count: int, version: str = "") -> list[Branch]:
    return [
        Branch(f"b{i}", f"工商银行第{i}支行{version}", f"宁波市中山路{i}号", "icbc", "0574-1")
        for i in range(count)
    ]


# Opening ----------------------------------------------------------------------------------------


def test_servers_that_start_together_migrate_once(postgres: Cluster) -> None:
    name = postgres.new_database()
    with ThreadPoolExecutor(6) as pool:
        for opened in pool.map(open_store, [postgres.url(name)] * 6):
            assert opened.revision() == 0
            opened.close()
    steps = postgres.run("SELECT name FROM migrations ORDER BY 1", name).splitlines()
    assert steps[0] == "0001_initial"
    assert "0004_postgis" in steps
    postgres.drop(name)


def test_a_database_that_has_postgis_already_is_empty(postgres: Cluster) -> None:
    name = postgres.new_database()
    postgres.run("CREATE EXTENSION postgis", name)
    open_store(postgres.url(name)).close()
    postgres.drop(name)


def test_another_program_s_database_is_left_alone(postgres: Cluster) -> None:
    name = postgres.new_database()
    postgres.run("CREATE TABLE theirs (x int)", name)
    with pytest.raises(StoreError, match="another program"):
        open_store(postgres.url(name))
    assert postgres.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", name) == (
        "theirs"
    )
    postgres.drop(name)


def test_a_role_without_the_right_to_install_postgis_is_told(postgres: Cluster) -> None:
    postgres.new_role("guest")
    name = postgres.new_database()
    postgres.run("GRANT CREATE ON SCHEMA public TO guest", name)
    url = make_url(postgres.url(name)).set(username="guest")
    with pytest.raises(StoreError, match="CREATE EXTENSION postgis"):
        open_store(url.render_as_string(hide_password=False))
    postgres.drop(name)


def test_errors_name_the_place_and_never_the_password(postgres: Cluster) -> None:
    secret = "geheim%40word"
    for url in (
        f"postgresql+psycopg://mapsvc:{secret}@/nowhere?host={postgres.folder}",
        f"postgresql+psycopg://mapsvc:{secret}@127.0.0.1:1/nowhere",
        f"postgresql+psycopg://mapsvc:{secret}@127.0.0.1:1/nowhere?sslmode=bad",
    ):
        with pytest.raises(StoreError, match="opening the database nowhere") as caught:
            open_store(url)
        assert "geheim" not in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "rest",
    [
        "u:SEC@RET@127.0.0.1:1/d@b",
        "u:SEC@RET@127.0.0.1:1/d",
        "u:SEC@h/RET@127.0.0.1:1/d",
        "u:SEC@h:1/d?RET@127.0.0.1:1/d",
        "SEC/RET@127.0.0.1:1/d",
        "SEC@RET@/d?host=/run/postgresql",
        "u:p@h RET/d",
        "u:p@h#RET/d",
        "u:p@[SEC RET]:1/d",
        "u:p@SEC[RET/d",
        "u:p@h:SECRET/d",
    ],
)
@pytest.mark.parametrize("kind", ["postgresql", "postgresql+psycopg"])
def test_what_may_be_half_a_password_is_no_host_or_database(kind: str, rest: str) -> None:
    with pytest.raises(SettingError, match=r"^MAPSVC_DATABASE_URL: '…' is not ") as caught:
        open_store(f"{kind}://{rest}")
    assert not re.search("SEC|RET", str(caught.value))
    assert ("written %40" in str(caught.value)) == (rest != "u:p@h:SECRET/d")


@pytest.mark.parametrize(
    ("rest", "place"),
    [
        ("u:SEC%40%2FRET@127.0.0.1:1/d%40b", "d@b on 127.0.0.1:1:"),
        ("u:SEC/RET?[@[::1]:1/d", "d on ::1:1:"),
        ("@127.0.0.1:1/d", "d on 127.0.0.1:1:"),
        ("127.0.0.1:1/d-b?connect_timeout=2", "d-b on 127.0.0.1:1:"),
        ("u@127.0.0.1,localhost:1/d", "d on 127.0.0.1,localhost:1:"),
        ("u:SECRET@/d?host=/nowhere", "d on this machine:"),
    ],
)
def test_addresses_of_every_good_kind_are_asked(rest: str, place: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(f"postgresql://{rest}")
    assert f"opening the database {place}" in str(caught.value)
    assert not re.search("SEC|RET", str(caught.value))


def test_a_server_that_does_not_answer_is_given_up() -> None:
    """Connections that are taken and left: the timeout of connecting holds."""
    with create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        before = time.monotonic()
        with pytest.raises(StoreError, match="timeout"):
            open_store(f"postgresql+psycopg://mapsvc@127.0.0.1:{port}/nowhere")
        assert time.monotonic() - before < 15


# Reading beside writing -------------------------------------------------------------------------


def test_readers_and_the_ledger_wait_for_no_import(store: PostgresStore) -> None:
    key = CacheKey("amap", "somewhere")
    with store.write() as writer:
        writer.put_list(FIRST, branches(2_000))
        before = time.monotonic()
        assert store.branches() == ()
        assert store.claim(key, "a", 0.0, 10.0) is None
        assert store.reserve("amap", 1.0, 0, 100.0) == 100.0
        store.settle(Geocode("amap", "somewhere", NOW), "a")
        assert time.monotonic() - before < 5
    assert len(store.branches()) == 2_000


def test_a_reader_sees_one_moment(store: PostgresStore) -> None:
    with store.write() as writer:
        writer.put_list(FIRST, [A, B])
    with store.reading() as reading:
        with store.write() as writer:
            writer.put_list(FIRST, [A])
        assert [row.id for row in reading.rows()] == [A.id, B.id]
        assert reading.revision == 1
    assert store.revision() == 2


def test_reading_does_not_write_and_ends_after_seconds(store: PostgresStore) -> None:
    engine = store._engine
    with engine.connect() as connection:
        shown = {
            name: connection.scalar(text(f"SHOW {name}"))
            for name in (
                "application_name", "statement_timeout", "transaction_isolation",
                "transaction_read_only",
            )
        }  # fmt: skip
    assert shown == {
        "application_name": "mapsvc",
        "statement_timeout": "5s",
        "transaction_isolation": "repeatable read",
        "transaction_read_only": "on",
    }


def test_statements_are_planned_with_their_values(store: PostgresStore) -> None:
    """Else PostGIS searches a distance it does not know without its index."""
    with store._engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        assert driver.prepare_threshold is None


def test_every_commit_is_synchronous(store: PostgresStore) -> None:
    engine = store._writing
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW synchronous_commit")) == "on"
        assert connection.scalar(text("SHOW lock_timeout")) == "30s"


RESERVE = """
import sys
from mapsvc.store import open_store
store = open_store(sys.argv[1])
print(*(store.reserve("amap", 1.0, 60, 1000.0) for _ in range(20)))
"""


def test_request_slots_of_many_processes(postgres_url: str) -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(RESERVE), postgres_url],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    slots = [slot for run in runs for slot in run.communicate(timeout=120)[0].split()]
    assert sorted(float(slot) for slot in slots if slot != "None") == [
        1000.0 + i for i in range(60)
    ]
    assert slots.count("None") == 20


# Rows that only this database has -------------------------------------------------------------


def test_what_is_searched_in_the_database_is_kept_in_step(
    store: PostgresStore, postgres: Cluster, postgres_url: str
) -> None:
    def kept() -> list[str]:
        sql = "SELECT id, replace(search, E'\\n', '/') FROM branches ORDER BY id"
        return postgres.run(sql, name_of(postgres_url)).splitlines()

    with store.write() as writer:
        writer.put_list(FIRST, [replace(A, name="ＩＣＢＣ 甲", address="（甲）路１号")])
        writer.put_placements([PLACED])
    assert kept() == ["icbc-1|icbc甲/(甲)路1号"]
    with store.write() as writer:
        writer.put_list(FIRST, [replace(A, name="乙")])
    assert kept() == [f"icbc-1|乙/{canonical(A.address)}"]
    with store.write() as writer:
        writer.put_list(FIRST, branches(1_000))
    assert kept()[0] == "b0|工商银行第0支行/宁波市中山路0号"


def test_what_was_stored_before_is_found_in_pinyin_after_migrating(
    store: PostgresStore, postgres: Cluster, postgres_url: str
) -> None:
    with store.write() as writer:
        writer.put_list(FIRST, [replace(A, name="鄞州支行", address="宁波市鄞州區天童北路1号")])
    store.close()
    name = name_of(postgres_url)
    postgres.run("ALTER TABLE branches DROP COLUMN spelled", name)
    postgres.run("UPDATE branches SET search = 'old'", name)
    postgres.run("DELETE FROM migrations WHERE name = '0005_pinyin'", name)
    open_store(postgres_url).close()
    kept = postgres.run("SELECT replace(search || '/' || spelled, E'\\n', '|') FROM branches", name)
    assert kept == ("鄞州支行|宁波市鄞州区天童北路1号/ yin zhou zhi hang| tian tong bei lu 1 hao")


def test_places_are_geography(store: PostgresStore, postgres: Cluster, postgres_url: str) -> None:
    with store.write() as writer:
        writer.put_list(FIRST, [A, B])
        writer.put_placements([PLACED, replace(PLACED, branch_id=B.id, point=None)])
    sql = "SELECT branch, ST_AsText(place, 4) FROM placements ORDER BY 1"
    shown = postgres.run(sql, name_of(postgres_url)).splitlines()
    assert shown == ["icbc-1|POINT(121.5412 29.8123)", "x-2|"]


def test_an_import_of_a_hundred_thousand(store: PostgresStore) -> None:
    listed = branches(100_000)
    with store.write() as writer:
        writer.put_list(BranchList("l", "l"), listed)
    assert len(store.branches()) == 100_000


# Restarts ---------------------------------------------------------------------------------------


@pytest.fixture
def restartable() -> Iterator[Cluster]:
    with cluster() as server:
        yield server


def test_a_restart_under_load_costs_readers_little_more_than_itself(restartable: Cluster) -> None:
    """Failures lie within the restart and two seconds; afterwards every connection works."""
    store = open_store(restartable.url(restartable.new_database()))
    with store.write() as writer:
        writer.put_list(FIRST, [A])
    failed: list[float] = []
    done: list[float] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            try:
                assert store.branches() == (A,)
                done.append(time.monotonic())
            except StoreError:
                failed.append(time.monotonic())
                time.sleep(0.02)

    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    time.sleep(1)
    stopped = time.monotonic()
    restartable.stop()
    time.sleep(0.5)
    restartable.start()
    started = time.monotonic()
    time.sleep(4)
    is_over.set()
    for reader in readers:
        reader.join(30)
    assert failed, "the restart was noticed"
    assert min(failed) > stopped - 0.1
    assert max(failed) < started + 2
    assert min(later for later in done if later > started) < started + 2
    with store.write() as writer:
        writer.put_list(FIRST, [A, B])
    assert store.branches() == (A, B)
    store.close()


def test_a_write_that_a_restart_cuts_leaves_nothing(restartable: Cluster) -> None:
    store = open_store(restartable.url(restartable.new_database()))
    with pytest.raises(StoreError), store.write() as writer:
        writer.put_list(FIRST, branches(2_000))
        restartable.stop()
        restartable.start()
        writer.put_placements([PLACED])
    assert (store.revision(), store.branches()) == (0, ())
    store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    if request.param == "postgresql":
        opened = open_store(request.getfixturevalue("postgres_url"))
    else:
        opened = open_store(f"sqlite:///{tmp_path}/store.sqlite3")
    yield opened
    opened.close()


def test_readers_see_the_old_or_the_new_list_and_never_a_mixture(either: SqlStore) -> None:
    """50 threads beside an import of 100,000 rows; two of them read branches, too."""
    with either.write() as writer:
        writer.put_list(BranchList("l", "1"), branches(300, "1"))
    is_over = threading.Event()

    def read(number: int) -> list[tuple[int, int]]:
        seen = []
        while not is_over.wait(1):
            with either.reading() as reading:
                seen.append((reading.revision, int(reading.lists[0].title)))
                if number % 25 == 0:
                    seen.extend((reading.revision, int(row.name[-1])) for row in reading.rows())
        return seen

    with ThreadPoolExecutor(50) as pool:
        readers = [pool.submit(read, number) for number in range(50)]
        with either.write() as writer:
            writer.put_list(BranchList("l", "2"), branches(100_000, "2"))
        is_over.wait(1)
        is_over.set()
        seen = [reader.result() for reader in readers]
    assert {one for of_reader in seen for one in of_reader} == {(1, 1), (2, 2)}
    assert all(of_reader == sorted(of_reader) for of_reader in seen), "nobody goes back"
