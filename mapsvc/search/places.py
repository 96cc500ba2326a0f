"""Where a typed text lies, as far as the branches, towns and districts of a snapshot tell.

Nothing is asked of anybody here. What a geocoder has answered, or is to be asked, comes in by a
function, and the more exact of the two places is taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from mapsvc.address.parts import Address, parse
from mapsvc.address.searched import key
from mapsvc.areas import Area
from mapsvc.geo.geodesic import distance_m
from mapsvc.model import Place, Point, Precision
from mapsvc.search.matching import Rank, Wanted
from mapsvc.search.vocabulary import place_names
from mapsvc.snapshot import BranchQuery, Snapshot

BRANCHES, DISTRICTS = "branches", "districts"
"""The sources of what is placed here."""

_LOOKED_AT = 200
"""Branches on a road or in a town that are looked at."""
_METRES_A_NUMBER = 10.0
"""How far two neighbouring numbers of a road are apart at most, as a rule."""
_NEXT_DOOR = 50
"""Numbers that differ by more say no more than the road."""
_ONE_ROAD_M = 30_000.0
"""Roads of one name that are farther apart than this are several."""

Ask = Callable[[str], Place | None]
"""What geocoders know of a text."""


def place(snapshot: Snapshot, text: str, ask: Ask | None = None) -> Place | None:
    """Where a typed text lies, or None where nobody knows it.

    Args:
        snapshot: what is known without asking.
        text: a branch, an address, a road, a town, a district, a city.
        ask: asked unless a branch at the very house is known; its place is taken where it is
            more exact.
    """
    own = known(snapshot, text)
    if ask is None or (own is not None and own.precision is Precision.BUILDING):
        return own
    asked = ask(text)
    found = [each for each in (asked, own) if each is not None]
    # Of two that know the district alone, the one that knows its polygon.
    return min(found, key=lambda each: (each.precision.rank, each.area is None), default=None)


def known(snapshot: Snapshot, text: str) -> Place | None:
    """Where a text lies by the snapshot alone.

    A branch of that name; the branch with the nearest number on the road; the branches of a town;
    the polygon of a district or city.
    """
    wanted = Wanted.of(text)
    if not wanted.text:
        return None
    return _branch(snapshot, text) or _named(snapshot, wanted) or _address(snapshot, parse(text))


def _branch(snapshot: Snapshot, text: str) -> Place | None:
    for feature in _placed(snapshot.suggested(text, 3)):
        if key(feature["properties"]["name"]) == key(text):
            return _at(feature, feature["properties"]["name"])
    return None


def _named(snapshot: Snapshot, wanted: Wanted) -> Place | None:
    """The only area or town that bears the name."""
    areas, towns = place_names(snapshot)
    found = [each.code for rank, each in areas.find(wanted) if rank is Rank.WHOLE]
    if len(found) == 1:
        return _area(snapshot.areas.get(found[0]))
    named = [each for rank, each in towns.find(wanted) if rank is Rank.WHOLE]
    if not found and len(named) == 1:
        return _town(snapshot, named[0].name, named[0].detail, named[0].code[:6])
    return None


def _address(snapshot: Snapshot, address: Address) -> Place | None:
    area = _stated(snapshot, address)
    district = area.code if area else None
    for street in address.streets:
        query = BranchQuery(district=district, q=street.name)
        found = [
            (feature, _numbers_on(street.name, feature))
            for feature in _placed(snapshot.page(query, _LOOKED_AT).features)
        ]
        on_road = [(feature, numbers) for feature, numbers in found if numbers is not None]
        if on_road and _spread_m([feature for feature, _ in on_road]) <= _ONE_ROAD_M:
            label = f"{address.district}{street.name}"
            return _on_road(on_road, _first_numbers(street.numbers), label)
    if address.town and area is not None:
        return _town(snapshot, address.town, area.name, area.code)
    return _area(area) if area is not None else None


def _stated(snapshot: Snapshot, address: Address) -> Area | None:
    """The area that an address names, if it is one."""
    codes = [code for code in address.codes if code in snapshot.areas]
    return snapshot.areas.get(codes[0]) if len(codes) == 1 else None


def _on_road(
    found: Sequence[tuple[dict[str, Any], list[int]]], wanted: Sequence[int], road: str
) -> Place:
    """The branch with the nearest number; without one the middle of the road's branches."""
    if not wanted:
        return _among([feature for feature, _ in found], Precision.STREET, road)
    number = wanted[0]
    apart, _, feature = min(
        (min((abs(own - number) for own in numbers), default=_NEXT_DOOR + 1), place, feature)
        for place, (feature, numbers) in enumerate(found)
    )
    label = f"{road}{number}号"
    nearest = _at(feature, label)
    if apart == 0:
        return nearest
    exact = Precision.INTERPOLATED if apart <= _NEXT_DOOR else Precision.STREET
    precision = max(exact, nearest.precision, key=lambda each: each.rank)
    return Place(
        nearest.point, precision, nearest.radius_m + apart * _METRES_A_NUMBER, label, BRANCHES
    )


