"""The snapshot that PostGIS answers, for branches that are more than memory should hold.

A snapshot is one read-only transaction (REPEATABLE READ): whatever is asked of it, it sees one
revision. Boxes are answered by an index over plain coordinates. The k nearest on the sphere come
from an index over unit vectors. They bound the distance of the k nearest by the geodesic, so that
an index over geography finds all that may be among them; these are measured and ranked as
`mapsvc.geo.index` ranks them.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from mapsvc.areas import Areas
from mapsvc.errors import NotFound
from mapsvc.geo.clusters import MAX_ZOOM, ClusterIndex
from mapsvc.geo.datum import convert
from mapsvc.geo.geodesic import distance_m
from mapsvc.hours import Hours
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
from mapsvc.snapshot.features import Facts, feature
from mapsvc.snapshot.notices import closing
from mapsvc.snapshot.saying import can_be_stored, said
from mapsvc.snapshot.territory import Territory
from mapsvc.snapshot.wording import EXAMINED, Wording
from mapsvc.store.base import OF_BRANCH, OF_PLACEMENT, Row
from mapsvc.store.rows import services_from
from mapsvc.store.sql import store_errors

Values = dict[str, Any]

_KEPT_COUNTS = 256
"""Filters whose number of branches is kept for a revision."""
_AT_ONCE = 1_000
_SPHERE = 1.01
"""More than by which distances on PostGIS's sphere, with which its index works, may be short."""
_TOLERANCE_M = 0.01
_HERE = "ST_SetSRID(ST_MakePoint(:x, :y), 4326)::geography"
_VECTOR = (
    "ST_MakePoint(cos(radians(:y)) * cos(radians(:x)), cos(radians(:y)) * sin(radians(:x)),"
    " sin(radians(:y)))"
)

_FROM = "FROM branches b LEFT JOIN placements p ON p.branch = b.id"
_SLUGS = (
    "(SELECT array_agg(e.list ORDER BY l.position) FROM entries e JOIN lists l ON l.slug = e.list"
    " WHERE e.branch = b.id)"
)
_COLUMNS = ", ".join(
    [*(f"b.{name}" for name in OF_BRANCH), *(f"p.{name}" for name in OF_PLACEMENT)]
)
_FEATURE = f"SELECT {_COLUMNS}, {_SLUGS}, b.rank {_FROM} "
"""The columns of `mapsvc.store.base.Row`, and the rank."""


@dataclass(slots=True)
class Head:
    """What a revision has beside its branches; made once, shared by its snapshots."""

    revision: int
    changed_at: datetime | None
    districts_changed_at: str
    lists: tuple[BranchList, ...]
    territory: Territory
    facts: Facts
    size: int
    banks: tuple[BankCount, ...]
    districts: dict[str, DistrictCount]
    providers: frozenset[str]
    extent: BBox | None
    services: tuple[ServiceCount, ...]
    hours: tuple[tuple[str, Hours], ...]
    """All that occur, as they are stored and as they were read."""
    hours_known: int
    notices: tuple[Notice, ...]
    wording: Wording
    counted: OrderedDict[BranchQuery, int] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def _give_back(connection: Connection) -> None:
    with contextlib.suppress(SQLAlchemyError):  # it is broken, and the pool knows
        connection.close()


