"""Photon, on geopy's class: OpenStreetMap data; the public server is for moderate use.

No language is sent, because a server answers 400 to one that it was not built with.
"""

from __future__ import annotations

import geopy.geocoders

from mapsvc.geocoding.providers.base import WordsGeocoder


class Photon(WordsGeocoder, geopy.geocoders.Photon):  # type: ignore[misc]
    """Asked in words, for some results."""

    name = "photon"
    path = "/api"
