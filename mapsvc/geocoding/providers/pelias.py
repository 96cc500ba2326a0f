"""Pelias, an own server or a hosted one with a key, on geopy's class."""

from __future__ import annotations

from typing import Any

import geopy.geocoders

from mapsvc.config import ProviderSettings
from mapsvc.geocoding.providers.base import WordsGeocoder, with_parameters
from mapsvc.geocoding.transport import Transport


class Pelias(WordsGeocoder, geopy.geocoders.Pelias):  # type: ignore[misc]
    """Asked in words, for some results."""

    name = "pelias"
    path = "/v1/search"
    words = "text"
    most = "size"

    def __init__(self, settings: ProviderSettings, transport: Transport, **options: Any) -> None:
        # geopy would log the key: `signed` adds it.
        super().__init__(settings, transport, api_key=None, **options)

    def signed(self, url: str) -> str:
        key = self.settings.key
        return with_parameters(url, api_key=key) if key else url
