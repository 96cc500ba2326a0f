"""Addresses of the built front end: a logical name to its hashed file under ``/static/``."""

from __future__ import annotations

import json

from flask import Flask, request

from mapsvc.errors import MapsvcError
from mapsvc.resources import built

_MANIFEST = "static/dist/manifest.json"


class FrontEndMissing(MapsvcError):
    """The front end was not built, so no page can be shown as it should be."""

    def __init__(self) -> None:
        super().__init__(
            f"{_MANIFEST} is missing: build the front end with 'make setup' or 'pip install .'"
        )


def read_manifest() -> dict[str, str]:
    """Logical names and hashed files.

    Raises:
        FrontEndMissing: there is no manifest.
    """
    try:
        manifest: dict[str, str] = json.loads(built(_MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FrontEndMissing from None
    return manifest


def init_app(app: Flask) -> None:
    """Give the templates ``asset(name)``."""
    manifest: dict[str, str] = {}

    def asset(name: str) -> str:
        if name not in manifest:
            manifest.update(read_manifest())
        # Relative to the host: the policy allows own files only, whichever host is asked.
        return f"{request.script_root}/static/{manifest[name]}"

    app.add_template_global(asset)
