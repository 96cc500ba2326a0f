"""The geocoding run: every branch placed from the cache and the providers, doubts included.

A run can be killed at any moment and started again: answers are kept as they come, placements a
few seconds later. Several runs at once share the work.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice

from mapsvc.address.normalise import canonical
from mapsvc.address.parts import parse
from mapsvc.address.plan import plan
from mapsvc.config import Settings
from mapsvc.errors import GeocodingError, InvalidValue, NotCached, SettingError, shown
from mapsvc.geo.datum import convert
from mapsvc.geocoding.asking import CURATED, Asker, ClaimedElsewhere, Terms, is_over
from mapsvc.geocoding.placing import Placer, unplaced
from mapsvc.geocoding.quality import Answer
from mapsvc.geocoding.retry import retrying
from mapsvc.geocoding.transport import Http, Offline
from mapsvc.model import (
    Branch,
    Datum,
    District,
    Geocode,
    Placement,
    Point,
    Precision,
    ReviewCode,
    ReviewReason,
)
from mapsvc.store.base import Contents, Store

LIST_PROVIDER = "list"
"""The provider's name of a position that the list itself gives."""

_KEEP_EVERY_S = 2.0
_KEEP_EVERY = 5_000
_LOCATED_AT_ONCE = 10_000
_LOOK_AGAIN_S = 0.1

Progress = Callable[[int], AbstractContextManager[Callable[[int], None]]]
"""Shows how many of so many branches are done; like `click.progressbar`."""


@contextmanager
def _silent(_total: int) -> Iterator[Callable[[int], None]]:
    yield lambda _done: None


@dataclass(slots=True)
class GeocodeResult:
    """What a geocoding run did."""

    placements: list[Placement] = field(default_factory=list)
    """One for each branch that was asked for, in no particular order."""
    changed: int = 0
    """How many of them are new or other than before."""
    failed: list[tuple[Branch, GeocodingError]] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    """Requests sent, by provider."""
    troubles: Counter[str] = field(default_factory=Counter)
    """What providers did wrong, and for how many branches, although others could be asked."""


def geocode(
    store: Store,
    settings: Settings,
    *,
    list_slug: str | None = None,
    limit: int | None = None,
    offline: bool = False,
    refresh: bool = False,
    only: str | None = None,
    progress: Progress = _silent,
) -> GeocodeResult:
    """Place branches; one that cannot be placed does not stop the others.

    Args:
        store: holds branches, cache and districts.
        settings: the providers, in the order of asking.
        list_slug: only the branches of this list; raises `NotFound` for no such list.
        limit: at most so many branches, those without a place first.
        offline: answer from the cache alone; so does the setting.
        refresh: ask again what the cache answers.
        only: ask only this provider, and take the others' answers from the cache; raises
            `InvalidValue` for one that is not set up.
        progress: shows how far the run has come.
    """
    if only is not None and only not in settings.geocoders:
        raise InvalidValue("--provider", only, f"one of {', '.join(settings.geocoders)}")
    asker = make_asker(store, settings, offline=offline, refresh=refresh, only=only)
    contents = store.contents()
    branches = store.branches(list_slug)
    if limit is not None:
        branches = tuple(sorted(branches, key=lambda b: _is_placed(b, contents)))[:limit]
    over = outlived(contents.placements.values(), settings, datetime.now(UTC))
    result = GeocodeResult(asked=asker.asked)
    unsaved: list[Placement] = []
    saved_at = time.monotonic()
    with progress(len(branches)) as advance:
        for placement in _place_each(contents, branches, asker, over, result):
            result.placements.append(placement)
            if placement != contents.placements.get(placement.branch_id):
                unsaved.append(placement)
            if len(unsaved) >= _KEEP_EVERY or time.monotonic() - saved_at > _KEEP_EVERY_S:
                result.changed += _keep(store, unsaved)
                saved_at = time.monotonic()
            advance(1)
    result.changed += _keep(store, unsaved)
    return result


def make_asker(
    store: Store,
    settings: Settings,
    *,
    offline: bool = False,
    refresh: bool = False,
    only: str | None = None,
) -> Asker:
    """The asker of a run over the configured providers."""
    # geopy and what it loads are a fifth of a command's start, and few commands ask.
    from mapsvc.geocoding.providers import build  # noqa: PLC0415

    names = settings.geocoders
    is_offline = offline or settings.offline
    for name in names:
        is_asked = not is_offline and only in (None, name)
        if is_asked and not terms_of(settings, name).may_store:
            variable = f"MAPSVC_{name.upper()}_MAY_STORE"
            raise SettingError(
                variable,
                "0",
                f"1: keeping answers of {name} needs its terms accepted (docs/providers.md)",
            )
    transport = Offline() if is_offline else Http()
    return Asker(
        ledger=store,
        providers=list(build(settings, transport, only).values()),
        terms={name: terms_of(settings, name) for name in names},
        curated=CURATED in names,
        offline=is_offline,
        only=only,
        refresh_since=datetime.now(UTC) if refresh else None,
        retry=retrying,
    )


def terms_of(settings: Settings, provider: str) -> Terms:
    """How a provider may be asked and its answers kept; for ever, where it has no settings."""
    own = settings.providers.get(provider)
    if own is None:
        return Terms(not_found_max_age_days=0)
    return Terms(
        interval_s=1 / own.rate,
        quota=own.quota,
        max_age_days=own.max_age_days,
        not_found_max_age_days=settings.not_found_max_age_days,
        may_store=own.may_store,
    )


