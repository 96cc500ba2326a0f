"""The hierarchy province, city, district over the stored districts, with a drawing for each view.

A map of the whole country cannot draw 2,848 polygons, nor a list name them: a view shows the
children of one area, or the roots. Codes follow GB/T 2260: 330212 lies in the city 330200 in the
province 330000; the names are those that the districts carry. A municipality's districts (北京)
and counties without a city (469021) lie in their province directly.

A level with a single member is passed over: with Ningbo alone, the roots are its ten districts.
As soon as a level has two members it is shown, however few districts there are: the names of
districts repeat from city to city (there are four 鼓楼区), and a page keeps its address and its
size when more cities are imported. What is passed over can still be asked for by its code.
"""

from __future__ import annotations

import json
import re
import struct
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from mapsvc.address.english import PROVINCES, city_name, province_name
from mapsvc.errors import InvalidValue, NotFound
from mapsvc.geo import mercator
from mapsvc.model import BBox, District

Level = Literal["province", "city", "district"]

_FORMAT = 1
"""Counted up with every change of what is kept or how it is drawn; part of `digest`."""

_VIEW_PX = 1_000
"""The size of the view that a drawing is made for."""
_TOLERANCE_PX = 2 / 3
_ISLET_PX = 2.5
"""Parts smaller than a square of this side are left out; every area keeps its largest."""

_MOST_VERTICES = 10_000
"""In one view, some 35 kB compressed; the tolerance grows where a ragged coast has more."""

_HEAD = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Area:
    """A province, a city or a district, as the view of its parent shows it."""

    code: str
    name: str
    name_en: str
    level: Level
    parent: str | None
    """The area in whose view it is shown; None for what the first page shows."""
    children: tuple[str, ...]
    """The codes of what its own view shows, ascending; none for a district."""
    districts: tuple[str, ...]
    """The codes of all districts in it, ascending; a district's own."""
    drawing: Any
    """Shapely polygons in WGS-84 degrees, simplified for the view of the parent."""
    bbox: BBox
    """Of the full polygons."""


class Areas:
    """All areas over ``districts``, those that are passed over too.

    Making them takes some ten seconds for all of China: keep `to_bytes`.

    >>> square = shapely.box(121, 29, 122, 30)
    >>> areas = Areas([District("330212", "鄞州区", "宁波市", "浙江省", square, square)])
    >>> areas.roots, areas.get("330200").name_en, areas.get("330000").districts
    (('330212',), 'Ningbo', ('330212',))
    """

    def __init__(self, districts: Sequence[District]) -> None:
        tree = _Tree(districts)
        drawings = tree.drawings()
        self.roots: tuple[str, ...] = tree.roots
        """The codes of what the first page shows, ascending."""
        self._areas = {code: tree.area(code, drawings[code]) for code in tree.codes}

    def __len__(self) -> int:
        return len(self._areas)

    def __contains__(self, code: object) -> bool:
        return code in self._areas

    def get(self, code: str) -> Area:
        """The area with this code; raises `NotFound`."""
        try:
            return self._areas[code]
        except KeyError:
            raise NotFound("area", code) from None

    def children(self, code: str | None) -> tuple[Area, ...]:
        """What the view of an area shows, or the first page (None); raises `NotFound`."""
        codes = self.roots if code is None else self.get(code).children
        return tuple(self._areas[child] for child in codes)

    def path(self, code: str) -> tuple[Area, ...]:
        """The way from the first page down to an area, itself included; raises `NotFound`."""
        way = [self.get(code)]
        while (parent := way[-1].parent) is not None:
            way.append(self._areas[parent])
        return tuple(reversed(way))

    def to_bytes(self) -> bytes:
        """Everything, for `from_bytes`: a JSON head, then the drawings as WKB."""
        areas = list(self._areas.values())
        drawings = shapely.to_wkb(np.array([a.drawing for a in areas], dtype=object))
        rows = [
            [a.code, a.name, a.name_en, a.level, a.parent, a.children, a.districts,
             [a.bbox.west, a.bbox.south, a.bbox.east, a.bbox.north], len(drawing)]
            for a, drawing in zip(areas, drawings, strict=True)
        ]  # fmt: skip
        head = {"roots": self.roots, "areas": rows}
        text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
        return b"".join([_HEAD.pack(len(text)), text, *drawings])

    @classmethod
    def from_bytes(cls, content: bytes) -> Areas:
        """What `to_bytes` kept; raises `InvalidValue` for anything else."""
        try:
            (length,) = _HEAD.unpack_from(content)
            start = _HEAD.size + length
            head = json.loads(content[_HEAD.size : start])
            ends = start + np.cumsum([row[-1] for row in head["areas"]], dtype=np.int64)
            wkb = [content[a:b] for a, b in zip([start, *ends], ends, strict=False)]
            drawings = shapely.from_wkb(np.array(wkb, dtype=object))
            areas = cls(())
            areas.roots = tuple(head["roots"])
            areas._areas = {
                code: Area(code, name, name_en, level, parent, tuple(children), tuple(below),
                           drawing, BBox(*bbox))
                for (code, name, name_en, level, parent, children, below, bbox, _), drawing
                in zip(head["areas"], drawings, strict=True)
            }  # fmt: skip
        except (ValueError, LookupError, TypeError, struct.error, shapely.GEOSException) as error:
            raise InvalidValue(
                "areas", content[:20], f"what Areas.to_bytes makes: {error}"
            ) from error
        return areas


