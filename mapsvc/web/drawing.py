"""A picture of a page for chats and search engines: a map beside a few lines, as a PNG.

1200 by 630 pixels is what Open Graph's readers show without cutting. The font is shipped, so that
every machine draws the same.
"""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from shapely.geometry.base import BaseGeometry

from mapsvc.model import BBox, Point
from mapsvc.resources import resource

SIZE = (1200, 630)

_FONT = "data/fonts/NotoSansSC-Bold-subset.otf"
_MAP = (560, 0, 1200, 630)
"""Where the map is: left, top, right, bottom."""
_FINE = 2
"""The map is drawn so many times as large, and made smaller: its edges are smooth then."""
_LEFT, _TEXT_WIDTH = 56, 448
_MOST_CHARACTERS = 120
"""Of a text; what is longer has no room."""
_METRES_PER_DEGREE = 111_320.0

# The light theme of frontend/styles/tokens.css.
_PAPER, _WATER, _INK, _SOFT = "#ffffff", "#f4f5f2", "#15242a", "#4b5b62"
_BRAND, _SEAL, _BORDER = "#0d4a57", "#ae3220", "#ffffff"
_LEVELS = ("#e6e4dc", "#cde0dd", "#a3cac8", "#6fabb0", "#347b87", "#175f6d")


@dataclass(frozen=True, slots=True)
class Dot:
    """A branch on the map (WGS-84); ``radius_m`` is None for an exact place."""

    point: Point
    radius_m: float | None


@dataclass(frozen=True, slots=True)
class Scene:
    """What the map shows."""

    box: BBox | None
    """The part of the earth (WGS-84) that is to be seen whole; None for an empty map."""
    areas: Sequence[tuple[BaseGeometry, int]] = ()
    """Outlines (WGS-84) with the class of their colour."""
    dots: Sequence[Dot] = ()


@dataclass(frozen=True, slots=True)
class Lines:
    """What stands beside the map, each safe to display."""

    site: str
    heading: str
    text: str
    foot: str


def picture(scene: Scene, lines: Lines) -> bytes:
    """A PNG of `SIZE`."""
    image = Image.new("RGB", SIZE, _PAPER)
    image.paste(_map(scene), _MAP[:2])
    _write(ImageDraw.Draw(image), lines)
    out = io.BytesIO()
    # Few colours are used, so that a palette halves the file.
    image.quantize(96, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
        out, "PNG", compress_level=6
    )
    return out.getvalue()


# The map ----------------------------------------------------------------------------------------


