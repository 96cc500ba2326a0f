"""The use cases that write: import a list, place its branches, import districts, fill the cache.

Each is one transaction of the store: it happens as a whole or not at all.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from mapsvc.address.normalise import NORMALISER_VERSION, canonical
from mapsvc.districts import read_folder
from mapsvc.errors import DistrictsError, GeocodingError, InvalidValue, NotCached, shown
from mapsvc.geo.datum import convert
from mapsvc.geo.districts import check
from mapsvc.geocoding.placing import Placer, unplaced
from mapsvc.geocoding.record import CacheKey, key_of, read_file
from mapsvc.lists.changes import Difference, difference
from mapsvc.lists.reader import read_list
from mapsvc.lists.rows import ListFile, ListRow, Rejection
from mapsvc.model import (
    Branch,
    BranchList,
    Datum,
    District,
    Geocode,
    Placement,
    Point,
    Precision,
    ReviewCode,
    ReviewReason,
)
from mapsvc.resources import resource
from mapsvc.store.base import Contents, Store, Writer

SHIPPED_LIST = "data/lists/ningbo-2021.txt"
SHIPPED_CACHE = "data/geocache.jsonl"
SHIPPED_DISTRICTS = "data/districts"

_BASICS = "districts and cache"
_FIRST_LIST = "list"

LIST_PROVIDER = "list"
"""The provider's name of a position that the list itself gives."""

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

Progress = Callable[[Sequence[Branch]], AbstractContextManager[Iterable[Branch]]]
"""Wraps a sequence so that its reading shows on a terminal; like `click.progressbar`."""


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


