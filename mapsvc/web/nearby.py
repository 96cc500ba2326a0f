"""Lists by distance: from where a visitor is, from a typed place, or from an area without any."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from mapsvc.areas import Area
from mapsvc.model import BBox, Point
from mapsvc.snapshot import BranchQuery, Snapshot
from mapsvc.web import words
from mapsvc.web.display import shown
from mapsvc.web.frame import around, around_areas, joined
from mapsvc.web.i18n import gettext
from mapsvc.web.params import LAT, LON
from mapsvc.web.places import place_of
from mapsvc.web.query import Parameter, text

MAX_NEAR = 300
"""Branches in a list by distance at most: who wants the 301st is not looking for a near one."""
_SEEN_AT_ONCE = 3
"""So many of the nearest are in the map's view, with the place that they are near to."""
_FAR_M = 100_000.0
"""From farther away than this, no branch is near."""

ME = "me"
"""What ``near`` says where the visitor's own position is meant. It is never in an address: the
page's script sends it in `POSITION_HEADER` when it fetches the list."""

NEAR = text(
    100, description="A place or address that the nearest branches are listed from; me: here."
)

POSITION_HEADER = "Mapsvc-Position"
"""The request header with the visitor's own position, which so stands in no log of addresses."""


def _position(given: str) -> Point:
    lat, lon = given.split(",")
    return Point(LON.read(lon.strip()), LAT.read(lat.strip()))


POSITION = Parameter(
    description="The visitor's own position in WGS-84 degrees.",
    schema={"type": "string"},
    allowed="two numbers lat,lon in degrees with a comma between them",
    read=_position,
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where distances are measured from."""

    point: Point
    label: str = ""
    """The place's name or address as it is known here; empty for the visitor's own position."""
    radius_m: float | None = None
    """How far off a typed place may be; None where it is exact, and for the visitor's own."""
    area: Area | None = field(default=None, repr=False)
    """The area that is meant as a whole: it has no distances, and nearest is what is nearest to
    its outline."""


@dataclass(frozen=True, slots=True)
class Near:
    """A branch in a list by distance."""

    feature: bytes
    distance: str
    """How far it is, in words, and never more exactly than both places are known; empty from an
    area."""


def origin_of(snapshot: Snapshot, typed: str) -> Origin | None:
    """The place that a visitor typed, as far as it is known."""
    place = place_of(typed)
    if place is None:
        return None
    if place.area is not None and place.area in snapshot.areas:
        return origin_in(snapshot, place.area)
    return Origin(
        place.point,
        shown(place.label),
        place.radius_m if place.precision.is_approximate else None,
    )


def origin_in(snapshot: Snapshot, code: str) -> Origin:
    """An area as a whole."""
    area = snapshot.areas.get(code)
    inside = area.drawing.representative_point()
    return Origin(Point(inside.x, inside.y), area.code, area=area)


def nearest(
    snapshot: Snapshot, query: BranchQuery, origin: Origin, most: int = MAX_NEAR
) -> list[Near]:
    """The nearest branches in the order of the figures that are said of them."""
    found = snapshot.nearest(origin.point, most, query=query)
    if origin.area is not None:
        features = [each.feature for each in found]
        places = np.array([json.loads(feature)["geometry"]["coordinates"] for feature in features])
        by_outline = np.argsort(_from_outline(origin.area, places), kind="stable")
        return [Near(features[place], "") for place in by_outline.tolist()]
    figures = [_figure(each.feature, origin, each.distance_m) for each in found]
    order = sorted(range(len(found)), key=lambda place: figures[place][0])
    return [Near(found[place].feature, figures[place][1]) for place in order]


def _from_outline(area: Area, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far places (longitude and latitude, shape (n, 2)) are from an area, to compare alone."""
    if not len(places):
        return np.zeros(0)
    # A degree of longitude is as much shorter as the area lies north.
    scale = np.array([math.cos(math.radians((area.bbox.south + area.bbox.north) / 2)), 1.0])
    outline = shapely.transform(area.drawing, lambda degrees: degrees * scale)
    distances: NDArray[np.float64] = shapely.distance(outline, shapely.points(places * scale))
    return distances


def _figure(feature: bytes, origin: Origin, distance_m: float) -> tuple[tuple[bool, float], str]:
    """How far a branch is: what it is sorted by, and the words."""
    if distance_m < (origin.radius_m or 0):
        # Bounds would be larger for the nearer one of two.
        return (False, distance_m), gettext("in this area")
    doubt_m = _radius_m(feature) + (origin.radius_m or 0)
    if distance_m < doubt_m:
        most_m = distance_m + doubt_m
        return (True, most_m), gettext("within %(distance)s", distance=words.distance(most_m))
    said = words.distance(distance_m)
    return (True, distance_m), gettext("about %(distance)s", distance=said) if doubt_m else said


def _radius_m(feature: bytes) -> float:
    """How far off a branch's place may be; 0 where it is exact."""
    given = json.loads(feature)["properties"]
    exact = given["precision"] in (None, "building")
    return 0.0 if exact else given["radius_m"]


def how_far(snapshot: Snapshot, query: BranchQuery, origin: Origin) -> str:
    """How far the nearest branch is, in words, where none is near; else empty."""
    if origin.area is not None or any(snapshot.nearest(origin.point, 1, max_distance_m=_FAR_M)):
        return ""
    found = snapshot.nearest(origin.point, 1, query=query)
    return words.distance(round(found[0].distance_m, -4)) if found else ""


def around_nearest(snapshot: Snapshot, origin: Origin, found: list[Near]) -> BBox | None:
    """What a map shows of a list by distance (WGS-84): the place and the nearest branches."""
    near = [json.loads(each.feature)["geometry"]["coordinates"] for each in found[:_SEEN_AT_ONCE]]
    boxes = [around(Point(*place), 0) for place in near]
    if origin.area is not None:
        return joined([around_areas(snapshot, [origin.area]), *boxes])
    return joined([around(origin.point, 0), *boxes])
