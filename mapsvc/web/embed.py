"""The map for other people's pages: list and map in a frame, under the same filter."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mapsvc.maps import Kind
from mapsvc.web import caching
from mapsvc.web.branches import BranchView
from mapsvc.web.context import snapshot
from mapsvc.web.i18n import language
from mapsvc.web.locator import ViewParams, listing
from mapsvc.web.mapview import map_view
from mapsvc.web.query import parse

bp = Blueprint("embed", __name__)


@bp.get("/embed")
@caching.cached(caching.PAGE, vary="Accept-Language", variant=language)
def embed() -> ResponseReturnValue:
    wanted = parse(ViewParams, request.query_string, lenient=True)
    snap = snapshot()
    shown = listing(snap, wanted.query)
    branches: list[BranchView] = shown["branches"]  # type: ignore[assignment]
    given = {name: value for name, value in asdict(wanted).items() if value is not None}
    return render_template(
        "embed/embed.html",
        **shown,
        map=map_view(snap, Kind.EMBED, wanted.query, branches),
        larger_url=url_for("locator.index", **given),
    )
