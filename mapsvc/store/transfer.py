"""Every table of one store into another, row by row as they are stored, and proof that it worked.

Both stores keep the same bytes (see `mapsvc.store.schema`), so that equal tables have equal
checksums whatever database they lie in. What geocoding runs hold just now, claims and request
slots, is not moved: it is worth seconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, func, select

from mapsvc.errors import StoreError
from mapsvc.store import schema
from mapsvc.store.sql import SqlStore, store_errors

TABLES = (
    schema.lists,
    schema.branches,
    schema.entries,
    schema.placements,
    schema.geocodes,
    schema.districts,
    schema.notices,
    schema.seeds,
    schema.embed_views,
    schema.revision,
)
"""What is moved, in an order in which no row refers to one that is still missing."""

_AT_ONCE = 20_000
_POLYGONS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Checked:
    """A table that is the same in both stores."""

    table: str
    rows: int
    checksum: str
    """SHA-256 of every row, summed, in hexadecimal: the order of the rows does not matter."""


class _Sum:
    """Counts rows and sums their digests."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, row: tuple[Any, ...]) -> None:
        self.rows += 1
        # A row is texts, whole and floating numbers, bytes and None: repr gives each its own form.
        self._sum += int.from_bytes(hashlib.sha256(repr(row).encode()).digest())

    def of(self, table: Table) -> Checked:
        return Checked(table.name, self.rows, f"{self._sum % (1 << 256):064x}")


def count_rows(store: SqlStore) -> dict[str, int]:
    """How many rows each table has; only of tables that have some, and no revision 0."""
    with store.dumping() as connection:
        counts = {table.name: _count(connection, table) for table in TABLES}
        if not connection.scalar(select(schema.revision.c.number)):
            del counts[schema.revision.name]
    return {name: count for name, count in counts.items() if count}


def transfer(
    source: SqlStore, target: SqlStore, moved: Callable[[int], None] = lambda _rows: None
) -> tuple[Checked, ...]:
    """Copy every table, in one transaction of the target, and compare them there before it ends.

    Args:
        source: is read at one moment.
        target: an empty store.
        moved: is told of every further row.

    Raises:
        StoreError: a store failed, or a table is not the same; the target stays empty.
    """
    checked = []
    with source.dumping() as reading, target.loading() as writer:
        for table in TABLES:
            before, found = _Sum(), _rows(reading, table)
            while rows := list(islice(found, _size(table))):
                values = []
                for row in rows:
                    before.add(row)
                    values.append(dict(zip(table.columns.keys(), row, strict=True)))
                writer.put_rows(table, values)
                moved(len(values))
            after = _Sum()
            with store_errors("checking"):
                for row in _rows(writer.connection, table):
                    after.add(row)
            if before.of(table) != after.of(table):
                raise StoreError(
                    f"the table {table.name} came out different: {before.rows} rows became "
                    f"{after.rows}, or their contents changed; nothing was kept"
                )
            checked.append(after.of(table))
    return tuple(checked)


def _rows(connection: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    """The rows as the store would write them today: old ones may hold NUL."""
    found = connection.execute(select(table), execution_options={"yield_per": _size(table)})
    for row in found:
        yield tuple(v.replace("\0", "␀") if isinstance(v, str) else v for v in row)


def _size(table: Table) -> int:
    return _POLYGONS_AT_ONCE if table is schema.districts else _AT_ONCE


def _count(connection: Connection, table: Table) -> int:
    return int(connection.scalar(select(func.count()).select_from(table)) or 0)
