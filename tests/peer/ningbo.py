"""A little of Ningbo as an OpenStreetMap file, made up for the tests from a few real positions.

Areas are rough outlines around streets of the shipped list, so that answers fall into the right
real districts; tags are as mappers in China write them: numbers with 号 and without, several
numbers on one building, a shop with an address, an interpolation way, boundaries with
`admin_level` 4 (province), 5 (city), 6 (district) and 8 (town).
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Position = tuple[float, float]
"""Longitude and latitude in degrees, WGS-84."""


def _rectangle(west: float, south: float, east: float, north: float) -> list[Position]:
    return [(west, south), (east, south), (east, north), (west, north)]


AREAS: Sequence[tuple[str, int, str, list[Position]]] = (
    ("浙江省", 4, "", _rectangle(118.0, 27.0, 123.0, 31.2)),
    ("宁波市", 5, "city", _rectangle(120.9, 28.85, 122.3, 30.6)),
    ("杭州市", 5, "city", _rectangle(118.4, 29.2, 120.6, 30.5)),
    (
        "鄞州区",
        6,
        "",
        [
            *((121.52, 29.7), (121.9, 29.7), (121.9, 29.92)),
            *((121.57, 29.92), (121.57, 29.855), (121.52, 29.855)),
        ],
    ),
    ("海曙区", 6, "", _rectangle(121.4, 29.855, 121.57, 29.92)),
    ("余姚市", 6, "city", _rectangle(120.95, 29.85, 121.2, 30.2)),
    ("慈溪市", 6, "", _rectangle(121.2, 30.05, 121.5, 30.45)),
    ("宁海县", 6, "", _rectangle(121.2, 29.0, 121.7, 29.5)),
    ("北京市", 4, "city", _rectangle(115.4, 39.4, 117.5, 41.1)),
    ("东城区", 6, "", _rectangle(116.37, 39.86, 116.44, 39.98)),
    ("东华门街道", 8, "", _rectangle(116.38, 39.89, 116.42, 39.93)),
    ("上城区", 6, "", _rectangle(120.1, 30.2, 120.3, 30.35)),
    ("首南街道", 8, "suburb", _rectangle(121.53, 29.79, 121.56, 29.82)),
    ("钟公庙街道", 8, "", _rectangle(121.53, 29.82, 121.56, 29.855)),
    ("逍林镇", 8, "town", _rectangle(121.28, 30.15, 121.34, 30.2)),
    ("跃龙街道", 8, "", _rectangle(121.4, 29.27, 121.45, 29.31)),
)
"""Name, admin_level, the `place` that it is tagged with too, outline."""

STREETS: Sequence[tuple[str, list[Position]]] = (
    ("天童北路", [(121.5495, 29.823), (121.5498, 29.835), (121.55, 29.85)]),
    ("海晏北路", [(121.6115, 29.858), (121.6118, 29.868), (121.612, 29.875)]),
    ("河清北路", [(121.6165, 29.86), (121.6168, 29.8642), (121.617, 29.87)]),
    ("泰康中路", [(121.535, 29.8086), (121.55, 29.809)]),
    ("泰聚巷", [(121.5418, 29.8075), (121.5419, 29.8086)]),
    ("四明西路", [(121.531, 29.8287), (121.539, 29.8289)]),
    ("聚贤路", [(121.6297, 29.878), (121.6299, 29.882), (121.6301, 29.886)]),
    ("扬帆路", [(121.627, 29.8842), (121.634, 29.8844)]),
    ("灵桥路", [(121.5495, 29.862), (121.5503, 29.8648), (121.551, 29.868)]),
    ("解放南路", [(121.5444, 29.866), (121.5446, 29.873)]),
    ("解放南路", [(121.425, 29.285), (121.4255, 29.295)]),  # another one, in 宁海县
    ("解放南路", [(120.16, 30.24), (120.161, 30.25)]),  # and in 杭州市
    ("中山西路", [(121.535, 29.877), (121.545, 29.8772)]),
    ("百丈东路", [(121.575, 29.865), (121.59, 29.8655)]),
    ("王府井大街", [(116.41, 39.908), (116.4105, 39.916)]),
    ("大黄桥路", [(121.15, 30.039), (121.154, 30.0396)]),
    ("滨海二路", [(121.22, 30.3253), (121.228, 30.3257)]),
    ("林西路", [(121.308, 30.176), (121.312, 30.1761)]),
)
"""Name and line."""

VILLAGES: Sequence[tuple[str, Position]] = (("下应村", (121.6, 29.8)),)
"""Name and middle."""

HOUSES: Sequence[tuple[str, str, Position, Mapping[str, str]]] = (
    ("天童北路", "933", (121.55007, 29.83646), {"building": "office", "name": "和邦大厦"}),
    ("天童北路", "935", (121.5502, 29.8367), {"addr:city": "宁波市", "addr:district": "鄞州区"}),
    ("海晏北路", "189", (121.612, 29.861), {"shop": "mall", "name": "宁波阪急"}),
    ("灵桥路", "473号", (121.5505, 29.8648), {}),
    ("灵桥路", "513", (121.5508, 29.8665), {}),
    ("解放南路", "188", (121.4258, 29.29), {"addr:city": "宁海县"}),
    ("解放南路", "188", (120.1612, 30.245), {"addr:city": "杭州市"}),
    ("中山西路", "166-168", (121.5398, 29.8773), {"building": "yes"}),
    ("四明西路", "154;156;158", (121.535, 29.829), {}),
    ("聚贤路", "815", (121.6301, 29.882), {"amenity": "bank", "name": "聚贤支行"}),
    ("扬帆路", "555", (121.63, 29.8845), {"addr:full": "宁波市高新区扬帆路555号"}),
    ("泰康中路", "500", (121.542, 29.809), {}),
    ("百丈东路", "1234弄56号", (121.58, 29.8652), {}),
    ("百丈东路", "787弄", (121.577, 29.8651), {}),
    ("百丈东路", "88号附3", (121.5775, 29.8651), {}),
    ("百丈东路", "甲22", (121.579, 29.8651), {}),
    ("泰聚巷", "18", (121.542, 29.808), {}),
    ("王府井大街", "138号", (116.4108, 39.912), {"shop": "mall", "name": "新东安广场"}),
    ("下应村", "12号", (121.601, 29.8), {}),
    ("大黄桥路", "2", (121.1522, 30.0395), {"addr:city": "余姚市"}),
    ("滨海二路", "879", (121.224, 30.3256), {}),
    ("滨海二路", "881", (121.2242, 30.3256), {}),
    ("林西路", "111", (121.31, 30.1762), {}),
)
"""Street or village, number, position, further tags."""

INTERPOLATIONS: Sequence[tuple[str, str, Sequence[tuple[str, Position]]]] = (
    ("海晏北路", "odd", (("401", (121.612, 29.866)), ("499", (121.6122, 29.87)))),
)
"""Street, which numbers, and the numbers at both ends."""


@dataclass
class _File:
    """An OpenStreetMap file in the making: nodes, ways and relations, each counted from 1."""

    nodes: list[ET.Element] = field(default_factory=list)
    ways: list[ET.Element] = field(default_factory=list)
    relations: list[ET.Element] = field(default_factory=list)

    def node(self, position: Position, tags: Mapping[str, str] | None = None) -> str:
        lon, lat = (str(degrees) for degrees in position)
        return self._add(self.nodes, "node", tags or {}, lon=lon, lat=lat)

    def way(self, nodes: Sequence[str], tags: Mapping[str, str]) -> str:
        number = self._add(self.ways, "way", tags)
        for position, node in enumerate(nodes):
            self.ways[-1].insert(position, ET.Element("nd", ref=node))
        return number

    def boundary(self, way: str, tags: Mapping[str, str]) -> None:
        both = {"type": "boundary", "boundary": "administrative", **tags}
        self._add(self.relations, "relation", both)
        self.relations[-1].insert(0, ET.Element("member", type="way", ref=way, role="outer"))

    def _add(
        self, kind: list[ET.Element], name: str, tags: Mapping[str, str], **attributes: str
    ) -> str:
        number = str(len(kind) + 1)
        made = {"id": number, "version": "1", "timestamp": "2026-01-01T00:00:00Z", **attributes}
        element = ET.Element(name, made)
        for key, value in tags.items():
            ET.SubElement(element, "tag", k=key, v=value)
        kind.append(element)
        return number


def write(path: Path) -> None:
    """Write the file to ``path``."""
    file = _File()
    for name, level, place, outline in AREAS:
        ring = [file.node(position) for position in outline]
        way = file.way([*ring, ring[0]], {})
        optional = {"place": place} if place else {}
        file.boundary(way, {"admin_level": str(level), "name": name, **optional})
    for name, line in STREETS:
        file.way([file.node(position) for position in line], {"highway": "primary", "name": name})
    for name, position in VILLAGES:
        file.node(position, {"place": "village", "name": name})
    villages = {name for name, _ in VILLAGES}
    for street, number, position, tags in HOUSES:
        key = "addr:place" if street in villages else "addr:street"
        file.node(position, {key: street, "addr:housenumber": number, **tags})
    for street, kind, ends in INTERPOLATIONS:
        nodes = [
            file.node(position, {"addr:street": street, "addr:housenumber": number})
            for number, position in ends
        ]
        file.way(nodes, {"addr:interpolation": kind})
    root = ET.Element("osm", version="0.6")
    root.extend([*file.nodes, *file.ways, *file.relations])
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
