"""The steps that bring a database from nothing to the present schema: named, small, atomic.

A step is never edited once released; a change to `mapsvc.store.schema` comes with a new step.
All missing steps run in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, inspect, select

from mapsvc.errors import StoreError
from mapsvc.store.schema import migrations

INITIAL = (
    "CREATE TABLE migrations (name {text} PRIMARY KEY, applied_at {text} NOT NULL)",
    """CREATE TABLE revision (
        "only" INTEGER PRIMARY KEY, number INTEGER NOT NULL, changed_at {text})""",
    'INSERT INTO revision ("only", number) VALUES (1, 0)',
    "CREATE TABLE seeds (name {text} PRIMARY KEY, digest {text} NOT NULL)",
    """CREATE TABLE lists (
        slug {text} PRIMARY KEY, position INTEGER NOT NULL, title {text} NOT NULL, year INTEGER,
        source {text} NOT NULL, imported_at {text})""",
    """CREATE TABLE branches (
        id {text} PRIMARY KEY, name {text} NOT NULL, address {text} NOT NULL, bank {text},
        phone {text} NOT NULL, hours {text} NOT NULL,
        lon DOUBLE PRECISION, lat DOUBLE PRECISION, datum {text})""",
    """CREATE TABLE entries (
        list {text} NOT NULL REFERENCES lists (slug),
        branch {text} NOT NULL REFERENCES branches (id),
        position INTEGER NOT NULL, PRIMARY KEY (list, branch))""",
    "CREATE INDEX entries_branch ON entries (branch)",
    """CREATE TABLE placements (
        branch {text} PRIMARY KEY REFERENCES branches (id),
        lon DOUBLE PRECISION, lat DOUBLE PRECISION, precision {text}, radius_m DOUBLE PRECISION,
        provider {text}, located_at {text}, district {text}, address {text} NOT NULL,
        reasons {text} NOT NULL)""",
    """CREATE TABLE geocodes (
        provider {text} NOT NULL, query {text} NOT NULL, options {text} NOT NULL,
        normaliser INTEGER NOT NULL, record {text} NOT NULL,
        PRIMARY KEY (provider, query, options, normaliser))""",
    """CREATE TABLE districts (
        code {text} PRIMARY KEY, name {text} NOT NULL, name_en {text} NOT NULL,
        city {text} NOT NULL, province {text} NOT NULL, source {text} NOT NULL,
        geometry {blob} NOT NULL, drawing {blob} NOT NULL)""",
)

LEDGER = (
    """CREATE TABLE leases (
        provider {text} PRIMARY KEY, free_at DOUBLE PRECISION NOT NULL, day {text} NOT NULL,
        used INTEGER NOT NULL)""",
    """CREATE TABLE claims (
        provider {text} NOT NULL, query {text} NOT NULL, options {text} NOT NULL,
        normaliser INTEGER NOT NULL, owner {text} NOT NULL, until DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (provider, query, options, normaliser))""",
)

SNAPSHOTS = (
    # A list's branches are read in their order without sorting all of them.
    "CREATE INDEX entries_position ON entries (list, position)",
    # Districts are large and seldom change: what was made of them is kept until this does.
    "ALTER TABLE revision ADD COLUMN districts_changed_at {text} NOT NULL DEFAULT ''",
)

POSTGIS = (
    "CREATE EXTENSION IF NOT EXISTS postgis",
    """ALTER TABLE placements ADD COLUMN place geography(Point, 4326)
        GENERATED ALWAYS AS (ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography) STORED""",
    "CREATE INDEX placements_place ON placements USING gist (place)",
    # Order by distance along geography may fail: its index measures on a sphere, which is up to
    # 0.6 % off, and PostgreSQL says "index returned tuples in wrong order". Of unit vectors the
    # order is exact.
    """ALTER TABLE placements ADD COLUMN vector geometry(PointZ) GENERATED ALWAYS AS (
        ST_MakePoint(cos(radians(lat)) * cos(radians(lon)), cos(radians(lat)) * sin(radians(lon)),
            sin(radians(lat)))) STORED""",
    "CREATE INDEX placements_vector ON placements USING gist (vector gist_geometry_ops_nd)",
    "CREATE INDEX placements_flat ON placements USING gist ((place::geometry))",
    "CREATE INDEX placements_district ON placements (district)",
    "CREATE INDEX branches_bank ON branches (bank)",
    "ALTER TABLE branches ADD COLUMN search {text} NOT NULL DEFAULT ''",
    "ALTER TABLE branches ADD COLUMN rank BIGINT",
    "CREATE INDEX branches_rank ON branches (rank)",
)
"""What searching in the database needs. ``search`` is the name and address as they are searched, a
line each; ``rank`` is the branch's place in the order of the lists."""

