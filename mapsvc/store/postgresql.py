"""The store in PostgreSQL with PostGIS, which several servers share.

Readers and writers have connections of their own. A reader's transaction sees one moment
(REPEATABLE READ, read only) and its statements end after seconds, so that no visitor's question
can occupy the server. Writers take an advisory lock for their transaction, so that they queue up
as those of SQLite do, whatever each of them touches; no reader waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Column, Connection, Engine, MetaData, Table, Text, create_engine, text

from mapsvc.address.searched import address_spellings, keys, spellings
from mapsvc.errors import StoreError
from mapsvc.store import schema
from mapsvc.store.bulk import copy_in
from mapsvc.store.migrations import REREAD, migrate
from mapsvc.store.rows import Values
from mapsvc.store.sql import SqlStore, SqlWriter, store_errors

READ_TIMEOUT_S = 5
"""After which a visitor's question is given up."""
WRITE_TIMEOUT_S = 600
"""For one statement that writes, or that reads everything."""
LOCK_TIMEOUT_S = 30
"""How long a writer waits for its turn; as long as on SQLite."""
CONNECT_TIMEOUT_S = 5

_POOLED, _OVERFLOW = 5, 45
_COPY_FROM = 500
"""Rows from which on COPY is quicker than INSERT."""
_REWRITTEN = 5_000
"""Rows that are searched otherwise after a migration, a statement for so many."""

_MIGRATING, _WRITING, _ASKING = ((0x6D617073 << 8) + number for number in range(3))
"""Keys of the advisory locks; the upper bytes spell "maps"."""


_POSTGIS_HINT = "an administrator installs PostGIS 3 and runs CREATE EXTENSION postgis there, once"

_SEARCHED = Table(
    schema.branches.name,
    MetaData(),
    *(Column(c.name, c.type, primary_key=c.primary_key) for c in schema.branches.columns),
    Column("search", Text, nullable=False),
    Column("spelled", Text, nullable=False),
)
"""The branches with the columns that this database alone has."""


_RANK = text(
    """UPDATE branches SET rank = found.rank FROM (
        SELECT branch, min(lists.position::bigint << 32 | entries.position) AS rank
        FROM entries JOIN lists ON lists.slug = entries.list GROUP BY branch) AS found
    WHERE branches.id = found.branch AND branches.rank IS DISTINCT FROM found.rank"""
)


_REWRITE = text(
    """UPDATE branches SET search = made.search, spelled = made.spelled
    FROM unnest(CAST(:ids AS text[]), CAST(:searches AS text[]), CAST(:spellings AS text[]))
        AS made (id, search, spelled)
    WHERE branches.id = made.id"""
)


def searched(rows: Sequence[Values]) -> list[Values]:
    """What branches are found by, from the values of their rows: a line each for the name and the
    address, as text (``search``) and in pinyin (``spelled``).
    """
    names, addresses = (keys([row[column] for row in rows]) for column in ("name", "address"))
    read = zip(spellings(names), address_spellings(addresses), strict=True)
    texts = zip(names, addresses, strict=True)
    return [
        {"search": "\n".join(written), "spelled": "\n".join(pinyin)}
        for written, pinyin in zip(texts, read, strict=True)
    ]


def _rewrite(connection: Connection) -> None:
    """Make anew what the stored branches are found by."""
    found = connection.execute(text("SELECT id, name, address FROM branches")).mappings().all()
    for start in range(0, len(found), _REWRITTEN):
        rows = [dict(row) for row in found[start : start + _REWRITTEN]]
        made = searched(rows)
        values = {
            "ids": [row["id"] for row in rows],
            "searches": [row["search"] for row in made],
            "spellings": [row["spelled"] for row in made],
        }
        connection.execute(_REWRITE, values)


def open_postgresql(url: URL) -> PostgresStore:
    """Open the store in a database, making or migrating its tables as needed.

    Args:
        url: ``postgresql+psycopg://user:password@host/database``; a query such as
            ``?host=/run/postgresql`` or ``?sslmode=verify-full`` goes to libpq.

    Raises:
        StoreError: no connection, no PostGIS, another program's tables, or a newer version's.
    """
    url = url.set(drivername="postgresql+psycopg")
    reading, writing = _reading_engine(url), _writing_engine(url)
    try:
        with store_errors(f"opening {_shown(url)}"), writing.begin() as connection:
            _lock(connection, _MIGRATING)
            if REREAD & set(migrate(connection)):
                _rewrite(connection)
    except StoreError as error:
        writing.dispose()
        if 'extension "postgis"' in str(error):
            raise StoreError(f"{error}; {_POSTGIS_HINT}") from error
        raise
    return PostgresStore(reading, writing)


