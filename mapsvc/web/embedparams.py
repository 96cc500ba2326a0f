"""The parameters of ``/embed``: the table, and what stands behind the looks that a host chooses.

They are version 1. Within a version a parameter never changes its meaning nor goes away, so that
code that was pasted years ago still shows what it showed; a name that is unknown is passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import parse_qsl

from mapsvc.model import Datum, Point
from mapsvc.snapshot import BranchQuery
from mapsvc.web.colours import Colour
from mapsvc.web.i18n import LANGUAGES
from mapsvc.web.params import DATUM, PATH, FilterParams, Q
from mapsvc.web.query import Parameter, choice, decimals, table, whole

VERSION = "1"

MIN_HEIGHT, MAX_HEIGHT = 200, 2_000
MIN_ZOOM, MAX_ZOOM = 4, 18
CONTROLS = ("zoom", "fullscreen", "layers", "scale")


def _centre(text: str) -> Point:
    lat, lon = decimals(text, 2)
    return Point(lon, lat)  # refuses what is out of range


def _controls(text: str) -> tuple[str, ...]:
    names = () if text == "none" else tuple(text.split(","))
    if len(set(names)) < len(names) or not set(names) <= set(CONTROLS):
        raise ValueError(text)
    return names


V = choice(VERSION, description="The version of these parameters.")
SHOW = choice("both", "map", "list", description="Map and list, or one of them.")
CENTER = Parameter(
    description="The middle of the map: latitude, longitude.",
    schema={"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    allowed="a latitude from -90 to 90 and a longitude from -180 to 180, with a comma",
    read=_centre,
    example=[29.8683, 121.544],
    exploded=False,
)
ZOOM = whole(MIN_ZOOM, MAX_ZOOM, description="The zoom level that the map begins with.", example=11)
HEIGHT = whole(
    MIN_HEIGHT,
    MAX_HEIGHT,
    description="The map's height in pixels; the page is then as high as its contents.",
    example=420,
)
LANG = choice(*LANGUAGES, description="The language; by default the visitor's.")
THEME = choice("auto", "light", "dark", description="Light, dark, or as the visitor's device is.")
ACCENT = Parameter(
    description="The colour of links and marks.",
    schema={"type": "string", "pattern": "^#?[0-9a-fA-F]{6}$"},
    allowed="a colour rrggbb that stands out from white by a contrast of 4.5 to 1",
    read=Colour.accent,
    example="0d4a57",
)
CONTROLS_SHOWN = Parameter(
    description="The buttons on the map.",
    schema={"type": "array", "items": {"type": "string", "enum": list(CONTROLS)}},
    allowed=f"none, or some of {', '.join(CONTROLS)}, with commas",
    read=_controls,
    example=["zoom", "scale"],
    exploded=False,
)
NEAR = choice(
    "1",
    "0",
    description="Whether visitors can have their own position shown.",
    read=lambda text: text == "1",
)
PAGE = whole(1, 9_999_999, description="Which page of a list that is too long for one.")


@dataclass(frozen=True, kw_only=True)
class LookParams:
    """What the frame looks like; ``/embed/look.css`` takes no other."""

    theme: Annotated[str, THEME] = "auto"
    accent: Annotated[Colour | None, ACCENT] = None
    height: Annotated[int | None, HEIGHT] = None


@dataclass(frozen=True, kw_only=True)
class EmbedParams(LookParams, FilterParams):
    """What the frame shows, and how."""

    q: Annotated[str | None, Q] = None
    branch: Annotated[str | None, PATH["id"]] = None
    show: Annotated[str, SHOW] = "both"
    center: Annotated[Point | None, CENTER] = None
    datum: Annotated[Datum, DATUM] = Datum.WGS84
    zoom: Annotated[int | None, ZOOM] = None
    controls: Annotated[tuple[str, ...], CONTROLS_SHOWN] = CONTROLS
    near: Annotated[bool, NEAR] = False
    lang: Annotated[str | None, LANG] = None
    page: Annotated[int, PAGE] = 1
    v: Annotated[str, V] = VERSION

    @property
    def query(self) -> BranchQuery:
        return replace(super().query, q=self.q)

    @property
    def middle(self) -> Point | None:
        """``center`` in the datum that it was given in."""
        return None if self.center is None else replace(self.center, datum=self.datum)


NAMES = tuple(table(EmbedParams))
"""Every parameter of the frame."""

_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,64}")


def given(query: bytes) -> dict[str, str]:
    """The known parameters of a query string that say something, as they came.

    >>> given(b"bank=icbc&q=&utm_source=x")
    {'bank': 'icbc'}
    """
    return {name: text for name, text in _pairs(query) if text and name in NAMES}


def unknown(query: bytes) -> tuple[str, ...]:
    """The names in a query string that are no parameters, each once; they are passed over.

    >>> unknown(b"bank=icbc&utm_source=x&utm_source=y")
    ('utm_source',)
    """
    names = dict.fromkeys(name for name, _ in _pairs(query) if name not in NAMES)
    return tuple(name for name in names if _NAME.fullmatch(name))


def _pairs(query: bytes) -> list[tuple[str, str]]:
    return parse_qsl(query.decode(errors="replace"), keep_blank_values=True)