def import_list(
    store: Store,
    path: Path,
    *,
    slug: str | None = None,
    title: str | None = None,
    year: int | None = None,
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
        datum: of the file's coordinates, where it has no column for it.
        dry_run: compare only.
        skip_bad: store the good rows although others were rejected.

    Raises:
        ListFileError: the file as a whole cannot be read.
        InvalidValue: a slug that cannot be one.
        StoreError: the store failed; nothing was changed.
    """
    slug = _slug(slug, path)
    file = read_list(path, datum=datum)
    # The comparison and the change share one write transaction: no other import gets between.
    with store.write() as writer:
        before = next((known for known in store.lists() if known.slug == slug), None)
        listed = store.branches(slug) if before else ()
        elsewhere = _elsewhere(store.branches(), listed)
        file = _with_known_ids(file, elsewhere)
        compared = difference(file.rows, listed, elsewhere)
        branch_list = BranchList(
            slug=slug,
            title=title or (before.title if before else None) or file.title or slug,
            year=year or (before.year if before else None) or file.year,
            source=path.name,
            imported_at=datetime.now(UTC),
        )
        is_changed = (
            before is None
            or (before.title, before.year) != (branch_list.title, branch_list.year)
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
    ids = {_identity(branch): branch_id for branch_id, branch in elsewhere.items()}
    rows, rejected = [], list(file.rejected)
    for row in file.rows:
        other = elsewhere.get(row.id) if row.id is not None else None
        if other is not None and _identity(other) != _identity(row):
            reason = f"this is the id of {shown(other.name)} on another list"
            rejected.append(Rejection(row.line, "id", shown(row.id), reason))
        else:
            rows.append(row._replace(id=ids.get(_identity(row))) if row.id is None else row)
    rejected.sort(key=lambda rejection: rejection.line)
    return replace(file, rows=tuple(rows), rejected=tuple(rejected))


def _identity(branch: Branch | ListRow) -> tuple[str, str]:
    return canonical(branch.name), canonical(branch.address)


def _outcome(file: ListFile, is_changed: bool, *, dry_run: bool, skip_bad: bool) -> Outcome:
    if file.rejected and not skip_bad:
        return Outcome.REJECTED
    if dry_run:
        return Outcome.DRY_RUN
    return Outcome.STORED if is_changed else Outcome.UNCHANGED


def _slug(slug: str | None, path: Path) -> str:
    wanted = slug if slug is not None else re.sub(r"[^a-z0-9]+", "-", path.stem.casefold())
    wanted = wanted if slug is not None else wanted.strip("-")
    if not _SLUG.fullmatch(wanted):
        hint = "" if slug is not None else " (taken from the file's name; give one with --list)"
        raise InvalidValue(
            "list", wanted, f"up to 64 small letters, digits and hyphens, such as ningbo-2021{hint}"
        )
    return wanted


def _outdated(compared: Difference, placements: dict[str, Placement]) -> list[Placement]:
    """Withdraw the positions of branches whose address has changed in meaning."""
    withdrawn = []
    for branch in compared.branches:
        placement = placements.get(branch.id)
        if placement is not None and placement.address != canonical(branch.address):
            reason = ReviewReason(ReviewCode.ADDRESS_CHANGED, {"from": placement.address})
            withdrawn.append(unplaced(branch, reason))
    return withdrawn


@dataclass(frozen=True, slots=True)
class GeocodeResult:
    """What a geocoding run did."""

    placements: tuple[Placement, ...]
    """One for each branch that was asked for."""
    changed: int
    """How many of them are new or other than before."""
    failed: tuple[tuple[Branch, GeocodingError], ...]


def geocode(
    store: Store,
    providers: Sequence[str],
    *,
    list_slug: str | None = None,
    progress: Progress = nullcontext,
) -> GeocodeResult:
    """Place every branch from the cache; one that has no answer does not stop the others.

    Args:
        store: holds branches, cache and districts.
        providers: in the order of asking; the first with an answer places the branch.
        list_slug: only the branches of this list; raises `NotFound` for no such list.
        progress: shows how far the run has come.
    """
    branches = store.branches(list_slug)
    contents = store.contents()
    placements, failed = _place(store, contents, branches, providers, progress)
    changed = _new(placements, contents)
    with store.write() as writer:
        writer.put_placements(changed)
    return GeocodeResult(tuple(placements), len(changed), tuple(failed))


def _place(
    store: Store,
    contents: Contents,
    branches: Sequence[Branch],
    providers: Sequence[str],
    progress: Progress = nullcontext,
) -> tuple[list[Placement], list[tuple[Branch, GeocodingError]]]:
    """A placement for every branch, and the branches that could not be placed with the reason."""
    placer = Placer(contents.districts)
    placements: list[Placement] = []
    failed: list[tuple[Branch, GeocodingError]] = []
    with progress(branches) as shown_branches:
        for branch in shown_branches:
            try:
                if branch.point is not None:
                    answer = _listed(branch, branch.point, contents)
                else:
                    answer = _cached(store, branch, providers)
                placements.append(placer.place(branch, answer))
            except GeocodingError as error:
                failed.append((branch, error))
                placements.append(_unanswered(branch, contents.placements.get(branch.id)))
    return placements, failed


def _new(placements: Iterable[Placement], contents: Contents) -> list[Placement]:
    return [p for p in placements if p != contents.placements.get(p.branch_id)]


def _listed(branch: Branch, point: Point, contents: Contents) -> Geocode:
    """The position that the list gives, as an answer; as exact as a list's positions are."""
    slug = contents.members[branch.id][0]
    imported = next(known.imported_at for known in contents.lists if known.slug == slug)
    return Geocode(
        provider=LIST_PROVIDER,
        query=canonical(branch.address),
        located_at=imported or datetime.now(UTC),
        point=convert(point, Datum.WGS84),
        native=point,
        precision=Precision.BUILDING,
    )


def _cached(store: Store, branch: Branch, providers: Sequence[str]) -> Geocode:
    query = canonical(branch.address)
    for provider in providers:
        answer = store.geocode(CacheKey(provider, query, "{}", NORMALISER_VERSION))
        if answer is not None:
            return answer
    raise NotCached(branch.address, tuple(providers))


def _unanswered(branch: Branch, before: Placement | None) -> Placement:
    """Keep what is known of this very address; otherwise the branch is without a place."""
    reason = ReviewReason(ReviewCode.NOT_FOUND)
    if before is None or before.address != canonical(branch.address):
        return unplaced(branch, reason)
    if before.point is not None or reason in before.reasons:
        return before
    return replace(before, reasons=(*before.reasons, reason))


def import_districts(store: Store, districts: Sequence[District]) -> None:
    """Add or replace district polygons and assign the placed branches to them anew.

    Raises:
        DistrictsError: polygons that are invalid, or overlap each other or ones that are kept;
            every problem is named, and nothing is changed.
    """
    with store.write() as writer:
        replaced = {district.code for district in districts}
        kept = [known for known in store.districts() if known.code not in replaced]
        together = [*districts, *kept]
        problems = check([d.code for d in together], [d.geometry for d in together])
        if problems:
            raise DistrictsError("\n".join(str(problem) for problem in problems))
        _put_districts(store, writer, districts)


def _put_districts(store: Store, writer: Writer, districts: Sequence[District]) -> None:
    writer.put_districts(districts)
    contents = store.contents()
    by_code = {d.code: d for d in contents.districts} | {d.code: d for d in districts}
    contents = replace(contents, districts=tuple(by_code[code] for code in sorted(by_code)))
    placed = [
        branch
        for branch in contents.branches
        if (before := contents.placements.get(branch.id)) is not None and before.point is not None
    ]
    providers = sorted({p.provider for p in contents.placements.values() if p.provider})
    placements, _ = _place(store, contents, placed, providers)
    writer.put_placements(_new(placements, contents))


def import_cache(store: Store, path: Path) -> int:
    """Add the answers in an exported file to the cache; returns how many.

    Raises:
        GeocodingError: a line is wrong; nothing was added.
    """
    with store.write() as writer:
        return writer.put_geocodes(read_file(path))


def load_shipped(store: Store) -> None:
    """Bring the shipped districts and answers into the store, once for each release of them.

    What the store already has is kept, unless the shipped answer is newer.
    """
    files = [resource(SHIPPED_CACHE), *sorted(resource(SHIPPED_DISTRICTS).iterdir())]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    if store.seeds().get(_BASICS) == digest:
        return
    with store.write() as writer:
        known = {key_of(answer): answer.located_at for answer in store.geocodes()}
        writer.put_geocodes(
            answer
            for answer in read_file(resource(SHIPPED_CACHE))
            if (before := known.get(key_of(answer))) is None or before < answer.located_at
        )
        _put_districts(store, writer, read_folder(resource(SHIPPED_DISTRICTS)))
        writer.note_seed(_BASICS, digest)


def load_shipped_list(store: Store, providers: Sequence[str] = ("curated",)) -> bool:
    """Load and place the shipped list where there is none yet; False where there is one.

    A start that was killed halfway is completed by the next one.
    """
    path = resource(SHIPPED_LIST)
    if _FIRST_LIST in store.seeds() or {known.source for known in store.lists()} - {path.name}:
        return False
    import_list(store, path)
    geocode(store, providers)
    with store.write() as writer:
        writer.note_seed(_FIRST_LIST, hashlib.sha256(path.read_bytes()).hexdigest())
    return True


def seed(store: Store) -> None:
    """Fill a new store with everything that is shipped: districts, answers, and the list."""
    load_shipped(store)
    load_shipped_list(store)
