"""The pages: every branch on a map and in a list, one branch, one district, city or province."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial

from flask import Blueprint, Flask, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mapsvc.links import Destination, directions
from mapsvc.lists.banks import banks
from mapsvc.maps import Kind
from mapsvc.model import BBox
from mapsvc.snapshot import EVERYTHING, BranchQuery, Facets, Snapshot
from mapsvc.web import assets, caching, display, notices, openings, words
from mapsvc.web.areas import AreaLink, area_counts, area_name, area_title, crumbs, shown_in
from mapsvc.web.branches import BranchView, bank_name, bank_short_name, branch_view, service_name
from mapsvc.web.context import snapshot
from mapsvc.web.frame import in_datum
from mapsvc.web.listing import OPENSTREETMAP, Listing, listed, listing
from mapsvc.web.mapview import Near, datum_of_tiles, given_in, map_view
from mapsvc.web.nearby import POSITION_HEADER, Origin, nearest
from mapsvc.web.query import parse
from mapsvc.web.start import IndexParams, PageParams, Start, position, start_of

bp = Blueprint("locator", __name__)

_NEARBY = 3
_NEARBY_AMONG = 12
"""They are chosen from so many, as some of the nearest may be known too vaguely to be called so."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of the filter; ``count`` is what it would find, the other filters as they are."""

    value: str
    name: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class AreaChoices:
    """The options of the filter's choice of an area: not all that there are, but the next ones."""

    above: tuple[Choice, ...]
    """The way from the first page down to the area whose members are offered, itself included."""
    members: tuple[Choice, ...]
    name: str
    """Of the area whose members are offered; empty on the first page."""
    all: str
    """The name of the choice of everything."""
    one: str
    """What is chosen, in a word."""


def page_of(asked: Listing) -> int:
    """The status of a page: 404 for one beyond the end of its list."""
    return 404 if asked.pager and asked.pager.is_beyond else 200


_VARY = f"Accept-Language, {POSITION_HEADER}"


@bp.get("/")
def index() -> ResponseReturnValue:
    if position() is None:
        return _index()
    # A position belongs to its visitor: nobody keeps what was answered to it.
    answer = make_response(_rendered())
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Vary"] = _VARY
    return answer


def _variant() -> str:
    """What the list depends on: also on what its place is, which the data alone does not tell."""
    wanted = parse(IndexParams, request.query_string, lenient=True)
    start = start_of(snapshot(), wanted)
    area = start.area and start.area.code
    return f"{openings.variant()} {start.origin} {area} {start.far} {start.is_asked}"


@caching.cached(caching.PAGE, vary=_VARY, variant=_variant)
def _index() -> ResponseReturnValue:
    return _rendered()


def _rendered() -> ResponseReturnValue:
    wanted = parse(IndexParams, request.query_string, lenient=True)
    snap = snapshot()
    start = start_of(snap, wanted)
    query = start.query
    given = given_in(wanted.query) | ({"near": wanted.near} if wanted.near else {})
    here = partial(url_for, "locator.index", **given)
    filtered = replace(query, district=None) != EVERYTHING

    def area_address(district: str) -> str:
        if not filtered:
            return url_for("locator.district", code=district)
        return url_for("locator.index", **(given_in(query) | {"district": district}))

    shown = listing(snap, query, wanted.page, here, area_address, origin=start.origin)
    facets = snap.facets(query)
    body = render_template(
        "locator/index.html",
        **listed(snap, shown),
        map=map_view(
            snap,
            Kind.LOCATOR,
            query,
            shown.drawn,
            near=_near(start, shown.near_box),
        ),
        start=start,
        here=here(),
        area=area_title(snap, start.area) if start.area else "",
        bank_meant=bank_name(start.bank) if start.bank else "",
        **_asked_beside(query),
        chosen=start.area.code if start.area else query.district,
        filtered=wanted.query != EVERYTHING,
        near_box=in_datum(shown.near_box, datum_of_tiles()) if shown.near_box else None,
        service_choices=[
            Choice(each.code, service_name(each), facets.services.get(each.code, 0))
            for each in (known.service for known in snap.services)
        ],
        hours_unknown=len(snap) - snap.hours_known,
        banks=[
            Choice(each.code, bank_short_name(each), facets.banks.get(each.code, 0))
            for each in (known.bank for known in snap.banks)
        ],
        choices=_choices(snap, start.area.code if start.area else query.district, facets),
        list_choices=[Choice(known.slug, display.shown(known.title)) for known in snap.lists],
    )
    return body, page_of(shown)


def _asked_beside(query: BranchQuery) -> dict[str, object]:
    """What is asked for beside an area: whether anything is, and the bank if that is all."""
    beside = replace(query, district=None)
    alone = beside.bank in banks() and beside == BranchQuery(bank=beside.bank)
    return {
        "others_asked": beside != EVERYTHING,
        "bank_asked": bank_short_name(banks()[beside.bank or ""]) if alone else "",
    }


