"""The snapshot that answers from arrays in memory, which files may back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapsvc.address.normalise import canonical
from mapsvc.areas import Areas
from mapsvc.errors import NotFound
from mapsvc.geo.clusters import MAX_ZOOM
from mapsvc.geo.datum import convert
from mapsvc.lists.banks import Bank, banks
from mapsvc.model import BBox, BranchList, Datum, Point
from mapsvc.snapshot.base import (
    EVERYTHING,
    BankCount,
    BranchQuery,
    Cluster,
    DistrictCount,
    Location,
    Neighbour,
    Page,
)
from mapsvc.snapshot.columns import Columns, build
from mapsvc.snapshot.territory import Territory
from mapsvc.store.base import Reading

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

_KEPT_MASKS = 32
"""Filters whose result is kept; each takes a byte a branch."""
_AT_ONCE = 1_000


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
        self._masks: OrderedDict[BranchQuery, Mask] = OrderedDict()
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
        self._by_code = {entry.district.code: entry for entry in self.districts}

    @classmethod
    def of(cls, reading: Reading) -> MemorySnapshot:
        """Make one of everything that a store holds, in memory alone."""
        territory = Territory(reading.districts())
        return cls(build(reading, territory.names), territory)

    @property
    def areas(self) -> Areas:
        return self._territory.areas

    def __len__(self) -> int:
        return len(self._columns)

    def branch_list(self, slug: str) -> BranchList:
        for known in self.lists:
            if known.slug == slug:
                return known
        raise NotFound("list", slug)

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
        features = self._columns.features
        if query == EVERYTHING:
            return Page(len(self), features.at(slice(offset, offset + limit)))
        rows = self._rows(query)
        return Page(rows.size, features.at(rows[offset : offset + limit]))

    def iterate(self, query: BranchQuery) -> Iterator[bytes]:
        rows = self._rows(query)
        for start in range(0, rows.size, _AT_ONCE):
            yield from self._columns.features.at(rows[start : start + _AT_ONCE])

    def nearest(
        self,
        point: Point,
        limit: int,
        *,
        max_distance_m: float | None = None,
        query: BranchQuery = EVERYTHING,
    ) -> list[Neighbour]:
        mask = self._mask(query)
        if query.bbox is not None:
            inside = np.zeros(len(self), dtype=np.bool_)
            inside[self._rows(query)] = True
            mask = inside
        rows, metres = self._columns.points.nearest(
            point, limit, max_distance_m=max_distance_m, mask=mask
        )
        return list(map(Neighbour, self._columns.features.at(rows), metres.tolist()))

    def clusters(self, query: BranchQuery, bbox: BBox, zoom: int) -> list[Cluster]:
        found = self._columns.clusters.within(bbox, min(zoom, MAX_ZOOM), self._mask(query))
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
        ]

    def counts(self, query: BranchQuery) -> dict[str, int]:
        if query == EVERYTHING:
            return {code: entry.count for code, entry in self._by_code.items()}
        if query.bbox is not None:
            return self._counts(self._columns.district[self._rows(query)])
        mask = self._mask(query)
        return self._counts(self._columns.district[mask])

    def extent(self, query: BranchQuery) -> BBox | None:
        if query not in self._extents:
            if len(self._extents) >= _KEPT_MASKS:
                self._extents.clear()
            self._extents[query] = self._extent(query)
        return self._extents[query]

    def _extent(self, query: BranchQuery) -> BBox | None:
        rows = slice(None) if query == EVERYTHING else self._rows(query)
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

    def _rows(self, query: BranchQuery) -> Rows:
        """The rows that pass every filter, ascending."""
        mask = self._mask(query)
        if query.bbox is not None:
            within = self._columns.points.within(query.bbox)
            return within if mask is None else within[mask[within]]
        return np.arange(len(self)) if mask is None else np.flatnonzero(mask)

    def _mask(self, query: BranchQuery) -> Mask | None:
        """Which rows pass every filter but the box; None where all do."""
        if query.bbox is not None:
            query = replace(query, bbox=None)
        if query == EVERYTHING:
            return None
        known = self._masks.get(query)
        if known is None:
            known = np.logical_and.reduce(list(self._parts(query)))
            self._masks[query] = known
            while len(self._masks) > _KEPT_MASKS:
                self._masks.popitem(last=False)
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
            yield self._with_text(canonical(query.q))

    def _in_area(self, code: str) -> Mask:
        numbers = self._district_numbers
        codes = self.areas.get(code).districts if code in self.areas else (code,)
        # One more, which number -1 (no district) meets at the end.
        wanted = np.zeros(len(numbers) + 1, dtype=np.bool_)
        wanted[[numbers[each] for each in codes if each in numbers]] = True
        return wanted[self._columns.district]

    def _with_text(self, text: str) -> Mask:
        columns = self._columns
        if not text:
            return np.ones(len(self), dtype=np.bool_)
        mask = np.zeros(len(self), dtype=np.bool_)
        mask[columns.texts.rows_with(text.encode("utf-8", "surrogatepass"))] = True
        named = [self._bank_numbers[e.bank.code] for e in self.banks if is_named(e.bank, text)]
        for number in named:
            mask |= columns.bank == number
        return mask


def is_named(bank: Bank, text: str) -> bool:
    """Whether a canonical text is a part of one of a bank's names."""
    names = (bank.name, bank.short, bank.name_en, *bank.aliases)
    return any(text in canonical(name) for name in names)


def _counted(numbers: NDArray[Any], size: int) -> list[int]:
    """How often each of 0 … size - 1 stands in ``numbers``."""
    counts: list[int] = np.bincount(numbers[numbers >= 0], minlength=size).tolist()
    return counts
