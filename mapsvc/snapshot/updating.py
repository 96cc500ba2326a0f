"""What an earlier snapshot holds already: only rows that have changed are read and made again."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapsvc.snapshot.base import Piece
from mapsvc.snapshot.collecting import TYPES, Listed, Strings, collect
from mapsvc.snapshot.columns import BLOBS, CODED, Arrays, Columns, Texts, starts_of
from mapsvc.snapshot.features import Facts
from mapsvc.snapshot.notices import current
from mapsvc.store.base import Reading

_MOST = 4
"""Where more than one row in so many has changed, everything is read: by key it takes longer."""
_FRESH = -1


@dataclass(frozen=True, slots=True)
class _Joined:
    """Strings of an earlier snapshot, and behind them new ones; chosen of both."""

    old: Texts
    new: Texts
    source: NDArray[np.int64]

    def at(self, rows: NDArray[np.int64]) -> Sequence[Piece]:
        chosen, size = self.source[rows], len(self.old)
        if (chosen < size).all():
            return self.old.pieces(chosen)
        return [self.old[row] if row < size else self.new[row - size] for row in chosen.tolist()]


def update(
    base: Columns, reading: Reading, facts: Facts
) -> tuple[Listed, dict[str, Strings]] | None:
    """The same as `collect` gives for all rows, and their texts; None where that is needed.

    Args:
        base: the snapshot of an earlier revision, with the same districts.
        reading: the store's contents.
        facts: of the revision that is read.
    """
    if not _says_the_same(base, reading, facts):
        return None
    changed = reading.changed_since(base.revision, base.changed_at)
    if changed is None:
        return None
    members = list(reading.members())
    source = _source(base, members, changed)
    fresh = np.flatnonzero(source == _FRESH)
    if fresh.size * _MOST > source.size:
        return None
    source[fresh] = len(base) + np.arange(fresh.size)
    sinks = {name: io.BytesIO() for name in BLOBS}
    made = collect(reading.rows_of([members[place] for place in fresh.tolist()]), facts, sinks)
    columns = _columns(base)
    joined = {
        name: np.concatenate([columns[name], made.columns[name]])[source]
        for name in TYPES
        if name not in CODED
    }
    codes = {}
    for name in CODED:
        joined[name], codes[name] = _renumbered(columns[name], base.codes(name), made, name, source)
    texts = {
        name: _Joined(
            getattr(base, name),
            Texts(sinks[name].getvalue(), starts_of(made.columns[name])),
            source,
        )
        for name in BLOBS
    }
    return Listed(codes, joined), dict(texts)


def _says_the_same(base: Columns, reading: Reading, facts: Facts) -> bool:
    """Whether features would be the same as they were, but for their own rows."""
    awards = {known.slug: known.award for known in base.lists if known.award}
    return awards == facts.awards and base.notices == current(reading.notices, reading.changed_at)


def _source(
    base: Columns, members: list[tuple[str, tuple[str, ...]]], changed: frozenset[str]
) -> NDArray[np.int64]:
    """Each branch's row in the earlier snapshot, `_FRESH` where it was not there as it is now."""
    rows = dict(zip(base.ids.at(np.arange(len(base))), range(len(base)), strict=True))
    named = base.named.tolist()
    found = []
    for branch, lists in members:
        row = _FRESH if branch in changed else rows.get(branch.encode(), _FRESH)
        same = row != _FRESH and base.memberships[named[row]] == lists
        found.append(row if same else _FRESH)
    return np.array(found, np.int64)


def _columns(base: Columns) -> Arrays:
    """The columns that `collect` would have made, in the order of the rows."""
    columns = {name: getattr(base, name) for name in TYPES if name not in BLOBS}
    columns |= {name: np.diff(getattr(base, name).starts) for name in BLOBS}
    columns["id_hashes"] = np.empty_like(base.id_hashes)
    columns["id_hashes"][base.id_rows] = base.id_hashes
    return columns


def _renumbered(
    old: NDArray[Any], old_codes: Sequence[Any], made: Listed, name: str, source: NDArray[np.int64]
) -> tuple[NDArray[Any], list[Any]]:
    """Numbers of codes, given anew as the codes come, and the codes."""
    codes = dict.fromkeys([*old_codes, *made.codes[name]])
    place = {code: number for number, code in enumerate(codes)}
    # The last entry is for -1.
    of_new = np.array([*(place[code] for code in made.codes[name]), -1])
    numbers = np.concatenate([old, of_new[made.columns[name]]])[source]
    used, first = np.unique(numbers, return_index=True)
    used = used[np.argsort(first)]
    used = used[used >= 0]
    final = np.full(len(codes) + 1, -1, TYPES[name])
    final[used] = np.arange(used.size)
    listed = list(codes)
    return final[numbers], [listed[number] for number in used.tolist()]