def _near(start: Start, box: BBox | None) -> Near | None:
    """What the map is told of where the list begins; the visitor's own position it is not."""
    if box is None or start.origin is None:
        return None
    if start.origin.area is not None:
        return Near(box, area=start.origin.area.code)
    return Near(box, place=start.place) if start.place else None


def _choices(snap: Snapshot, district: str | None, facets: Facets) -> AreaChoices:
    here, areas = shown_in(snap, BranchQuery(district=district))
    everywhere = area_counts(snap, EVERYTHING, areas)

    def count(code: str) -> int:
        return sum(facets.districts.get(each, 0) for each in snap.areas.get(code).districts)

    # Above the first page's own areas there is nothing to go up to.
    start, first = shown_in(snap, EVERYTHING)
    above = crumbs(snap, here) if here != start else []
    return AreaChoices(
        above=tuple(Choice(link.code, link.name, count(link.code)) for link in above),
        members=tuple(
            Choice(area.code, _name_among(snap, area.code, bool(above)), count(area.code))
            for area in areas
            if everywhere[area.code] or area.code == district
        ),
        name=above[-1].name if above else "",
        all=words.of_areas(first).all,
        one=words.of_areas(areas).one,
    )


def _name_among(snap: Snapshot, code: str, is_below: bool) -> str:
    """An area's name; with its city where the choice is not of one city's districts."""
    area = snap.areas.get(code)
    return area_name(area) if is_below else area_title(snap, area)


@bp.get("/branches/<branch_id>")
@caching.cached(caching.PAGE, vary="Accept-Language", variant=openings.variant)
def branch(branch_id: str) -> ResponseReturnValue:
    snap = snapshot()
    feature = snap.feature(branch_id)
    shown = branch_view(snap, feature)
    hours = json.loads(feature)["properties"]["hours"]
    district = snap.district(shown.district).district if shown.district else None
    return render_template(
        "locator/branch.html",
        branch=shown,
        crumbs=crumbs(snap, shown.district),
        map=map_view(snap, Kind.DETAIL, EVERYTHING, [shown], branch_id) if shown.point else None,
        links=directions(
            Destination(
                name=shown.name,
                address=shown.address,
                city=district.city if district else "",
                point=None if shown.is_approximate else shown.point,
            )
        ),
        nearby=_nearby(snap, shown),
        week=openings.week(hours) if hours else (),
        unlike=openings.unlike(hours) if hours else (),
        changed_at=snap.changed_at,
        by_openstreetmap=bool(snap.providers & OPENSTREETMAP),
    )


def _nearby(snap: Snapshot, branch: BranchView) -> list[tuple[BranchView, str]]:
    """The nearest other branches, with their distances in words."""
    if branch.point is None:
        return []
    origin = Origin(branch.point, radius_m=branch.radius_m)
    found = nearest(snap, EVERYTHING, origin, _NEARBY_AMONG)
    views = [(branch_view(snap, near.feature), near.distance) for near in found]
    return [(other, distance) for other, distance in views if other.id != branch.id][:_NEARBY]


@bp.get("/districts/<code>")
@caching.cached(caching.PAGE, vary="Accept-Language", variant=openings.variant)
def district(code: str) -> ResponseReturnValue:
    page = parse(PageParams, request.query_string, lenient=True).page
    snap = snapshot()
    area = snap.areas.get(code)
    query = BranchQuery(district=code)

    def area_address(district: str) -> str:
        return url_for("locator.district", code=district)

    shown = listing(
        snap, query, page, partial(url_for, "locator.district", code=code), area_address
    )
    body = render_template(
        "locator/district.html",
        **listed(snap, shown),
        name=area_title(snap, area),
        crumbs=crumbs(snap, code)[:-1],
        map=map_view(snap, Kind.DETAIL, query, shown.drawn),
        others=() if area.children else _others(snap, code),
        others_words=words.of_level(area.level),
    )
    return body, page_of(shown)


def _others(snap: Snapshot, code: str) -> tuple[AreaLink, ...]:
    """What lies beside a district and has branches."""
    _, beside = shown_in(snap, BranchQuery(district=code))
    counts = area_counts(snap, EVERYTHING, beside)
    return tuple(
        AreaLink(
            code=a.code,
            # Where there is a way above them, it names the city.
            name=area_name(a) if a.parent else area_title(snap, a),
            count=counts[a.code],
            url=url_for("locator.district", code=a.code),
        )
        for a in beside
        if counts[a.code] and a.code != code
    )


def init_app(app: Flask) -> None:
    """Give every template of an application what the pages' templates use."""
    assets.init_app(app)
    display.init_app(app)
    notices.init_app(app)
    app.add_template_filter(words.number, "number")
    app.add_template_filter(words.distance, "distance")
    app.add_template_filter(words.branches, "branches")
    app.add_template_filter(words.step, "step")
