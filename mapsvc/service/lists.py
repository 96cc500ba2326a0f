"""Importing a list: the stored list becomes equal to the file, as a whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from itertools import chain
from pathlib import Path

from mapsvc.address.normalise import canonical, canonical_all
from mapsvc.errors import InvalidValue, shown
from mapsvc.geocoding.placing import unplaced
from mapsvc.lists.changes import Difference, difference
from mapsvc.lists.garbage import no_cycle_search
from mapsvc.lists.reader import read_list
from mapsvc.lists.rows import ListFile, ListRow, Rejection
from mapsvc.model import Branch, BranchList, Datum, Placement, ReviewCode, ReviewReason
from mapsvc.store.base import Store

_AWARD_CHARS = 100
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class Outcome(Enum):
    """How an import ended, in a sentence."""

    STORED = "stored; place the branches with: mapsvc geocode"
    UNCHANGED = "nothing to store: the list is as before"
    DRY_RUN = "nothing stored: this was a dry run"
    REJECTED = "nothing stored: mend the rejected rows, or take the good ones with --skip-bad"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import read and did."""

    branch_list: BranchList
    file: ListFile
    difference: Difference
    outcome: Outcome


@no_cycle_search()
def import_list(
    store: Store,
    path: Path,
    *,
    slug: str | None = None,
    title: str | None = None,
    year: int | None = None,
    award: str | None = None,
    datum: Datum | None = None,
    dry_run: bool = False,
    skip_bad: bool = False,
) -> ImportResult:
    """Read a list file and make the stored list equal to it.

    Args:
        store: where the list goes.
        path: announcement text, CSV or XLSX; see `mapsvc.lists.reader.read_list`.
        slug: the list's name in URLs; by default made from the file's name.
        title: what the list is called; by default as the file says, or as before.
        year: by default as the file's title says, or as before.
        award: what the list honours its branches with; by default as before, empty for nothing.
        datum: of the file's coordinates, where it has no column for it.
        dry_run: compare only.
        skip_bad: store the good rows although others were rejected.

    Raises:
        ListFileError: the file as a whole cannot be read.
        InvalidValue: a slug or an award that cannot be one.
        StoreError: the store failed; nothing was changed.
    """
    slug = _slug(slug, path)
    if award is not None and (len(award) > _AWARD_CHARS or not award.isprintable()):
        raise InvalidValue("award", award, f"a line of at most {_AWARD_CHARS} characters")
    file = read_list(path, datum=datum)
    # The comparison and the change share one write transaction: no other import gets between.
    with store.write() as writer:
        lists = {known.slug: known for known in store.lists()}
        before = lists.pop(slug, None)
        listed = store.branches(slug) if before else ()
        elsewhere = _elsewhere(chain.from_iterable(map(store.branches, lists)), listed)
        file = _with_known_ids(file, elsewhere)
        compared = difference(file.rows, listed, elsewhere)
        branch_list = BranchList(
            slug=slug,
            title=title or file.title or (before.title if before else path.stem),
            year=year or file.year or (before.year if before else None),
            source=path.name,
            imported_at=datetime.now(UTC),
            award=(before.award if before else "") if award is None else award.strip(),
        )
        is_changed = (
            before is None
            or (before.title, before.year, before.award)
            != (branch_list.title, branch_list.year, branch_list.award)
            or listed != compared.branches
        )
        outcome = _outcome(file, is_changed, dry_run=dry_run, skip_bad=skip_bad)
        if outcome is Outcome.STORED:
            writer.put_list(branch_list, compared.branches)
            writer.put_placements(_outdated(compared, store.placements()))
    return ImportResult(branch_list, file, compared, outcome)


def _elsewhere(branches: Iterable[Branch], listed: Iterable[Branch]) -> dict[str, Branch]:
    here = {branch.id for branch in listed}
    return {branch.id: branch for branch in branches if branch.id not in here}


def _with_known_ids(file: ListFile, elsewhere: dict[str, Branch]) -> ListFile:
    """Let a branch that another list has be the same branch, and no other one take its id."""
    if not elsewhere:
        return file
    ids = dict(zip(_identities(elsewhere.values()), elsewhere, strict=True))
    rows, rejected = [], list(file.rejected)
    for row, identity in zip(file.rows, _identities(file.rows), strict=True):
        other = elsewhere.get(row.id) if row.id is not None else None
        if other is not None and _identities([other]) != [identity]:
            reason = f"this is the id of {shown(other.name)} on another list"
            rejected.append(Rejection(row.line, "id", shown(row.id), reason))
        else:
            known = ids.get(identity) if row.id is None else None
            rows.append(row if known is None else row._replace(id=known))
    rejected.sort(key=lambda rejection: rejection.line)
    return replace(file, rows=tuple(rows), rejected=tuple(rejected))


def _identities(branches: Iterable[Branch | ListRow]) -> list[tuple[str, str]]:
    texts = [(branch.name, branch.address) for branch in branches]
    names, addresses = map(canonical_all, zip(*texts, strict=True)) if texts else ((), ())
    return list(zip(names, addresses, strict=True))


def _outcome(file: ListFile, is_changed: bool, *, dry_run: bool, skip_bad: bool) -> Outcome:
    if file.rejected and not skip_bad:
        return Outcome.REJECTED
    if dry_run:
        return Outcome.DRY_RUN
    return Outcome.STORED if is_changed else Outcome.UNCHANGED


def _slug(slug: str | None, path: Path) -> str:
    wanted = _latin(path.stem) if slug is None else slug
    if not _SLUG.fullmatch(wanted):
        hint = "" if slug is not None else " (taken from the file's name; give one with --list)"
        raise InvalidValue(
            "list", wanted, f"up to 64 small letters, digits and hyphens, such as ningbo-2021{hint}"
        )
    return wanted


def _latin(name: str) -> str:
    """A file's name as a slug; Chinese characters as they are spoken.

    >>> _latin("我的网点 2024")
    'wo-de-wang-dian-2024'
    """
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - its tables take as long as all the rest

    spoken = "-".join(lazy_pinyin(name)).casefold()
    return re.sub(r"[^a-z0-9]+", "-", spoken)[:64].strip("-")


def _outdated(compared: Difference, placements: dict[str, Placement]) -> list[Placement]:
    """Withdraw the positions of branches whose address has changed in meaning."""
    withdrawn = []
    for branch in compared.branches:
        placement = placements.get(branch.id)
        if placement is not None and placement.address != canonical(branch.address):
            reason = ReviewReason(ReviewCode.ADDRESS_CHANGED, {"from": placement.address})
            withdrawn.append(unplaced(branch, reason))
    return withdrawn


def remove_list(store: Store, slug: str) -> int:
    """Remove a list and the branches that no other list names; returns how many those are.

    Their cached answers stay: the list can be imported again and placed offline.

    Raises:
        NotFound: there is no such list.
    """
    with store.write() as writer:
        listed = {branch.id for branch in store.branches(slug)}
        members = store.contents().members
        writer.drop_list(slug)
    return sum(members[branch_id] == (slug,) for branch_id in listed)
