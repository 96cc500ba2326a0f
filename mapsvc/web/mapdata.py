"""What a map draws, as JSON in the datum of its tiles; and the map's shell, as a script."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from flask import Blueprint, Response, abort, request, url_for
from flask_babel import force_locale
from shapely.geometry.base import BaseGeometry

from mapsvc.areas import Area, Areas
from mapsvc.geo.datum import convert, convert_arrays, convert_geometry
from mapsvc.maps import Kind
from mapsvc.model import BBox, Datum
from mapsvc.snapshot import BranchQuery, Cluster, Snapshot
from mapsvc.web import caching
from mapsvc.web.areas import area_name, drawings, summary
from mapsvc.web.context import context, snapshot
from mapsvc.web.display import shown
from mapsvc.web.frame import in_datum, label_points
from mapsvc.web.i18n import LANGUAGES, gettext, language, ngettext
from mapsvc.web.listing import MAX_LISTED
from mapsvc.web.mapview import (
    areas_of,
    box_of,
    datum_of_tiles,
    focus_of,
    given_in,
    shading,
    shell_in,
)
from mapsvc.web.marks import marks
from mapsvc.web.nearby import NEAR, Origin, around_nearest, nearest, origin_in, origin_of
from mapsvc.web.params import BBOX, MAX_LIMIT, ZOOM, FilterParams, Q
from mapsvc.web.query import choice, parse, text
from mapsvc.web.tiles import TileSource, tile_credits, tile_source
from mapsvc.web.words import number

bp = Blueprint("mapdata", __name__, url_prefix="/map")

_MOST_MEMBERS = 20
"""Branches of one place that are named; the popup says how many more there are."""

_DECIMALS = 5
"""Of a degree, for labels: 1 m."""
_BOX_DECIMALS = 6
_MARGIN = 2e-5
"""Degrees by which a box is widened: it was rounded, and shifted by its corners."""
_GRID = 10_000
"""Steps of a degree that outlines are given in: 11 m, well below their simplification."""

_FOREVER = "public, max-age=31536000, immutable"


AROUND = text(64, description="The code of an area without a branch, whose nearest are shown.")


@dataclass(frozen=True, kw_only=True)
class MapParams(FilterParams):
    q: Annotated[str | None, Q] = None
    near: Annotated[str | None, NEAR] = None
    around: Annotated[str | None, AROUND] = None
    branch: Annotated[str | None, text(128, description="Only the branch with this id.")] = None

    @property
    def query(self) -> BranchQuery:
        return replace(super().query, q=self.q)

    def origin(self, snap: Snapshot) -> Origin | None:
        """Where the list beside the map begins."""
        if self.around in snap.areas:
            return origin_in(snap, self.around or "")
        return origin_of(snap, self.near) if self.near else None


@dataclass(frozen=True, kw_only=True)
class DataParams(MapParams):
    outlines: Annotated[
        str | None, choice("none", description="The areas without their outlines, which are known.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class BoxParams(MapParams):
    """The part of a map that is on the screen, in the datum of its tiles."""

    bbox: Annotated[BBox, BBOX]


@dataclass(frozen=True, kw_only=True)
class ViewParams(BoxParams):
    zoom: Annotated[int, ZOOM]


def _variant() -> str:
    """The language, and what a typed place is, which the data alone does not tell."""
    wanted = parse(DataParams, request.query_string, lenient=True)
    return f"{language()} {wanted.origin(snapshot())}"


@bp.get("/data.json")
@caching.cached(caching.PAGE, vary="Accept-Language", variant=_variant)
def data() -> Response:
    """A map and its areas; its branches, too, as long as they are few, else where views are."""
    wanted = parse(DataParams, request.query_string, lenient=True)
    snap = snapshot()
    text = map_data(snap, wanted, _features(snap, wanted), outlines=wanted.outlines is None)
    return Response(text, mimetype="application/json")


def map_data(
    snap: Snapshot, wanted: MapParams, features: Sequence[bytes] | None, *, outlines: bool = True
) -> str:
    """A map as JSON text.

    Args:
        snap: what it shows.
        wanted: which branches, and from where.
        features: the branches, which the map has all at once; None where it asks by view.
        outlines: with those of the areas, which are most of it.
    """
    tiles = tile_source(context().settings)
    datum = datum_of_tiles()
    box = box_of(snap, wanted.query, wanted.branch)
    answer: dict[str, Any] = {
        "datum": datum,
        "tiles": _tiles(tiles) if tiles else None,
        "bounds": None,
        "branches": marks(features or [], datum),
        "labels": _labels(),
    }
    if features is None:
        given = given_in(wanted.query) | {"lang": language()}
        answer["view"] = {
            "marks": url_for("mapdata.view", **given),
            "members": url_for("mapdata.members", **given),
            "branch": url_for("mapdata.mark", **given),
        }
        answer["labels"] |= _view_labels()
    origin = wanted.origin(snap)
    if origin is not None:
        box = around_nearest(snap, origin, nearest(snap, wanted.query, origin))
        if origin.area is None:
            answer["place"] = _place(origin, datum)
    if box is not None:
        shifted = in_datum(box, datum)
        answer["bounds"] = [[shifted.west, shifted.south], [shifted.east, shifted.north]]
    body = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    districts = ",".join(_districts(snap, wanted, datum, outlines=outlines))
    return f'{body[:-1]},"districts":[{districts}]}}'


@bp.get("/shell-<kind>-<digest>.<lang>.js")
def shell_script(kind: str, digest: str, lang: str) -> Response:
    if kind not in list(Kind) or lang not in LANGUAGES:
        abort(404)
    with force_locale(lang):
        shell = shell_in(Kind(kind), lang)
    if digest != shell.digest:
        abort(404)  # an old page's; the new page names the new one
    response = Response(shell.script, mimetype="text/javascript")
    response.headers["Cache-Control"] = _FOREVER
    return response


@bp.get("/view.json")
@caching.cached(caching.PAGE, vary="Accept-Language", variant=language)
def view() -> Response:
    """The clusters and the single branches of a part of the map, in the datum of its tiles."""
    wanted = parse(ViewParams, request.query_string, lenient=True)
    datum, snap = datum_of_tiles(), snapshot()
    box = _wgs84(wanted.bbox, datum)
    found, zoom = snap.clusters(wanted.query, box, wanted.zoom, MAX_LIMIT)
    clusters = [cluster for cluster in found if cluster.feature is None]
    singles = [cluster.feature for cluster in found if cluster.feature is not None]
    return _json(
        {
            "zoom": zoom,
            "clusters": _clusters(clusters, datum),
            "branches": marks(singles, datum),
        }
    )


@bp.get("/members.json")
@caching.cached(caching.PAGE, vary="Accept-Language", variant=language)
def members() -> Response:
    """The first branches of a place that no zoom takes apart."""
    wanted = parse(BoxParams, request.query_string, lenient=True)
    datum, snap = datum_of_tiles(), snapshot()
    box = _wgs84(wanted.bbox, datum)
    total, features = snap.page(replace(wanted.query, bbox=box), _MOST_MEMBERS)
    more = total - len(features)
    return _json(
        {
            "branches": marks(features, datum),
            "more": ngettext("and %(count)s more", "and %(count)s more", more, count=number(more))
            if more
            else "",
        }
    )


@bp.get("/mark.json")
@caching.cached(caching.PAGE, vary="Accept-Language", variant=language)
def mark() -> Response:
    """One branch as the map marks it; none where it has no place."""
    wanted = parse(MapParams, request.query_string, lenient=True)
    feature = snapshot().feature(wanted.branch or "")
    return _json({"branches": marks([feature], datum_of_tiles())})


def _json(answer: dict[str, Any]) -> Response:
    body = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return Response(body, mimetype="application/json")


def _features(snap: Snapshot, wanted: MapParams) -> list[bytes] | None:
    """The branches that a map has all at once; None where they are too many for that."""
    if wanted.branch is not None:
        return [snap.feature(wanted.branch)]
    total, features = snap.page(wanted.query, MAX_LISTED)
    return features if total <= MAX_LISTED else None


def _wgs84(box: BBox, datum: Datum) -> BBox:
    """A box of the map's, given in the datum of its tiles, a little widened."""
    corners = [box.west, box.west, box.east, box.east], [box.south, box.north] * 2
    lon, lat = convert_arrays(*corners, datum, Datum.WGS84)
    # The shift of one corner is not that of the other: it must not turn a narrow box inside out,
    # nor may the margin do so with a box that goes nearly round the world.
    crosses = box.west > box.east
    west = float((lon[:2] if crosses else lon).min()) - _MARGIN
    east = float((lon[2:] if crosses else lon).max()) + _MARGIN
    if crosses and west <= east:
        west, east = -180.0, 180.0
    south, north = float(lat.min()) - _MARGIN, float(lat.max()) + _MARGIN
    return BBox(max(west, -180), max(south, -90), min(east, 180), min(north, 90))


