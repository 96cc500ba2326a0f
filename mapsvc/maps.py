"""The map shell: what a map is made of before any data, as one script by folium.

This is the only module that imports folium, and it gives folium constants and our own
translations only. A branch's name must never get here: branca parses what it has rendered a
second time as a template, so that a name such as ``{{ … }}`` would run on the server. The data
is fetched and drawn as text by the front end (``frontend/src``), into the layers made here.

Why folium all the same: the map's parts, their order, options and names stand in one Python
table beside the catalogues that translate them; a layer or plug-in that folium knows is added
here in a line; and a stand-alone export builds the same map from the same objects.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import folium
import folium.plugins
from branca.element import Element
from folium.features import Control

E = TypeVar("E", bound=Element)

MAP_ID = "map_shell"
"""The id of the element that the map fills, and the script's global name of the map."""

_START = (29.87, 121.55)
_START_ZOOM = 9
"""Replaced by the data's bounds before anything is seen."""

_LINE = re.compile(r"\n\s*\n+")


class Kind(StrEnum):
    """Which map a page wants."""

    LOCATOR = "locator"
    """With everything, and the visitor's own position."""
    DETAIL = "detail"
    """A small one beside one branch's or district's facts."""
    EMBED = "embed"
    """In a foreign page's frame, which asks for no position."""
    EMBED_NEAR = "embednear"
    """The same, with the visitor's own position where that page lets it be asked for."""


@dataclass(frozen=True, slots=True)
class ShellText:
    """The words of the shell, translated; each is shipped with the program."""

    zoom_in: str
    zoom_out: str
    fullscreen: str
    exit_fullscreen: str
    locate: str
    districts: str
    circles: str
    branches: str
    touch: str
    scroll: str
    scroll_mac: str


@dataclass(frozen=True, slots=True)
class Shell:
    """A rendered shell and the name of its content, for addresses that may be kept for ever."""

    script: str
    digest: str


class _Map(folium.Map):
    """A map that asks no other host for anything."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium's own way
    default_css: list[tuple[str, str]] = []  # noqa: RUF012


class _Control(Control):
    """One of Leaflet's own controls; folium's class takes a given position for arguments."""

    def __init__(self, control: str, **options: Any) -> None:
        super().__init__(control)
        self.options = options


class _MarkerCluster(folium.plugins.MarkerCluster):
    default_js: list[tuple[str, str]] = []  # noqa: RUF012
    default_css: list[tuple[str, str]] = []  # noqa: RUF012


class _Fullscreen(folium.plugins.Fullscreen):
    default_js: list[tuple[str, str]] = []  # noqa: RUF012
    default_css: list[tuple[str, str]] = []  # noqa: RUF012


class _LocateControl(folium.plugins.LocateControl):
    default_js: list[tuple[str, str]] = []  # noqa: RUF012
    default_css: list[tuple[str, str]] = []  # noqa: RUF012


def shell(kind: Kind, text: ShellText) -> Shell:
    """The script that makes the empty map; the same for the same arguments.

    It runs after the bundle, which provides ``L`` and its plug-ins, and makes the globals
    ``map_shell``, ``feature_group_districts``, ``feature_group_circles`` and
    ``marker_cluster_branches``.
    """
    shown = _map(text)
    _named(folium.FeatureGroup(name=text.districts), "districts").add_to(shown)
    _named(folium.FeatureGroup(name=text.circles), "circles").add_to(shown)
    _named(_cluster(text), "branches").add_to(shown)
    for number, control in enumerate(_controls(kind, text)):
        _named(control, f"control{number}").add_to(shown)
    script = _script(shown)
    return Shell(script, hashlib.blake2b(script.encode(), digest_size=8).hexdigest())


def _map(text: ShellText) -> _Map:
    shown = _Map(
        location=_START,
        zoom_start=_START_ZOOM,
        tiles=None,
        zoom_control=False,
        attribution_control=False,  # it would parse HTML; the front end writes text
        gesture_handling=True,
        gesture_handling_options={
            "text": {"touch": text.touch, "scroll": text.scroll, "scrollMac": text.scroll_mac},
            "duration": 1200,
        },
    )
    shown.options |= {"min_zoom": 5, "max_zoom": 18}  # folium keeps its own for tile layers
    return _named(shown, "shell")


def _cluster(text: ShellText) -> _MarkerCluster:
    return _MarkerCluster(  # type: ignore[no-untyped-call]
        name=text.branches,
        icon_create_function="window.mapsvc.clusterIcon",  # an icon with an accessible name
        max_cluster_radius=36,
        show_coverage_on_hover=False,
        disable_clustering_at_zoom=15,
        spiderfy_on_max_zoom=True,
    )


def _controls(kind: Kind, text: ShellText) -> list[Element]:
    controls: list[Element] = [
        _Control(
            "Zoom",
            position="topleft",
            zoom_in_text="",  # the style sheet draws the signs
            zoom_out_text="",
            zoom_in_title=text.zoom_in,
            zoom_out_title=text.zoom_out,
        ),
        _Control("Scale", position="bottomright", imperial=False, max_width=90),
        _Fullscreen(  # type: ignore[no-untyped-call]
            position="topright",
            title=text.fullscreen,
            title_cancel=text.exit_fullscreen,
            force_separate_button=True,
        ),
    ]
    if kind is not Kind.DETAIL:
        controls.append(folium.LayerControl(position="topright", collapsed=True))
    if kind in (Kind.LOCATOR, Kind.EMBED_NEAR):
        controls.append(
            _LocateControl(  # type: ignore[no-untyped-call]
                position="topleft", setView="once", strings={"title": text.locate}
            )
        )
    return controls


def _named(element: E, name: str) -> E:
    """Give an element a fixed id: folium's random ones would change the script at each render."""
    element._id = name
    return element


def _script(shown: folium.Map) -> str:
    """The script alone: folium's page around it has inline styles and forbids zooming."""
    figure: Any = shown.get_root()
    figure.render()
    script = _LINE.sub("\n", figure.script.render()).strip()
    return script + "\n"
