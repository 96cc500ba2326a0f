"""Asking the providers about one address: cache first, one claim a question, one slot a request.

Several runs may be at work at once, on one machine or more. They share a ledger (the store): a
question is claimed before it is asked, so that nobody else asks it, and a request waits for its
slot, so that a provider's rate holds for all of them together.
"""

from __future__ import annotations

import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Protocol

from mapsvc.address.normalise import NORMALISER_VERSION, canonical
from mapsvc.address.plan import Question
from mapsvc.errors import ProviderError, ProviderRefused, QuotaExhausted
from mapsvc.geocoding.quality import Answer
from mapsvc.geocoding.record import CacheKey, canonical_json
from mapsvc.model import Geocode, Precision

CURATED = "curated"
"""The provider of positions that a person placed; it is all cache and is never asked."""

_CLAIM_S = 300.0
"""Longer than a question takes with its retries; a long wait for a slot prolongs it. The claim of
a process of this machine that has ended counts for nothing at once."""


class Provider(Protocol):
    """A geocoder as the run sees it."""

    @property
    def name(self) -> str: ...

    def phrase(self, question: Question) -> tuple[str, Mapping[str, str]]:
        """The canonical query and the options that make the cache's key."""

    def ask(self, question: Question) -> Geocode:
        """One request. Raises `ProviderError` and nothing else."""


class Ledger(Protocol):
    """What runs share; see `mapsvc.store.base.Ledger`."""

    def geocode(self, key: CacheKey) -> Geocode | None: ...
    def claim(self, key: CacheKey, owner: str, now: float, until: float) -> str | None: ...
    def release(self, key: CacheKey, owner: str) -> None: ...
    def settle(self, geocode: Geocode, owner: str) -> None: ...
    def reserve(self, provider: str, interval_s: float, quota: int, now: float) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """How a provider may be asked, and how long its answers may be kept."""

    interval_s: float = 0.0
    quota: int = 0
    max_age_days: float = 0.0
    """0: for ever."""
    not_found_max_age_days: float = 30.0
    may_store: bool = True
    """False: what the cache holds of this provider is not used, and so not published."""


class ClaimedElsewhere(Exception):
    """Another run is asking this very question; no error, but come back later."""


def _this_process() -> str:
    return f"{platform.node()} {os.getpid()} {_started(os.getpid())}"


