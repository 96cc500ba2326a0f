"""The values that everything else passes around: frozen, checked when built, free of I/O.

A position is always a `Point`, which knows its datum; a bare pair of floats never crosses a
module's border. Longitude comes first everywhere, as in GeoJSON (RFC 7946).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from mapsvc.errors import InvalidValue


class Datum(StrEnum):
    """The datum of a position as it is used in China.

    CGCS2000 counts as WGS-84: the two differ by centimetres.
    """

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"

    @classmethod
    def parse(cls, text: str, name: str = "datum") -> Datum:
        """Read a datum's name in its usual spellings; raises `InvalidValue`.

        >>> Datum.parse("GCJ-02"), Datum.parse("EPSG:4326")
        (<Datum.GCJ02: 'gcj02'>, <Datum.WGS84: 'wgs84'>)
        """
        key = "".join(c for c in text.casefold() if c.isalnum())
        try:
            return _DATUM_SPELLINGS[key]
        except KeyError:
            raise InvalidValue(name, text, "one of wgs84, gcj02, bd09") from None


_DATUM_SPELLINGS = {
    "wgs84": Datum.WGS84,
    "wgs": Datum.WGS84,
    "epsg4326": Datum.WGS84,
    "gps": Datum.WGS84,
    "cgcs2000": Datum.WGS84,
    "gcj02": Datum.GCJ02,
    "gcj": Datum.GCJ02,
    "gcj02ll": Datum.GCJ02,
    "amap": Datum.GCJ02,
    "gaode": Datum.GCJ02,
    "高德": Datum.GCJ02,
    "火星": Datum.GCJ02,
    "bd09": Datum.BD09,
    "bd": Datum.BD09,
    "bd09ll": Datum.BD09,
    "baidu": Datum.BD09,
    "百度": Datum.BD09,
}


class Precision(StrEnum):
    """How exact a position is, finest first: one scale for every provider."""

    BUILDING = "building"
    INTERPOLATED = "interpolated"
    STREET = "street"
    TOWN = "town"
    DISTRICT = "district"
    CITY = "city"

    @property
    def rank(self) -> int:
        """0 for building … 5 for city: lower is finer."""
        return list(Precision).index(self)

    @property
    def default_radius_m(self) -> float:
        """The radius in metres that is assumed where a provider gives none."""
        return _DEFAULT_RADIUS_M[self]

    @property
    def is_approximate(self) -> bool:
        """True where the place must be drawn as a circle and called approximate."""
        return self is not Precision.BUILDING

    @property
    def needs_review(self) -> bool:
        """True where the position may not be published without a ``low_precision`` remark."""
        return self.rank > Precision.INTERPOLATED.rank


_DEFAULT_RADIUS_M = {
    Precision.BUILDING: 150.0,
    Precision.INTERPOLATED: 500.0,
    Precision.STREET: 1_500.0,
    Precision.TOWN: 3_000.0,
    Precision.DISTRICT: 10_000.0,
    Precision.CITY: 30_000.0,
}


def _finite(name: str, value: float, low: float, high: float) -> None:
    if not isinstance(value, (int, float)) or not low <= value <= high:  # NaN is in no range
        raise InvalidValue(name, value, f"a number from {low:g} to {high:g}")


@dataclass(frozen=True, slots=True)
class Point:
    """A position in degrees, longitude first, with its datum.

    Raises:
        InvalidValue: a coordinate that is not a finite number in range.

    >>> Point(121.6, 29.9, Datum.GCJ02)
    Point(lon=121.6, lat=29.9, datum=<Datum.GCJ02: 'gcj02'>)
    """

    lon: float
    lat: float
    datum: Datum = Datum.WGS84

    def __post_init__(self) -> None:
        _finite("lon", self.lon, -180, 180)
        _finite("lat", self.lat, -90, 90)


@dataclass(frozen=True, slots=True)
class BBox:
    """A bounding box in WGS-84 degrees; ``west > east`` means that it crosses ±180°.

    Raises:
        InvalidValue: a coordinate out of range, or ``south > north``.
    """

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        _finite("bbox west", self.west, -180, 180)
        _finite("bbox east", self.east, -180, 180)
        _finite("bbox south", self.south, -90, 90)
        _finite("bbox north", self.north, -90, 90)
        if self.south > self.north:
            raise InvalidValue("bbox", (self.south, self.north), "south before north")


class ReviewCode(StrEnum):
    """Why a person should look at a branch."""

    LOW_PRECISION = "low_precision"
    DISTRICT_MISMATCH = "district_mismatch"
    ZONE_ALIAS = "zone_alias"
    UNKNOWN_TOWN = "unknown_town"
    NEAR_BORDER = "near_border"
    NUMBERS_FAR_APART = "numbers_far_apart"
    PROVIDERS_DISAGREE = "providers_disagree"
    ADDRESS_CHANGED = "address_changed"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class ReviewReason:
    """One doubt about a branch, with its figures (``{"distance_m": 40, "radius_m": 300}``)."""

    code: ReviewCode
    detail: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if "code" in self.detail:  # the API gives both in one object
            raise InvalidValue("detail", sorted(self.detail), "free of a key called code")


@dataclass(frozen=True, slots=True)
class BranchList:
    """A published list of branches. ``slug`` names it in URLs and commands."""

    slug: str
    title: str
    year: int | None = None
    source: str = ""
    """The name of the file that it was read from."""
    imported_at: datetime | None = None
    award: str = ""
    """What the list honours, in a few words (千佳示范单位); empty where it honours nothing."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch as its list published it; nothing in it was corrected or guessed."""

    id: str
    name: str
    address: str
    bank: str | None = None
    """The bank's code in ``data/banks.csv``, or None where the name tells no known bank."""
    phone: str = ""
    hours: str = ""
    """The opening hours in the canonical text of `mapsvc.hours`; empty where they are unknown."""
    point: Point | None = None
    """A position that the list itself gives, in the list's own datum."""
    services: tuple[str, ...] = ()
    """Codes in ``data/services.csv``, in that table's order."""
    award: str = ""
    """What the branch was honoured with; empty for what its list says (`BranchList.award`)."""


