"""Contents that no store has held, as a store would give them to be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from mapsvc.model import BranchList, District, Notice
from mapsvc.snapshot import MemorySnapshot
from mapsvc.store import rows
from mapsvc.store.base import OF_PLACEMENT, Contents, Row


class ContentsReading:
    """`mapsvc.store.base.Reading` of values."""

    districts_changed_at = ""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self.revision: int = contents.revision
        self.changed_at: datetime | None = contents.changed_at
        self.lists: tuple[BranchList, ...] = contents.lists
        self.notices: tuple[Notice, ...] = contents.notices

    def districts(self) -> tuple[District, ...]:
        return self._contents.districts

    def rows(self) -> Iterator[Row]:
        nothing = dict.fromkeys(OF_PLACEMENT)
        for branch in self._contents.branches:
            placement = self._contents.placements.get(branch.id)
            values = rows.branch_values(branch)
            values |= nothing if placement is None else rows.placement_values(placement)
            slugs = self._contents.members[branch.id]
            shown = values | {"address": branch.address, "lists": slugs}
            yield Row(**{name: shown[name] for name in Row._fields})

    def members(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        return (
            (branch.id, self._contents.members[branch.id]) for branch in self._contents.branches
        )

    def rows_of(self, members: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[Row]:
        wanted = {branch for branch, _ in members}
        return (row for row in self.rows() if row.id in wanted)

    def changed_since(self, revision: int, changed_at: datetime | None) -> frozenset[str] | None:
        """Nothing is known of other revisions."""


def snapshot_of(contents: Contents) -> MemorySnapshot:
    """A snapshot of values."""
    return MemorySnapshot.of(ContentsReading(contents))