class _Projection:
    """Web Mercator, with a box in the middle of the map; pixels, y downwards."""

    def __init__(self, box: BBox, width: int, height: int) -> None:
        (west, east), (south, north) = _mercator(
            np.array([box.west, box.east]), np.array([box.south, box.north])
        )
        spans = max(east - west, 1e-9), max(north - south, 1e-9)
        self._scale = 0.9 * min(width / spans[0], height / spans[1])
        self._middle = np.array([(west + east) / 2, (south + north) / 2])
        self._centre = np.array([width / 2, height / 2])

    def __call__(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Longitudes and latitudes, shape (n, 2), to x and y."""
        at = np.column_stack(_mercator(positions[:, 0], positions[:, 1])) - self._middle
        placed: NDArray[np.float64] = self._centre + at * (self._scale, -self._scale)
        return placed

    def pixels(self, metres: float, lat: float) -> float:
        degrees = metres / _METRES_PER_DEGREE / max(math.cos(math.radians(lat)), 1e-3)
        return float(math.radians(degrees) * self._scale)


def _mercator(
    lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    latitude = np.radians(np.clip(lat, -85, 85))
    return np.radians(lon), np.log(np.tan(np.pi / 4 + latitude / 2))


def _map(scene: Scene) -> Image.Image:
    width, height = _MAP[2] - _MAP[0], _MAP[3] - _MAP[1]
    image = Image.new("RGB", (width * _FINE, height * _FINE), _WATER)
    if scene.box is not None:
        project = _Projection(scene.box, width * _FINE, height * _FINE)
        pen = ImageDraw.Draw(image, "RGBA")
        for shape, level in scene.areas:
            _draw_area(pen, shapely.transform(shape, project), _LEVELS[level])
        for dot in scene.dots:
            _draw_circle(pen, dot, project)
        for dot in scene.dots:
            _draw_dot(pen, dot, project)
    return image.resize((width, height), Image.Resampling.BOX)


def _draw_area(pen: ImageDraw.ImageDraw, shape: BaseGeometry, colour: str) -> None:
    for part in shapely.get_parts(shape).tolist():
        outline = part.exterior.coords[:]
        pen.polygon(outline, fill=colour)
        for hole in part.interiors:
            pen.polygon(hole.coords[:], fill=_WATER)
        pen.line(outline, fill=_BORDER, width=2 * _FINE, joint="curve")


def _draw_circle(pen: ImageDraw.ImageDraw, dot: Dot, project: _Projection) -> None:
    if dot.radius_m is not None:
        radius = project.pixels(dot.radius_m, dot.point.lat)
        # What is wider than the map would only hide it.
        if 8 * _FINE < radius < SIZE[0] * _FINE:
            _disc(
                pen,
                _position(dot, project),
                radius,
                fill=f"{_SEAL}30",
                line=f"{_SEAL}a0",
                width=_FINE,
            )


def _draw_dot(pen: ImageDraw.ImageDraw, dot: Dot, project: _Projection) -> None:
    inside = _SEAL if dot.radius_m is None else _PAPER
    at = _position(dot, project)
    _disc(pen, at, 11 * _FINE, fill=_PAPER, line=_PAPER, width=0)
    _disc(pen, at, 9 * _FINE, fill=inside, line=_SEAL, width=4 * _FINE)


def _position(dot: Dot, project: _Projection) -> tuple[float, float]:
    x, y = project(np.array([[dot.point.lon, dot.point.lat]]))[0].tolist()
    return x, y


def _disc(
    pen: ImageDraw.ImageDraw,
    at: tuple[float, float],
    radius: float,
    *,
    fill: str,
    line: str,
    width: int,
) -> None:
    x, y = at
    box = (x - radius, y - radius, x + radius, y + radius)
    pen.ellipse(box, fill=fill, outline=line, width=width)


# The text ---------------------------------------------------------------------------------------


def _write(pen: ImageDraw.ImageDraw, lines: Lines) -> None:
    pen.rectangle((0, 0, 16, SIZE[1]), fill=_BRAND)
    y: float = 96
    if lines.site:
        y = _put(pen, lines.site, 24, 64, colour=_BRAND, lines=2) + 44
    y = _put(pen, lines.heading, 50, y, colour=_INK, lines=4) + 24
    _put(pen, lines.text, 28, y, colour=_SOFT, lines=3)
    _put(pen, lines.foot, 22, SIZE[1] - 78, colour=_SOFT, lines=1)


def _put(
    pen: ImageDraw.ImageDraw, text: str, size: int, y: float, *, colour: str, lines: int
) -> float:
    """Write a text of at most so many lines; gives where it ends."""
    font = _font(size)
    for line in wrapped(text, size, lines):
        pen.text((_LEFT, y), line, fill=colour, font=font)
        y += round(1.35 * size)
    return y


def wrapped(text: str, size: int, most_lines: int) -> list[str]:
    """A text in lines that fit beside the map; "…" ends one that has no room for all.

    >>> wrapped("工商银行宁波新城支行营业部", 50, 2)
    ['工商银行宁波新城', '支行营业部']
    >>> wrapped("Ningbo model bank branches", 50, 2)
    ['Ningbo model', 'bank branches']
    """
    font = _font(size)
    words = text[:_MOST_CHARACTERS].split(" ")
    lines: list[str] = []
    line = ""
    for number, word in enumerate(words):
        spaced = f" {word}" if number and line else word
        fits_alone = font.getlength(word) < _TEXT_WIDTH
        if line and fits_alone and font.getlength(line + spaced) > _TEXT_WIDTH:
            lines.append(line)
            line = word
            continue
        for character in spaced:
            if line and font.getlength(line + character) > _TEXT_WIDTH:
                lines.append(line)
                line = ""
            line += character
    lines.append(line)
    if len(lines) > most_lines or len(text) > _MOST_CHARACTERS:
        lines = lines[:most_lines]
        while font.getlength(lines[-1] + "…") > _TEXT_WIDTH:
            lines[-1] = lines[-1][:-1]
        lines[-1] += "…"
    return lines


@functools.lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    # Shaping by another library would depend on whether the machine has it.
    return ImageFont.truetype(str(resource(_FONT)), size, layout_engine=ImageFont.Layout.BASIC)
