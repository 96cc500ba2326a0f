"""The migrations make what the code's tables say."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, inspect

from mapsvc.store import open_store
from mapsvc.store.schema import metadata


def test_the_migrated_database_has_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.sqlite3"
    open_store(url).close()
    engine = create_engine(url)
    found = inspect(engine)
    migrated = {
        table: {column["name"]: column["nullable"] for column in found.get_columns(table)}
        for table in found.get_table_names()
    }
    engine.dispose()
    keys = {table.name: set(table.primary_key.columns.keys()) for table in metadata.sorted_tables}
    expected = {
        table.name: {column.name: bool(column.nullable) for column in table.columns}
        for table in metadata.sorted_tables
    }
    for table, columns in expected.items():
        # SQLite calls a lone TEXT key nullable unless it says NOT NULL; keys are compared apart.
        assert migrated[table].keys() == columns.keys()
        for name, nullable in columns.items():
            if name not in keys[table]:
                assert migrated[table][name] == nullable, (table, name)
    assert migrated.keys() == expected.keys()
