"""A page's map: the address of its data, its shell, its legend, and the picture before both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for

from mapsvc.maps import Kind, Shell, ShellText, shell
from mapsvc.model import BBox
from mapsvc.snapshot import EVERYTHING, BranchQuery, Snapshot
from mapsvc.web.branches import BranchView, branch_view, district_counts
from mapsvc.web.context import context
from mapsvc.web.frame import around, around_districts, joined, widened
from mapsvc.web.i18n import gettext, language
from mapsvc.web.overview import Overview, overview
from mapsvc.web.scale import Scale

_FOCUS_LEVEL = 2
"""The colour of the one district that a map is about."""

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


def focus_of(snapshot: Snapshot, query: BranchQuery, branch: str | None) -> str | None:
    """The code of the one district that a map is about, if it is about one."""
    if branch is not None:
        return branch_view(snapshot, snapshot.feature(branch)).district
    return query.district


def box_of(snapshot: Snapshot, query: BranchQuery, branch: str | None) -> BBox | None:
    """The part of the earth that a map of these branches shows (WGS-84).

    One branch with its circle, and its whole district where no tiles show what is around it; or
    a district; or what a filter has found; or the districts that have branches.
    """
    if branch is not None:
        shown = branch_view(snapshot, snapshot.feature(branch))
        if shown.point is not None:
            box = around(shown.point, shown.radius_m or 0)
            has_tiles = context().settings.tiles != "none"
            if has_tiles or shown.district is None:
                return box
            return joined([box, around_districts(snapshot, [shown.district])])
    if query.district is not None:
        district = around_districts(snapshot, [query.district])
        if district is not None:
            return district
    if query != BranchQuery():
        found = snapshot.extent(query)
        if found is not None:
            return widened(found, 1_500)
    # Districts without branches may lie far away, and branches outside every district.
    extent = snapshot.extent(EVERYTHING)
    places = extent and widened(extent)
    used = [entry.district.code for entry in snapshot.districts if entry.count]
    return (
        joined([places, around_districts(snapshot, used)]) if places else around_districts(snapshot)
    )


def shading(counts: Mapping[str, int], focus: str | None) -> tuple[dict[str, int], Scale | None]:
    """The class of each district's colour by its code, and the scale that it follows."""
    if focus is not None:
        # A search may find nothing in its district, which then is as pale as the others.
        return {c: _FOCUS_LEVEL if c == focus and n else 0 for c, n in counts.items()}, None
    scale = Scale.upto(max(counts.values(), default=0))
    return {code: scale.level(count) for code, count in counts.items()}, scale


def map_view(
    snapshot: Snapshot,
    kind: Kind,
    query: BranchQuery,
    branches: Sequence[BranchView],
    branch: str | None = None,
) -> MapView:
    """The map of the branches that pass a filter, or of one branch.

    Args:
        snapshot: what to draw.
        kind: which map.
        query: the filter, as in the page's address.
        branches: what the filter found; the picture draws them.
        branch: the id of the one branch that the page is about.
    """
    lang = language()
    counts = district_counts(snapshot, query)
    levels, scale = shading(counts, focus_of(snapshot, query, branch))
    box = box_of(snapshot, query, branch) if counts else None
    wanted = {"list": query.list, "bank": query.bank, "district": query.district, "q": query.q}
    given: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    if branch is not None:
        given["branch"] = branch
    return MapView(
        kind=kind,
        data_url=url_for("mapdata.data", **(given | {"lang": lang})),
        shell_url=url_for(
            "mapdata.shell_script", kind=kind.value, lang=lang, digest=shell_in(kind, lang).digest
        ),
        scale=scale if scale and len(scale.steps) > 1 else None,
        overview=overview(snapshot, box, branches, query, counts=counts, levels=levels)
        if box
        else None,
    )
