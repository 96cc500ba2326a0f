"""What a map draws, as JSON in the datum of its tiles; and the map's shell, as a script."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from flask import Blueprint, Response, abort, request, url_for
from flask_babel import force_locale
from shapely.geometry.base import BaseGeometry

from mapsvc.geo.datum import convert, convert_arrays, convert_geometry
from mapsvc.maps import Kind
from mapsvc.model import Datum
from mapsvc.snapshot import BranchQuery, Snapshot
from mapsvc.web import caching
from mapsvc.web.branches import (
    branch_view,
    district_counts,
    district_name,
    district_summary,
)
from mapsvc.web.context import context, snapshot
from mapsvc.web.display import shown
from mapsvc.web.frame import in_datum, label_points
from mapsvc.web.i18n import LANGUAGES, gettext, language
from mapsvc.web.mapview import box_of, focus_of, shading, shell_in
from mapsvc.web.params import FilterParams, Q
from mapsvc.web.query import parse, text
from mapsvc.web.tiles import TileSource, tile_credits, tile_source

bp = Blueprint("mapdata", __name__, url_prefix="/map")

MAX_DRAWN = 5_000
"""Branches on one map; the districts' numbers count all of them."""

_DECIMALS = 5
"""Of a degree, for points: 1 m."""
_GRID = 10_000
"""Steps of a degree that outlines are given in: 11 m, well below their simplification."""

_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, kw_only=True)
class MapParams(FilterParams):
    q: Annotated[str | None, Q] = None
    branch: Annotated[str | None, text(128, description="Only the branch with this id.")] = None

    @property
    def query(self) -> BranchQuery:
        return BranchQuery(list=self.list, bank=self.bank, district=self.district, q=self.q)


@bp.get("/data.json")
@caching.cached(caching.PAGE, vary="Accept-Language", variant=language)
def data() -> Response:
    wanted = parse(MapParams, request.query_string, lenient=True)
    snap = snapshot()
    tiles = tile_source(context().settings)
    datum = tiles.datum if tiles else Datum.WGS84
    box = box_of(snap, wanted.query, wanted.branch)
    answer: dict[str, Any] = {
        "datum": datum,
        "tiles": _tiles(tiles) if tiles else None,
        "bounds": None,
        "branches": list(_branches(snap, wanted, datum)),
        "labels": _labels(),
    }
    if box is not None:
        shifted = in_datum(box, datum)
        answer["bounds"] = [[shifted.west, shifted.south], [shifted.east, shifted.north]]
    body = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    districts = ",".join(_districts(snap, wanted, datum))
    return Response(f'{body[:-1]},"districts":[{districts}]}}', mimetype="application/json")


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


def _branches(snap: Snapshot, wanted: MapParams, datum: Datum) -> Iterator[dict[str, Any]]:
    if wanted.branch is not None:
        features = [snap.feature(wanted.branch)]
    else:
        features = snap.page(wanted.query, MAX_DRAWN).features
    for feature in features:
        branch = branch_view(snap, feature)
        if branch.point is None:
            continue
        point = convert(branch.point, datum)
        yield {
            "id": branch.id,
            "name": branch.name,
            "bank": branch.bank,
            "badge": branch.badge,
            "address": branch.address,
            "at": [round(point.lon, _DECIMALS), round(point.lat, _DECIMALS)],
            "radius_m": branch.radius_m,
            "precision": branch.precision,
            "url": url_for("locator.branch", branch_id=branch.id),
        }


_outlines: WeakKeyDictionary[Snapshot, dict[Datum, list[str]]] = WeakKeyDictionary()


def _outlines_in(snap: Snapshot, datum: Datum) -> list[str]:
    """Every district's outline for drawing, as JSON text, made once a revision."""
    known = _outlines.setdefault(snap, {})
    if datum not in known:
        known[datum] = [
            json.dumps(
                outline(convert_geometry(entry.district.drawing, Datum.WGS84, datum)),
                separators=(",", ":"),
            )
            for entry in snap.districts
        ]
    return known[datum]


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


def _districts(snap: Snapshot, wanted: MapParams, datum: Datum) -> Iterator[str]:
    counts = district_counts(snap, wanted.query)
    levels, _ = shading(counts, focus_of(snap, wanted.query, wanted.branch))
    labels = label_points(snap)
    for entry, shape in zip(snap.districts, _outlines_in(snap, datum), strict=True):
        code = entry.district.code
        places = np.array(labels[code])
        lon, lat = convert_arrays(places[:, 0], places[:, 1], Datum.WGS84, datum)
        count = counts[code]
        facts = {
            "code": code,
            "name": district_name(entry),
            "count": count,
            "level": levels[code],
            "summary": district_summary(wanted.query, code, count),
            "label_at": np.column_stack((lon, lat)).round(_DECIMALS).tolist(),
            "url": url_for("locator.district", code=code),
        }
        text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
        yield f'{text[:-1]},"outline":{shape}}}'


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