def _shown(url: URL) -> str:
    """Where the database is, without user, password and options."""
    place = f"{url.host}:{url.port}" if url.host and url.port else url.host or "this machine"
    return f"the database {url.database} on {place}"


class PostgresWriter(SqlWriter):
    """Sends many rows by COPY, and keeps in step what only searching in the database needs."""

    def put_rows(self, table: Table, values: list[Values]) -> int:
        if table is schema.branches:
            made = searched(values)
            table, values = _SEARCHED, [row | own for row, own in zip(values, made, strict=True)]
        if len(values) < _COPY_FROM:
            return super().put_rows(table, values)
        copy_in(self.connection, table, values)
        self.connection.execute(text(f"ANALYZE {table.name}"))  # or plans are for an empty table
        self.changed = True
        return len(values)

    def _drop_unlisted(self) -> None:
        super()._drop_unlisted()
        self.rank()

    def rank(self) -> None:
        """Number the branches in the order of the lists, those of the first list first."""
        if self.connection.execute(_RANK).rowcount >= _COPY_FROM:
            self.connection.execute(text("ANALYZE branches (rank)"))


class PostgresStore(SqlStore):
    """`mapsvc.store.base.Store` on two pools of connections to one database."""

    writer = PostgresWriter

    def __init__(self, reading: Engine, writing: Engine) -> None:
        super().__init__(reading)
        self._writing = writing

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._locked(_WRITING) as connection:
            yield connection

    @contextmanager
    def _ledger(self) -> Iterator[Connection]:
        with self._locked(_ASKING) as connection:
            yield connection

    @contextmanager
    def _locked(self, key: int) -> Iterator[Connection]:
        with store_errors("writing"), self._writing.begin() as connection:
            _lock(connection, key)
            yield connection

    @contextmanager
    def loading(self) -> Iterator[PostgresWriter]:
        with self._write() as connection:
            writer = PostgresWriter(connection)
            yield writer
            writer.rank()

    @contextmanager
    def _read_all(self) -> Iterator[Connection]:
        with self._read() as connection:
            # Everything is to be read, so that the quickest first row is no advantage.
            for name, value in (
                ("statement_timeout", f"{WRITE_TIMEOUT_S}s"),
                ("cursor_tuple_fraction", "1"),
                ("work_mem", "64MB"),
            ):
                connection.execute(text(f"SET LOCAL {name} = '{value}'"))
            yield connection

    def moment(self) -> Connection:
        """A connection within a transaction that sees one moment; whoever gets it closes it.

        Errors are SQLAlchemy's: `mapsvc.store.sql.store_errors` turns them into ours.
        """
        connection = self._engine.connect()
        try:
            connection.begin()
        except BaseException:
            connection.close()
            raise
        return connection

    def close(self) -> None:
        self._writing.dispose()
        super().close()


def _lock(connection: Connection, key: int) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def _reading_engine(url: URL) -> Engine:
    return _engine(
        url,
        statement_timeout=f"{READ_TIMEOUT_S}s",
        default_transaction_isolation="repeatable\\ read",
        default_transaction_read_only="on",
    )


def _writing_engine(url: URL) -> Engine:
    return _engine(
        url,
        statement_timeout=f"{WRITE_TIMEOUT_S}s",
        lock_timeout=f"{LOCK_TIMEOUT_S}s",
        default_transaction_isolation="read\\ committed",
    )


def _engine(url: URL, **settings: str) -> Engine:
    settings["idle_in_transaction_session_timeout"] = f"{WRITE_TIMEOUT_S}s"
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    own = url.query.get("options", "")
    defaults: dict[str, Any] = {
        "application_name": "mapsvc",
        "connect_timeout": CONNECT_TIMEOUT_S,
        "keepalives_idle": 30,
        "tcp_user_timeout": 20_000,  # a server that vanished is noticed
        # A prepared statement is planned without its values, such as the distance to search;
        # and poolers in between cannot keep one.
        "prepare_threshold": None,
    }
    arguments = {name: value for name, value in defaults.items() if name not in url.query}
    arguments["options"] = f"{options} {own if isinstance(own, str) else ' '.join(own)}".strip()
    return create_engine(
        url.difference_update_query(["options"]),
        pool_pre_ping=True,  # a pool outlives its server: stale connections are replaced
        pool_size=_POOLED,
        max_overflow=_OVERFLOW,
        pool_timeout=CONNECT_TIMEOUT_S,
        connect_args=arguments,
    )
