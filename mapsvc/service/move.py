"""Moving a store: everything from one database into another, of the same kind or not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing

from mapsvc.errors import StoreError
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
        SettingError: an address of no known kind.
        StoreError: there is nothing to move, the target holds something, a store failed, or a
            table came out different. Nothing is kept in the target.
    """
    with closing(open_existing_store(source)) as old:
        counts = count_rows(old)
        if not counts:
            raise StoreError("there is nothing to move: the first store is empty")
        with closing(open_store(target)) as new:
            if found := count_rows(new):
                held = ", ".join(f"{count} {name}" for name, count in found.items())
                raise StoreError(f"the second store is not empty: it has {held}")
            with progress(sum(counts.values())) as moved:
                return transfer(old, new, moved)
