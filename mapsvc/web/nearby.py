"""Lists by distance: from where a visitor is, or from a place that was typed."""

from __future__ import annotations

from dataclasses import dataclass

from mapsvc.model import BBox, Point
from mapsvc.snapshot import BranchQuery, Snapshot
from mapsvc.web import words
from mapsvc.web.branches import BranchView, position_of
from mapsvc.web.display import shown
from mapsvc.web.frame import around, joined
from mapsvc.web.i18n import gettext
from mapsvc.web.places import place_of
from mapsvc.web.query import text

MAX_NEAR = 300
"""Branches in a list by distance at most: who wants the 301st is not looking for a near one."""
_SEEN_AT_ONCE = 3
"""So many of the nearest are in the map's view, with the place that they are near to."""

ME = "me"
"""What ``near`` says where the visitor's own position is meant. It is never in an address: the
page's script sends it along when it fetches the list."""


NEAR = text(
    100, description="A place or address that the nearest branches are listed from; me: here."
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where distances are measured from."""

    point: Point
    label: str = ""
    """The place's name or address as it is known here; empty for the visitor's own position."""
    radius_m: float | None = None
    """How far off a typed place may be; None where it is exact, and for the visitor's own."""


def origin_of(typed: str) -> Origin | None:
    """The place that a visitor typed, as far as it is known."""
    place = place_of(typed)
    if place is None:
        return None
    return Origin(
        place.point,
        shown(place.label),
        place.radius_m if place.precision.is_approximate else None,
    )


def distance_of(branch: BranchView, origin: Origin, distance_m: float) -> str:
    """How far a branch is, in words, and never more exactly than both places are known."""
    if distance_m < (origin.radius_m or 0):
        return gettext("in this area")  # bounds would be larger for the nearer one of two
    doubt_m = (branch.radius_m or 0) + (origin.radius_m or 0)
    if distance_m < doubt_m:
        return gettext("within %(distance)s", distance=words.distance(distance_m + doubt_m))
    said = words.distance(distance_m)
    return gettext("about %(distance)s", distance=said) if doubt_m else said


def around_nearest(snapshot: Snapshot, query: BranchQuery, origin: Origin) -> BBox | None:
    """What a map shows of a list by distance (WGS-84): the place and the nearest branches."""
    found = snapshot.nearest(origin.point, _SEEN_AT_ONCE, query=query)
    nearest = [position_of(each.feature) for each in found]
    return joined([around(point, 0) for point in (origin.point, *nearest) if point is not None])
