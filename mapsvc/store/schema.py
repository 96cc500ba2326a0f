"""The tables as the code sees them now; `mapsvc.store.migrations` makes them in the database.

Times are ISO 8601 text with their zone and structured values canonical JSON, so that both
databases hold the same bytes and a moved store can be compared by checksum.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

metadata = MetaData()

migrations = Table(
    "migrations",
    metadata,
    Column("name", Text, primary_key=True),
    Column("applied_at", Text, nullable=False),
)

revision = Table(
    "revision",
    metadata,
    Column("only", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("changed_at", Text),
    Column("districts_changed_at", Text, nullable=False),
)

revisions = Table(
    "revisions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("changed_at", Text, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    Column("branch", Text, primary_key=True),
    Column("number", Integer, nullable=False),
)

seeds = Table(
    "seeds",
    metadata,
    Column("name", Text, primary_key=True),
    Column("digest", Text, nullable=False),
)

lists = Table(
    "lists",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("year", Integer),
    Column("source", Text, nullable=False),
    Column("imported_at", Text),
    Column("award", Text, nullable=False),
)

branches = Table(
    "branches",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("bank", Text),
    Column("phone", Text, nullable=False),
    Column("hours", Text, nullable=False),
    Column("services", Text, nullable=False),
    Column("award", Text, nullable=False),
    Column("lon", Double),
    Column("lat", Double),
    Column("datum", Text),
)

entries = Table(
    "entries",
    metadata,
    Column("list", Text, ForeignKey("lists.slug"), primary_key=True),
    Column("branch", Text, ForeignKey("branches.id"), primary_key=True),
    Column("position", Integer, nullable=False),
)

placements = Table(
    "placements",
    metadata,
    Column("branch", Text, ForeignKey("branches.id"), primary_key=True),
    Column("lon", Double),
    Column("lat", Double),
    Column("precision", Text),
    Column("radius_m", Double),
    Column("provider", Text),
    Column("located_at", Text),
    Column("district", Text),
    Column("address", Text, nullable=False),
    Column("reasons", Text, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("text_en", Text, nullable=False),
    Column("branch", Text),
    Column("district", Text),
    Column("start_at", Text, nullable=False),
    Column("end_at", Text, nullable=False),
    Column("closes", Integer, nullable=False, server_default="0"),
)

geocodes = Table(
    "geocodes",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("query", Text, primary_key=True),
    Column("options", Text, primary_key=True),
    Column("normaliser", Integer, primary_key=True, autoincrement=False),
    Column("record", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("free_at", Double, nullable=False),
    Column("day", Text, nullable=False),
    Column("used", Integer, nullable=False),
)

claims = Table(
    "claims",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("query", Text, primary_key=True),
    Column("options", Text, primary_key=True),
    Column("normaliser", Integer, primary_key=True, autoincrement=False),
    Column("owner", Text, nullable=False),
    Column("until", Double, nullable=False),
)

districts = Table(
    "districts",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("province", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("geometry", LargeBinary, nullable=False),
    Column("drawing", LargeBinary, nullable=False),
)

embed_views = Table(
    "embed_views",
    metadata,
    Column("day", Text, primary_key=True),
    Column("origin", Text, primary_key=True),
    Column("views", BigInteger, nullable=False),
)