@dataclass(slots=True)
class _Node:
    code: str
    level: Level
    above: str | None = None
    members: list[str] = field(default_factory=list)
    """Codes one level below, before any level is passed over."""
    shape: Any = None
    """The union of the districts' full polygons."""


class _Tree:
    """The areas while they are made."""

    def __init__(self, districts: Sequence[District]) -> None:
        self._districts = {d.code: d for d in sorted(districts, key=lambda d: d.code)}
        self._nodes: dict[str, _Node] = {}
        self._names: defaultdict[str, Counter[str]] = defaultdict(Counter)
        loose = [d.code for d in self._districts.values() if not self._place(d)]
        for node in list(self._nodes.values()):
            if node.above is not None:
                self._nodes[node.above].members.append(node.code)
        self.codes = sorted(self._nodes)
        tops = [c for c in self.codes if self._nodes[c].above is None and c not in set(loose)]
        tops = [self._open(code) for code in tops]
        if len(tops) == 1:
            tops = list(self.children(tops[0])) or tops
        self.roots = tuple(sorted([*tops, *loose]))
        self._parents: dict[str, str | None] = dict.fromkeys(self.roots)
        queue = list(self.roots)
        for code in queue:
            for child in self.children(code):
                self._parents[child] = code
                queue.append(child)

    def _place(self, district: District) -> bool:
        """Hang a district below its city and province; False where its code tells neither."""
        code = district.code
        node = self._nodes[code] = _Node(code, "district")
        if not re.fullmatch("[0-9]{6}", code) or code[:2] not in PROVINCES:
            return False
        above: list[tuple[Level, str, str]] = []
        if district.city not in {"", district.name, district.province}:
            above.append(("city", f"{code[:4]}00", district.city))
        if district.province not in {"", district.name}:
            above.append(("province", f"{code[:2]}0000", district.province))
        for level, group, name in above:
            if group in self._districts:  # a district of that code is no group
                continue
            self._names[group][name] += 1
            node.above = group
            node = self._nodes.setdefault(group, _Node(group, level))
        return bool(district.city or district.province)

    def _open(self, code: str) -> str:
        """The area itself, or its only member, as far down as there is only one."""
        members = self._nodes[code].members
        return self._open(members[0]) if len(members) == 1 else code

    def children(self, code: str) -> tuple[str, ...]:
        """What the view of an area shows."""
        members = self._nodes[code].members
        if len(members) == 1 and self._nodes[members[0]].members:
            return self.children(members[0])
        return tuple(sorted(self._open(member) for member in members))

    def _districts_in(self, code: str) -> tuple[str, ...]:
        members = self._nodes[code].members
        return tuple(sorted(d for m in members for d in self._districts_in(m))) or (code,)

    def area(self, code: str, drawing: BaseGeometry) -> Area:
        node = self._nodes[code]
        parent, above = self._parents.get(code), node.above
        if code not in self._parents:  # passed over: below what is shown above it
            while above is not None and above not in self._parents:
                above = self._nodes[above].above
            parent = above
        if node.level == "district":
            name, name_en = self._districts[code].name, self._districts[code].name_en
        else:
            # Where files spell it differently, most of the districts have it.
            name = self._names[code].most_common(1)[0][0]
            name_en = province_name(code) if node.level == "province" else city_name(code, name)
        below = self._districts_in(code)
        bounds = shapely.total_bounds(
            np.array([self._districts[d].geometry for d in below], dtype=object)
        )
        return Area(
            code=code,
            name=name,
            name_en=name_en,
            level=node.level,
            parent=parent,
            children=self.children(code),
            districts=below,
            drawing=drawing,
            bbox=BBox(*bounds.tolist()),
        )

    def drawings(self) -> dict[str, BaseGeometry]:
        """Every area's outline for the view that shows it."""
        drawn: dict[str, BaseGeometry] = {}
        views = [self.roots, *(self.children(code) for code in self._parents)]
        for view in views:
            if view:
                drawn.update(zip(view, _draw(self._shapes(view)), strict=True))
        for code in self.codes:
            if code not in drawn:  # passed over: as what is shown instead
                drawn[code] = _union([drawn[child] for child in self.children(code)])
        return drawn

    def _shapes(self, view: Sequence[str]) -> list[BaseGeometry]:
        # Districts were simplified together when they were read. What was read apart fits only by
        # its full polygons.
        if all(code in self._districts for code in view):
            return [self._districts[code].drawing for code in view]
        return [self._shape(code) for code in view]

    def _shape(self, code: str) -> Any:
        if code in self._districts:
            return self._districts[code].geometry
        node = self._nodes[code]
        if node.shape is None:
            node.shape = _union([self._shape(member) for member in node.members])
        return node.shape


