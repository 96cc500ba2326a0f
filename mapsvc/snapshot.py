"""The read side: everything a request needs, built once per revision and never changed.

A `Snapshot` holds arrays, a spatial index and each branch's GeoJSON feature as ready bytes, so
that a request neither asks the database nor serialises anything. `SnapshotSource` builds a new
one when the store's revision has changed, while requests go on with the old one.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapsvc.address.normalise import canonical
from mapsvc.errors import NotFound, StoreError
from mapsvc.geo.datum import convert
from mapsvc.geo.districts import DistrictIndex
from mapsvc.geo.index import PointIndex
from mapsvc.lists.banks import Bank, banks
from mapsvc.model import BBox, Branch, BranchList, Datum, District, Placement, Point
from mapsvc.store.base import Contents, Store

Indices = NDArray[np.int64]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchQuery:
    """Which branches are wanted; None means no such filter.

    ``list`` is a slug, ``bank`` a bank's code, ``district`` a district's code, ``q`` a part of a
    name, bank or address in any width or case, ``bbox`` WGS-84.
    """

    list: str | None = None
    bank: str | None = None
    district: str | None = None
    q: str | None = None
    bbox: BBox | None = None


@dataclass(frozen=True, slots=True)
class BankCount:
    """A known bank and how many branches it has."""

    bank: Bank
    count: int


@dataclass(frozen=True, slots=True)
class DistrictCount:
    """A district and how many branches lie in it."""

    district: District
    count: int


@dataclass(frozen=True, slots=True)
class Location:
    """The district that holds a point, and how far the point is from its border in metres."""

    district: District
    border_distance_m: float


class Snapshot:
    """The store's contents at one revision, ready to be asked.

    Branches are addressed by index 0 … ``len(snapshot) - 1``, in the order of their lists.

    Args:
        contents: what the store holds.
    """

    def __init__(self, contents: Contents) -> None:
        self.revision = contents.revision
        self.changed_at: datetime | None = contents.changed_at
        self.lists: tuple[BranchList, ...] = contents.lists
        placements = [contents.placements.get(branch.id) for branch in contents.branches]
        by_code = {district.code: district for district in contents.districts}

        self._ids = [branch.id for branch in contents.branches]
        self._index_of = {branch_id: i for i, branch_id in enumerate(self._ids)}
        self._banks = np.array([branch.bank or "" for branch in contents.branches], dtype=np.str_)
        self._districts = np.array([(p and p.district) or "" for p in placements], dtype=np.str_)
        self._in_list = {
            branch_list.slug: np.array(
                [branch_list.slug in contents.members[i] for i in self._ids], dtype=np.bool_
            )
            for branch_list in contents.lists
        }
        self._texts = [_search_text(branch) for branch in contents.branches]
        points = [p.point if p else None for p in placements]
        self.lon = np.array([p.lon if p else np.nan for p in points], dtype=np.float64)
        self.lat = np.array([p.lat if p else np.nan for p in points], dtype=np.float64)
        self.providers = frozenset(p.provider for p in placements if p and p.point and p.provider)
        """Whose answers the branches are placed by; some are to be credited where they show."""
        self._points = PointIndex(self.lon, self.lat)
        self._features = [
            _feature(branch, contents.members[branch.id], placement, by_code)
            for branch, placement in zip(contents.branches, placements, strict=True)
        ]

        self._district_index = DistrictIndex(
            [d.code for d in contents.districts], [d.geometry for d in contents.districts]
        )
        self._by_code = by_code
        in_district = Counter(self._districts.tolist())
        self.districts = tuple(
            DistrictCount(district, in_district[district.code]) for district in contents.districts
        )
        of_bank = Counter(self._banks.tolist())
        self.banks = tuple(
            BankCount(bank, of_bank[code]) for code, bank in banks().items() if of_bank[code]
        )

    def __len__(self) -> int:
        return len(self._ids)

    def index_of(self, branch_id: str) -> int:
        """The index of the branch with this id; raises `NotFound`."""
        try:
            return self._index_of[branch_id]
        except KeyError:
            raise NotFound("branch", branch_id) from None

    def feature(self, index: int) -> bytes:
        """One branch as a GeoJSON Feature (WGS-84, longitude first), serialised."""
        return self._features[index]

    def features(self, indices: Iterable[int]) -> bytes:
        """The members of a GeoJSON ``features`` array, joined by commas, without brackets."""
        return b",".join([self._features[i] for i in indices])

    def properties(self, index: int) -> dict[str, Any]:
        """One branch's properties as the API gives them; see `_feature`."""
        properties: dict[str, Any] = json.loads(self._features[index])["properties"]
        return properties

    def point(self, index: int) -> Point | None:
        """Where the branch was placed (WGS-84), or None."""
        lon, lat = float(self.lon[index]), float(self.lat[index])
        return None if np.isnan(lon) else Point(lon, lat)

    def list(self, slug: str) -> BranchList:
        """The list with this slug; raises `NotFound`."""
        for branch_list in self.lists:
            if branch_list.slug == slug:
                return branch_list
        raise NotFound("list", slug)

    def district(self, code: str) -> DistrictCount:
        """The district with this code; raises `NotFound`."""
        for entry in self.districts:
            if entry.district.code == code:
                return entry
        raise NotFound("district", code)

    def select(self, query: BranchQuery) -> Indices:
        """The indices of the branches that pass every filter, ascending.

        A list, bank or district that does not exist has no branches; that is no error.
        """
        mask = self._mask(query)
        if query.bbox is not None:
            within = self._points.within(query.bbox)
            return within if mask is None else within[mask[within]]
        return np.arange(len(self)) if mask is None else np.flatnonzero(mask)

    def nearest(
        self,
        point: Point,
        limit: int,
        *,
        max_distance_m: float | None = None,
        query: BranchQuery | None = None,
    ) -> tuple[Indices, NDArray[np.float64]]:
        """The ``limit`` branches nearest to ``point``, with their distances.

        Args:
            point: in any datum.
            limit: how many at most.
            max_distance_m: leave out branches farther away than this many metres.
            query: only branches that pass these filters.

        Returns:
            Indices and geodesic distances on WGS-84 in metres, nearest first, ties by index.
        """
        query = query or BranchQuery()
        mask = self._mask(query)
        if query.bbox is not None:
            inside = np.zeros(len(self), dtype=np.bool_)
            inside[self.select(query)] = True
            mask = inside
        return self._points.nearest(point, limit, max_distance_m=max_distance_m, mask=mask)

    def locate(self, point: Point) -> Location | None:
        """The district whose polygon holds ``point`` (any datum), or None outside all."""
        wgs84 = convert(point, Datum.WGS84)
        index, border = self._district_index.locate(np.array([wgs84.lon]), np.array([wgs84.lat]))
        if index[0] < 0:
            return None
        return Location(self.districts[int(index[0])].district, float(border[0]))

    def _mask(self, query: BranchQuery) -> NDArray[np.bool_] | None:
        masks: list[NDArray[np.bool_]] = []
        if query.list is not None:
            masks.append(self._in_list.get(query.list, np.zeros(len(self), dtype=np.bool_)))
        if query.bank is not None:
            masks.append(self._banks == query.bank)
        if query.district is not None:
            masks.append(self._districts == query.district)
        if query.q is not None and (wanted := canonical(query.q)):
            masks.append(np.array([wanted in text for text in self._texts], dtype=np.bool_))
        return np.logical_and.reduce(masks) if masks else None


