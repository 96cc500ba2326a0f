"""Asking what visitors ask first, before they do: what is made on demand is there by then."""

from __future__ import annotations

import logging

from flask import Flask

from mapsvc.search import suggest
from mapsvc.snapshot import Snapshot
from mapsvc.web.context import SNAPSHOT
from mapsvc.web.i18n import LANGUAGES

_FIRST = ("/", "/map/data.json")

_log = logging.getLogger(__name__)


def warm_up(app: Flask, snapshot: Snapshot, base_url: str) -> None:
    """Have an application answer from a snapshot that its visitors do not see yet.

    Args:
        app: the application.
        snapshot: the new one.
        base_url: an address that the application answers to.
    """
    client = app.test_client()
    for path in _FIRST:
        for language in LANGUAGES:
            response = client.get(
                path,
                base_url=base_url,
                query_string={"lang": language},
                environ_overrides={SNAPSHOT: snapshot},
            )
            if response.status_code != 200:
                _log.warning("%s answers %s from a new snapshot", path, response.status)
    suggest(snapshot, "yh", 1)
