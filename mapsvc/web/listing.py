"""The list of branches on a page: whole and by district, in pages, or by distance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from mapsvc.model import BBox
from mapsvc.snapshot import BranchQuery, Snapshot
from mapsvc.web import words
from mapsvc.web.areas import (
    AreaLink,
    area_counts,
    area_name,
    area_title,
    district_counts,
    district_title,
    is_one_district,
    shown_in,
)
from mapsvc.web.branches import BranchView, Group, branch_view, grouped
from mapsvc.web.nearby import Origin, around_nearest, nearest

MAX_LISTED = 200
"""Branches in a list that is whole, and on a map that has all of them at once: some 15 kB each,
compressed, and no more than a thumb scrolls through. More come in pages and by view."""
PAGE_SIZE = 30
_FEW_PAGES = 3
"""So many are gone through by "previous" and "next" alone."""

OPENSTREETMAP = frozenset({"nominatim", "photon"})
"""Geocoders on OpenStreetMap's data, which is to be named where the result shows (ODbL)."""

Address = Callable[..., str]
"""Makes the address of a page with other arguments: ``page``, ``district``."""


@dataclass(frozen=True, slots=True)
class Pager:
    """One page of a list that is too long for one."""

    number: int
    last: int
    first_url: str
    previous_url: str | None
    next_url: str | None
    last_url: str
    canonical_url: str

    @property
    def is_beyond(self) -> bool:
        """Whether the list ends before this page."""
        return self.number > self.last

    @property
    def leads_to_first(self) -> bool:
        """Whether the first page has a link of its own, as it is not the previous one."""
        return self.last > _FEW_PAGES and self.number > 2

    @property
    def leads_to_last(self) -> bool:
        """The same of the last page, as it is not the next one."""
        return self.last > _FEW_PAGES and self.number < self.last - 1


@dataclass(frozen=True, slots=True)
class Listing:
    """What a template shows of the branches that a query finds."""

    query: BranchQuery
    total: int
    branches: tuple[BranchView, ...]
    """The listed ones."""
    groups: tuple[Group, ...]
    """The same by district; none where the list is in pages."""
    areas: tuple[AreaLink, ...]
    """Where to narrow a long list down to."""
    without: tuple[AreaLink, ...]
    """The areas that have none of them."""
    districts_used: int
    """How many districts have some."""
    within: int
    """How many of them lie in these districts; the others in none that is stored."""
    words: words.LevelWords
    """Of ``areas`` and ``without``."""
    pager: Pager | None
    """None where the list is whole."""
    first: int
    """The number of the first listed one, from 1."""
    origin: Origin | None = None
    """Where distances are measured from, in a list by distance."""
    near_box: BBox | None = None
    """Around the origin's nearest branches; None where the list is not by distance."""

    @property
    def drawn(self) -> tuple[BranchView, ...]:
        """The branches that the page's picture draws: all of them or none."""
        return () if self.pager and self.total > MAX_LISTED else self.branches

    @property
    def is_by_view(self) -> bool:
        """Whether the map asks for its marks by view, being too many to be there at once."""
        return self.total > MAX_LISTED

    @property
    def is_flat(self) -> bool:
        """Whether the branches stand in one row by distance, not below their districts."""
        return self.origin is not None


def listing(
    snapshot: Snapshot,
    query: BranchQuery,
    page: int,
    address: Address,
    area_address: Address | None = None,
    *,
    origin: Origin | None = None,
) -> Listing:
    """What a page lists.

    Args:
        snapshot: where to look.
        query: which branches.
        page: which page of a long list, from 1.
        address: the page's address, with its own filter.
        area_address: the address of an area of a long list (``district``); else ``address``.
        origin: where the nearest come first from; None for the order of the districts.
    """
    if origin is not None:
        return _nearest(snapshot, query, page, address, origin)
    offset = (page - 1) * PAGE_SIZE
    total, features = snapshot.page(query, MAX_LISTED if page == 1 else PAGE_SIZE, offset)
    pager = None
    if total > MAX_LISTED or page > 1:
        pager = _pager(total, page, address)
        features = features[:PAGE_SIZE] if total > MAX_LISTED else []
    branches = tuple(branch_view(snapshot, feature) for feature in features)
    _, areas = shown_in(snapshot, query)
    counts = area_counts(snapshot, query, areas)
    by_district = district_counts(snapshot, query)
    to = area_address or address
    within = query.district in snapshot.areas
    links = [
        AreaLink(
            code=area.code,
            name=area_name(area) if within else area_title(snapshot, area),
            count=counts[area.code],
            url=to(district=area.code),
        )
        for area in areas
    ]
    narrows = query.district is None or not is_one_district(snapshot, query.district)
    return Listing(
        query=query,
        total=total,
        branches=branches,
        groups=() if pager else grouped(branches),
        areas=tuple(link for link in links if link.count)
        if pager and narrows and page == 1
        else (),
        without=tuple(link for link in links if not link.count),
        districts_used=sum(count > 0 for count in by_district.values()),
        within=sum(by_district.values()),
        words=words.of_areas(areas),
        pager=pager,
        first=offset + 1,
    )


def _nearest(
    snapshot: Snapshot, query: BranchQuery, page: int, address: Address, origin: Origin
) -> Listing:
    """The branches by distance; of very many, only the nearest."""
    total = snapshot.page(query, 0).matched
    found = nearest(snapshot, query, origin)
    offset = (page - 1) * PAGE_SIZE
    by_district = district_counts(snapshot, query)
    _, areas = shown_in(snapshot, query)
    branches = tuple(
        replace(branch_view(snapshot, near.feature), distance=near.distance)
        for near in found[offset : offset + PAGE_SIZE]
    )
    pages = -(-len(found) // PAGE_SIZE)
    return Listing(
        query=query,
        total=total,
        branches=branches,
        groups=(),
        areas=(),
        without=(),
        districts_used=sum(count > 0 for count in by_district.values()),
        within=sum(by_district.values()),
        words=words.of_areas(areas),
        pager=_pager_of(pages, page, address) if pages > 1 or page > 1 else None,
        first=offset + 1,
        origin=origin,
        near_box=around_nearest(snapshot, origin, found),
    )


def _pager(total: int, page: int, address: Address) -> Pager:
    return _pager_of(-(-total // PAGE_SIZE) if total > MAX_LISTED else 1, page, address)


def _pager_of(pages: int, page: int, address: Address) -> Pager:
    last = max(1, pages)

    def url(number: int) -> str:
        return address(page=number) if number > 1 else address()

    return Pager(
        number=page,
        last=last,
        first_url=url(1),
        previous_url=url(page - 1) if 1 < page <= last else None,
        next_url=url(page + 1) if page < last else None,
        last_url=url(last),
        canonical_url=url(page),
    )


def listed(snapshot: Snapshot, shown: Listing) -> dict[str, object]:
    """A list and what stands around it, for a template."""
    return {
        "listing": shown,
        "query": shown.query,
        "total": shown.total,
        "all_count": len(snapshot),
        "district_title": partial(district_title, snapshot),
        "hours_known": snapshot.hours_known,
        "changed_at": snapshot.changed_at,
        "by_openstreetmap": bool(snapshot.providers & OPENSTREETMAP),
        "lists": [each for each in snapshot.lists if shown.query.list in (None, each.slug)],
    }