def _clusters(clusters: Sequence[Cluster], datum: Datum) -> list[dict[str, Any]]:
    corners = np.array(
        [
            (c.point.lon, c.point.lat, c.box.west, c.box.south, c.box.east, c.box.north)
            for c in clusters
        ]
    ).reshape(-1, 6)
    for x in (0, 2, 4):
        shifted = convert_arrays(corners[:, x], corners[:, x + 1], Datum.WGS84, datum)
        corners[:, x : x + 2] = np.column_stack(shifted)
    return [
        {
            "at": [lon, lat],
            "count": cluster.count,
            "box": [[west, south], [east, north]],
            "apart": cluster.expansion_zoom,
        }
        for cluster, (lon, lat, west, south, east, north) in zip(
            clusters, corners.round(_BOX_DECIMALS).tolist(), strict=True
        )
    ]


_outlines: WeakKeyDictionary[Areas, dict[tuple[Datum, str], str]] = WeakKeyDictionary()


def _outlines_in(snap: Snapshot, areas: Sequence[Area], datum: Datum) -> list[str]:
    """The outlines of the areas of one view, as JSON text, made once for a set of districts."""
    known = _outlines.setdefault(snap.areas, {})
    if any((datum, area.code) not in known for area in areas):
        for area, shape in zip(areas, drawings(snap, areas), strict=True):
            shifted = outline(convert_geometry(shape, Datum.WGS84, datum))
            known[datum, area.code] = json.dumps(shifted, separators=(",", ":"))
    return [known[datum, area.code] for area in areas]