def _numbers_on(road: str, feature: dict[str, Any]) -> list[int] | None:
    """The house numbers of a branch on a road; None where it is on another one."""
    for street in parse(feature["properties"]["address"]).streets:
        if street.name == road:
            return _first_numbers(street.numbers)
    return None


def _first_numbers(written: Iterable[str]) -> list[int]:
    return [int(digits[0]) for number in written if (digits := re.match(r"\d{1,6}", number))]


def _town(snapshot: Snapshot, name: str, district: str, code: str) -> Place | None:
    """The middle of a town's branches; without any, its district."""
    query = BranchQuery(district=code, q=name)
    found = _placed(snapshot.page(query, _LOOKED_AT).features)
    if found:
        return _among(found, Precision.TOWN, f"{district}{name}")
    return _area(snapshot.areas.get(code)) if code in snapshot.areas else None


def _among(features: Sequence[dict[str, Any]], precision: Precision, label: str) -> Place:
    """The branch in the middle of others, with a radius that holds all of them."""
    places = [feature["geometry"]["coordinates"] for feature in features]
    lon, lat = zip(*places, strict=True)
    x, y = sum(lon) / len(lon), sum(lat) / len(lat)
    reach = max(
        metres + feature["properties"]["radius_m"]
        for metres, feature in zip(distance_m(x, y, lon, lat).tolist(), features, strict=True)
    )
    return Place(Point(x, y), precision, max(reach, precision.default_radius_m), label, BRANCHES)


def _at(feature: dict[str, Any], label: str) -> Place:
    """A branch's own place."""
    given = feature["properties"]
    point = Point(*feature["geometry"]["coordinates"])
    return Place(point, Precision(given["precision"]), given["radius_m"], label, BRANCHES)


def _placed(features: Iterable[bytes]) -> list[dict[str, Any]]:
    found = [json.loads(feature) for feature in features]
    return [
        feature for feature in found if feature["geometry"] and feature["properties"]["precision"]
    ]


def _spread_m(features: Sequence[dict[str, Any]]) -> float:
    """How far the first is from the farthest other one."""
    lon, lat = zip(*(feature["geometry"]["coordinates"] for feature in features), strict=True)
    return float(distance_m(lon[0], lat[0], lon, lat).max())


def _area(area: Area) -> Place:
    """A point within the polygons, and how far their box reaches from it."""
    inside = area.drawing.representative_point()
    box = area.bbox
    corners = distance_m(
        inside.x,
        inside.y,
        [box.west, box.west, box.east, box.east],
        [box.south, box.north, box.south, box.north],
    )
    precision = Precision.DISTRICT if area.level == "district" else Precision.CITY
    point = Point(inside.x, inside.y)
    return Place(point, precision, round(float(corners.max())), area.name, DISTRICTS, area.code)