class PostgisSnapshot:
    """`mapsvc.snapshot.base.Snapshot` within one transaction; for one thread at a time.

    Args:
        connection: in a transaction at the head's revision. It is given back when nobody has the
            snapshot any more: what streams from it may outlive the request.
        head: of that revision.
    """

    def __init__(self, connection: Connection, head: Head) -> None:
        self._connection = connection
        self._head = head
        weakref.finalize(self, _give_back, connection)
        self.revision = head.revision
        self.changed_at = head.changed_at
        self.lists = head.lists
        self.banks = head.banks
        self.districts = tuple(head.districts.values())
        self.providers = head.providers
        self.services = head.services
        self.hours_known = head.hours_known
        self.notices = head.notices

    @property
    def areas(self) -> Areas:
        return self._head.territory.areas

    def __len__(self) -> int:
        return self._head.size

    def branch_list(self, slug: str) -> BranchList:
        return list_in(self.lists, slug)

    def district(self, code: str) -> DistrictCount:
        try:
            return self._head.districts[code]
        except KeyError:
            raise NotFound("district", code) from None

    def feature(self, branch_id: str) -> bytes:
        found: list[bytes] = []
        if can_be_stored(branch_id):
            found = self._features("WHERE b.id = :id", {"id": branch_id})
        if not found:
            raise NotFound("branch", branch_id)
        return found[0]

    def page(self, query: BranchQuery, limit: int, offset: int = 0) -> Page:
        where, values = self._where(query)
        values |= {"limit": limit, "offset": offset}
        features = self._features(f"{where} ORDER BY b.rank LIMIT :limit OFFSET :offset", values)
        if not offset and len(features) < limit:
            return Page(len(features), features)
        return Page(self._count(query), features)

    def collection(self, query: BranchQuery, limit: int, offset: int = 0) -> Collection:
        matched, features = self.page(query, limit, offset)
        return Collection(matched, len(features), features)

    def iterate(self, query: BranchQuery) -> Iterator[bytes]:
        where, values = self._where(query)
        facts = self._head.facts
        with store_errors("reading"):
            rows = self._connection.execute(
                text(f"{_FEATURE}{where} ORDER BY b.rank"),
                values,
                execution_options={"yield_per": _AT_ONCE},
            )
            with rows:
                for row in rows:
                    yield feature(_row(row), facts)

    def suggested(self, text: str, limit: int) -> list[bytes]:
        first, *others = self._head.wording.read(text)
        if not first:
            return []
        term = replace(first[0], banks=(), districts=())
        condition, values = said([(term,)])
        found = self._rows(
            "SELECT b.rank, split_part(b.search, chr(10), 1), split_part(b.spelled, chr(10), 1)"
            f" {_FROM} WHERE {condition} ORDER BY b.rank LIMIT {EXAMINED}",
            values,
        )
        ranked = sorted((term.rank(name, spelling), rank) for rank, name, spelling in found)
        chosen = self._ranked([rank for _, rank in ranked[:limit]])
        if others and len(chosen) < limit:
            more = self.page(BranchQuery(q=text), limit + len(chosen)).features
            chosen += [feature for feature in more if feature not in chosen]
        return chosen[:limit]

    def nearest(
        self,
        point: Point,
        limit: int,
        *,
        max_distance_m: float | None = None,
        query: BranchQuery = EVERYTHING,
    ) -> list[Neighbour]:
        wgs84 = convert(point, Datum.WGS84)
        where, values = self._where(query, "p.place IS NOT NULL")
        values |= {"x": wgs84.lon, "y": wgs84.lat}
        columns = f"SELECT p.lon, p.lat, b.rank {_FROM} {where}"
        found = self._measured(
            wgs84,
            f"{columns} ORDER BY p.vector <<->> {_VECTOR} LIMIT :limit",
            values | {"limit": limit},
        )
        if len(found) == limit:
            values["reach"] = found[-1][0] * _SPHERE + _TOLERANCE_M
            found = self._measured(
                wgs84, f"{columns} AND ST_DWithin(p.place, {_HERE}, :reach)", values
            )
        if max_distance_m is not None:
            found = [entry for entry in found if entry[0] <= max_distance_m]
        chosen = found[:limit]
        features = self._ranked([rank for _, rank in chosen])
        return [Neighbour(made, metres) for made, (metres, _) in zip(features, chosen, strict=True)]

    def clusters(
        self, query: BranchQuery, bbox: BBox, zoom: int, limit: int
    ) -> tuple[list[Cluster], int]:
        asked, zoom, whole = None, min(zoom, MAX_ZOOM), _whole_cells(bbox, min(zoom, MAX_ZOOM))
        while whole != asked:
            inside, box = _in_box(whole, "cell")
            where, values = self._where(query, f"p.lon IS NOT NULL AND {inside}", has_box=False)
            lon, lat, ranks = self._columns(where, values | box)
            index = ClusterIndex(lon, lat)
            zoom = index.zoom_for(bbox, zoom, limit)
            # A lower zoom's cells reach farther beyond the box.
            asked, whole = whole, _whole_cells(bbox, zoom)
        found = index.within(bbox, zoom)
        single = found.row >= 0
        features = iter(self._ranked(ranks[found.row[single]].tolist()))
        columns = (found.lon, found.lat, found.count, found.west, found.south, found.east)
        return [
            Cluster(
                point=Point(x, y),
                count=count,
                box=BBox(west, south, east, north),
                expansion_zoom=expansion_zoom,
                feature=next(features) if alone else None,
            )
            for x, y, count, west, south, east, north, expansion_zoom, alone in zip(
                *(each.tolist() for each in (*columns, found.north, found.expansion_zoom, single)),
                strict=True,
            )
        ], zoom

    def counts(self, query: BranchQuery) -> dict[str, int]:
        if query == EVERYTHING:
            return {code: entry.count for code, entry in self._head.districts.items()}
        counted = self._grouped("p.district", query)
        return {code: counted.get(code, 0) for code in self._head.territory.names}

    def facets(self, query: BranchQuery) -> Facets:
        query = replace(query, bbox=None)
        without = {name: replace(query, **{name: None}) for name in ("bank", "service")}
        return Facets(
            banks=(
                {entry.bank.code: entry.count for entry in self.banks}
                if without["bank"] == EVERYTHING
                else self._grouped("b.bank", without["bank"])
            ),
            services=(
                {entry.service.code: entry.count for entry in self.services}
                if without["service"] == EVERYTHING
                else services_in(self._grouped("b.services", without["service"]))
            ),
            districts=self.counts(replace(query, district=None)),
        )

    def extent(self, query: BranchQuery) -> BBox | None:
        if query == EVERYTHING:
            return self._head.extent
        where, values = self._where(query)
        return extent_of(self._rows(f"{EXTENT} {where}", values)[0])

    def locate(self, point: Point) -> Location | None:
        wgs84 = convert(point, Datum.WGS84)
        territory = self._head.territory
        row, border_m = territory.index.locate(np.array([wgs84.lon]), np.array([wgs84.lat]))
        if row[0] < 0:
            return None
        return Location(territory.districts[int(row[0])], float(border_m[0]))

    def _count(self, query: BranchQuery) -> int:
        if query == EVERYTHING:
            return len(self)
        head = self._head
        with head.lock:
            known = head.counted.get(query)
        if known is None:
            where, values = self._where(query)
            known = int(self._rows(f"SELECT count(*) {_FROM} {where}", values)[0][0])
            with head.lock:
                head.counted[query] = known
                while len(head.counted) > _KEPT_COUNTS:
                    head.counted.popitem(last=False)
        return known

    def _grouped(self, column: str, query: BranchQuery) -> dict[Any, int]:
        """How many branches that pass the filters have each value of a column."""
        where, values = self._where(query)
        rows = self._rows(f"SELECT {column}, count(*) {_FROM} {where} GROUP BY 1", values)
        return {value: count for value, count in rows}  # noqa: C416  # rows are no tuples

    def _where(self, query: BranchQuery, *also: str, has_box: bool = True) -> tuple[str, Values]:
        """The condition for what passes every filter, and its values."""
        parts, values = ["true", *also], dict[str, Any]()
        named = (query.list, query.bank, query.district, query.service)
        asked = [each for each in named if each is not None]
        if not all(map(can_be_stored, asked)):
            parts.append("false")
        else:
            if query.list is not None:
                parts.append(
                    "EXISTS (SELECT FROM entries e WHERE e.branch = b.id AND e.list = :list)"
                )
                values["list"] = query.list
            if query.bank is not None:
                parts.append("b.bank = :bank")
                values["bank"] = query.bank
            if query.district is not None:
                parts.append("p.district = ANY(:districts)")
                values["districts"] = self._districts_in(query.district)
            if query.service is not None:
                parts.append("b.services::jsonb ? :service")
                values["service"] = query.service
        if query.q is not None:
            condition, words = said(self._head.wording.read(query.q))
            parts.append(condition)
            values |= words
        if query.open_at is not None:
            parts.append("b.hours = ANY(:open)")
            values["open"] = [
                stored for stored, hours in self._head.hours if hours.is_open(query.open_at)
            ]
            shut = closing(self.notices, query.open_at)
            if any(notice.scope == "all" for notice in shut):
                parts.append("false")
            parts.append("b.id <> ALL(:shut) AND COALESCE(p.district <> ALL(:shut_in), true)")
            values["shut"] = [notice.branch for notice in shut if notice.branch is not None]
            values["shut_in"] = [
                code
                for notice in shut
                if notice.district is not None
                for code in self._districts_in(notice.district)
            ]
        if has_box and query.bbox is not None:
            condition, box = _in_box(query.bbox, "box")
            parts.append(condition)
            values |= box
        return f"WHERE {' AND '.join(parts)}", values

    def _districts_in(self, code: str) -> list[str]:
        codes = self.areas.get(code).districts if code in self.areas else (code,)
        return [each for each in codes if each in self._head.districts]

    def _measured(self, point: Point, sql: str, values: Values) -> list[tuple[float, int]]:
        """Distance and rank of what a statement finds, nearest first."""
        rows = self._rows(sql, values)
        if not rows:
            return []
        lon, lat, ranks = zip(*rows, strict=True)
        metres = distance_m(point.lon, point.lat, lon, lat).tolist()
        return sorted(zip(metres, ranks, strict=True))

    def _columns(
        self, where: str, values: Values
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
        """Longitudes, latitudes and ranks, in order: as three values, not a row for each."""
        sends = (
            ("float8send(p.lon)", ">f8"),
            ("float8send(p.lat)", ">f8"),
            ("int8send(b.rank)", ">i8"),
        )
        chosen = ", ".join(f"string_agg({send}, ''::bytea ORDER BY b.rank)" for send, _ in sends)
        (row,) = self._rows(f"SELECT {chosen} {_FROM} {where}", values)
        lon, lat, ranks = (
            np.frombuffer(part or b"", kind) for part, (_, kind) in zip(row, sends, strict=True)
        )
        return lon.astype(np.float64), lat.astype(np.float64), ranks.astype(np.int64)

    def _ranked(self, ranks: Sequence[int]) -> list[bytes]:
        """The features of these ranks, in their order."""
        if not ranks:
            return []
        rows = self._rows(f"{_FEATURE} WHERE b.rank = ANY(:ranks)", {"ranks": list(ranks)})
        facts = self._head.facts
        made = {row[-1]: feature(_row(row), facts) for row in rows}
        return [made[rank] for rank in ranks]

    def _features(self, rest: str, values: Values) -> list[bytes]:
        facts = self._head.facts
        return [feature(_row(row), facts) for row in self._rows(_FEATURE + rest, values)]

    def _rows(self, sql: str, values: Values) -> Sequence[Any]:
        with store_errors("reading"):
            return self._connection.execute(text(sql), values).all()


EXTENT = f"SELECT min(p.lon), min(p.lat), max(p.lon), max(p.lat) {_FROM}"


def services_in(by_offer: Mapping[str, int]) -> Counter[str]:
    """How many branches have each service, from how many have each stored set of them."""
    counts: Counter[str] = Counter()
    for stored, count in by_offer.items():
        for code in services_from(stored):
            counts[code] += count
    return counts


def extent_of(row: Sequence[float | None]) -> BBox | None:
    """The box in a row of `EXTENT`."""
    west, south, east, north = row
    if west is None or south is None or east is None or north is None:
        return None
    return BBox(west, south, east, north)


def _row(values: Sequence[Any]) -> Row:
    *columns, slugs, _rank = values
    return Row._make((*columns, tuple(slugs)))


def _in_box(bbox: BBox, name: str) -> tuple[str, Values]:
    """The condition for places in a box, its edges included; ±180° is one line."""
    spans = [(bbox.west, bbox.east)]
    if bbox.west > bbox.east:
        spans = [(bbox.west, 180.0), (-180.0, bbox.east)]
    else:
        if bbox.west == -180:
            spans.append((180.0, 180.0))
        if bbox.east == 180:
            spans.append((-180.0, -180.0))
    parts, values = [], {f"{name}_south": bbox.south, f"{name}_north": bbox.north}
    for number, (west, east) in enumerate(spans):
        w, s, e, n = (f":{name}_west{number}", f":{name}_south", f":{name}_east{number}",
                      f":{name}_north")  # fmt: skip
        # The index knows boxes in single precision: it finds a little too much.
        parts.append(
            f"(p.place::geometry && ST_MakeEnvelope({w}, {s}, {e}, {n}, 4326)"
            f" AND p.lon BETWEEN {w} AND {e} AND p.lat BETWEEN {s} AND {n})"
        )
        values |= {f"{name}_west{number}": west, f"{name}_east{number}": east}
    return f"({' OR '.join(parts)})", values


def _whole_cells(bbox: BBox, zoom: int) -> BBox:
    """A box that holds every cluster's cell which ``bbox`` touches (`mapsvc.geo.clusters`)."""
    cell = 360 / 2 ** (zoom + 2) * (1 + 1e-6)  # of longitude; of latitude it is less
    south, north = bbox.south - cell, bbox.north + cell
    south, north = (-90.0 if south < -85 else south), (90.0 if north > 85 else north)
    width = bbox.east - bbox.west + (360 if bbox.west > bbox.east else 0)
    if width + 2 * cell >= 360:
        return BBox(-180, south, 180, north)
    west, east = bbox.west - cell, bbox.east + cell
    return BBox(
        west + 360 if west < -180 else west, south, east - 360 if east > 180 else east, north
    )