def _union(shapes: Sequence[BaseGeometry]) -> Any:
    array: NDArray[np.object_] = np.array(shapes, dtype=object)
    try:
        union = shapely.coverage_union_all(array)
    except shapely.GEOSException:
        union = None
    if union is None or not union.is_valid:  # some overlap
        union = shapely.union_all(shapely.make_valid(array))
    return union


def _draw(shapes: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    """The shapes of one view simplified together, so that neighbours still share their edges."""
    flat = mercator.project(np.array(shapes, dtype=object))
    # Rocks far out at sea belong to the view, but its scale is that of what can be seen in it.
    largest = np.array([max(shapely.get_parts(s), key=shapely.area) for s in flat], dtype=object)
    visible = shapely.area(largest) >= (_ISLET_PX * _pixel(largest)) ** 2
    pixel = _pixel(largest[visible] if visible.any() else largest)
    flat = np.array([_without_islets(shape, pixel) for shape in flat], dtype=object)
    tolerance = _TOLERANCE_PX * pixel
    simple = shapely.coverage_simplify(flat, tolerance)
    while shapely.get_num_coordinates(simple).sum() > _MOST_VERTICES and tolerance < 4 * pixel:
        tolerance *= 1.25
        simple = shapely.coverage_simplify(simple, tolerance)
    return list(mercator.unproject(simple))


def _pixel(shapes: NDArray[np.object_]) -> float:
    west, south, east, north = shapely.total_bounds(shapes)
    return float(max(east - west, north - south) / _VIEW_PX)


def _without_islets(shape: BaseGeometry, pixel: float) -> Any:
    parts = shapely.get_parts(shape)
    if len(parts) <= 1:
        return shape
    areas = shapely.area(parts)
    kept = parts[(areas >= (_ISLET_PX * pixel) ** 2) | (areas == areas.max())]
    return kept[0] if len(kept) == 1 else shapely.multipolygons(kept)
