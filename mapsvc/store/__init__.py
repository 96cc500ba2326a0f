"""What is kept: the store's interface, its schema and its implementations."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from mapsvc.errors import SettingError, StoreError
from mapsvc.store.sql import SqlStore
from mapsvc.store.sqlite import open_sqlite

__all__ = ["open_existing_store", "open_store"]

_HOST = re.compile(r"[\w.:%,-]*")
"""Names, addresses of both kinds with a zone, and libpq's list of several."""
_DRIVERS = ("sqlite", "postgresql", "postgres", "postgresql+psycopg")
"""Hosts give addresses that begin with postgres:// or postgresql://; psycopg takes those, too."""


def open_store(url: str) -> SqlStore:
    """Open the store at an SQLAlchemy address.

    Args:
        url: ``sqlite:///instance/mapsvc.sqlite3`` or ``postgresql+psycopg://user@host/database``,
            for which ``postgresql://`` and ``postgres://`` are other spellings.

    Raises:
        SettingError: no such kind of store.
        StoreError: the store cannot be used.
    """
    parsed = _parsed(url)
    if parsed.drivername == "sqlite":
        return open_sqlite(Path(parsed.database or ""))
    try:
        from mapsvc.store.postgresql import open_postgresql  # noqa: PLC0415  # SQLite needs none
    except ImportError as error:
        raise StoreError(
            "PostgreSQL needs the package psycopg with libpq: pip install 'psycopg[binary]'"
        ) from error
    return open_postgresql(parsed)


def open_existing_store(url: str) -> SqlStore:
    """The same, but a file that does not exist is an error and is not made."""
    parsed = _parsed(url)
    if parsed.drivername == "sqlite" and not Path(parsed.database or "").exists():
        raise StoreError(f"there is no store at {parsed.database}")
    return open_store(url)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number
        parsed = None
    if parsed is None or parsed.drivername not in _DRIVERS or not parsed.database:
        raise SettingError(  # without the address: it may hold a password
            "MAPSVC_DATABASE_URL",
            "…",
            "an address such as sqlite:///folder/file or postgresql+psycopg://user@host/database",
        )
    if parsed.drivername != "sqlite" and not _ends_where_it_should(url, parsed):
        raise SettingError(
            "MAPSVC_DATABASE_URL",
            "…",
            "an address whose parts are clear: characters such as @ / ? in a user's name, a "
            "password or a database's name are written %40 %2F %3F",
        )
    return parsed


def _ends_where_it_should(url: str, parsed: URL) -> bool:
    """Whether no part of a password can be in the host or the database, which errors name.

    >>> url = "postgresql://u:se@cret@h/d"
    >>> _ends_where_it_should(url, make_url(url))
    False
    """
    ats = 0 if parsed.username is None else 1
    return url.count("@") == ats and bool(_HOST.fullmatch(parsed.host or ""))
