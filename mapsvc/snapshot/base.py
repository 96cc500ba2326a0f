"""What the read side can be asked, whichever way it is kept: in memory or in the database.

A `Snapshot` is the store's contents at one revision. It gives branches as serialised GeoJSON
features, so that nothing is serialised anew for a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from mapsvc.areas import Areas
from mapsvc.errors import NotFound
from mapsvc.lists.banks import Bank
from mapsvc.lists.services import Service
from mapsvc.model import BBox, BranchList, District, Notice, Point


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchQuery:
    """Which branches are wanted; None means no such filter.

    ``list`` is a slug, ``bank`` a bank's code, ``district`` the code of a district or of an area
    above it (`mapsvc.areas`), ``q`` a part of a name, bank or address in any width or case,
    ``bbox`` WGS-84, ``service`` a code in ``data/services.csv``, ``open_at`` a timezone-aware time
    at which the branch is open: one with unknown hours, or that a notice closes, is not. What does
    not exist has no branches; that is no error.
    """

    list: str | None = None
    bank: str | None = None
    district: str | None = None
    q: str | None = None
    bbox: BBox | None = None
    service: str | None = None
    open_at: datetime | None = None


EVERYTHING = BranchQuery()


Piece = bytes | memoryview


class Page(NamedTuple):
    """A part of what a query finds."""

    matched: int
    """How many branches the query finds in all."""
    features: list[bytes]
    """Those of this page: in the order of their lists, or in a box in an order of its own."""


class Collection(NamedTuple):
    """A `Page` that is not looked into."""

    matched: int
    returned: int
    pieces: Sequence[Piece]
    """The features, ready to be sent with commas between the pieces: each holds one or more."""


class Neighbour(NamedTuple):
    """A branch near a point."""

    feature: bytes
    distance_m: float
    """Along the geodesic of WGS-84."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Branches that a map draws as one, or one branch by itself (``feature`` is not None)."""

    point: Point
    """Where it is drawn (WGS-84)."""
    count: int
    box: BBox
    """Around its members."""
    expansion_zoom: int
    """The first zoom at which it falls apart; beyond the greatest one if it never does."""
    feature: bytes | None


@dataclass(frozen=True, slots=True)
class BankCount:
    """A known bank and how many branches it has."""

    bank: Bank
    count: int


@dataclass(frozen=True, slots=True)
class ServiceCount:
    """A known service and how many branches offer it."""

    service: Service
    count: int


@dataclass(frozen=True, slots=True)
class DistrictCount:
    """A district and how many branches lie in it."""

    district: District
    count: int


@dataclass(frozen=True, slots=True)
class Facets:
    """How many branches each choice of a filter would find, all other filters as they are.

    By code; a bank, service or district that no branch of the snapshot has may be missing.
    """

    banks: Mapping[str, int]
    services: Mapping[str, int]
    districts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Location:
    """The district that holds a point, and how far the point is from its border in metres."""

    district: District
    border_distance_m: float


def list_in(lists: Iterable[BranchList], slug: str) -> BranchList:
    """The list with this slug; raises `NotFound`."""
    for known in lists:
        if known.slug == slug:
            return known
    raise NotFound("list", slug)


class Snapshot(Protocol):
    """The store's contents at one revision. Every answer to one request comes from one of these."""

    @property
    def revision(self) -> int: ...
    @property
    def changed_at(self) -> datetime | None: ...
    @property
    def lists(self) -> tuple[BranchList, ...]: ...

    @property
    def banks(self) -> tuple[BankCount, ...]:
        """Those that have branches, in the order of ``data/banks.csv``."""

    @property
    def districts(self) -> tuple[DistrictCount, ...]:
        """All that are stored, by code."""

    @property
    def areas(self) -> Areas:
        """The districts and what lies above them."""

    @property
    def services(self) -> tuple[ServiceCount, ...]:
        """Those that branches offer, in the order of ``data/services.csv``."""

    @property
    def hours_known(self) -> int:
        """How many branches' opening hours are known."""

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Those that were not over when the store last changed, by start; some begin later, and
        some may be over by now: see `mapsvc.model.Notice.holds`.
        """

    @property
    def providers(self) -> frozenset[str]:
        """Whose answers the branches are placed by; some are to be credited where they show."""

    def __len__(self) -> int:
        """How many branches there are, placed or not."""

    def branch_list(self, slug: str) -> BranchList:
        """The list with this slug; raises `NotFound`."""

    def district(self, code: str) -> DistrictCount:
        """The district with this code; raises `NotFound`."""

    def feature(self, branch_id: str) -> bytes:
        """The branch with this id as a GeoJSON Feature; raises `NotFound`."""

    def page(self, query: BranchQuery, limit: int, offset: int = 0) -> Page:
        """At most ``limit`` of the branches that pass every filter, after the first ``offset``."""

    def collection(self, query: BranchQuery, limit: int, offset: int = 0) -> Collection:
        """The same as `page`, for those who only send it on."""

    def iterate(self, query: BranchQuery) -> Iterator[bytes]:
        """The features of all branches that pass every filter, in order."""

    def suggested(self, text: str, limit: int) -> list[bytes]:
        """At most ``limit`` branches whose own name or address a typed text may mean, best first.

        Names that begin with it come before those that hold it, and these before addresses. Of
        very many only the first found are compared.
        """

    def nearest(
        self,
        point: Point,
        limit: int,
        *,
        max_distance_m: float | None = None,
        query: BranchQuery = EVERYTHING,
    ) -> list[Neighbour]:
        """The branches nearest to a point in any datum, nearest first, ties in order of lists.

        Args:
            point: in any datum.
            limit: how many at most.
            max_distance_m: leave out branches farther away than this many metres.
            query: only branches that pass these filters.
        """

    def clusters(
        self, query: BranchQuery, bbox: BBox, zoom: int, limit: int
    ) -> tuple[list[Cluster], int]:
        """What a map of this box at this zoom shows; see `mapsvc.geo.clusters`.

        Args:
            query: only branches that pass its filters; its own box is not looked at.
            bbox: the part of the map, in WGS-84.
            zoom: of the map; beyond the greatest one, that is meant.
            limit: where there are more clusters than that, those of a lower zoom are given: of
                the greatest at which they are few enough. 16 or more.

        Returns:
            The clusters, and the zoom that they are of.
        """

    def counts(self, query: BranchQuery) -> dict[str, int]:
        """How many branches that pass the filters lie in each district, by code, all of them."""

    def facets(self, query: BranchQuery) -> Facets:
        """How many branches would be found with another bank, service or district instead.

        Args:
            query: the filters; its own box is not looked at.
        """

    def extent(self, query: BranchQuery) -> BBox | None:
        """The box around the branches that pass the filters; None where none of them is placed."""

    def locate(self, point: Point) -> Location | None:
        """The district whose polygon holds ``point`` (any datum), or None outside all."""
