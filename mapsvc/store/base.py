"""What a store can do: the interface that SQLite implements, and PostgreSQL will.

A use case that writes opens one `Store.write` block, which is one transaction: everything in it
is kept, together with a raised revision, or nothing is. Reading gives whole values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mapsvc.model import Branch, BranchList, District, Geocode, Placement


@dataclass(frozen=True, slots=True)
class CacheKey:
    """What a cached answer is found by. ``options`` is canonical JSON."""

    provider: str
    query: str
    options: str
    normaliser: int


@dataclass(frozen=True, slots=True)
class Contents:
    """All that the read side shows, read in one transaction at one revision."""

    revision: int
    changed_at: datetime | None
    lists: tuple[BranchList, ...]
    branches: tuple[Branch, ...]
    """In the order of their lists, oldest list first, then as listed."""
    members: dict[str, tuple[str, ...]]
    """Branch id → slugs of the lists that name it."""
    placements: dict[str, Placement]
    districts: tuple[District, ...]


class Writer(Protocol):
    """Changes within one transaction."""

    def put_list(self, branch_list: BranchList, branches: Sequence[Branch]) -> None:
        """Store the list with exactly these branches, in this order.

        A branch that no list names any more is removed together with its placement.
        """

    def put_placements(self, placements: Iterable[Placement]) -> None: ...

    def put_districts(self, districts: Sequence[District]) -> None:
        """Add these districts, replacing those with the same codes."""

    def put_geocodes(self, geocodes: Iterable[Geocode]) -> int:
        """Add answers to the cache, replacing those with the same key; returns how many."""

    def note_seed(self, name: str, digest: str) -> None:
        """Remember that the shipped file ``name`` with this digest was loaded."""


class Store(Protocol):
    """A store. Errors are `mapsvc.errors.StoreError` and nothing else."""

    def write(self) -> AbstractContextManager[Writer]:
        """Open the one write transaction.

        It is committed, with the revision raised by one if anything was put, or rolled back by
        an exception.
        """

    def revision(self) -> int:
        """The number of the last change; 0 for an empty store."""

    def contents(self) -> Contents: ...

    def lists(self) -> tuple[BranchList, ...]: ...

    def branches(self, list_slug: str | None = None) -> tuple[Branch, ...]:
        """All branches, or those of one list, in order; raises `NotFound` for no such list."""

    def placements(self) -> dict[str, Placement]: ...

    def districts(self) -> tuple[District, ...]: ...

    def geocode(self, key: CacheKey) -> Geocode | None: ...

    def geocodes(self) -> Iterator[Geocode]:
        """The whole cache in the order of its export."""

    def seeds(self) -> dict[str, str]:
        """Which shipped files were loaded: name → digest."""

    def close(self) -> None: ...
