"""The map that needs no script and no tiles: districts, numbers and points as plain SVG shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from mapsvc.model import BBox
from mapsvc.snapshot import BranchQuery, DistrictCount, Snapshot
from mapsvc.web.branches import BranchView, district_name, district_summary
from mapsvc.web.frame import label_points

_SIZE = 480.0
"""The longer side of the picture in its own units; a phone's width, so that text keeps its size."""
_TOLERANCE = 1.0
_MAX_POINTS = 300
"""Beyond this the districts' numbers say more than a heap of points."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A district: its outline as SVG path data, and where its label stands."""

    entry: DistrictCount
    name: str
    summary: str
    """Its number of branches in words; empty where the map is about another district."""
    path: str
    count: int
    level: int
    x: float
    y: float


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


_paths: WeakKeyDictionary[Snapshot, dict[BBox, list[str]]] = WeakKeyDictionary()


def overview(
    snapshot: Snapshot,
    box: BBox,
    branches: Sequence[BranchView],
    query: BranchQuery,
    *,
    counts: Mapping[str, int],
    levels: Mapping[str, int],
) -> Overview:
    """The picture of ``box`` (WGS-84).

    ``counts`` and ``levels`` are those of ``query``, by district code.
    """
    project = _Projection(box)
    labels = label_points(snapshot)
    shapes = []
    for entry, path in zip(snapshot.districts, _outlines(snapshot, box, project), strict=True):
        count = counts[entry.district.code]
        x, y = project(np.array(labels[entry.district.code][:1]))[0].round(1).tolist()
        summary = district_summary(query, entry.district.code, count)
        level = levels[entry.district.code]
        shapes.append(Shape(entry, district_name(entry), summary, path, count, level, x, y))
    marks = []
    for branch in branches if len(branches) <= _MAX_POINTS else ():
        if branch.point is not None:
            at = project(np.array([[branch.point.lon, branch.point.lat]]))[0].round(1).tolist()
            marks.append(Mark(branch, *at))
    return Overview(round(project.width, 1), round(project.height, 1), tuple(shapes), tuple(marks))


def _outlines(snapshot: Snapshot, box: BBox, project: _Projection) -> list[str]:
    known = _paths.setdefault(snapshot, {})
    if box not in known:
        if len(known) > 64:  # every branch's page has a box of its own
            known.clear()
        shapes = [shapely.transform(e.district.drawing, project) for e in snapshot.districts]
        around = (-_SIZE, -_SIZE, 2 * _SIZE, 2 * _SIZE)
        simple = [
            shapely.clip_by_rect(shape, *around)
            for shape in shapely.coverage_simplify(shapes, _TOLERANCE)
        ]
        known[box] = [_path(shape) for shape in simple]
    return known[box]


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
