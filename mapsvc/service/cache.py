"""The geocode cache as a whole: taking in exports, finding faults, dropping what is over."""

from __future__ import annotations

from pathlib import Path

from mapsvc.geocoding.record import read_file
from mapsvc.store.base import Store


def import_cache(store: Store, path: Path) -> int:
    """Add the answers in an exported file to the cache; returns how many.

    Raises:
        GeocodingError: a line is wrong; nothing was added.
    """
    with store.write() as writer:
        return writer.put_geocodes(read_file(path))