def outlived(placements: Iterable[Placement], settings: Settings, now: datetime) -> set[str]:
    """The ids of the branches whose place is older than its provider's terms allow to keep."""
    return {
        placement.branch_id
        for placement in placements
        if placement.point is not None
        and placement.provider is not None
        and placement.located_at is not None
        and is_over(placement.located_at, terms_of(settings, placement.provider), now)
    }


def place_again(
    store: Store, contents: Contents, branches: Iterable[Branch], settings: Settings
) -> list[Placement]:
    """The placements that come out otherwise among ``contents.districts``, from the cache."""
    asker = make_asker(store, settings, offline=True)
    placements = _place_each(contents, branches, asker, set(), GeocodeResult())
    return [p for p in placements if p != contents.placements.get(p.branch_id)]


def _keep(store: Store, unsaved: list[Placement]) -> int:
    with store.write() as writer:
        writer.put_placements(unsaved)
    kept = len(unsaved)
    unsaved.clear()
    return kept


def _is_placed(branch: Branch, contents: Contents) -> bool:
    placement = contents.placements.get(branch.id)
    return (
        placement is not None
        and placement.point is not None
        and placement.address == canonical(branch.address)
    )


def _place_each(
    contents: Contents,
    branches: Iterable[Branch],
    asker: Asker,
    over: set[str],
    result: GeocodeResult,
) -> Iterator[Placement]:
    """A placement for every branch; failures go into ``result``.

    A branch whose question another run is asking is put back to the end of the queue. The place
    of a branch in ``over`` may not be kept unless it is answered anew.
    """
    placer = _ListPlacer(contents)
    waiting = deque(branches)
    put_back = 0
    while waiting:
        branch = waiting.popleft()
        before = contents.placements.get(branch.id)
        try:
            if branch.point is not None:
                if branch.id not in placer.listed:
                    placer.locate_ahead([branch, *islice(waiting, _LOCATED_AT_ONCE)])
                answers: Sequence[Answer] = [Answer(placer.listed[branch.id])]
            else:
                answers = _answers(branch, asker, result)
            placement = placer.place(branch, answers)
        except ClaimedElsewhere:
            waiting.append(branch)
            put_back += 1
            if put_back >= len(waiting):
                asker.sleep(_LOOK_AGAIN_S)
                put_back = 0
            continue
        except GeocodingError as error:
            result.failed.append((branch, error))
            placement = _unanswered(branch, before, over)
        else:
            if placement.point is None:
                result.failed.append((branch, _unknown(branch, answers)))
                placement = _unanswered(branch, before, over)
        yield placement


def _unknown(branch: Branch, answers: Sequence[Answer]) -> GeocodingError:
    asked = ", ".join(sorted({answer.geocode.provider for answer in answers}))
    return GeocodingError(f"nobody knows the address {shown(branch.address)} (asked: {asked})")


def _answers(branch: Branch, asker: Asker, result: GeocodeResult) -> Sequence[Answer]:
    answers, troubles = asker.ask(branch.address, plan(parse(branch.address)))
    if not answers and troubles:
        raise GeocodingError("; ".join(troubles))
    result.troubles.update(troubles)
    if not answers:
        names = [provider.name for provider in asker.providers]
        raise NotCached(
            canonical(branch.address), tuple([CURATED, *names] if asker.curated else names)
        )
    return answers


class _ListPlacer(Placer):
    """Locates the positions that lists give many at once: one by one costs more than the rest."""

    def __init__(self, contents: Contents) -> None:
        super().__init__(contents.districts)
        self._members = contents.members
        self._imported_at = {known.slug: known.imported_at for known in contents.lists}
        self._located: dict[tuple[float, float], tuple[District | None, float]] = {}
        self.listed: dict[str, Geocode] = {}
        """By branch id, of the last that were located ahead: the list's position as an answer."""

    def locate_ahead(self, branches: Iterable[Branch]) -> None:
        """Make the answers of those ``branches`` that have a position in their list."""
        points = [(b, convert(b.point, Datum.WGS84)) for b in branches if b.point is not None]
        self.listed = {branch.id: self._answer(branch, point) for branch, point in points}
        places = [(point.lon, point.lat) for _, point in points]
        rows, border_m = self._index.locate(*zip(*places, strict=True))
        found = [self._districts[row] if row >= 0 else None for row in rows.tolist()]
        self._located = dict(zip(places, zip(found, border_m.tolist(), strict=True), strict=True))

    def _answer(self, branch: Branch, point: Point) -> Geocode:
        """As exact as a list's positions are."""
        return Geocode(
            provider=LIST_PROVIDER,
            query=canonical(branch.address),
            located_at=self._imported_at[self._members[branch.id][0]] or datetime.now(UTC),
            point=point,
            native=branch.point,
            precision=Precision.BUILDING,
        )

    def _locate(self, geocode: Geocode) -> tuple[District | None, float]:
        point = geocode.point
        known = self._located.get((point.lon, point.lat)) if point is not None else None
        return super()._locate(geocode) if known is None else known


def _unanswered(branch: Branch, before: Placement | None, over: set[str]) -> Placement:
    """Keep what is known of this very address; otherwise the branch is without a place."""
    reason = ReviewReason(ReviewCode.NOT_FOUND)
    if before is None or before.address != canonical(branch.address) or branch.id in over:
        return unplaced(branch, reason)
    if before.point is not None or reason in before.reasons:
        return before
    return replace(before, reasons=(*before.reasons, reason))
