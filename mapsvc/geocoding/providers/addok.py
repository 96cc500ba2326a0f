"""Addok, an own server, on geopy's BANFrance: the same API at another address."""

from __future__ import annotations

from geopy.geocoders import BANFrance

from mapsvc.geocoding.providers.base import WordsGeocoder


class Addok(WordsGeocoder, BANFrance):  # type: ignore[misc]
    """Asked in words, for some results."""

    name = "addok"
    path = "/search"
