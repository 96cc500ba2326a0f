"""A page's map: the address of its data, its shell, its legend, and the picture before both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for

from mapsvc.areas import Area
from mapsvc.maps import Kind, Shell, ShellText, shell
from mapsvc.model import BBox, Datum
from mapsvc.snapshot import EVERYTHING, BranchQuery, Snapshot
from mapsvc.web import frame, words
from mapsvc.web.areas import area_counts, is_one_district, shown_in
from mapsvc.web.branches import BranchView, branch_view
from mapsvc.web.context import context
from mapsvc.web.frame import around_areas, joined, widened
from mapsvc.web.i18n import gettext, language
from mapsvc.web.overview import Overview, overview
from mapsvc.web.scale import Scale
from mapsvc.web.tiles import tile_source

_PIN_SHARE = 0.12
"""Of a map's height, for the northernmost pin, which stands above its place."""
_FOCUS_LEVEL = 2
"""The colour of the one district that a map is about."""


@dataclass(frozen=True, slots=True)
class Near:
    """Where a list by distance begins, and what the map shows around it."""

    box: BBox
    place: str = ""
    """A place as it was typed."""
    area: str | None = None
    """The code of an area that has none of the branches."""


_shells: dict[tuple[Kind, str], Shell] = {}


@dataclass(frozen=True, slots=True)
class MapView:
    """What the template ``_map.html`` needs."""

    kind: Kind
    data_url: str
    shell_url: str
    scale: Scale | None
    """None where one district stands out, rather than all by their numbers."""
    overview: Overview | None
    """None where there are no districts to draw."""
    words: words.LevelWords
    """What is said of the areas that are drawn."""


def shell_in(kind: Kind, lang: str) -> Shell:
    """The shell in the language of this request, made once."""
    known = _shells.get((kind, lang))
    if known is None:
        known = _shells[kind, lang] = shell(kind, _text())
    return known


def _text() -> ShellText:
    return ShellText(
        zoom_in=gettext("Zoom in"),
        zoom_out=gettext("Zoom out"),
        fullscreen=gettext("Full screen"),
        exit_fullscreen=gettext("Leave full screen"),
        locate=gettext("Show where I am"),
        districts=gettext("Branches per district"),
        circles=gettext("Approximate areas"),
        branches=gettext("Branches"),
        touch=gettext("Use two fingers to move the map"),
        scroll=gettext("Hold Ctrl and scroll to zoom the map"),
        scroll_mac=gettext("Hold ⌘ and scroll to zoom the map"),
    )


def focus_of(
    snapshot: Snapshot, query: BranchQuery, branch: str | None, around: str | None = None
) -> str | None:
    """The code of the one district that a map is about, if it is about one.

    Args:
        snapshot: what is drawn.
        query: the filter.
        branch: the id of the one branch that the map is about.
        around: the code of the area that has no branch, around which they are.
    """
    if around is not None:
        return around
    if branch is not None:
        return branch_view(snapshot, snapshot.feature(branch)).district
    wanted = query.district
    return wanted if wanted is not None and is_one_district(snapshot, wanted) else None


def areas_of(
    snapshot: Snapshot, query: BranchQuery, branch: str | None, around: str | None = None
) -> tuple[tuple[Area, ...], dict[str, int]]:
    """The areas that a map draws, and their numbers of branches by code."""
    district = around
    if branch is not None:
        district = branch_view(snapshot, snapshot.feature(branch)).district
    _, areas = shown_in(snapshot, query, district)
    return areas, area_counts(snapshot, query, areas)


def box_of(snapshot: Snapshot, query: BranchQuery, branch: str | None) -> BBox | None:
    """The part of the earth that a map of these branches shows (WGS-84).

    One branch with its circle, and its whole district where no tiles show what is around it; or
    an area; or what a filter has found; or the areas that have branches.
    """
    known = snapshot.areas
    if branch is not None:
        shown = branch_view(snapshot, snapshot.feature(branch))
        if shown.point is not None:
            box = frame.around(shown.point, shown.radius_m or 0)
            has_tiles = context().settings.tiles != "none"
            if has_tiles or shown.district is None:
                return box
            return joined([box, around_areas(snapshot, [known.get(shown.district)])])
    if query.district is not None and query.district in known:
        return around_areas(snapshot, [known.get(query.district)])
    if query != EVERYTHING:
        found = snapshot.extent(query)
        if found is not None:
            box = widened(found, 1_500)
            head = _PIN_SHARE * (box.north - box.south)
            return BBox(box.west, box.south, box.east, min(box.north + head, 90))
    # Areas without branches may lie far away, and branches outside every district.
    extent = snapshot.extent(EVERYTHING)
    _, areas = shown_in(snapshot, EVERYTHING)
    if extent is None:
        return around_areas(snapshot, areas)
    counts = area_counts(snapshot, EVERYTHING, areas)
    used = [area for area in areas if counts[area.code]]
    return joined([widened(extent), around_areas(snapshot, used)])


def shading(counts: Mapping[str, int], focus: str | None) -> tuple[dict[str, int], Scale | None]:
    """The class of each district's colour by its code, and the scale that it follows."""
    if focus is not None:
        # One that has nothing is still told from the others, but pale.
        return {
            c: 0 if c != focus else _FOCUS_LEVEL if n else _FOCUS_LEVEL - 1
            for c, n in counts.items()
        }, None
    scale = Scale.upto(max(counts.values(), default=0))
    return {code: scale.level(count) for code, count in counts.items()}, scale


def map_view(
    snapshot: Snapshot,
    kind: Kind,
    query: BranchQuery,
    branches: Sequence[BranchView],
    branch: str | None = None,
    *,
    near: Near | None = None,
) -> MapView:
    """The map of the branches that pass a filter, or of one branch.

    Args:
        snapshot: what to draw.
        kind: which map.
        query: the filter, as in the page's address.
        branches: those that the picture draws; none where they are too many.
        branch: the id of the one branch that the page is about.
        near: the typed place or the area that the list begins at.
    """
    lang = language()
    around = near.area if near else None
    areas, counts = areas_of(snapshot, query, branch, around)
    levels, scale = shading(counts, focus_of(snapshot, query, branch, around))
    box = box_of(snapshot, query, branch) if areas else None
    given = given_in(query)
    if near is not None and areas:
        box = near.box
        given |= {"around": near.area} if near.area else {"near": near.place}
    if branch is not None:
        given["branch"] = branch
    return MapView(
        kind=kind,
        data_url=url_for("mapdata.data", **(given | {"lang": lang})),
        shell_url=url_for(
            "mapdata.shell_script", kind=kind.value, lang=lang, digest=shell_in(kind, lang).digest
        ),
        scale=scale if scale and len(scale.steps) > 1 else None,
        overview=overview(snapshot, box, areas, branches, query, counts=counts, levels=levels)
        if box
        else None,
        words=words.of_areas(areas),
    )


def datum_of_tiles() -> Datum:
    """The datum that the map is drawn in."""
    tiles = tile_source(context().settings)
    return tiles.datum if tiles else Datum.WGS84


def given_in(query: BranchQuery) -> dict[str, Any]:
    """The arguments of an address that ask for a query."""
    wanted = {
        "list": query.list,
        "bank": query.bank,
        "district": query.district,
        "service": query.service,
        "open": "now" if query.open_at else None,
        "q": query.q,
    }
    return {name: value for name, value in wanted.items() if value is not None}
