"""What is kept: the store's interface, its schema and its implementations."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from mapsvc.errors import SettingError, StoreError
from mapsvc.store.base import Store
from mapsvc.store.sqlite import open_sqlite

__all__ = ["open_store"]


def open_store(url: str) -> Store:
    """Open the store at an SQLAlchemy address.

    Args:
        url: ``sqlite:///instance/mapsvc.sqlite3`` or ``postgresql+psycopg://user@host/database``.

    Raises:
        SettingError: no such kind of store.
        StoreError: the store cannot be used.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number
        parsed = None
    if parsed is not None and parsed.database:
        if parsed.drivername == "sqlite":
            return open_sqlite(Path(parsed.database))
        if parsed.drivername in ("postgresql", "postgresql+psycopg"):
            return _open_postgresql(parsed)
    raise SettingError(  # without the address: it may hold a password
        "MAPSVC_DATABASE_URL",
        "…",
        "an address such as sqlite:///folder/file or postgresql+psycopg://user@host/database",
    )


def _open_postgresql(url: URL) -> Store:
    try:
        from mapsvc.store.postgresql import open_postgresql  # noqa: PLC0415  # SQLite needs none
    except ImportError as error:
        raise StoreError(
            "PostgreSQL needs the package psycopg with libpq: pip install 'psycopg[binary]'"
        ) from error
    return open_postgresql(url)