NOTICE_CHARS = 500
"""A notice's text is no longer."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What customers are told for a time: of one branch, a district, or all branches.

    It holds from ``start`` up to, and not at, ``end``.

    Raises:
        InvalidValue: no text, one that is too long or holds control characters, both a branch and
            a district, a time without its zone, or an end before the start.
    """

    id: int
    """Counted up from 1."""
    text: str
    start: datetime
    """Timezone-aware."""
    end: datetime
    """Timezone-aware."""
    text_en: str = ""
    """The same in English; empty where only the Chinese is known."""
    branch: str | None = None
    """The id of the branch that it concerns."""
    district: str | None = None
    """The code of the district that it concerns, or of the city or province above it."""
    closes: bool = False
    """Whether what it concerns is closed while it holds, whatever the hours say."""

    def __post_init__(self) -> None:
        for name, text in (("text", self.text), ("text_en", self.text_en)):
            if len(text) > NOTICE_CHARS or not (
                text.isprintable() and (text.strip() or name != "text")
            ):
                raise InvalidValue(
                    name, text, f"a line of 1 to {NOTICE_CHARS} characters without controls"
                )
        if self.branch is not None and self.district is not None:
            raise InvalidValue("district", self.district, "possible beside a branch")
        for name, time in (("start", self.start), ("end", self.end)):
            if time.tzinfo is None:
                raise InvalidValue(name, time, "a time with its zone")
        if self.end < self.start:
            raise InvalidValue("end", self.end, f"after the start, {self.start}")

    @property
    def scope(self) -> str:
        """What it concerns: ``branch``, ``district`` or ``all``."""
        if self.branch is not None:
            return "branch"
        return "all" if self.district is None else "district"

    def holds(self, now: datetime) -> bool:
        """Whether it is to be shown at this moment."""
        return self.start <= now < self.end


@dataclass(frozen=True, slots=True)
class Geocode:
    """One answer of one provider to one query: the record that the cache keeps.

    ``point`` is WGS-84; ``native`` is the position as the provider gave it, in its own datum.
    Both are None where the provider was asked and found nothing.
    """

    provider: str
    query: str
    """The canonical query (`mapsvc.address.normalise.canonical`)."""
    located_at: datetime
    """When the provider answered, or the person decided; timezone-aware."""
    point: Point | None = None
    native: Point | None = None
    precision: Precision | None = None
    radius_m: float | None = None
    district: str | None = None
    """The official district code that the answer itself names, if any."""
    evidence: str = ""
    """Why the position is believed, in words; for points placed by a person."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Request options that change the answer (``{"city": "宁波市"}``)."""
    normaliser: int = 1
    """The version of the rules that made ``query``."""
    answer: Any = None
    """The provider's raw answer, as JSON."""

    def __post_init__(self) -> None:
        if self.point is not None and self.point.datum is not Datum.WGS84:
            raise InvalidValue("point", self.point, "in WGS-84")
        if self.located_at.tzinfo is None:
            raise InvalidValue("located_at", self.located_at, "a time with its zone")
        if self.radius_m is not None:
            _finite("radius_m", self.radius_m, 0, 20_100_000)

    @property
    def found(self) -> bool:
        return self.point is not None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a branch was placed, by whom, how exactly, and what speaks against it."""

    branch_id: str
    point: Point | None
    """WGS-84; None where no provider found the address."""
    precision: Precision | None
    radius_m: float | None
    provider: str | None
    located_at: datetime | None
    district: str | None
    """The code of the district whose polygon holds the point."""
    address: str
    """The canonical address that was placed; another one now means that this one is stale."""
    reasons: tuple[ReviewReason, ...] = ()


@dataclass(frozen=True, slots=True)
class District:
    """A county-level division with its polygons in WGS-84.

    ``geometry`` (shapely Polygon or MultiPolygon, longitude first) is exact and assigns points;
    ``drawing`` is simplified together with its neighbours, for maps only.
    """

    code: str
    """The six-digit GB/T 2260 code (adcode), or the code that a GeoJSON file gives."""
    name: str
    city: str
    province: str
    geometry: Any
    drawing: Any
    name_en: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a typed text lies."""

    point: Point
    """WGS-84."""
    precision: Precision
    radius_m: float
    """It is within so many metres of the point."""
    label: str
    """What was placed, as it is to be shown: an address, a town, a district."""
    source: str
    """Who knows it: ``branches``, ``districts``, or a geocoder by its name."""
    area: str | None = None
    """The code of the district, city or province that it is as a whole, where it is one."""
