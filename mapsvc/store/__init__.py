"""What is kept: the store's interface, its schema and its implementations."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from mapsvc.errors import SettingError
from mapsvc.store.base import Store
from mapsvc.store.sqlite import open_sqlite

__all__ = ["open_store"]


def open_store(url: str) -> Store:
    """Open the store at an SQLAlchemy address such as ``sqlite:///instance/mapsvc.sqlite3``.

    Raises:
        SettingError: no such kind of store.
        StoreError: the store cannot be used.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise SettingError("MAPSVC_DATABASE_URL", "…", "an address such as sqlite:///folder/file")
    return open_sqlite(Path(parsed.database))
