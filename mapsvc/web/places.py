"""Placing what visitors type: offline by what is known, and by geocoders where some are set.

Geocoders are asked for one address of a visitor a few times a minute, by the setting
``MAPSVC_PLACE_LIMIT``, and beside the requests (`mapsvc.web.asking`): every request is answered at
once by what is known, which is more when the visitor comes again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from flask import Blueprint, Response, current_app, request

from mapsvc.config import Settings
from mapsvc.model import Place
from mapsvc.search.places import place
from mapsvc.web import caching, geojson
from mapsvc.web.application import Answer, Application
from mapsvc.web.asking import Asking
from mapsvc.web.context import snapshot
from mapsvc.web.errors import NotPlaced, NotPlacedYet
from mapsvc.web.limits import Counts
from mapsvc.web.params import PlaceParams
from mapsvc.web.query import parse

bp = Blueprint("places", __name__, url_prefix="/api")

GEOCODERS = "mapsvc.geocoders"
"""Where ``app.extensions`` keeps a function that gives the `Geocoders`; without one, none are
asked."""
ASKING = "mapsvc.asking"
"""Where ``app.extensions`` keeps the `Asking`."""
_COUNTS = "mapsvc.places"
_PLACED = "mapsvc.placed"
_ASKED = "mapsvc.asked"


class Geocoders(Protocol):
    """`mapsvc.service.places.Geocoders`, which the server puts in."""

    @property
    def can_ask(self) -> bool: ...
    def cached(self, text: str) -> Place | None: ...
    def ask(self, text: str) -> Place | None: ...


def init_app(app: Application, settings: Settings) -> None:
    """Count what visitors have asked of geocoders, and ask it."""
    app.extensions[_COUNTS] = Counts(settings.place_limit, what="typed addresses")
    app.extensions[ASKING] = Asking(lambda text: app.extensions[GEOCODERS]().ask(text) is not None)


def place_of(text: str) -> Place | None:
    """Where a visitor's text lies, or None where nobody knows it.

    However often a request asks for the same text, it is placed once. The answer is no function of
    the snapshot alone: a page that shows it has it in the ``variant`` of its ETag.
    """
    known: dict[str, Place | None] = request.environ.setdefault(_PLACED, {})
    if text not in known:
        make: Callable[[], Geocoders] | None = current_app.extensions.get(GEOCODERS)
        ask = None if make is None else lambda typed: _asked(make(), typed)
        known[text] = place(snapshot(), text, ask)
    return known[text]


def is_asked(text: str) -> bool:
    """Whether geocoders are being asked where a visitor's text lies."""
    place_of(text)
    return text in request.environ.get(_ASKED, ())


def _asked(geocoders: Geocoders, text: str) -> Place | None:
    """What geocoders have answered; if nothing and this visitor may ask, they are asked soon."""
    asking: Asking = current_app.extensions[ASKING]
    # Before the cache is looked at: an answer that comes between is found there.
    is_under_way = asking.is_under_way(text)
    found = geocoders.cached(text)
    if found is not None or not geocoders.can_ask:
        return found
    asked: set[str] = request.environ.setdefault(_ASKED, set())
    if is_under_way:
        asked.add(text)
        return None
    # A foreign page must not spend its visitors' questions, nor ours, by an address in it.
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return None
    counts: Counts = current_app.extensions[_COUNTS]
    if not counts.limit or asking.is_over(text):
        return None
    if not asking.has_room:
        return None  # and the visitor's question is not counted
    if not counts.hit(request.environ.get("REMOTE_ADDR", "")) and asking.put(text):
        asked.add(text)
    return None


@bp.get("/v1/place")
@caching.cached(caching.API, variant=lambda: str(place_of(_wanted())))
def placed() -> Response:
    text = _wanted()
    found = place_of(text)
    if found is None:
        raise (NotPlacedYet if is_asked(text) else NotPlaced)("place", text)
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": (found.point.lon, found.point.lat)},
        "properties": {
            "label": found.label,
            "precision": found.precision,
            "radius_m": round(found.radius_m, 1),
            "source": found.source,
        },
    }
    return Answer(geojson.dumps(feature), content_type=geojson.MEDIA_TYPE)


def _wanted() -> str:
    return parse(PlaceParams, request.query_string).q
