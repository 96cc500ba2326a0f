"""The map for other people's pages: list and map in a frame, under the same filter."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mapsvc.maps import Kind
from mapsvc.web import caching
from mapsvc.web.areas import crumbs
from mapsvc.web.context import snapshot
from mapsvc.web.i18n import language
from mapsvc.web.listing import MAX_LISTED, listed, listing
from mapsvc.web.locator import ViewParams, page_of
from mapsvc.web.mapview import given_in, map_view
from mapsvc.web.query import parse

bp = Blueprint("embed", __name__)


@bp.get("/embed")
@caching.cached(caching.PAGE, vary="Accept-Language", variant=language)
def embed() -> ResponseReturnValue:
    wanted = parse(ViewParams, request.query_string, lenient=True)
    snap = snapshot()
    given = given_in(wanted.query)

    def address(**changes: object) -> str:
        return url_for("embed.embed", **(given | changes))

    shown = listing(snap, wanted.query, wanted.page, address)
    body = render_template(
        "embed/embed.html",
        **listed(snap, shown),
        # A short list is there as a whole, so there is nothing to go up to.
        crumbs=[(link.name, address(district=link.code)) for link in crumbs(snap, wanted.district)]
        if len(snap) > MAX_LISTED
        else [],
        start_url=address(district=None),
        map=map_view(snap, Kind.EMBED, wanted.query, shown.drawn),
        larger_url=url_for("locator.index", **given),
    )
    return body, page_of(shown)
