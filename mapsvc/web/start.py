"""Where the first page's list begins: at a position, a typed place or area, or nowhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from flask import request

from mapsvc.areas import Area
from mapsvc.lists.banks import Bank, banks
from mapsvc.model import Point
from mapsvc.search.matching import Rank, Wanted
from mapsvc.search.vocabulary import bank_names, place_names
from mapsvc.snapshot import BranchQuery, Snapshot
from mapsvc.web.nearby import (
    ME,
    NEAR,
    POSITION,
    POSITION_HEADER,
    Origin,
    how_far,
    origin_in,
    origin_of,
)
from mapsvc.web.params import FilterParams, Q
from mapsvc.web.places import is_asked
from mapsvc.web.query import read, whole

PAGE = whole(1, 9_999_999, description="Which page of a list that is too long for one.")


@dataclass(frozen=True, kw_only=True)
class PageParams:
    """The parameters of a list's page."""

    page: Annotated[int, PAGE] = 1


@dataclass(frozen=True, kw_only=True)
class IndexParams(FilterParams, PageParams):
    """The first page's filter, and from where distances are measured."""

    q: Annotated[str | None, Q] = None
    near: Annotated[str | None, NEAR] = None

    @property
    def query(self) -> BranchQuery:
        # The box holds the place that the list begins at: it is no search beside it.
        return replace(super().query, q=None if self.q == self.near else self.q)


@dataclass(frozen=True, slots=True)
class Start:
    """Where a list begins, and what is said of it."""

    query: BranchQuery
    """What is listed, which a place that was typed may change."""
    origin: Origin | None = None
    typed: str = ""
    """What the search box holds."""
    place: str = ""
    """The place that was typed."""
    near: str | None = None
    """What the form keeps of it, so that its filters are of the same list."""
    is_missing: bool = False
    """Whether nobody knows that place."""
    is_asked: bool = False
    """Whether a geocoder is being asked for it, so that it may be known in a moment."""
    instead: bool = False
    """Whether the place was typed as a search that finds no branch."""
    awaits_position: bool = False
    """Whether the visitor's own position is meant, which only the page's script can tell."""
    area: Area | None = None
    """The typed area that the list is of; or the area, typed or chosen, that has no branch, around
    which it is."""
    bank: Bank | None = None
    """The bank that is meant, where it has no branch at all."""
    far: str = ""
    """How far the nearest branch is, where none is near, so that distances tell nothing."""


def position() -> Point | None:
    """The visitor's own position (WGS-84), where the page's script has sent it.

    Raises:
        InvalidValue: the header is no position.
    """
    given = request.headers.get(POSITION_HEADER)
    if given is None:
        return None
    point: Point = read(POSITION_HEADER, given, POSITION)
    return point


def start_of(snapshot: Snapshot, wanted: IndexParams) -> Start:
    """Where the list of a request begins."""
    query = wanted.query
    start = Start(query, typed=wanted.q or "", near=wanted.near)
    bank = _without_branches(snapshot, query)
    if bank is not None:
        return replace(start, bank=bank)
    found = _searched(snapshot, start, query)
    if found is not None:
        return found
    here = position()
    if here is not None:
        return _at(snapshot, start, query, Origin(here))
    return _near(snapshot, start, query, wanted.near) if wanted.near else start


def _searched(snapshot: Snapshot, start: Start, query: BranchQuery) -> Start | None:
    """A search that means a place; None for one that means branches, or nothing that is known."""
    city = _city_named(snapshot, query.q) if query.q else None
    if city is not None:
        place = replace(start, place=query.q or "")
        return _at(snapshot, place, replace(query, q=None), origin_in(snapshot, city))
    if not snapshot.page(query, 0).matched:
        origin = origin_of(snapshot, query.q) if query.q else None
        if origin is not None:
            place = replace(start, place=query.q or "", near=None, instead=True)
            return _at(snapshot, place, replace(query, q=None), origin)
        if query.q and is_asked(query.q):
            return replace(start, place=query.q, is_missing=True, is_asked=True)
        if query.district in snapshot.areas:
            return _around(snapshot, start, query, origin_in(snapshot, query.district or ""))
    return None


def _near(snapshot: Snapshot, start: Start, query: BranchQuery, near: str) -> Start:
    """A list near a place that was asked for as such."""
    if near == ME:
        return replace(start, awaits_position=True)
    origin = origin_of(snapshot, near)
    if origin is None:
        return replace(start, place=near, is_missing=True, is_asked=is_asked(near))
    return _at(snapshot, replace(start, place=near, typed=start.typed or near), query, origin)


def _at(snapshot: Snapshot, start: Start, query: BranchQuery, origin: Origin) -> Start:
    """A list from a place: of the branches in it, where it is an area that has some."""
    if origin.area is None:
        far = how_far(snapshot, query, origin)
        return replace(start, query=query, origin=None if far else origin, far=far)
    # The choice of an area shows it, and would be of no use beside the text in the box.
    start = replace(start, near=None, typed=query.q or "")
    query = replace(query, district=origin.area.code)
    if snapshot.page(query, 0).matched:
        return replace(start, query=query, area=origin.area)
    return _around(snapshot, start, query, origin)


def _around(snapshot: Snapshot, start: Start, query: BranchQuery, origin: Origin) -> Start:
    """What is nearest to an area that has nothing; where there is nothing at all, the area."""
    outside = replace(query, district=None)
    if not snapshot.page(outside, 0).matched:
        return replace(start, query=query, area=origin.area)
    return replace(start, query=outside, origin=origin, area=origin.area)


def _city_named(snapshot: Snapshot, text: str) -> str | None:
    """The city or province that a search names: few addresses in it name it, too."""
    areas, _ = place_names(snapshot)
    named = [each.code for rank, each in areas.find(Wanted.of(text)) if rank is Rank.WHOLE]
    return named[0] if len(named) == 1 and snapshot.areas.get(named[0]).children else None


def _without_branches(snapshot: Snapshot, query: BranchQuery) -> Bank | None:
    """The bank that is asked for, if it is known and has no branch on any list."""
    code = query.bank
    if query.q:
        found = bank_names().find(Wanted.of(query.q))
        named = [each.code for rank, each in found if rank is Rank.WHOLE]
        code = named[0] if len(named) == 1 else code
    has_some = {known.bank.code for known in snapshot.banks}
    return None if code is None or code in has_some else banks().get(code)