def outline(shape: BaseGeometry) -> list[list[list[int]]]:
    """A polygon's or multipolygon's parts, each a list of rings, outer ring first.

    A ring is x, y, x, y … in 1/10,000 degree, each pair but the first relative to the one before:
    half the size of GeoJSON once compressed. ``frontend/src/outline.ts`` reads it.

    >>> outline(shapely.box(1, 2, 1.0003, 2.0001))
    [[[10003, 20000, 0, 1, -3, 0, 0, -1]]]
    """
    return [
        [_steps(ring.coords[:-1]) for ring in (part.exterior, *part.interiors)]
        for part in shapely.get_parts(shape).tolist()
    ]


def _steps(ring: Sequence[tuple[float, ...]]) -> list[int]:
    grid = np.round(np.array(ring) * _GRID).astype(int)
    # What falls on the same step as the one before adds nothing.
    kept = np.append(True, (np.diff(grid, axis=0) != 0).any(axis=1))
    steps: list[int] = np.diff(grid[kept], axis=0, prepend=[[0, 0]]).ravel().tolist()
    return steps


def _place(origin: Origin, datum: Datum) -> dict[str, Any]:
    """A typed place as the map marks it."""
    at = convert(origin.point, datum)
    return {
        "at": [round(at.lon, _DECIMALS), round(at.lat, _DECIMALS)],
        "radius_m": origin.radius_m,
        "label": origin.label,
    }


def _districts(snap: Snapshot, wanted: MapParams, datum: Datum, *, outlines: bool) -> Iterator[str]:
    around = wanted.around if wanted.around in snap.areas else None
    areas, counts = areas_of(snap, wanted.query, wanted.branch, around)
    levels, _ = shading(counts, focus_of(snap, wanted.query, wanted.branch, around))
    labels = label_points(snap, areas)
    shapes = _outlines_in(snap, areas, datum) if outlines else [""] * len(areas)
    for area, shape in zip(areas, shapes, strict=True):
        code = area.code
        places = np.array(labels[code])
        lon, lat = convert_arrays(places[:, 0], places[:, 1], Datum.WGS84, datum)
        count = counts[code]
        facts = {
            "code": code,
            "name": area_name(area),
            "count": count,
            "level": levels[code],
            "summary": summary(snap, wanted.query, code, count),
            "label_at": np.column_stack((lon, lat)).round(_DECIMALS).tolist(),
            "url": url_for("locator.district", code=code),
        }
        text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
        yield f'{text[:-1]},"outline":{shape}}}' if shape else text


def _tiles(source: TileSource) -> dict[str, Any]:
    return {
        "layers": [
            {"url": layer.url, "subdomains": layer.subdomains, "max_zoom": layer.max_zoom}
            for layer in source.layers
        ],
        "attribution": [
            {"text": shown(credit.text), "url": credit.url}
            for credit in tile_credits(context().settings)
        ],
    }


def _labels() -> dict[str, str]:
    return {
        "details": gettext("Details and directions"),
        "see_district": gettext("See its branches"),
        "close": gettext("Close"),
        "layers": gettext("Layers"),
        "cluster": gettext("branches close together; press to zoom in"),
        "locate_denied": gettext(
            "Your position is not shared with this page. The list and the search work without it."
        ),
        "locate_failed": gettext("Your position could not be found."),
        "locate_outside": gettext("You are outside the area of this map."),
    }


def _view_labels() -> dict[str, str]:
    """What is said on maps of many branches only."""
    return {
        "view_failed": gettext(
            "The branches of this part of the map could not be loaded. Move the map to try again."
        ),
        "members": gettext("branches at this place; press to list them"),
        "here": gettext("branches at this place"),
        "branch_failed": gettext("This branch could not be loaded. Please try again."),
    }
