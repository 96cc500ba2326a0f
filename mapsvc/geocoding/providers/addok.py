"""Addok, an own server, on geopy's BANFrance: the same API at another address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geopy.geocoders import BANFrance

from mapsvc.address.normalise import canonical
from mapsvc.address.plan import Question
from mapsvc.config import ProviderSettings
from mapsvc.geocoding.providers.base import ProviderGeocoder, domain, spaced
from mapsvc.geocoding.transport import Transport


class Addok(ProviderGeocoder, BANFrance):  # type: ignore[misc]
    """Asked in words, for some results."""

    name = "addok"
    path = "/search"

    def __init__(self, settings: ProviderSettings, transport: Transport, **options: Any) -> None:
        super().__init__(settings, transport, domain=domain(settings), **options)

    def phrase(self, question: Question) -> tuple[str, Mapping[str, str]]:
        return canonical(question.text), {"q": spaced(question)}

    def parameters(self, query: str, options: Mapping[str, str]) -> dict[str, str]:
        return {"q": query, **options, "limit": "5"}
