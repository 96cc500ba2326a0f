"""What a list file changes: its rows against the branches that the list holds now.

A branch keeps its id for as long as anything identifies it: the file's own id, name and address
together, or one of them where it stands for a single branch on both sides.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from mapsvc.address.normalise import canonical, canonical_all
from mapsvc.lists.rows import ListRow
from mapsvc.model import Branch

_FIELDS = ("name", "address", "bank", "phone", "hours", "point", "services", "award")
_Key = tuple[str, str]
"""A canonical name and a canonical address."""
_MADE_ID = re.compile(r"[a-z0-9]+-[0-9a-f]{10}(?:-[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Added:
    """A row that is no branch of the list yet, and the branch that it becomes."""

    row: ListRow
    branch: Branch


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field's value before and after, exactly as stored and as read."""

    field: str
    old: object
    new: object


@dataclass(frozen=True, slots=True)
class Changed:
    """A row that is a branch of the list with other values; ``new`` has ``old``'s id."""

    row: ListRow
    old: Branch
    new: Branch
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A row that says of a branch what is stored."""

    row: ListRow
    branch: Branch


@dataclass(frozen=True, slots=True)
class Difference:
    """What storing a file would do. ``added``, ``changed``, ``unchanged`` in the file's order."""

    added: tuple[Added, ...]
    changed: tuple[Changed, ...]
    unchanged: tuple[Unchanged, ...]
    unlisted: tuple[Branch, ...]
    """Branches that the list holds and the file does not, in the order given."""
    branches: tuple[Branch, ...]
    """The list as the file wants it: every row's branch in the file's order."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be written."""
        return not (self.added or self.changed or self.unlisted)


def new_id(row: ListRow) -> str:
    """The id of a branch that comes without one: its bank and a digest of what it is called.

    It is the same wherever the same name and address are stored for the first time.

    >>> new_id(ListRow(1, None, "工商银行宁波新城支行营业部", "宁波市河清北路295号", "icbc"))
    'icbc-8326a69e12'
    """
    return _made_id(row.bank, (canonical(row.name), canonical(row.address)))


def _made_id(bank: str | None, key: _Key) -> str:
    digest = hashlib.sha256("\n".join(key).encode()).hexdigest()
    return f"{bank or 'branch'}-{digest[:10]}"


def _keys(items: Sequence[ListRow] | Sequence[Branch]) -> list[_Key]:
    names = canonical_all([item.name for item in items])
    addresses = canonical_all([item.address for item in items])
    return list(zip(names, addresses, strict=True))


def difference(
    rows: Iterable[ListRow], stored: Sequence[Branch], taken: Iterable[str] = ()
) -> Difference:
    """Compare a file's ``rows`` to the branches ``stored`` in its list now.

    ``taken`` are further ids that no new branch may be given.

    Rows are matched in four passes, each over what the ones before left: by the file's id; by
    canonical name and address; by canonical name, and then by canonical address, where it occurs
    once among the rows and once among the branches that are left. A matched row keeps the stored
    id. The last two passes do not give a row that brings an id of its own to a branch with
    another id from a file. Time and memory grow linearly with the number of rows and branches.
    """
    rows = list(rows)
    keys = _keys(rows)
    matches = _match(rows, keys, stored)
    used = {branch.id for branch in stored} | {row.id for row in rows if row.id is not None}
    used.update(taken)
    added, changed, unchanged, branches = [], [], [], []
    for at, row in enumerate(rows):
        old = matches.get(at)
        if old is None:
            branch = row.branch(row.id if row.id is not None else _free_id(row, keys[at], used))
            used.add(branch.id)
            added.append(Added(row, branch))
        else:
            branch = row.branch(old.id)
            if branch == old:
                unchanged.append(Unchanged(row, old))
            else:
                changed.append(Changed(row, old, branch, _field_changes(old, branch)))
        branches.append(branch)
    kept = {branch.id for branch in matches.values()}
    return Difference(
        added=tuple(added),
        changed=tuple(changed),
        unchanged=tuple(unchanged),
        unlisted=tuple(branch for branch in stored if branch.id not in kept),
        branches=tuple(branches),
    )


def _match(
    rows: Sequence[ListRow], row_keys: Sequence[_Key], stored: Sequence[Branch]
) -> dict[int, Branch]:
    """The branch of each row that has one, by the row's position."""
    matches: dict[int, Branch] = {}
    open_rows = dict(enumerate(rows))
    open_branches = dict(enumerate(stored))
    branch_keys = _keys(stored)
    passes: tuple[tuple[Callable[[int], Hashable], Callable[[int], Hashable], bool], ...] = (
        (lambda at: rows[at].id, lambda at: stored[at].id, False),
        (lambda at: row_keys[at], lambda at: branch_keys[at], False),
        (lambda at: row_keys[at][0], lambda at: branch_keys[at][0], True),
        (lambda at: row_keys[at][1], lambda at: branch_keys[at][1], True),
    )
    for row_key, branch_key, is_guess in passes:
        if not open_rows or not open_branches:
            break
        row_of, branch_of = _unique(open_rows, row_key), _unique(open_branches, branch_key)
        for key, at in row_of.items():
            found = branch_of.get(key)
            if at is None or found is None:
                continue
            if is_guess and rows[at].id is not None and not _MADE_ID.fullmatch(stored[found].id):
                continue
            matches[at] = stored[found]
            del open_rows[at], open_branches[found]
    return matches


def _unique(positions: Iterable[int], key: Callable[[int], Hashable]) -> dict[Hashable, int | None]:
    """Each key's position; None for a key that several have. Rows without an id have no key."""
    found: dict[Hashable, int | None] = {}
    for at in positions:
        value = key(at)
        if value is not None:
            found[value] = None if value in found else at
    return found


def _free_id(row: ListRow, key: _Key, taken: set[str]) -> str:
    made = candidate = _made_id(row.bank, key)
    number = 1
    while candidate in taken:
        number += 1
        candidate = f"{made}-{number}"
    return candidate


def _field_changes(old: Branch, new: Branch) -> tuple[FieldChange, ...]:
    pairs = ((field, getattr(old, field), getattr(new, field)) for field in _FIELDS)
    return tuple(FieldChange(field, was, now) for field, was, now in pairs if was != now)
