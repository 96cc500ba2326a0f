"""The pages: every branch on a map and in a list, one branch, one district, city or province."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

from flask import Blueprint, Flask, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mapsvc.links import Destination, directions
from mapsvc.maps import Kind
from mapsvc.model import Point
from mapsvc.snapshot import EVERYTHING, BranchQuery, Snapshot
from mapsvc.web import assets, caching, display, openings, words
from mapsvc.web.areas import AreaLink, area_counts, area_name, area_title, crumbs, shown_in
from mapsvc.web.branches import BranchView, bank_short_name, branch_view, service_name
from mapsvc.web.context import snapshot
from mapsvc.web.frame import in_datum
from mapsvc.web.listing import OPENSTREETMAP, Listing, listed, listing
from mapsvc.web.mapview import datum_of_tiles, given_in, map_view
from mapsvc.web.nearby import ME, NEAR, Origin, origin_of
from mapsvc.web.params import LAT, LON, FilterParams, Q
from mapsvc.web.query import parse, whole

bp = Blueprint("locator", __name__)

_NEARBY = 3

PAGE = whole(1, 9_999_999, description="Which page of a list that is too long for one.")


@dataclass(frozen=True, kw_only=True)
class PageParams:
    """The parameters of a list's page."""

    page: Annotated[int, PAGE] = 1


@dataclass(frozen=True, kw_only=True)
class ViewParams(FilterParams, PageParams):
    """The filter of a page. An unknown language is no error: the visitor gets another one."""

    q: Annotated[str | None, Q] = None

    @property
    def query(self) -> BranchQuery:
        return replace(super().query, q=self.q)


@dataclass(frozen=True, kw_only=True)
class IndexParams(ViewParams):
    """The first page's: also from where distances are measured."""

    near: Annotated[str | None, NEAR] = None
    lat: Annotated[float | None, LAT] = None
    lon: Annotated[float | None, LON] = None

    @property
    def position(self) -> Point | None:
        """The visitor's own position, in WGS-84 as browsers give it."""
        if self.lat is None or self.lon is None:
            return None
        return Point(self.lon, self.lat)


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of the filter."""

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


@bp.get("/")
def index() -> ResponseReturnValue:
    if "lat" not in request.args and "lon" not in request.args:
        return _index()
    # A position belongs to its visitor: nobody keeps what was answered to it.
    answer = make_response(_rendered())
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _variant() -> str:
    """What the list depends on: also on what its place is, which the data alone does not tell."""
    wanted = parse(IndexParams, request.query_string, lenient=True)
    return f"{openings.variant()} {_start(snapshot(), wanted).origin}"


@caching.cached(caching.PAGE, vary="Accept-Language", variant=_variant)
def _index() -> ResponseReturnValue:
    return _rendered()


def _rendered() -> ResponseReturnValue:
    wanted = parse(IndexParams, request.query_string, lenient=True)
    snap = snapshot()
    start = _start(snap, wanted)
    query = start.query
    given = given_in(wanted.query) | ({"near": wanted.near} if wanted.near else {})
    here = partial(url_for, "locator.index", **given)
    filtered = replace(query, district=None) != EVERYTHING

    def area_address(district: str) -> str:
        if not filtered:
            return url_for("locator.district", code=district)
        return url_for("locator.index", **(given_in(query) | {"district": district}))

    shown = listing(snap, query, wanted.page, here, area_address, origin=start.origin)
    body = render_template(
        "locator/index.html",
        **listed(snap, shown),
        map=map_view(
            snap,
            Kind.LOCATOR,
            query,
            shown.drawn,
            near=(start.place, shown.near_box) if start.place and shown.near_box else None,
        ),
        start=start,
        near=None if start.instead else ME if wanted.position else wanted.near,
        typed=wanted.q or "",
        filtered=wanted.query != EVERYTHING,
        near_box=in_datum(shown.near_box, datum_of_tiles()) if shown.near_box else None,
        service_choices=[
            Choice(known.service.code, service_name(known.service), known.count)
            for known in snap.services
        ],
        hours_unknown=len(snap) - snap.hours_known,
        banks=[Choice(b.bank.code, bank_short_name(b.bank), b.count) for b in snap.banks],
        choices=_choices(snap, query),
        list_choices=[Choice(known.slug, display.shown(known.title)) for known in snap.lists],
    )
    return body, page_of(shown)


@dataclass(frozen=True, slots=True)
class Start:
    """Where a list begins: at a position, at a typed place, or nowhere in particular."""

    query: BranchQuery
    origin: Origin | None = None
    place: str = ""
    """The place that was typed."""
    is_missing: bool = False
    """Whether nobody knows that place."""
    instead: bool = False
    """Whether the place was typed as a search that finds no branch, whose nearest are shown."""
    awaits_position: bool = False
    """Whether the visitor's own position is meant, which only the page's script can tell."""


def _start(snap: Snapshot, wanted: IndexParams) -> Start:
    query = wanted.query
    if wanted.position is not None:
        return Start(query, Origin(wanted.position))
    if wanted.near == ME:
        return Start(query, awaits_position=True)
    if wanted.q and not snap.page(query, 0).matched:
        origin = origin_of(wanted.q)
        if origin is not None:
            return Start(replace(query, q=None), origin, wanted.q, instead=True)
    if wanted.near:
        origin = origin_of(wanted.near)
        return Start(query, origin, wanted.near, is_missing=origin is None)
    return Start(query)


def _choices(snap: Snapshot, query: BranchQuery) -> AreaChoices:
    here, areas = shown_in(snap, BranchQuery(district=query.district))
    counts = area_counts(snap, EVERYTHING, areas)
    # Above the first page's own areas there is nothing to go up to.
    start, first = shown_in(snap, EVERYTHING)
    above = crumbs(snap, here) if here != start else []
    return AreaChoices(
        above=tuple(Choice(link.code, link.name, link.count) for link in above),
        members=tuple(
            Choice(area.code, _name_among(snap, area.code, bool(above)), counts[area.code])
            for area in areas
            if counts[area.code] or area.code == query.district
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
    found = [
        (branch_view(snap, feature), words.distance(distance_m))
        for feature, distance_m in snap.nearest(branch.point, _NEARBY + 1)
    ]
    return [(other, distance) for other, distance in found if other.id != branch.id][:_NEARBY]


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
    app.add_template_filter(words.number, "number")
    app.add_template_filter(words.distance, "distance")
    app.add_template_filter(words.branches, "branches")
    app.add_template_filter(words.step, "step")
