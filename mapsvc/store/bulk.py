"""Many rows at once into PostgreSQL: COPY into a temporary table, and from there one INSERT."""

from __future__ import annotations

from typing import Any, cast

from psycopg import Connection as DriverConnection
from psycopg import Error
from psycopg.sql import SQL, Composable, Identifier
from sqlalchemy import Connection, Table

from mapsvc.errors import StoreError
from mapsvc.store.rows import Values

_INCOMING = Identifier("incoming")


def copy_in(connection: Connection, table: Table, values: list[Values]) -> None:
    """Insert rows, replacing those with the same primary key; of two with one key the last wins.

    Rows that are as they were are left alone, so that an import of the same list writes nothing.

    Raises:
        StoreError: a row that the database refuses.
    """
    keys = [column.name for column in table.primary_key]
    columns = [column.name for column in table.columns]
    rows = {
        tuple(row[key] for key in keys): tuple(row[column] for column in columns) for row in values
    }
    try:
        _copy(_driver(connection), table.name, keys, columns, list(rows.values()))
    except Error as error:
        raise StoreError(f"the store failed while writing: {str(error).splitlines()[0]}") from error


def _driver(connection: Connection) -> DriverConnection[Any]:
    """The driver's own connection, in the same transaction."""
    return cast("DriverConnection[Any]", connection.connection.driver_connection)


def _copy(
    driver: DriverConnection[Any],
    table: str,
    keys: list[str],
    columns: list[str],
    rows: list[tuple[Any, ...]],
) -> None:
    target, names = Identifier(table), _listed(columns)
    others = [column for column in columns if column not in keys]
    with driver.cursor() as cursor:
        cursor.execute(
            SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} LIMIT 0").format(
                _INCOMING, names, target
            )
        )
        with cursor.copy(SQL("COPY {} ({}) FROM STDIN").format(_INCOMING, names)) as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(
            SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT ({}) ").format(
                target, names, names, _INCOMING, _listed(keys)
            )
            + SQL("DO UPDATE SET ({}) = ROW({}) WHERE ({}) IS DISTINCT FROM ({})").format(
                _listed(others),
                _listed(others, "excluded"),
                _listed(others, table),
                _listed(others, "excluded"),
            )
        )
        cursor.execute(SQL("DROP TABLE {}").format(_INCOMING))


def _listed(columns: list[str], table: str | None = None) -> Composable:
    prefix = () if table is None else (table,)
    return SQL(", ").join(Identifier(*prefix, column) for column in columns)
