"""Datasette over one immutable SQLite file, without what a bbox query does not need."""

import os
from typing import Any

from datasette.app import Datasette


def make_app() -> Any:
    """The ASGI application; the file is BENCH_DATABASE."""
    settings = {
        "allow_facet": False,
        "suggest_facets": False,
        "default_facet_size": 0,
        "max_returned_rows": 1000,
        "default_cache_ttl": 0,
    }
    return Datasette(immutables=[os.environ["BENCH_DATABASE"]], settings=settings).app()
