"""The map for other people's pages: map, list or both in a frame, as their address says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mapsvc.errors import NotFound
from mapsvc.geo.datum import convert
from mapsvc.links import Destination, directions
from mapsvc.maps import Kind
from mapsvc.model import Datum
from mapsvc.snapshot import EVERYTHING, Snapshot
from mapsvc.web import caching, openings
from mapsvc.web.areas import crumbs
from mapsvc.web.branches import branch_view
from mapsvc.web.colours import DARK, LIGHT, Shades, shades
from mapsvc.web.context import context, snapshot
from mapsvc.web.embedparams import CONTROLS, EmbedParams, LookParams, given
from mapsvc.web.embeds import counted
from mapsvc.web.listing import MAX_LISTED, OPENSTREETMAP, listed, listing
from mapsvc.web.mapview import map_view
from mapsvc.web.mistakes import mistakes
from mapsvc.web.query import InvalidParameters, parse
from mapsvc.web.tiles import tile_source

bp = Blueprint("embed", __name__)

FOREVER = "public, max-age=31536000, immutable"

_OF_THE_LOCATOR = ("list", "bank", "district", "service", "open", "q")
"""The frame's parameters that the large page has, too."""

Address = Callable[..., str]
"""The frame's own address with other arguments; None takes one out."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a template needs to know of how the frame was asked for."""

    wanted: EmbedParams
    address: Address
    larger_url: str
    look_url: str | None
    """The style sheet of what the host chose; None where it chose nothing."""
    centre: tuple[float, float] | None
    """Longitude and latitude of the map's middle, in the datum of the tiles."""

    @property
    def has_map(self) -> bool:
        return self.wanted.show != "list"

    @property
    def has_list(self) -> bool:
        return self.wanted.show != "map"

    @property
    def kind(self) -> Kind:
        return Kind.EMBED_NEAR if self.wanted.near else Kind.EMBED

    @property
    def classes(self) -> str:
        """Of the page's body."""
        off = (f"no-{name}" for name in CONTROLS if name not in self.wanted.controls)
        fitted = ["is-fitted"] if self.wanted.height else []
        return " ".join([f"shows-{self.wanted.show}", *fitted, *off])


@bp.get("/embed")
@counted
@caching.cached(caching.PAGE, vary="Accept-Language", variant=openings.variant)
def embed() -> ResponseReturnValue:
    frame = _frame(parse(EmbedParams, request.query_string, lenient=True))
    return _one(snapshot(), frame) if frame.wanted.branch else _several(snapshot(), frame)


def _frame(wanted: EmbedParams) -> Frame:
    asked: dict[str, Any] = dict(given(request.query_string))

    def address(**changes: object) -> str:
        return url_for("embed.embed", **(asked | changes))

    if wanted.branch:
        larger = url_for("locator.branch", branch_id=wanted.branch)
    else:
        kept = {name: asked[name] for name in _OF_THE_LOCATOR if name in asked}
        larger = url_for("locator.index", **kept)
    look = {name: asked[name].lstrip("#") for name in LookParams.__annotations__ if name in asked}
    centre = None
    if wanted.middle is not None:
        tiles = tile_source(context().settings)
        shifted = convert(wanted.middle, tiles.datum if tiles else Datum.WGS84)
        centre = round(shifted.lon, 6), round(shifted.lat, 6)
    return Frame(
        wanted=wanted,
        address=address,
        larger_url=larger,
        look_url=url_for("embed.look", **look) if wanted.accent or wanted.height else None,
        centre=centre,
    )


def _several(snap: Snapshot, frame: Frame) -> ResponseReturnValue:
    query = frame.wanted.query
    # The district's list begins at its first page.
    address: Address = lambda **changes: frame.address(**({"page": None} | changes))  # noqa: E731
    shown = listing(snap, query, frame.wanted.page, address)
    above = crumbs(snap, query.district) if len(snap) > MAX_LISTED else []
    body = render_template(
        "embed/embed.html",
        **listed(snap, shown),
        frame=frame,
        # A short list is there as a whole, so there is nothing to go up to.
        crumbs=[(link.name, address(district=link.code)) for link in above],
        map=map_view(snap, frame.kind, query, shown.drawn) if frame.has_map else None,
    )
    return body, 404 if shown.pager and shown.pager.is_beyond else 200


def _one(snap: Snapshot, frame: Frame) -> ResponseReturnValue:
    branch_id = frame.wanted.branch or ""
    shown = branch_view(snap, snap.feature(branch_id))
    district = snap.district(shown.district).district if shown.district else None
    has_map = frame.has_map and shown.point is not None
    return render_template(
        "embed/branch.html",
        frame=frame,
        branch=shown,
        map=map_view(snap, frame.kind, EVERYTHING, [shown], branch_id) if has_map else None,
        links=directions(
            Destination(
                name=shown.name,
                address=shown.address,
                city=district.city if district else "",
                point=None if shown.is_approximate else shown.point,
            )
        ),
        lists=snap.lists,
        changed_at=snap.changed_at,
        by_openstreetmap=bool(snap.providers & OPENSTREETMAP),
    )


@bp.errorhandler(InvalidParameters)
def _mistaken(error: InvalidParameters) -> Response:
    return _message(400, mistakes=mistakes(error, EmbedParams))


@bp.errorhandler(NotFound)
def _gone(_error: NotFound) -> Response:
    asked: dict[str, Any] = given(request.query_string) | {"branch": None}
    return _message(404, start_url=url_for("embed.embed", **asked))


def _message(status: int, **facts: Any) -> Response:
    """A readable page inside the frame, for visitors and for who made the page around it."""
    response = make_response(render_template("embed/error.html", status=status, **facts), status)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/embed/look.css")
def look() -> Response:
    """What a host chose: colours and height. The policy lets no page hold a style of its own."""
    wanted = parse(LookParams, request.query_string, lenient=True)
    rules = []
    if wanted.height is not None:
        rules.append(f":root{{--map-height:{wanted.height}px}}")
    if wanted.accent is not None:
        light, dark = (_accent(shades(wanted.accent, scheme)) for scheme in (LIGHT, DARK))
        rules.append(dark if wanted.theme == "dark" else light)
        if wanted.theme == "auto":
            rules.append(f"@media (prefers-color-scheme:dark){{{dark}}}")
    response = Response("\n".join(rules) + "\n", mimetype="text/css")
    response.headers["Cache-Control"] = FOREVER
    return response


def _accent(tones: Shades) -> str:
    colours = {
        "brand": tones.accent,
        "brand-ink": tones.ink,
        "brand-wash": tones.wash,
        "seal": tones.accent,
        "seal-ink": tones.ink,
    }
    return ":root{" + ";".join(f"--{name}:{colour}" for name, colour in colours.items()) + "}"
