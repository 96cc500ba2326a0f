"""Areas as pages and maps show them: their names and numbers, and whose children a view shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from flask import url_for
from shapely.geometry.base import BaseGeometry

from mapsvc.areas import Area
from mapsvc.snapshot import EVERYTHING, BranchQuery, DistrictCount, Snapshot
from mapsvc.web import words
from mapsvc.web.display import shown
from mapsvc.web.i18n import language

_KEPT_QUERIES = 64
_FINE_VERTICES = 12_000
"""Districts of fewer in all are drawn as finely as they are stored: some 35 kB compressed."""


@dataclass(frozen=True, slots=True)
class AreaLink:
    """An area as a line of a list: its name, how many of the wanted branches it has, its page."""

    code: str
    name: str
    count: int
    url: str


_counts: WeakKeyDictionary[Snapshot, dict[BranchQuery, dict[str, int]]] = WeakKeyDictionary()
_sums: WeakKeyDictionary[Snapshot, dict[BranchQuery, dict[str, int]]] = WeakKeyDictionary()
_cities: WeakKeyDictionary[Snapshot, bool] = WeakKeyDictionary()


def area_name(area: Area) -> str:
    return shown((language() == "en" and area.name_en) or area.name)


def district_name(entry: DistrictCount) -> str:
    district = entry.district
    return shown((language() == "en" and district.name_en) or district.name)


def district_title(snapshot: Snapshot, entry: DistrictCount) -> str:
    """The district's name, with its city where the stored districts are of more than one."""
    name, city = district_name(entry), shown(entry.district.city)
    if not city or city == entry.district.name or not _several_cities(snapshot):
        return name
    return f"{name} ({city})" if language() == "en" else f"{city} {name}"


def _several_cities(snapshot: Snapshot) -> bool:
    known = _cities.get(snapshot)
    if known is None:
        cities = {entry.district.city for entry in snapshot.districts}
        known = _cities[snapshot] = len(cities) > 1
    return known


def area_title(snapshot: Snapshot, area: Area) -> str:
    """The name of an area where nothing else tells what it lies in."""
    return (
        area_name(area) if area.children else district_title(snapshot, snapshot.district(area.code))
    )


def district_counts(snapshot: Snapshot, query: BranchQuery) -> Mapping[str, int]:
    """How many of the wanted branches lie in each district, by code; all districts are in it."""
    known = _counts.setdefault(snapshot, {})
    if query not in known:
        if len(known) >= _KEPT_QUERIES:
            known.clear()
            _sums.pop(snapshot, None)
        known[query] = snapshot.counts(query)
    return known[query]


def area_counts(snapshot: Snapshot, query: BranchQuery, areas: Sequence[Area]) -> dict[str, int]:
    """How many of the wanted branches lie in each of ``areas``, by code."""
    counts = district_counts(snapshot, query)
    known = _sums.setdefault(snapshot, {}).setdefault(query, {})
    for area in areas:
        if area.code not in known:
            known[area.code] = sum(counts[code] for code in area.districts)
    return {area.code: known[area.code] for area in areas}


def shown_in(
    snapshot: Snapshot, query: BranchQuery, district: str | None = None
) -> tuple[str | None, tuple[Area, ...]]:
    """The area whose children are shown, None for the first page's, and these children.

    That is the area which the query names, or the one that a named district lies in; and below
    it, as long as a single child has all of the branches, that child.

    Args:
        snapshot: what is shown.
        query: which branches are.
        district: of the one branch that a page is about, instead of the query's.
    """
    areas, code = snapshot.areas, district or query.district
    if code not in areas:
        code = None
    elif code is not None and not areas.get(code).children:
        parent = areas.get(code).parent
        return parent, areas.children(parent)
    children = areas.children(code)
    while True:
        counts = area_counts(snapshot, query, children)
        used = [child for child in children if counts[child.code]]
        if len(used) != 1 or not used[0].children:
            return code, children
        code, children = used[0].code, areas.children(used[0].code)


def drawings(snapshot: Snapshot, areas: Sequence[Area]) -> list[BaseGeometry]:
    """The outlines of the areas of one view, simplified together (WGS-84)."""
    if any(area.children for area in areas):
        return [area.drawing for area in areas]
    fine = [snapshot.district(area.code).district.drawing for area in areas]
    vertices = int(shapely.get_num_coordinates(np.array(fine, dtype=object)).sum())
    return fine if vertices <= _FINE_VERTICES else [area.drawing for area in areas]


def is_one_district(snapshot: Snapshot, code: str) -> bool:
    """Tell whether a code is that of a district, or of nothing that is known."""
    return code not in snapshot.areas or not snapshot.areas.get(code).children


def summary(snapshot: Snapshot, query: BranchQuery, code: str, count: int) -> str:
    """How many of the wanted branches lie in an area, in words; "" where it was not asked."""
    wanted = query.district
    if wanted is not None and wanted != code and is_one_district(snapshot, wanted):
        return ""
    return words.branches(count)


def crumbs(snapshot: Snapshot, code: str | None) -> list[AreaLink]:
    """The way from the first page down to an area, itself included."""
    if code is None or code not in snapshot.areas:
        return []
    way = snapshot.areas.path(code)
    counts = area_counts(snapshot, EVERYTHING, way)
    return [
        AreaLink(a.code, area_name(a), counts[a.code], url_for("locator.district", code=a.code))
        for a in way
    ]
