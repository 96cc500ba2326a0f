"""Photon, on geopy's class: OpenStreetMap data; the public server is for moderate use.

No language is sent, because a server answers 400 to one that it was not built with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopy.geocoders

from mapsvc.address.normalise import canonical
from mapsvc.address.plan import Question
from mapsvc.config import ProviderSettings
from mapsvc.geocoding.providers.base import ProviderGeocoder, domain, spaced
from mapsvc.geocoding.transport import Transport


class Photon(ProviderGeocoder, geopy.geocoders.Photon):  # type: ignore[misc]
    """Asked in words, for some results."""

    name = "photon"
    path = "/api"

    def __init__(self, settings: ProviderSettings, transport: Transport, **options: Any) -> None:
        super().__init__(settings, transport, domain=domain(settings), **options)

    def phrase(self, question: Question) -> tuple[str, Mapping[str, str]]:
        return canonical(question.text), {"q": spaced(question)}

    def parameters(self, query: str, options: Mapping[str, str]) -> dict[str, str]:
        return {"q": query, **options, "limit": "5"}
