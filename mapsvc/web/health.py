"""Whether the server lives (``/healthz``) and whether it can do its work (``/readyz``)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, json

from mapsvc.errors import StoreError
from mapsvc.resources import built
from mapsvc.snapshot import Snapshot
from mapsvc.web.context import context, snapshot

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    try:
        revision: int | None = snapshot().revision
    except StoreError:
        # The server lives, its database may not: that is what /readyz tells, and the log.
        revision = None
    return _answer(200, {"status": "ok", "revision": revision})


@bp.get("/readyz")
def readyz() -> Response:
    missing = _missing()
    if missing:
        return _answer(503, {"status": "not ready", "missing": missing})
    return _answer(200, {"status": "ready"})


def _missing() -> list[str]:
    missing = []
    try:
        shown: Snapshot | None = context().source.current()
    except StoreError:
        shown = None
        current_app.logger.exception("the store cannot be read")
        missing.append("the store cannot be read")
    if shown is not None and not shown.districts:
        missing.append("districts: run 'mapsvc districts import'")
    if not built("static/dist/manifest.json").is_file():
        missing.append("the built front end: run 'make setup'")
    return missing


def _answer(status: int, body: dict[str, Any]) -> Response:
    response = Response(json.dumps(body), status=status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
