"""Which part of the earth a map shows, and where an area's label stands."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import shapely
from shapely.geometry.base import BaseGeometry

from mapsvc.areas import Area, Areas
from mapsvc.geo.datum import convert_arrays
from mapsvc.model import BBox, Datum, Point
from mapsvc.snapshot import BranchQuery, Snapshot
from mapsvc.web.areas import drawings

_METRES_PER_DEGREE = 111_320.0
_LEAST_COSINE = 1e-3
"""Near the poles a box takes all longitudes."""
_LEAST_SPAN_M = 6_000.0
"""A map that shows less holds nothing to know one's way by, without tiles."""
_MANY_AREAS = 200
"""With more, labels stand at a point that is quick to find rather than at the best one."""
_MANY_BRANCHES = 1_000
"""With more there is no free space to find: labels do not heed branches."""

_CANDIDATES = 3
"""Places for a label, best first; the front end takes the first one that is free."""
_MAIN_PART = 0.05
"""Parts of an area below this share of its area, islets mostly, do not widen a map."""

Positions = tuple[tuple[float, float], ...]

_free: WeakKeyDictionary[Snapshot, dict[str, Positions]] = WeakKeyDictionary()
_middles: WeakKeyDictionary[Areas, dict[str, Positions]] = WeakKeyDictionary()
_boxes: WeakKeyDictionary[Areas, dict[str, BBox]] = WeakKeyDictionary()


def around(point: Point, radius_m: float) -> BBox:
    """A box in WGS-84 around a WGS-84 point that holds its circle with room to spare."""
    half = max(2.5 * radius_m, _LEAST_SPAN_M / 2)
    lat = half / _METRES_PER_DEGREE
    lon = lat / max(math.cos(math.radians(point.lat)), _LEAST_COSINE)
    return BBox(
        max(point.lon - lon, -180),
        max(point.lat - lat, -90),
        min(point.lon + lon, 180),
        min(point.lat + lat, 90),
    )


def widened(box: BBox, radius_m: float = 0) -> BBox:
    """A box with the room of `around` about each of its corners."""
    low = around(Point(box.west, box.south), radius_m)
    high = around(Point(box.east, box.north), radius_m)
    return BBox(low.west, low.south, high.east, high.north)


def around_areas(snapshot: Snapshot, areas: Iterable[Area]) -> BBox | None:
    """A box around areas; None where there is none."""
    known = _boxes.setdefault(snapshot.areas, {})
    boxes = []
    for area in areas:
        if area.code not in known:
            shape = _main_parts(_exact(snapshot, area))
            known[area.code] = BBox(*map(float, shape.bounds))
        boxes.append(known[area.code])
    return joined(boxes)


def _exact(snapshot: Snapshot, area: Area) -> BaseGeometry:
    shape: BaseGeometry = area.drawing
    return shape if area.children else snapshot.district(area.code).district.drawing


def _main_parts(shape: BaseGeometry) -> BaseGeometry:
    parts = [part for part in _parts(shape) if part.area >= _MAIN_PART * shape.area]
    return shapely.GeometryCollection(parts)


def _parts(shape: BaseGeometry) -> list[BaseGeometry]:
    parts: list[BaseGeometry] = shapely.get_parts(shape).tolist()
    return parts


def joined(boxes: Iterable[BBox | None]) -> BBox | None:
    """The box around boxes; None where there is none."""
    known = [box for box in boxes if box is not None]
    if not known:
        return None
    return BBox(
        min(box.west for box in known),
        min(box.south for box in known),
        max(box.east for box in known),
        max(box.north for box in known),
    )


def in_datum(box: BBox, datum: Datum) -> BBox:
    """The box around the same corners in another datum."""
    lon, lat = convert_arrays([box.west, box.east], [box.south, box.north], Datum.WGS84, datum)
    return BBox(float(lon[0]), float(lat[0]), float(lon[1]), float(lat[1]))


def label_points(snapshot: Snapshot, areas: Sequence[Area]) -> dict[str, Positions]:
    """Where each area's label may stand, by code: longitudes and latitudes in WGS-84.

    The middles of the widest free spaces: inside the area and, as long as there are few, away
    from its branches.
    """
    crowded = len(snapshot) > _MANY_BRANCHES or len(areas) > _MANY_AREAS
    known: dict[str, Positions] = (
        _middles.setdefault(snapshot.areas, {}) if crowded else _free.setdefault(snapshot, {})
    )
    missing = [area for area in areas if area.code not in known]
    if missing:
        for area, shape in zip(areas, drawings(snapshot, areas), strict=True):
            if crowded:
                known[area.code] = (_middle(shape, quick=len(areas) > _MANY_AREAS),)
            else:
                known[area.code] = tuple(_free_spaces(snapshot, shape))
    return known


def _middle(shape: BaseGeometry, *, quick: bool) -> tuple[float, float]:
    if quick:
        point = shape.representative_point()
    else:
        largest: Any = max(_parts(shape), key=lambda part: part.area)
        west, south, east, north = largest.bounds
        tolerance = max(east - west, north - south) / 50
        point = shapely.Point(shapely.maximum_inscribed_circle(largest, tolerance).coords[0])
    return float(point.x), float(point.y)


def _free_spaces(snapshot: Snapshot, shape: BaseGeometry) -> Iterator[tuple[float, float]]:
    west, south, east, north = shape.bounds
    size = max(east - west, north - south)
    found = snapshot.page(BranchQuery(bbox=BBox(west, south, east, north)), _MANY_BRANCHES)
    places = [json.loads(feature)["geometry"]["coordinates"] for feature in found.features]
    branches = shapely.MultiPoint(places)
    whole = shape.simplify(size / 200)
    free = whole.difference(branches.buffer(size / 12))
    for _ in range(_CANDIDATES):
        space: Any = whole if free.is_empty else free
        centre = shapely.Point(shapely.maximum_inscribed_circle(space, size / 100).coords[0])
        yield float(centre.x), float(centre.y)
        free = free.difference(centre.buffer(size / 8))
        if free.is_empty:
            return
