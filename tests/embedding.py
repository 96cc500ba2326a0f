"""What the tests of embedded maps have in common: the shipped branches, and hosts' pages."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from mapsvc import service
from mapsvc.snapshot import Snapshot
from mapsvc.store import open_store
from tests.integration.conftest import make_app
from tests.readings import snapshot_of

SITE = "https://map.example"
"""The address of the site that the tests ask."""


@cache
def shipped() -> Snapshot:
    """The 15 announced branches, in memory."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'mapsvc.sqlite3'}")
        service.seed(store)
        contents = store.contents()
        store.close()
    return snapshot_of(contents)


def client_of(snapshot: Snapshot | None = None, **settings: Any) -> FlaskClient:
    """A client that asks under `SITE`, unless the settings name another public address."""
    settings = {"public_url": SITE} | settings
    client = make_app(snapshot or shipped(), **settings).test_client()
    client.environ_base["HTTP_HOST"] = "localhost"
    return client