PINYIN = ("ALTER TABLE branches ADD COLUMN spelled {text} NOT NULL DEFAULT ''",)
"""The name and address in pinyin, a line each."""

EMBEDS = (
    """CREATE TABLE embed_views (
        day {text} NOT NULL, origin {text} NOT NULL, views BIGINT NOT NULL,
        PRIMARY KEY (day, origin))""",
)
"""Views of embedded maps; see `mapsvc.web.embeds`."""


NOTICES = (
    "ALTER TABLE lists ADD COLUMN award {text} NOT NULL DEFAULT ''",
    "ALTER TABLE branches ADD COLUMN services {text} NOT NULL DEFAULT '[]'",
    "ALTER TABLE branches ADD COLUMN award {text} NOT NULL DEFAULT ''",
    # A notice outlives the branch that it names: a list may be imported again.
    """CREATE TABLE notices (
        id INTEGER PRIMARY KEY, text {text} NOT NULL, text_en {text} NOT NULL, branch {text},
        district {text}, start_at {text} NOT NULL, end_at {text} NOT NULL)""",
)

SERVICES = ("CREATE INDEX branches_services ON branches USING gin ((services::jsonb))",)


CHANGES = (
    """CREATE TABLE revisions (number INTEGER PRIMARY KEY, changed_at {text} NOT NULL)""",
    """CREATE TABLE changes (branch {text} PRIMARY KEY, number INTEGER NOT NULL)""",
    # Snapshots of the present revision serve the next one.
    """INSERT INTO revisions (number, changed_at)
        SELECT number, changed_at FROM revision WHERE changed_at IS NOT NULL""",
)
"""Past revisions, and in which one's transaction a branch that there was changed last.

Triggers note it, so that no writer can forget to. They need not note new branches: nobody knows
their ids yet. One that was removed is noted, as it may come again. Keys never change."""

CLOSES = ("ALTER TABLE notices ADD COLUMN closes INTEGER NOT NULL DEFAULT 0",)

SHOWN = {
    "branches": ("id", "name", "address", "bank", "phone", "hours", "services", "award"),
    "placements": ("branch", "lon", "lat", "precision", "radius_m", "provider", "located_at",
                   "district", "reasons"),
}  # fmt: skip
"""What is shown of branches, of which a change is noted; the first is a branch's id."""


def _listed(version: str, columns: Sequence[str]) -> str:
    return ", ".join(f"{version}.{column}" for column in columns)


def _noted(ids: str) -> str:
    """A statement that notes branches: what selects them follows SELECT."""
    return (
        f"INSERT INTO changes (branch, number) SELECT {ids} "
        "ON CONFLICT (branch) DO UPDATE SET number = excluded.number"
    )


def _sqlite_triggers() -> Iterator[str]:
    for table, columns in SHOWN.items():
        for event, row, when in (
            (
                "UPDATE",
                "NEW",
                f"WHEN ({_listed('OLD', columns)}) IS NOT ({_listed('NEW', columns)})",
            ),
            ("DELETE", "OLD", ""),
            ("INSERT", "NEW", ""),
        ):
            if (table, event) != ("branches", "INSERT"):
                noted = _noted(f"{row}.{columns[0]}, number + 1 FROM revision WHERE true")
                yield f"""CREATE TRIGGER {table}_{event.lower()} AFTER {event} ON {table} {when}
                    BEGIN {noted}; END"""


