"""The use cases that write: import a list, place its branches, import districts, fill the cache.

Each change is one transaction of the store: it happens as a whole or not at all.
"""

from mapsvc.service.audit import AuditRow, audit, describe
from mapsvc.service.cache import (
    Fault,
    Finding,
    cache_stats,
    import_cache,
    prune_cache,
    verify_cache,
)
from mapsvc.service.districts import import_districts
from mapsvc.service.geocode import GeocodeResult, geocode
from mapsvc.service.lists import ImportResult, Outcome, import_list, remove_list
from mapsvc.service.move import move_store
from mapsvc.service.notices import add_notice, end_notice, read_moment
from mapsvc.service.shipped import load_shipped, load_shipped_list, seed

__all__ = [
    "AuditRow",
    "Fault",
    "Finding",
    "GeocodeResult",
    "ImportResult",
    "Outcome",
    "add_notice",
    "audit",
    "cache_stats",
    "describe",
    "end_notice",
    "geocode",
    "import_cache",
    "import_districts",
    "import_list",
    "load_shipped",
    "load_shipped_list",
    "move_store",
    "prune_cache",
    "read_moment",
    "remove_list",
    "seed",
    "verify_cache",
]
