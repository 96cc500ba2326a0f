"""Placing what visitors type by the geocoders: from the cache, and over the network if that is set.

Somebody waits for the answer, so only the first questions are asked, each has seconds, none waits
for its turn, and one is under way at a time. Of a day's quota visitors leave the half to geocoding
runs.
"""

from __future__ import annotations

import threading
from dataclasses import replace

from mapsvc.address.parts import parse
from mapsvc.address.plan import MAX_QUESTIONS, plan
from mapsvc.config import Settings
from mapsvc.errors import GeocodingError, RateLimited
from mapsvc.geocoding.asking import CURATED, Asker, ClaimedElsewhere
from mapsvc.geocoding.quality import best, radius_m
from mapsvc.model import Place
from mapsvc.service.geocode import make_asker, terms_of
from mapsvc.store.base import Store

PATIENCE_S = 3.0
"""A geocoder's answer must be complete in so many seconds."""
_QUESTIONS = 2
UNLIMITED_SHARE = 1_000
"""Requests of a day that visitors may have sent to a geocoder which has no quota."""


class Geocoders:
    """What the configured geocoders know of a text.

    Args:
        store: holds their answers, and shares their limits with geocoding runs.
        settings: which there are. One whose answers may not be stored is not asked for visitors.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = replace(
            settings,
            geocoders=tuple(
                name
                for name in settings.geocoders
                if name == CURATED or terms_of(settings, name).may_store
            ),
            providers={
                name: replace(own, timeout=min(own.timeout, PATIENCE_S), quota=_share(own.quota))
                for name, own in settings.providers.items()
            },
        )
        self._asking = threading.Lock()

    @property
    def can_ask(self) -> bool:
        """Whether there is anybody to ask over the network."""
        return not self._settings.offline and self._settings.geocoders not in {(), (CURATED,)}

    def cached(self, text: str) -> Place | None:
        """What they have answered before."""
        return self._answered(make_asker(self._store, self._settings, offline=True), text)

    def ask(self, text: str) -> Place | None:
        """The same, and what they answer now. A geocoder's failure is as if it knew nothing."""
        known = self.cached(text)
        if known is not None or not self.can_ask or not self._asking.acquire(blocking=False):
            return known
        try:
            asker = make_asker(self._store, self._settings)
            asker.sleep = _give_up
            return self._answered(asker, text)
        finally:
            self._asking.release()

    @staticmethod
    def _answered(asker: Asker, text: str) -> Place | None:
        limit = MAX_QUESTIONS if asker.offline else _QUESTIONS
        try:
            answers, _ = asker.ask(text, plan(parse(text), limit=limit))
        except (GeocodingError, ClaimedElsewhere):
            return None
        chosen = best([each for each in answers if each.geocode.found], lambda _: True)
        if chosen is None:
            return None
        point, precision = chosen.geocode.point, chosen.geocode.precision
        if point is None or precision is None:
            return None
        label = chosen.question.text if chosen.question else text
        return Place(point, precision, radius_m(chosen.geocode), label, chosen.geocode.provider)


def _share(quota: int) -> int:
    """Of a day's requests, those until which visitors' are among them; the ledger counts all.

    >>> _share(5_000), _share(1), _share(0)
    (2500, 1, 1000)
    """
    return max(1, quota // 2) if quota else UNLIMITED_SHARE


def _give_up(_seconds: float) -> None:
    """A visitor does not wait for the turn of their question."""
    raise RateLimited("geocoders", "others are before this visitor")
