"""The query parameters of every endpoint: one table, and a frozen dataclass an endpoint.

`mapsvc.web.query.parse` reads them and `mapsvc.web.openapi` documents them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from mapsvc.geo.clusters import MAX_ZOOM
from mapsvc.model import BBox, Datum, Point
from mapsvc.snapshot import BranchQuery
from mapsvc.web.clock import minute
from mapsvc.web.query import Parameter, choice, decimals, number, text, whole

MAX_LIMIT = 1_000
MAX_OFFSET = 1_000_000_000
MAX_DISTANCE_M = 20_100_000
"""A little more than half the way around the earth."""


def _box(text: str) -> BBox:
    west, south, east, north = decimals(text, 4)
    return BBox(west, south, east, north)


LIST = text(64, description="Only branches of the list with this slug.")
BANK = text(64, description="Only branches of the bank with this code.", example="icbc")
DISTRICT = text(
    64,
    description="Only branches in the district with this code, or in the city or province whose "
    "code this is.",
    example="330212",
)
Q = text(
    100,
    description="Only branches whose name, bank or address holds this text, in any case or width, "
    "as Chinese, pinyin or initials; of several words, all of them. A district's or bank's name "
    "asks for its branches.",
)
SERVICE = text(
    64,
    description="Only branches that offer the service with this code.",
    example="barrier-free",
)
OPEN = choice(
    "now",
    description="Only branches that are open now, by the clock in China; those whose hours are "
    "unknown are left out.",
    read=lambda _: minute(),
)
TYPED = text(100, description="What was typed so far, in Chinese or English.", example="鄞州")
PLACE = text(
    100, description="An address, road, town, district or branch.", example="鄞州区天童北路900号"
)
SUGGESTIONS = whole(1, 20, description="How many suggestions to give at most.")
BBOX = Parameter(
    description="Only branches in this box: west, south, east, north in WGS-84 degrees. "
    "A west greater than east means that the box crosses the antimeridian.",
    schema={"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
    allowed="four numbers west,south,east,north in degrees, with commas, south before north",
    read=_box,
    example=[121.3, 29.7, 121.9, 30.0],
    exploded=False,
)
ZOOM = whole(0, MAX_ZOOM, description="The zoom level of the map, as in web map tiles.", example=9)
LIMIT = whole(1, MAX_LIMIT, description="How many features to give at most.")
OFFSET = whole(0, MAX_OFFSET, description="How many features to pass over.")
LAT = number(-90, 90, description="Latitude in degrees, in the given datum.", example=29.8683)
LON = number(-180, 180, description="Longitude in degrees, in the given datum.", example=121.544)
DATUM = choice(
    *Datum,
    description="The datum of lat and lon as you give them; every answer is in WGS-84.",
    read=Datum,
)
MAX_DISTANCE = number(
    0, MAX_DISTANCE_M, description="Only branches within so many metres.", example=5000
)
GEOMETRY = choice(
    "none",
    "drawing",
    "full",
    description="The polygons: left out, simplified for drawing, or exact.",
)

PATH = {
    "id": text(128, description="The branch's id."),
    "code": text(64, description="The district's code (GB/T 2260).", example="330212"),
}
"""The parts of paths. What matches none of the stored ones is a 404, not a 400."""


@dataclass(frozen=True, kw_only=True)
class NoParams:
    """An endpoint that takes none."""


@dataclass(frozen=True, kw_only=True)
class FilterParams:
    """What chooses branches everywhere."""

    list: Annotated[str | None, LIST] = None
    bank: Annotated[str | None, BANK] = None
    district: Annotated[str | None, DISTRICT] = None
    service: Annotated[str | None, SERVICE] = None
    open: Annotated[datetime | None, OPEN] = None
    """The minute for which it was asked, in China's time."""

    @property
    def query(self) -> BranchQuery:
        return BranchQuery(
            list=self.list,
            bank=self.bank,
            district=self.district,
            service=self.service,
            open_at=self.open,
        )


@dataclass(frozen=True, kw_only=True)
class BranchesParams(FilterParams):
    q: Annotated[str | None, Q] = None
    bbox: Annotated[BBox | None, BBOX] = None
    limit: Annotated[int, LIMIT] = 100
    offset: Annotated[int, OFFSET] = 0

    @property
    def query(self) -> BranchQuery:
        return replace(super().query, q=self.q, bbox=self.bbox)


@dataclass(frozen=True, kw_only=True)
class ClustersParams(FilterParams):
    bbox: Annotated[BBox, BBOX]
    zoom: Annotated[int, ZOOM]
    q: Annotated[str | None, Q] = None

    @property
    def query(self) -> BranchQuery:
        return replace(super().query, q=self.q)


@dataclass(frozen=True, kw_only=True)
class PointParams:
    lat: Annotated[float, LAT]
    lon: Annotated[float, LON]
    datum: Annotated[Datum, DATUM] = Datum.WGS84

    @property
    def point(self) -> Point:
        return Point(self.lon, self.lat, self.datum)


@dataclass(frozen=True, kw_only=True)
class NearestParams(FilterParams, PointParams):
    limit: Annotated[int, LIMIT] = 10
    max_distance: Annotated[float | None, MAX_DISTANCE] = None


@dataclass(frozen=True, kw_only=True)
class SearchParams:
    q: Annotated[str, TYPED]
    limit: Annotated[int, SUGGESTIONS] = 10


@dataclass(frozen=True, kw_only=True)
class PlaceParams:
    q: Annotated[str, PLACE]


@dataclass(frozen=True, kw_only=True)
class GeometryParams:
    geometry: Annotated[str, GEOMETRY] = "drawing"


@dataclass(frozen=True, kw_only=True)
class DistrictsParams(GeometryParams):
    limit: Annotated[int, LIMIT] = MAX_LIMIT
    offset: Annotated[int, OFFSET] = 0
