"""What a store can do: the interface that SQLite and PostgreSQL implement.

A use case that writes opens one `Store.write` block, which is one transaction: everything in it
is kept, together with a raised revision, or nothing is. Reading gives whole values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from mapsvc.geocoding.record import CacheKey
from mapsvc.model import Branch, BranchList, District, Geocode, Notice, Placement


class Row(NamedTuple):
    """What is shown of a branch, in the form in which it is stored.

    Flat and unchecked, because a snapshot is made of a million of them: it was checked on its way
    into the store. ``lon`` and ``lat`` are those of its placement (WGS-84), ``located_at`` is ISO
    8601, ``reasons`` JSON as `mapsvc.store.rows` writes it.
    """

    id: str
    name: str
    address: str
    bank: str | None
    phone: str
    hours: str
    services: str
    """A JSON array; see `mapsvc.store.rows.services_from`."""
    award: str
    lon: float | None
    lat: float | None
    precision: str | None
    radius_m: float | None
    provider: str | None
    located_at: str | None
    district: str | None
    reasons: str | None
    lists: tuple[str, ...]
    """The slugs of the lists that name it."""


OF_BRANCH, OF_PLACEMENT = Row._fields[:8], Row._fields[8:-1]
"""The columns of a `Row` by the table that they come from; the lists come from a third."""


class Reading(Protocol):
    """All that the read side shows, at one revision; the branches come one after the other."""

    @property
    def revision(self) -> int: ...
    @property
    def changed_at(self) -> datetime | None: ...
    @property
    def lists(self) -> tuple[BranchList, ...]: ...
    @property
    def notices(self) -> tuple[Notice, ...]:
        """All, those that are over too, by id."""

    @property
    def districts_changed_at(self) -> str:
        """Names the state of the districts: it changes when they do, and with nothing else."""

    def districts(self) -> tuple[District, ...]: ...

    def rows(self) -> Iterator[Row]:
        """Every branch once, in the order of the lists, oldest list first, then as listed."""

    def members(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The id and the lists of each `Row`, in the same order: far quicker."""

    def rows_of(self, members: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[Row]:
        """The rows of these among all `members`, in their order: for a few of many."""

    def changed_since(self, revision: int, changed_at: datetime | None) -> frozenset[str] | None:
        """The ids of the branches whose row may be another one than it was at a revision.

        What is not there any more, and what was not, may be among them or not; nor do lists count.

        Returns:
            None where it is not known: the revision is long past, or another store's, which the
            time tells.
        """


@dataclass(frozen=True, slots=True)
class NewOrigins:
    """How many origins a day's views may have besides some.

    Attributes:
        regulars: these are always kept by name.
        most: others of a day that are.
        rest: the name that the views of what is above are added to.
    """

    regulars: frozenset[str]
    most: int
    rest: str


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything at one revision, as values."""

    revision: int
    changed_at: datetime | None
    lists: tuple[BranchList, ...]
    branches: tuple[Branch, ...]
    """In the order of their lists, oldest list first, then as listed."""
    members: dict[str, tuple[str, ...]]
    """Branch id → slugs of the lists that name it."""
    placements: dict[str, Placement]
    districts: tuple[District, ...]
    notices: tuple[Notice, ...] = ()


class Writer(Protocol):
    """Changes within one transaction."""

    def put_list(self, branch_list: BranchList, branches: Sequence[Branch]) -> None:
        """Store the list with exactly these branches, in this order.

        A branch that no list names any more is removed together with its placement.
        """

    def drop_list(self, slug: str) -> None:
        """Remove the list, and the branches that no other list names."""

    def put_placements(self, placements: Iterable[Placement]) -> None: ...

    def put_districts(self, districts: Sequence[District]) -> None:
        """Add these districts, replacing those with the same codes."""

    def put_notices(self, notices: Iterable[Notice]) -> None:
        """Add these notices, replacing those with the same ids."""

    def put_geocodes(self, geocodes: Iterable[Geocode]) -> int:
        """Add answers to the cache, replacing those with the same key; returns how many."""

    def drop_geocodes(self, keys: Iterable[CacheKey]) -> int:
        """Remove answers from the cache; returns how many there were."""

    def note_seed(self, name: str, digest: str) -> None:
        """Remember that the shipped file ``name`` with this digest was loaded."""


class Ledger(Protocol):
    """What geocoding runs share, however many there are: answers, claims and request slots.

    Nothing here raises the revision: it is not what visitors see. Times are Unix seconds.
    """

    def geocode(self, key: CacheKey) -> Geocode | None: ...

    def claim(self, key: CacheKey, owner: str, now: float, until: float) -> str | None:
        """Take on asking for ``key`` until then.

        Returns:
            None if ``owner`` has it now, or else who has.
        """

    def release(self, key: CacheKey, owner: str) -> None:
        """Give a claim back unanswered."""

    def settle(self, geocode: Geocode, owner: str) -> None:
        """Keep an answer and drop the claim on it, in one transaction."""

    def reserve(self, provider: str, interval_s: float, quota: int, now: float) -> float | None:
        """Take the provider's next free request slot.

        Args:
            provider: whose slot.
            interval_s: seconds between two requests, over all processes together.
            quota: requests a day (UTC), 0 for no limit.
            now: the time now.

        Returns:
            When the request may be sent, or None if the day's quota is used up.
        """


class Store(Ledger, Protocol):
    """A store. Errors are `mapsvc.errors.StoreError` and nothing else."""

    def write(self) -> AbstractContextManager[Writer]:
        """Open the one write transaction.

        It is committed, with the revision raised by one if anything was put, or rolled back by
        an exception.
        """

    def revision(self) -> int:
        """The number of the last change; 0 for an empty store."""

    def reading(self) -> AbstractContextManager[Reading]:
        """Open a read transaction: everything in it is of one revision, whoever writes meanwhile.

        For a million branches: they are streamed, never held all at once.
        """

    def contents(self) -> Contents:
        """The same as one value."""

    def lists(self) -> tuple[BranchList, ...]: ...

    def branches(self, list_slug: str | None = None) -> tuple[Branch, ...]:
        """All branches, or those of one list, in order; raises `NotFound` for no such list."""

    def placements(self) -> dict[str, Placement]: ...

    def districts(self) -> tuple[District, ...]: ...

    def notices(self) -> tuple[Notice, ...]:
        """All, those that are over too, by id."""

    def geocodes(self) -> Iterator[Geocode]:
        """The whole cache, ordered by key."""

    def records(self) -> Iterator[tuple[CacheKey, str]]:
        """The whole cache as it is stored, sound or not, ordered by key."""

    def add_views(
        self,
        views: Mapping[tuple[str, str], int],
        forget_before: str = "",
        limit: NewOrigins | None = None,
    ) -> None:
        """Add views of embedded maps, by day and origin; the revision stays.

        Args:
            views: day (ISO 8601) and origin → how many more.
            forget_before: views of earlier days are dropped.
            limit: how many origins a day may have, whoever adds them; None for no limit.
        """

    def frequent_origins(self, since: str, before: str, limit: int) -> tuple[str, ...]:
        """So many of the origins with views of these days, those first that have most days."""

    def views(self, since: str = "") -> tuple[tuple[str, str, int], ...]:
        """Day, origin, views, in this order; from the day ``since`` on."""

    def seeds(self) -> dict[str, str]:
        """Which shipped files were loaded: name → digest."""

    def close(self) -> None: ...
