"""The map that needs no script and no tiles: areas, numbers and points as plain SVG shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from mapsvc.areas import Area, Areas
from mapsvc.model import BBox
from mapsvc.snapshot import BranchQuery, Snapshot
from mapsvc.web import words
from mapsvc.web.areas import area_name, drawings, summary
from mapsvc.web.branches import BranchView
from mapsvc.web.frame import label_points

_SIZE = 480.0
"""The longer side of the picture in its own units; a phone's width, so that text keeps its size."""
_TOLERANCE = 1.0
_KEPT_PICTURES = 64
"""Every branch's page has a box of its own."""

_TEXT_SIZE = 12.5
"""Of the labels, in the picture's units; styles/map.css has the same."""
_DIGIT = 0.58
"""How wide a digit is, in parts of the size; a Chinese character takes all of it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An area: its outline as SVG path data, and where its label stands."""

    code: str
    name: str
    summary: str
    """Its number of branches in words; empty where the map is about another district."""
    path: str
    count: int
    level: int
    x: float
    y: float
    is_named: bool
    """False where the label has no room: in the picture, or beside those with more branches."""

    @property
    def label(self) -> str:
        return f"{self.name} {words.number(self.count)}" if self.count else self.name


@dataclass(frozen=True, slots=True)
class Mark:
    """A branch's point."""

    branch: BranchView
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Overview:
    width: float
    height: float
    shapes: tuple[Shape, ...]
    marks: tuple[Mark, ...]


class _Projection:
    """Web Mercator, so that the live map lies where the drawn one was; y grows downwards."""

    def __init__(self, box: BBox) -> None:
        (west, east), (north, south) = self._mercator([box.west, box.east], [box.north, box.south])
        self._origin = np.array([west, north])
        self._scale = _SIZE / max(east - west, south - north)
        self.width = float((east - west) * self._scale)
        self.height = float((south - north) * self._scale)

    @staticmethod
    def _mercator(
        lon: Sequence[float] | NDArray[np.float64], lat: Sequence[float] | NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        latitude = np.radians(np.clip(lat, -85, 85))
        return np.radians(lon), -np.log(np.tan(np.pi / 4 + latitude / 2))

    def __call__(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Longitudes and latitudes, shape (n, 2), to x and y."""
        projected = np.column_stack(self._mercator(positions[:, 0], positions[:, 1]))
        scaled: NDArray[np.float64] = (projected - self._origin) * self._scale
        return scaled


Key = tuple[tuple[str, ...], BBox]

_paths: WeakKeyDictionary[Areas, dict[Key, list[str]]] = WeakKeyDictionary()


def overview(
    snapshot: Snapshot,
    box: BBox,
    areas: Sequence[Area],
    branches: Sequence[BranchView],
    query: BranchQuery,
    *,
    counts: Mapping[str, int],
    levels: Mapping[str, int],
) -> Overview:
    """The picture of ``box`` (WGS-84).

    Args:
        snapshot: what to draw.
        box: the part of the earth.
        areas: those that are drawn.
        branches: those that are drawn.
        query: the filter.
        counts: of the filter's branches, by the code of the area.
        levels: the classes of the areas' colours, by the same.
    """
    project = _Projection(box)
    labels = label_points(snapshot, areas)
    shapes = []
    for area, path in zip(areas, _outlines(snapshot, box, areas, project), strict=True):
        count = counts[area.code]
        x, y = project(np.array(labels[area.code][:1]))[0].round(1).tolist()
        said = summary(snapshot, query, area.code, count)
        level = levels[area.code]
        shapes.append(Shape(area.code, area_name(area), said, path, count, level, x, y, True))
    shapes = _within(shapes, project.width, project.height)
    if not branches:
        shapes = _with_room(shapes)
    marks = []
    for branch in branches:
        if branch.point is not None:
            at = project(np.array([[branch.point.lon, branch.point.lat]]))[0].round(1).tolist()
            marks.append(Mark(branch, *at))
    return Overview(round(project.width, 1), round(project.height, 1), tuple(shapes), tuple(marks))


def _width(shape: Shape) -> float:
    return _TEXT_SIZE * sum(_DIGIT if c.isascii() else 1.0 for c in shape.label)


def _within(shapes: Sequence[Shape], width: float, height: float) -> list[Shape]:
    """The shapes, of which only those keep their label that the map's edge does not cut.

    A map is as wide as it is high at least, so that it shows a square around the picture's middle.
    """

    def is_inside(shape: Shape) -> bool:
        beside, above = abs(shape.x - width / 2), abs(shape.y - height / 2)
        return max(beside + _width(shape) / 2, above + _TEXT_SIZE / 2) <= _SIZE / 2

    return [replace(shape, is_named=is_inside(shape)) for shape in shapes]


def _with_room(shapes: Sequence[Shape]) -> list[Shape]:
    """The shapes, of which only those keep their label that do not cover another one's."""
    taken: list[tuple[float, float, float]] = []
    named = set()
    for shape in sorted((s for s in shapes if s.is_named), key=lambda shape: -shape.count):
        width = _width(shape)
        if all(
            abs(shape.x - x) > (width + other) / 2 or abs(shape.y - y) > 1.2 * _TEXT_SIZE
            for x, y, other in taken
        ):
            taken.append((shape.x, shape.y, width))
            named.add(shape.code)
    return [replace(shape, is_named=shape.code in named) for shape in shapes]


def _outlines(
    snapshot: Snapshot, box: BBox, areas: Sequence[Area], project: _Projection
) -> list[str]:
    known = _paths.setdefault(snapshot.areas, {})
    key = tuple(area.code for area in areas), box
    if key not in known:
        if len(known) >= _KEPT_PICTURES:
            known.clear()
        shapes = [shapely.transform(shape, project) for shape in drawings(snapshot, areas)]
        around = (-_SIZE, -_SIZE, 2 * _SIZE, 2 * _SIZE)
        simple = [
            shapely.clip_by_rect(shape, *around)
            for shape in shapely.coverage_simplify(shapes, _TOLERANCE)
        ]
        known[key] = [_path(shape) for shape in simple]
    return known[key]


def _path(shape: BaseGeometry) -> str:
    """A polygon's or multipolygon's rings as SVG path data, in tenths and relative steps.

    >>> _path(shapely.box(0, 0, 2, 1))
    'M2 0l0 1-2 0 0-1z'
    """
    rings = [
        np.round(np.array(ring.coords[:-1]), 1)
        for part in shapely.get_parts(shape).tolist()
        if part.geom_type == "Polygon"
        for ring in (part.exterior, *part.interiors)
    ]
    return "".join(
        f"M{_numbers(ring[0])}l{_numbers(np.diff(ring, axis=0).ravel())}z" for ring in rings
    )


def _numbers(values: NDArray[np.float64]) -> str:
    """Numbers as SVG writes them at their shortest: a minus sign parts them, too."""
    texts = [f"{value:.1f}".removesuffix(".0").replace("-0.", "-.") for value in values]
    short = [text[1:] if text.startswith("0.") else "0" if text == "-0" else text for text in texts]
    return "".join(text if text.startswith("-") else f" {text}" for text in short).lstrip()
