"""The default store: one SQLite file, in WAL mode with ``synchronous = FULL``.

FULL costs a sync per commit and loses nothing at a power cut; a writer begins IMMEDIATE, so that
two writers queue up instead of failing halfway. A new file is made whole under another name and
then linked into place: a file that exists has its schema, and an empty one is damage.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from mapsvc.errors import StoreError
from mapsvc.geocoding.record import CacheKey
from mapsvc.store.migrations import migrate, steps_for
from mapsvc.store.sql import RECORD, WRITE, SqlStore, store_errors

APPLICATION_ID = 0x6D617073  # "maps", in the file's header
BUSY_TIMEOUT_S = 30.0


def open_sqlite(path: Path) -> SqliteStore:
    """Open the store in the file ``path``, making or migrating it as needed.

    Raises:
        StoreError: the file is empty, damaged, another program's, or of a newer version; or the
            folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _create(path)
        if path.stat().st_size == 0:
            raise StoreError(
                f"{path} is empty; put a backup in its place, or remove it to start anew"
            )
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror}") from error
    _check_ours(path)
    engine = _engine(path)
    with store_errors(f"opening {path}"), _writing(engine) as connection, connection.begin():
        _migrate(connection)
    return SqliteStore(engine, path)


class SqliteStore(SqlStore):
    """Looks cached answers up on a connection of its own, past SQLAlchemy.

    A geocoding run that replays asks for millions of them, and the statement's own time is a
    tenth of what the layers around it take. Outside a transaction every look-up sees the last
    commit, as through the engine.
    """

    def __init__(self, engine: Engine, path: Path) -> None:
        super().__init__(engine)
        self._direct = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        self._direct_lock = threading.Lock()
        self._record_sql = str(RECORD.compile(engine))

    def _record(self, key: CacheKey) -> str | None:
        values = (key.provider, key.query, key.options, key.normaliser)
        try:
            with self._direct_lock:
                row = self._direct.execute(self._record_sql, values).fetchone()
        except sqlite3.Error as error:
            raise StoreError(f"the store failed while reading: {error}") from error
        return None if row is None else row[0]

    def close(self) -> None:
        self._direct.close()
        super().close()


def _check_ours(path: Path) -> None:
    """Refuse another program's file before anything is written to it, the WAL mode included."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            (found,) = connection.execute("PRAGMA application_id").fetchone()
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be opened: {error}") from error
    if found != APPLICATION_ID:
        raise StoreError(f"{path} is an SQLite file of another program")


def _create(path: Path) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        engine = _engine(draft)
        with store_errors(f"making {path}"), _writing(engine) as connection, connection.begin():
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
            _migrate(connection)
        engine.dispose()
        with contextlib.suppress(FileExistsError):  # another process was quicker, with the same
            os.link(draft, path)
    finally:
        for leftover in path.parent.glob(f"{draft.name}*"):
            leftover.unlink(missing_ok=True)


def _migrate(connection: Connection) -> None:
    if migrate(connection):
        connection.exec_driver_sql(f"PRAGMA user_version = {len(steps_for('sqlite'))}")


def _writing(engine: Engine) -> Connection:
    return engine.connect().execution_options(**WRITE)


def _engine(path: Path) -> Engine:
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # SQLAlchemy begins; see below
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("mapsvc_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
