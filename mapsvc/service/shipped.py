"""What the package ships, brought into a store: districts, answers, and the first list."""

from __future__ import annotations

import hashlib

from mapsvc.config import Settings
from mapsvc.districts import read_folder
from mapsvc.geocoding.record import key_of, read_file
from mapsvc.resources import resource
from mapsvc.service.districts import put_districts
from mapsvc.service.geocode import geocode
from mapsvc.service.lists import import_list
from mapsvc.store.base import Store

SHIPPED_LIST = "data/lists/ningbo-2021.txt"
SHIPPED_AWARD = "千佳示范单位"
SHIPPED_CACHE = "data/geocache.jsonl"
SHIPPED_DISTRICTS = "data/districts"

_BASICS = "districts and cache"
_FIRST_LIST = "list"


def load_shipped(store: Store, settings: Settings) -> None:
    """Bring the shipped districts and answers into the store, once for each release of them.

    What the store already has is kept, unless the shipped answer is newer.
    """
    files = [resource(SHIPPED_CACHE), *sorted(resource(SHIPPED_DISTRICTS).iterdir())]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    if store.seeds().get(_BASICS) == digest:
        return
    with store.write() as writer:
        known = {key_of(answer): answer.located_at for answer in store.geocodes()}
        writer.put_geocodes(
            answer
            for answer in read_file(resource(SHIPPED_CACHE))
            if (before := known.get(key_of(answer))) is None or before < answer.located_at
        )
        put_districts(store, writer, read_folder(resource(SHIPPED_DISTRICTS)), settings)
        writer.note_seed(_BASICS, digest)


def load_shipped_list(store: Store, settings: Settings) -> bool:
    """Load and place the shipped list where there is none yet; False where there is one.

    A start that was killed halfway is completed by the next one.
    """
    path = resource(SHIPPED_LIST)
    if _FIRST_LIST in store.seeds() or {known.source for known in store.lists()} - {path.name}:
        return False
    import_list(store, path, award=SHIPPED_AWARD)
    geocode(store, settings, offline=True)
    with store.write() as writer:
        writer.note_seed(_FIRST_LIST, hashlib.sha256(path.read_bytes()).hexdigest())
    return True


def seed(store: Store, settings: Settings | None = None) -> None:
    """Fill a new store with everything that is shipped: districts, answers, and the list."""
    settings = settings or Settings()
    load_shipped(store, settings)
    load_shipped_list(store, settings)
