"""Pelias, an own server or a hosted one with a key, on geopy's class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopy.geocoders

from mapsvc.address.normalise import canonical
from mapsvc.address.plan import Question
from mapsvc.config import ProviderSettings
from mapsvc.geocoding.providers.base import ProviderGeocoder, domain, spaced, with_parameters
from mapsvc.geocoding.transport import Transport


class Pelias(ProviderGeocoder, geopy.geocoders.Pelias):  # type: ignore[misc]
    """Asked in words, for some results."""

    name = "pelias"
    path = "/v1/search"

    def __init__(self, settings: ProviderSettings, transport: Transport, **options: Any) -> None:
        # geopy would log the key: `signed` adds it.
        super().__init__(settings, transport, domain=domain(settings), api_key=None, **options)

    def phrase(self, question: Question) -> tuple[str, Mapping[str, str]]:
        return canonical(question.text), {"text": spaced(question)}

    def parameters(self, query: str, options: Mapping[str, str]) -> dict[str, str]:
        return {"text": query, **options, "size": "5"}

    def signed(self, url: str) -> str:
        key = self.settings.key
        return with_parameters(url, api_key=key) if key else url
