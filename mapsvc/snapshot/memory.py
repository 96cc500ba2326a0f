"""The snapshot that answers from arrays in memory, which files may back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapsvc.areas import Areas
from mapsvc.errors import NotFound
from mapsvc.geo.clusters import MAX_ZOOM, ClusterIndex
from mapsvc.geo.datum import convert
from mapsvc.hours import Hours
from mapsvc.lists.banks import banks
from mapsvc.lists.services import services
from mapsvc.model import BBox, BranchList, Datum, Notice, Point
from mapsvc.snapshot.base import (
    EVERYTHING,
    BankCount,
    BranchQuery,
    Cluster,
    Collection,
    DistrictCount,
    Facets,
    Location,
    Neighbour,
    Page,
    ServiceCount,
    list_in,
)
from mapsvc.snapshot.building import build_in_memory
from mapsvc.snapshot.columns import Columns
from mapsvc.snapshot.finding import rows_with
from mapsvc.snapshot.notices import closing
from mapsvc.snapshot.territory import Territory
from mapsvc.snapshot.wording import EXAMINED, Term, Wording
from mapsvc.store.base import Reading

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

_KEPT_FILTERS = 16
"""Filters whose result is kept; each takes up to some 80 bytes for a branch that passes."""
_KEPT_EXTENTS = 256
_UNFILTERED = (None,) * 6 + ("",)
_AT_ONCE = 1_000


class _Filter:
    """The rows that pass filters, in the forms in which they are asked for."""

    def __init__(self, columns: Columns, mask: Mask) -> None:
        self._columns = columns
        self.mask = mask

    @cached_property
    def rows(self) -> Rows:
        """Ascending."""
        return np.flatnonzero(self.mask)

    @cached_property
    def listed(self) -> Rows:
        """In the order of the lists."""
        listed: Rows = self._columns.listed[self.mask[self._columns.listed]]
        return listed

    @cached_property
    def clusters(self) -> ClusterIndex:
        return self._columns.clusters.only(self.mask)


class MemorySnapshot:
    """`mapsvc.snapshot.base.Snapshot` over columns; thread-safe.

    Args:
        columns: the branches.
        territory: the districts of the same revision.
    """

    def __init__(self, columns: Columns, territory: Territory) -> None:
        self._columns = columns
        self._territory = territory
        self.revision = columns.revision
        self.changed_at = columns.changed_at
        self.lists = columns.lists
        self.providers = columns.providers
        self._filters: dict[tuple[str | bytes | None, ...], _Filter] = {}
        self._extents: dict[BranchQuery, BBox | None] = {}
        self._bank_numbers = {code: number for number, code in enumerate(columns.banks)}
        self._district_numbers = {code: number for number, code in enumerate(columns.districts)}
        of_bank = dict(zip(columns.banks, _counted(columns.bank, len(columns.banks)), strict=True))
        self.banks = tuple(
            BankCount(bank, of_bank[code]) for code, bank in banks().items() if code in of_bank
        )
        counts = self._counts(columns.district)
        self.districts = tuple(
            DistrictCount(district, counts[district.code]) for district in territory.districts
        )
        self.services = service_counts(self._offering(columns.offer))
        self.hours_known = int(np.count_nonzero(columns.hours >= 0))
        self.notices = columns.notices
        self._open: tuple[datetime, Mask] | None = None
        self._by_code = {entry.district.code: entry for entry in self.districts}

    @classmethod
    def of(cls, reading: Reading) -> MemorySnapshot:
        """Make one of everything that a store holds, in memory alone."""
        territory = Territory(reading.districts())
        return cls(build_in_memory(reading, territory), territory)

    @property
    def areas(self) -> Areas:
        return self._territory.areas

    def __len__(self) -> int:
        return len(self._columns)

    def branch_list(self, slug: str) -> BranchList:
        return list_in(self.lists, slug)

    def district(self, code: str) -> DistrictCount:
        try:
            return self._by_code[code]
        except KeyError:
            raise NotFound("district", code) from None

    def feature(self, branch_id: str) -> bytes:
        row = self._columns.row_of(branch_id)
        if row is None:
            raise NotFound("branch", branch_id)
        return self._columns.features[row]

    def page(self, query: BranchQuery, limit: int, offset: int = 0) -> Page:
        rows = self._ordered(query)
        return Page(rows.size, self._columns.features.at(rows[offset : offset + limit]))

    def collection(self, query: BranchQuery, limit: int, offset: int = 0) -> Collection:
        rows = self._ordered(query)
        given = rows[offset : offset + limit]
        return Collection(rows.size, given.size, self._columns.features.pieces(given))

    def iterate(self, query: BranchQuery) -> Iterator[bytes]:
        rows = self._ordered(query)
        for start in range(0, rows.size, _AT_ONCE):
            yield from self._columns.features.at(rows[start : start + _AT_ONCE])

    def suggested(self, text: str, limit: int) -> list[bytes]:
        columns, (first, *others) = self._columns, self._wording.read(text)
        if not first:
            return []
        term = first[0]
        rows = np.empty(0, np.int64)
        for more in rows_with(columns, term, EXAMINED):
            rows = np.union1d(rows, more)
            if rows.size >= EXAMINED:
                break
        ranked = sorted(
            (term.rank(_name(columns.texts[row]), columns.names[row].decode()), place, row)
            for place, row in zip(self._places[rows].tolist(), rows.tolist(), strict=True)
        )
        chosen = [row for _, _, row in ranked[:limit]]
        if others and len(chosen) < limit:
            also = self._ordered(BranchQuery(q=text))[: limit + len(chosen)].tolist()
            chosen += [row for row in also if row not in chosen]
        return columns.features.at(np.array(chosen[:limit], np.int64))

    @cached_property
    def _places(self) -> Rows:
        """The place of each row in the order of the lists."""
        places = np.empty(len(self), np.int64)
        places[self._columns.listed] = np.arange(len(self))
        return places

    def nearest(
        self,
        point: Point,
        limit: int,
        *,
        max_distance_m: float | None = None,
        query: BranchQuery = EVERYTHING,
    ) -> list[Neighbour]:
        chosen = self._filter(query)
        mask, rows = (None, None) if chosen is None else (chosen.mask, chosen.rows)
        if query.bbox is not None:
            rows = self._within(query.bbox, chosen)
            mask = np.zeros(len(self), dtype=np.bool_)
            mask[rows] = True
        found, metres = self._columns.points.nearest(
            point, limit, max_distance_m=max_distance_m, mask=mask, rows=rows
        )
        return list(map(Neighbour, self._columns.features.at(found), metres.tolist()))

    def clusters(
        self, query: BranchQuery, bbox: BBox, zoom: int, limit: int
    ) -> tuple[list[Cluster], int]:
        index, chosen = self._columns.clusters, self._filter(query)
        if chosen is not None:
            index = chosen.clusters
        zoom = index.zoom_for(bbox, min(zoom, MAX_ZOOM), limit)
        found = index.within(bbox, zoom)
        singles = found.row >= 0
        features = iter(self._columns.features.at(found.row[singles]))
        columns = (
            *(found.lon, found.lat, found.count),
            *(found.west, found.south, found.east, found.north),
            *(found.expansion_zoom, singles),
        )
        return [
            Cluster(
                point=Point(lon, lat),
                count=count,
                box=BBox(west, south, east, north),
                expansion_zoom=expansion_zoom,
                feature=next(features) if single else None,
            )
            for lon, lat, count, west, south, east, north, expansion_zoom, single in zip(
                *(column.tolist() for column in columns), strict=True
            )
        ], zoom

    def counts(self, query: BranchQuery) -> dict[str, int]:
        if query == EVERYTHING:
            return {code: entry.count for code, entry in self._by_code.items()}
        return self._counts(self._columns.district[self._ordered(query)])

    def facets(self, query: BranchQuery) -> Facets:
        return self._unfiltered if query == EVERYTHING else self._facets(query)

    @cached_property
    def _unfiltered(self) -> Facets:
        return self._facets(EVERYTHING)

    def _facets(self, query: BranchQuery) -> Facets:
        columns = self._columns
        rest = self._filter(replace(query, bank=None, district=None, service=None, bbox=None))
        chosen = {
            "bank": BranchQuery(bank=query.bank),
            "district": BranchQuery(district=query.district),
            "service": BranchQuery(service=query.service),
        }
        masks = {name: mask for name, each in chosen.items() for mask in self._parts(each)}

        def without(name: str) -> Mask | slice:
            others = [mask for other, mask in masks.items() if other != name]
            if rest is not None:
                others.append(rest.mask)
            found: Mask | slice = np.logical_and.reduce(others) if others else slice(None)
            return found

        of_bank = _counted(columns.bank[without("bank")], len(columns.banks))
        return Facets(
            banks=dict(zip(columns.banks, of_bank, strict=True)),
            services=self._offering(columns.offer[without("service")]),
            districts=self._counts(columns.district[without("district")]),
        )

    def extent(self, query: BranchQuery) -> BBox | None:
        if query not in self._extents:
            if len(self._extents) >= _KEPT_EXTENTS:
                self._extents.clear()
            self._extents[query] = self._extent(query)
        return self._extents[query]

    def _extent(self, query: BranchQuery) -> BBox | None:
        rows = slice(None) if query == EVERYTHING else self._ordered(query)
        lon, lat = self._columns.lon[rows], self._columns.lat[rows]
        # fmin and fmax pass over NaN, and are NaN where nothing else is there.
        west, south = (np.fmin.reduce(values, initial=np.nan) for values in (lon, lat))
        east, north = (np.fmax.reduce(values, initial=np.nan) for values in (lon, lat))
        if np.isnan(west):
            return None
        return BBox(float(west), float(south), float(east), float(north))

    def locate(self, point: Point) -> Location | None:
        wgs84 = convert(point, Datum.WGS84)
        row, border_m = self._territory.index.locate(np.array([wgs84.lon]), np.array([wgs84.lat]))
        if row[0] < 0:
            return None
        return Location(self._territory.districts[int(row[0])], float(border_m[0]))

    def _counts(self, numbers: NDArray[np.int32]) -> dict[str, int]:
        codes = self._columns.districts
        counted = dict(zip(codes, _counted(numbers, len(codes)), strict=True))
        return {code: counted.get(code, 0) for code in self._territory.names}

    def _ordered(self, query: BranchQuery) -> Rows:
        """The rows that pass every filter: in the order of the lists; in a box, their own."""
        chosen = self._filter(query)
        if query.bbox is not None:
            return self._within(query.bbox, chosen)
        return self._columns.listed if chosen is None else chosen.listed

    def _within(self, bbox: BBox, chosen: _Filter | None) -> Rows:
        within = self._columns.points.within(bbox)
        return within if chosen is None else within[chosen.mask[within]]

    def _filter(self, query: BranchQuery) -> _Filter | None:
        """Which rows pass every filter but the box; None where all do."""
        # By which hours are open, and not by the minute: it changes a few times a day.
        is_open = None if query.open_at is None else self._hours_open(query.open_at).tobytes()
        shut = "" if query.open_at is None else _numbers(closing(self.notices, query.open_at))
        key = (query.list, query.bank, query.district, query.q, query.service, is_open, shut)
        if key == _UNFILTERED:
            return None
        known = self._filters.get(key)
        if known is None:
            mask = np.logical_and.reduce(list(self._parts(query)))
            known = self._filters[key] = _Filter(self._columns, mask)
            while len(self._filters) > _KEPT_FILTERS:
                self._filters.pop(next(iter(self._filters)), None)
        return known

    def _parts(self, query: BranchQuery) -> Iterator[Mask]:
        columns = self._columns
        if query.list is not None:
            mask = np.zeros(len(self), dtype=np.bool_)
            for known, rows in zip(self.lists, columns.members, strict=True):
                if known.slug == query.list:
                    mask[rows] = True
            yield mask
        if query.bank is not None:
            yield columns.bank == self._bank_numbers.get(query.bank, len(columns.banks))
        if query.district is not None:
            yield self._in_area(query.district)
        if query.q is not None:
            yield self._with_text(query.q)
        if query.service is not None:
            yield np.array([query.service in codes for codes in columns.offers], np.bool_)[
                columns.offer
            ]
        if query.open_at is not None:
            yield self._hours_open(query.open_at)[columns.hours]
            for notice in closing(self.notices, query.open_at):
                yield ~self._concerned(notice)

    def _concerned(self, notice: Notice) -> Mask:
        """Which rows a notice is about."""
        if notice.district is not None:
            return self._in_area(notice.district)
        mask = np.full(len(self), notice.branch is None, np.bool_)
        row = None if notice.branch is None else self._columns.row_of(notice.branch)
        if row is not None:
            mask[row] = True
        return mask

    def _hours_open(self, now: datetime) -> Mask:
        """Which of the hours are open; one more, which number -1 (unknown) meets, never is."""
        if self._open is None or self._open[0] != now:
            mask = np.array([*(hours.is_open(now) for hours in self._hours), False], np.bool_)
            self._open = (now, mask)
            return mask
        return self._open[1]

    @cached_property
    def _hours(self) -> tuple[Hours, ...]:
        """All that occur: few, however many branches there are."""
        return tuple(map(Hours.parse, self._columns.hours_texts))

    def _offering(self, numbers: NDArray[Any]) -> Counter[str]:
        """How many of these offers have each service."""
        offers = self._columns.offers
        counts: Counter[str] = Counter()
        for codes, count in zip(offers, _counted(numbers, len(offers)), strict=True):
            counts.update(dict.fromkeys(codes, count))
        return counts

    def _in_area(self, code: str) -> Mask:
        numbers = self._district_numbers
        codes = self.areas.get(code).districts if code in self.areas else (code,)
        # One more, which number -1 (no district) meets at the end.
        wanted = np.zeros(len(numbers) + 1, dtype=np.bool_)
        wanted[[numbers[each] for each in codes if each in numbers]] = True
        return wanted[self._columns.district]

    def _with_text(self, text: str) -> Mask:
        """Which rows pass one of the text's alternatives."""
        passing = np.zeros(len(self), dtype=np.bool_)
        for terms in self._wording.read(text):
            mask = np.ones(len(self), dtype=np.bool_)
            for term in terms:
                mask &= self._having(term)
            passing |= mask
        return passing

    def _having(self, term: Term) -> Mask:
        mask = np.zeros(len(self), dtype=np.bool_)
        for rows in rows_with(self._columns, term):
            mask[rows] = True
        for code in term.banks:
            mask |= self._columns.bank == self._bank_numbers[code]
        for code in term.districts:
            mask |= self._in_area(code)
        return mask

    @cached_property
    def _wording(self) -> Wording:
        return Wording(
            (entry.bank for entry in self.banks), (entry.district for entry in self.districts)
        )


def _numbers(notices: Iterable[Notice]) -> str:
    return " ".join(str(notice.id) for notice in notices)


def _name(text: bytes) -> str:
    return text.partition(b"\n")[0].decode()


def service_counts(counts: Mapping[str, int]) -> tuple[ServiceCount, ...]:
    """The known services with how many branches offer each, in the order of the table."""
    known = services().items()
    return tuple(ServiceCount(each, counts[code]) for code, each in known if counts.get(code))


def _counted(numbers: NDArray[Any], size: int) -> list[int]:
    """How often each of 0 … size - 1 stands in ``numbers``."""
    counts: list[int] = np.bincount(numbers[numbers >= 0], minlength=size).tolist()
    return counts
