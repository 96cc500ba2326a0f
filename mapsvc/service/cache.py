"""The geocode cache as a whole: taking in exports, finding faults, dropping what is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from mapsvc.address.normalise import canonical
from mapsvc.config import Settings
from mapsvc.errors import InvalidValue, ProviderError
from mapsvc.geocoding.answers import NATIVE
from mapsvc.geocoding.asking import is_expired
from mapsvc.geocoding.interpret import interpret
from mapsvc.geocoding.placing import unplaced
from mapsvc.geocoding.record import CacheKey, from_json, key_of, read_file, to_json
from mapsvc.model import Geocode, ReviewCode, ReviewReason
from mapsvc.service.geocode import outlived, terms_of
from mapsvc.store.base import Store


class Fault(StrEnum):
    """What can be wrong with a cached answer."""

    CORRUPT = "corrupt"
    """No record, not canonical, or under another key than its own."""
    EXPIRED = "expired"
    """Older than its provider's terms, or than not-found answers may be."""
    NO_PROVENANCE = "no_provenance"
    """Neither the raw answer of a provider nor a person's evidence."""
    MISMATCH = "mismatch"
    """The raw answer gives another result than the record says."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of one cached answer."""

    key: CacheKey
    fault: Fault
    detail: str


def import_cache(store: Store, path: Path) -> int:
    """Add the answers in an exported file to the cache; returns how many.

    A query that a person wrote is brought into canonical form, under which it is looked up.

    Raises:
        GeocodingError: a line is wrong; nothing was added.
    """
    answers = [replace(answer, query=canonical(answer.query)) for answer in read_file(path)]
    with store.write() as writer:
        return writer.put_geocodes(answers)


def cache_stats(store: Store) -> Counter[tuple[str, str]]:
    """How many answers each provider gave at each precision, ``not found`` being one."""
    return Counter(
        (geocode.provider, geocode.precision.value if geocode.precision else "not found")
        for geocode in store.geocodes()
    )


def verify_cache(store: Store, settings: Settings, now: datetime | None = None) -> list[Finding]:
    """Hold every cached answer against its key, its provider's terms and its own raw answer."""
    now = now or datetime.now(UTC)
    return [
        Finding(key, fault, detail)
        for key, record in store.records()
        for fault, detail in _faults(key, record, settings, now)
    ]


def prune_cache(store: Store, settings: Settings, now: datetime | None = None) -> int:
    """Drop the answers whose time is over, and the places that came from them.

    Returns:
        How many answers were dropped. Nothing else is dropped.
    """
    now = now or datetime.now(UTC)
    findings = verify_cache(store, settings, now)
    expired = [finding.key for finding in findings if finding.fault is Fault.EXPIRED]
    contents = store.contents()
    over = outlived(contents.placements.values(), settings, now)
    reason = ReviewReason(ReviewCode.NOT_FOUND)
    with store.write() as writer:
        writer.put_placements(unplaced(b, reason) for b in contents.branches if b.id in over)
        return writer.drop_geocodes(expired)


def _faults(
    key: CacheKey, record: str, settings: Settings, now: datetime
) -> Iterator[tuple[Fault, str]]:
    try:
        geocode = from_json(record)
    except InvalidValue as error:
        yield Fault.CORRUPT, str(error)
        return
    if key_of(geocode) != key:
        yield Fault.CORRUPT, "the record belongs under another key"
    elif to_json(geocode) != record:
        yield Fault.CORRUPT, "the record is not in canonical form"
    elif canonical(geocode.query) != geocode.query:
        yield Fault.CORRUPT, "the query is not in canonical form and is never found"
    terms = terms_of(settings, geocode.provider)
    if is_expired(geocode, terms, now):
        yield Fault.EXPIRED, f"answered {geocode.located_at:%Y-%m-%d}"
    if geocode.answer is None:
        if not geocode.evidence:
            yield Fault.NO_PROVENANCE, "it has neither an answer nor evidence"
    elif geocode.provider in NATIVE and (told := _retold(geocode)) != geocode:
        yield Fault.MISMATCH, told if isinstance(told, str) else _difference(geocode, told)


def _retold(geocode: Geocode) -> Geocode | str:
    """What the record's own raw answer says today, or why it says nothing."""
    try:
        told = interpret(
            geocode.provider,
            geocode.answer,
            query=geocode.query,
            options=geocode.options,
            located_at=geocode.located_at,
        )
    except ProviderError as error:
        return str(error)
    # Its own notes are no part of what a provider answered.
    return replace(told, evidence=geocode.evidence, normaliser=geocode.normaliser)


def _difference(kept: Geocode, told: Geocode) -> str:
    for name in ("point", "native", "precision", "radius_m", "district"):
        was, now = getattr(kept, name), getattr(told, name)
        if was != now:
            return f"{name}: the record says {was}, its answer says {now}"
    return "the record differs from its answer"