@dataclass
class Asker:
    """Asks on behalf of one run.

    Args:
        ledger: the store.
        providers: in the order of asking.
        terms: by provider's name.
        curated: whether positions placed by a person are looked up first.
        offline: answer from the ledger alone.
        only: so do all providers but this one.
        refresh_since: answers older than this are asked for again.
    """

    ledger: Ledger
    providers: Sequence[Provider]
    terms: Mapping[str, Terms]
    curated: bool = True
    offline: bool = False
    only: str | None = None
    refresh_since: datetime | None = None
    retry: Callable[[Callable[[], Geocode]], Geocode] = lambda ask: ask()
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    owner: str = field(default_factory=_this_process)
    asked: Counter[str] = field(default_factory=Counter)
    """Requests sent, by provider."""
    ended: dict[str, ProviderError] = field(default_factory=dict)
    """Providers that are out of this run, with the reason."""
    _settled: set[CacheKey] = field(default_factory=set)

    def ask(self, address: str, questions: Sequence[Question]) -> tuple[list[Answer], list[str]]:
        """Every answer that helps to place ``address``, and what went wrong on the way.

        A position that a person placed ends the search. Otherwise every provider is asked, from
        exact to coarse, until an answer is as exact as the next question could be.

        Raises:
            ClaimedElsewhere: another run is at it; everything answered so far is kept.
        """
        if self.curated:
            placed = self.ledger.geocode(CacheKey(CURATED, canonical(address)))
            if placed is not None:
                return [Answer(placed)], []
        answers: list[Answer] = []
        troubles: list[str] = []
        for provider in self.providers:
            try:
                answers += self._from(provider, questions)
            except ProviderError as error:
                troubles.append(str(error))
        return answers, troubles

    def _from(self, provider: Provider, questions: Sequence[Question]) -> list[Answer]:
        answers: list[Answer] = []
        trouble: ProviderError | None = None
        for precision, group in groupby(questions, key=lambda question: question.best):
            if min((answer.rank for answer in answers), default=len(Precision)) <= precision.rank:
                break
            for question in group:
                try:
                    geocode = self._answer(provider, question)
                except ProviderError as error:
                    trouble = error
                    if provider.name in self.ended or error.may_pass:
                        break
                    continue
                if geocode is not None:
                    answers.append(Answer(geocode, question))
        if trouble is not None and not any(answer.geocode.found for answer in answers):
            raise trouble
        return answers

    def _answer(self, provider: Provider, question: Question) -> Geocode | None:
        """The answer from the cache or from the provider; None where offline has none."""
        query, options = provider.phrase(question)
        key = CacheKey(provider.name, query, canonical_json(dict(options)), NORMALISER_VERSION)
        cached = self._cached(key)
        if cached is not None or self.offline or self.only not in (None, provider.name):
            return cached
        if provider.name in self.ended:
            raise self.ended[provider.name]
        self._claim(key)
        try:
            cached = self._cached(key)  # answered between the first look and the claim
            if cached is not None:
                self.ledger.release(key, self.owner)
                return cached
            geocode = self.retry(lambda: self._request(provider, question, key))
        except ProviderError as error:
            self.ledger.release(key, self.owner)
            if isinstance(error, (ProviderRefused, QuotaExhausted)):
                self.ended[provider.name] = error
            raise
        self.ledger.settle(geocode, self.owner)
        self._settled.add(key)
        return geocode

    def _cached(self, key: CacheKey) -> Geocode | None:
        terms = self._terms(key.provider)
        geocode = self.ledger.geocode(key) if terms.may_store else None
        if geocode is None or (self._must_refresh(geocode) and key not in self._settled):
            return None
        over = is_expired(geocode, terms, self._time(), offline=self.offline)
        return None if over else geocode

    def _must_refresh(self, geocode: Geocode) -> bool:
        return self.refresh_since is not None and geocode.located_at < self.refresh_since

    def _claim(self, key: CacheKey) -> None:
        now = self.now()
        holder = self.ledger.claim(key, self.owner, now, now + _CLAIM_S)
        if holder is not None and _is_dead(holder):
            self.ledger.release(key, holder)
            holder = self.ledger.claim(key, self.owner, now, now + _CLAIM_S)
        if holder is not None:
            raise ClaimedElsewhere

    def _request(self, provider: Provider, question: Question, key: CacheKey) -> Geocode:
        terms = self._terms(provider.name)
        slot = self.ledger.reserve(provider.name, terms.interval_s, terms.quota, self.now())
        if slot is None:
            raise QuotaExhausted(provider.name, f"the day's {terms.quota} requests are used up")
        if slot - self.now() > _CLAIM_S / 5:
            self.ledger.claim(key, self.owner, self.now(), slot + _CLAIM_S)
        while (wait := slot - self.now()) > 0:
            self.sleep(wait)
        self.asked[provider.name] += 1
        return provider.ask(question)

    def _terms(self, provider: str) -> Terms:
        return self.terms.get(provider, Terms())

    def _time(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)


def is_expired(geocode: Geocode, terms: Terms, now: datetime, *, offline: bool = False) -> bool:
    """Whether an answer may not be used any more.

    A found answer ends by the provider's terms, always. A not-found answer ends so that new
    streets get their chance; offline there is nobody to ask, and it stays.
    """
    if geocode.found:
        return is_over(geocode.located_at, terms, now)
    limit = 0.0 if offline else terms.not_found_max_age_days
    return bool(limit) and (now - geocode.located_at).total_seconds() > limit * 86_400


def is_over(located_at: datetime, terms: Terms, now: datetime) -> bool:
    """Whether the terms allow to keep a found position no longer."""
    limit = terms.max_age_days
    return bool(limit) and (now - located_at).total_seconds() > limit * 86_400


def _is_dead(owner: str) -> bool:
    """Whether the owner was a process of this machine that is no more."""
    node, pid, started = owner.rsplit(" ", 2)
    return node == platform.node() and _started(int(pid)) != started


def _started(pid: int) -> str:
    """When a process started, in the kernel's ticks; a number used again is another process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rsplit(")", 1)[1].split()[19]
    except OSError:
        return "gone" if Path("/proc/self").exists() else "unknown"