def _postgresql_triggers() -> Iterator[str]:
    """Once for each statement, however many rows it writes."""
    for table, columns in SHOWN.items():
        key, shown = columns[0], ", ".join(columns)
        differing = f"(SELECT {shown} FROM after EXCEPT SELECT {shown} FROM before)"  # noqa: S608
        for event, tables, found in (
            ("UPDATE", "OLD TABLE AS before NEW TABLE AS after", differing),
            ("DELETE", "OLD TABLE AS before", "before"),
            ("INSERT", "NEW TABLE AS after", "after"),
        ):
            if (table, event) == ("branches", "INSERT"):
                continue
            name = f"{table}_{event.lower()}"
            number = "(SELECT number + 1 FROM revision)"
            ids = f"changed.{key}, {number} FROM {found} AS changed"
            yield f"""CREATE FUNCTION note_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN {_noted(ids)}; RETURN NULL; END $$"""
            yield f"""CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {tables}
                FOR EACH STATEMENT EXECUTE FUNCTION note_{name}()"""


@dataclass(frozen=True, slots=True)
class Step:
    """A named step; ``{blob}`` and ``{text}`` are the dialect's types for bytes and text."""

    name: str
    statements: Sequence[str]
    dialect: str | None = None
    """The only database that takes it; None for all."""


STEPS = (
    Step("0001_initial", INITIAL),
    Step("0002_ledger", LEDGER),
    Step("0003_snapshots", SNAPSHOTS),
    Step("0004_postgis", POSTGIS, "postgresql"),
    Step("0005_pinyin", PINYIN, "postgresql"),
    Step("0006_services_notices", NOTICES),
    Step("0006_services_index", SERVICES, "postgresql"),
    Step("0007_embeds", EMBEDS),
    Step("0008_changes", CHANGES),
    Step("0008_triggers_sqlite", tuple(_sqlite_triggers()), "sqlite"),
    Step("0008_triggers_postgresql", tuple(_postgresql_triggers()), "postgresql"),
    Step("0009_closes", CLOSES),
)
"""Every step, oldest first."""

REREAD = frozenset({"0005_pinyin"})
"""The steps after which ``search`` and ``spelled`` are written anew. A change of what makes them
(`mapsvc.address.searched`) comes with another."""

_TYPES = {
    "sqlite": {"blob": "BLOB", "text": "TEXT"},
    # The same order of texts as SQLite's, whatever language the database was made for.
    "postgresql": {"blob": "BYTEA", "text": 'TEXT COLLATE "C"'},
}

_OF_EXTENSIONS = """SELECT relname FROM pg_class JOIN pg_depend ON objid = pg_class.oid
    WHERE classid = 'pg_class'::regclass AND deptype = 'e'"""
"""Tables that came with an extension, such as PostGIS's spatial_ref_sys."""


def steps_for(dialect: str) -> tuple[Step, ...]:
    """The steps that a database of this kind takes."""
    return tuple(step for step in STEPS if step.dialect in (None, dialect))


def migrate(connection: Connection) -> tuple[str, ...]:
    """Apply the steps that are missing; returns their names. The caller commits.

    Raises:
        StoreError: the database was made by a newer version, or is another program's.
    """
    dialect = connection.dialect.name
    tables = _tables(connection)
    applied: set[str] = set()
    if "migrations" in tables:
        applied = set(connection.scalars(select(migrations.c.name)))
    elif tables:
        raise StoreError(
            "this database belongs to another program: it has tables but no migrations"
        )
    if unknown := applied - {step.name for step in STEPS}:
        raise StoreError(
            f"this store was made by a newer version of mapsvc (it has {min(unknown)})"
        )
    missing = [step for step in steps_for(dialect) if step.name not in applied]
    for step in missing:
        for statement in step.statements:
            connection.exec_driver_sql(statement.format_map(_TYPES[dialect]))
        connection.execute(
            migrations.insert(), {"name": step.name, "applied_at": datetime.now(UTC).isoformat()}
        )
    return tuple(step.name for step in missing)


def _tables(connection: Connection) -> set[str]:
    tables = set(inspect(connection).get_table_names())
    if connection.dialect.name == "postgresql":
        tables -= set(connection.exec_driver_sql(_OF_EXTENSIONS).scalars())
    return tables
