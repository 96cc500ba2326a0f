"""Placing what visitors type: offline by what is known, and by geocoders where some are set.

Geocoders are asked for one address of a visitor a few times a minute, by the setting
``MAPSVC_PLACE_LIMIT``; beyond that, and while they fail, the answer is what is known without them.
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
from mapsvc.web.context import snapshot
from mapsvc.web.errors import NotPlaced
from mapsvc.web.limits import Counts
from mapsvc.web.params import PlaceParams
from mapsvc.web.query import parse

bp = Blueprint("places", __name__, url_prefix="/api")

GEOCODERS = "mapsvc.geocoders"
"""Where ``app.extensions`` keeps a function that gives the `Geocoders`; without one, none are
asked."""
_COUNTS = "mapsvc.places"
_PLACED = "mapsvc.placed"


class Geocoders(Protocol):
    """`mapsvc.service.places.Geocoders`, which the server puts in."""

    @property
    def can_ask(self) -> bool: ...
    def cached(self, text: str) -> Place | None: ...
    def ask(self, text: str) -> Place | None: ...


def init_app(app: Application, settings: Settings) -> None:
    """Count what visitors have asked of geocoders."""
    app.extensions[_COUNTS] = Counts(settings.place_limit, what="typed addresses")


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


def _asked(geocoders: Geocoders, text: str) -> Place | None:
    """What geocoders have answered, or what they answer now if this visitor may ask."""
    found = geocoders.cached(text)
    if found is not None or not geocoders.can_ask:
        return found
    counts: Counts = current_app.extensions[_COUNTS]
    if counts.hit(request.environ.get("REMOTE_ADDR", "")):
        return None
    return geocoders.ask(text)


@bp.get("/v1/place")
@caching.cached(caching.API, variant=lambda: str(place_of(_wanted())))
def placed() -> Response:
    text = _wanted()
    found = place_of(text)
    if found is None:
        raise NotPlaced("place", text)
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
