"""The steps that bring a database from nothing to the present schema: named, small, atomic.

A step is never edited once released; a change to `mapsvc.store.schema` comes with a new step.
All missing steps run in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, inspect, select

from mapsvc.errors import StoreError
from mapsvc.store.schema import migrations

INITIAL = (
    "CREATE TABLE migrations (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL)",
    "CREATE TABLE revision (only INTEGER PRIMARY KEY, number INTEGER NOT NULL, changed_at TEXT)",
    "INSERT INTO revision (only, number) VALUES (1, 0)",
    "CREATE TABLE seeds (name TEXT PRIMARY KEY, digest TEXT NOT NULL)",
    """CREATE TABLE lists (
        slug TEXT PRIMARY KEY, position INTEGER NOT NULL, title TEXT NOT NULL, year INTEGER,
        source TEXT NOT NULL, imported_at TEXT)""",
    """CREATE TABLE branches (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, address TEXT NOT NULL, bank TEXT,
        phone TEXT NOT NULL, hours TEXT NOT NULL,
        lon DOUBLE PRECISION, lat DOUBLE PRECISION, datum TEXT)""",
    """CREATE TABLE entries (
        list TEXT NOT NULL REFERENCES lists (slug), branch TEXT NOT NULL REFERENCES branches (id),
        position INTEGER NOT NULL, PRIMARY KEY (list, branch))""",
    "CREATE INDEX entries_branch ON entries (branch)",
    """CREATE TABLE placements (
        branch TEXT PRIMARY KEY REFERENCES branches (id),
        lon DOUBLE PRECISION, lat DOUBLE PRECISION, precision TEXT, radius_m DOUBLE PRECISION,
        provider TEXT, located_at TEXT, district TEXT, address TEXT NOT NULL,
        reasons TEXT NOT NULL)""",
    """CREATE TABLE geocodes (
        provider TEXT NOT NULL, query TEXT NOT NULL, options TEXT NOT NULL,
        normaliser INTEGER NOT NULL, record TEXT NOT NULL,
        PRIMARY KEY (provider, query, options, normaliser))""",
    """CREATE TABLE districts (
        code TEXT PRIMARY KEY, name TEXT NOT NULL, name_en TEXT NOT NULL, city TEXT NOT NULL,
        province TEXT NOT NULL, source TEXT NOT NULL,
        geometry {blob} NOT NULL, drawing {blob} NOT NULL)""",
)

LEDGER = (
    """CREATE TABLE leases (
        provider TEXT PRIMARY KEY, free_at DOUBLE PRECISION NOT NULL, day TEXT NOT NULL,
        used INTEGER NOT NULL)""",
    """CREATE TABLE claims (
        provider TEXT NOT NULL, query TEXT NOT NULL, options TEXT NOT NULL,
        normaliser INTEGER NOT NULL, owner TEXT NOT NULL, until DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (provider, query, options, normaliser))""",
)

STEPS: tuple[tuple[str, Sequence[str]], ...] = (
    ("0001_initial", INITIAL),
    ("0002_ledger", LEDGER),
)
"""Name and SQL of every step, oldest first; ``{blob}`` is the dialect's type for bytes."""

_BLOB = {"sqlite": "BLOB", "postgresql": "BYTEA"}


def migrate(connection: Connection) -> tuple[str, ...]:
    """Apply the steps that are missing; returns their names. The caller commits.

    Raises:
        StoreError: the database was made by a newer version, or is another program's.
    """
    tables = set(inspect(connection).get_table_names())
    applied: set[str] = set()
    if "migrations" in tables:
        applied = set(connection.scalars(select(migrations.c.name)))
    elif tables:
        raise StoreError(
            "this database belongs to another program: it has tables but no migrations"
        )
    if unknown := applied - {name for name, _ in STEPS}:
        raise StoreError(
            f"this store was made by a newer version of mapsvc (it has {min(unknown)})"
        )
    missing = [(name, statements) for name, statements in STEPS if name not in applied]
    for name, statements in missing:
        for statement in statements:
            connection.exec_driver_sql(statement.format(blob=_BLOB[connection.dialect.name]))
        connection.execute(
            migrations.insert(), {"name": name, "applied_at": datetime.now(UTC).isoformat()}
        )
    return tuple(name for name, _ in missing)