def _search_text(branch: Branch) -> str:
    bank = banks().get(branch.bank or "")
    names = [branch.name, branch.address]
    if bank is not None:
        names += [bank.name, bank.short, bank.name_en, *bank.aliases]
    return "\n".join(canonical(name) for name in names)


def _feature(
    branch: Branch,
    slugs: tuple[str, ...],
    placement: Placement | None,
    districts: dict[str, District],
) -> bytes:
    """A branch as GeoJSON; an unplaced one has a null geometry (RFC 7946, section 3.2)."""
    bank = banks().get(branch.bank or "")
    point = placement.point if placement else None
    district = districts.get(placement.district or "") if placement else None
    located_at = placement.located_at if placement else None
    properties = {
        "id": branch.id,
        "name": branch.name,
        "bank": branch.bank,
        "bank_name": bank.short if bank else None,
        "address": branch.address,
        "district": district.code if district else None,
        "district_name": district.name if district else None,
        "list": list(slugs),
        "phone": branch.phone or None,
        "hours": branch.hours or None,
        "precision": placement.precision if placement else None,
        "radius_m": placement.radius_m if placement else None,
        "provider": placement.provider if placement else None,
        "located_at": located_at.isoformat() if located_at else None,
        "review": [{"code": reason.code, **reason.detail} for reason in placement.reasons]
        if placement
        else [],
    }
    geometry = {"type": "Point", "coordinates": [point.lon, point.lat]} if point else None
    feature = {"type": "Feature", "id": branch.id, "geometry": geometry, "properties": properties}
    return json.dumps(feature, ensure_ascii=False, separators=(",", ":")).encode()


class SnapshotSource:
    """Gives the snapshot to answer with: the store's contents of at most half a second ago.

    A thread of its own looks for changes and rebuilds, so that no request ever waits for either;
    while the store fails, answers go on from the last snapshot.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._snapshot = Snapshot(store.contents())

    def current(self) -> Snapshot:
        """The snapshot to answer with; a request takes it once."""
        return self._snapshot

    def refresh(self) -> None:
        """Take a new snapshot if the store's revision has changed."""
        try:
            if self._store.revision() != self._snapshot.revision:
                self._snapshot = Snapshot(self._store.contents())
        except StoreError:
            revision = self._snapshot.revision
            _log.exception("the store fails; answers go on from revision %s", revision)

    def watch(self, every_s: float = 0.5) -> None:
        """Refresh every so many seconds from now on, in a thread that ends with the process."""

        def work() -> None:
            while True:
                time.sleep(every_s)
                self.refresh()

        threading.Thread(target=work, name="snapshot", daemon=True).start()
