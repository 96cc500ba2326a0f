"""Moving a store: everything from one database into another, of the same kind or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from sqlalchemy import make_url

from mapsvc.errors import InvalidValue, SettingError, StoreError
from mapsvc.store import open_existing_store, open_store
from mapsvc.store.transfer import Checked, count_rows, transfer


def move_store(
    source: str,
    target: str,
    progress: Callable[[int], AbstractContextManager[Callable[[int], None]]],
) -> tuple[Checked, ...]:
    """Copy everything that a store holds into a new one; the old one stays as it is.

    Args:
        source: the SQLAlchemy address of a store that is there.
        target: of a store that holds nothing yet; its tables are made as needed.
        progress: opened with the number of rows in all, gives what is told of every further row.

    Returns:
        Every table with its rows and checksum, which are the same in both stores.

    Raises:
        InvalidValue: an address of no known kind, named FROM or TO as in the command.
        StoreError: both are one store, there is nothing to move, the target holds something, a
            store failed, or a table came out different. Nothing is kept in the target.
    """
    with _named("FROM"):
        opened = open_existing_store(source)
    with closing(opened) as old:
        counts = count_rows(old)
        if not counts:
            raise StoreError("there is nothing to move: FROM is empty")
        with _named("TO"):
            opened = open_store(target)
        with closing(opened) as new:
            if _place(source) == _place(target):
                raise StoreError("FROM and TO are the same store")
            if found := count_rows(new):
                held = ", ".join(f"{name} ({count:,})" for name, count in found.items())
                raise StoreError(f"TO is not empty: it has rows in {held}")
            with progress(sum(counts.values())) as moved:
                return transfer(old, new, moved)


@contextmanager
def _named(argument: str) -> Iterator[None]:
    """Blame the argument for an address that is none, and not the setting."""
    try:
        yield
    except SettingError as error:
        raise InvalidValue(argument, error.value, error.allowed) from None


def _place(address: str) -> tuple[object, ...]:
    """What two spellings of a sound address have in common."""
    url = make_url(address)
    if url.drivername == "sqlite":
        return (Path(url.database or "").resolve(),)
    return (url.host, url.port or 5432, url.database, url.query)
