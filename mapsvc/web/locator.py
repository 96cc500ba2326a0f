"""The pages: every branch on a map and in a list, one branch, one district."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from flask import Blueprint, Flask, render_template, request
from flask.typing import ResponseReturnValue

from mapsvc.links import Destination, directions
from mapsvc.maps import Kind
from mapsvc.snapshot import BranchQuery, Snapshot
from mapsvc.web import assets, caching, display, words
from mapsvc.web.branches import (
    MAX_LISTED,
    BranchView,
    bank_short_name,
    branch_view,
    district_counts,
    district_title,
    grouped,
)
from mapsvc.web.context import snapshot
from mapsvc.web.i18n import language
from mapsvc.web.mapview import map_view
from mapsvc.web.params import FilterParams, Q
from mapsvc.web.query import parse

OPENSTREETMAP = frozenset({"nominatim", "photon"})
"""Geocoders on OpenStreetMap's data, which is to be named where the result shows (ODbL)."""

bp = Blueprint("locator", __name__)

_NEARBY = 3


@dataclass(frozen=True, kw_only=True)
class ViewParams(FilterParams):
    """The filter of a page. An unknown language is no error: the visitor gets another one."""

    q: Annotated[str | None, Q] = None

    @property
    def query(self) -> BranchQuery:
        return BranchQuery(list=self.list, bank=self.bank, district=self.district, q=self.q)


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of the filter."""

    value: str
    name: str
    count: int | None = None


def listing(snap: Snapshot, query: BranchQuery) -> dict[str, object]:
    """What a list of branches by district shows, for a template."""
    total, features = snap.page(query, MAX_LISTED)
    branches = [branch_view(snap, feature) for feature in features]
    counts = district_counts(snap, query)
    return {
        "query": query,
        "branches": branches,
        "groups": grouped(branches),
        "total": total,
        "all_count": len(snap),
        "counts": counts,
        "with_branches": sum(count > 0 for count in counts.values()),
        "without": [e for e in snap.districts if not counts[e.district.code]],
        "district_title": partial(district_title, snap),
        "changed_at": snap.changed_at,
        "by_openstreetmap": bool(snap.providers & OPENSTREETMAP),
        "lists": snap.lists,
    }


@bp.get("/")
@caching.cached(caching.PAGE, vary="Accept-Language", variant=language)
def index() -> ResponseReturnValue:
    query = parse(ViewParams, request.query_string, lenient=True).query
    snap = snapshot()
    shown = listing(snap, query)
    branches: list[BranchView] = shown["branches"]  # type: ignore[assignment]
    return render_template(
        "locator/index.html",
        **shown,
        map=map_view(snap, Kind.LOCATOR, query, branches),
        banks=[Choice(b.bank.code, bank_short_name(b.bank), b.count) for b in snap.banks],
        districts=[
            Choice(e.district.code, district_title(snap, e), e.count)
            for e in snap.districts
            if e.count
        ],
        list_choices=[Choice(known.slug, display.shown(known.title)) for known in snap.lists],
    )


@bp.get("/branches/<branch_id>")
@caching.cached(caching.PAGE, vary="Accept-Language", variant=language)
def branch(branch_id: str) -> ResponseReturnValue:
    snap = snapshot()
    shown = branch_view(snap, snap.feature(branch_id))
    district = snap.district(shown.district).district if shown.district else None
    return render_template(
        "locator/branch.html",
        branch=shown,
        map=map_view(snap, Kind.DETAIL, BranchQuery(), [shown], branch_id) if shown.point else None,
        links=directions(
            Destination(
                name=shown.name,
                address=shown.address,
                city=district.city if district else "",
                point=None if shown.is_approximate else shown.point,
            )
        ),
        nearby=_nearby(snap, shown),
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
@caching.cached(caching.PAGE, vary="Accept-Language", variant=language)
def district(code: str) -> ResponseReturnValue:
    snap = snapshot()
    entry = snap.district(code)
    query = BranchQuery(district=code)
    shown = listing(snap, query)
    branches: list[BranchView] = shown["branches"]  # type: ignore[assignment]
    return render_template(
        "locator/district.html",
        **shown,
        entry=entry,
        map=map_view(snap, Kind.DETAIL, query, branches),
        others=[e for e in snap.districts if e.district.code != code],
    )


def init_app(app: Flask) -> None:
    """Give every template of an application what the pages' templates use."""
    assets.init_app(app)
    display.init_app(app)
