"""The API: branches and districts as GeoJSON, the nearest branches, the district of a point."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Request, Response, render_template, request

from mapsvc.geo.datum import convert
from mapsvc.model import Datum, Point
from mapsvc.web import caching, geojson, openapi
from mapsvc.web.application import Answer
from mapsvc.web.context import base_url, snapshot
from mapsvc.web.errors import KINDS, OutsideDistricts
from mapsvc.web.i18n import language
from mapsvc.web.params import (
    MAX_LIMIT,
    BranchesParams,
    ClustersParams,
    DistrictsParams,
    GeometryParams,
    NearestParams,
    NoParams,
    PointParams,
)
from mapsvc.web.query import parse

bp = Blueprint("api", __name__, url_prefix="/api")

_LINKABLE = re.compile(rb"(?:[a-z_]+=[\w.~!$'()*,:@/%-]*(?:&|$))*", re.ASCII)
"""Queries that are written as a URL has them: nearly all."""

_POINT_DECIMALS = 7
"""Decimals of a degree that a converted point is given back with: about 1 cm."""


@bp.get("/v1/branches")
@caching.cached(caching.API)
def branches() -> Response:
    wanted = parse(BranchesParams, request.query_string)
    shown = snapshot()
    found = shown.collection(wanted.query, wanted.limit, wanted.offset)
    page = _page(found.matched, found.returned, wanted.offset, wanted.limit)
    return _geojson(geojson.collection(found.pieces, page))


@bp.get("/v1/branches/<id>")
@caching.cached(caching.API)
def branch(id: str) -> Response:  # noqa: A002 - the name in the documented path
    parse(NoParams, request.query_string)
    shown = snapshot()
    return _geojson(shown.feature(id))


@bp.get("/v1/nearest")
@caching.cached(caching.API)
def nearest() -> Response:
    wanted = parse(NearestParams, request.query_string)
    shown = snapshot()
    found = shown.nearest(
        wanted.point, wanted.limit, max_distance_m=wanted.max_distance, query=wanted.query
    )
    features = [geojson.with_distance(*neighbour) for neighbour in found]
    members = {
        "numberReturned": len(features),
        "query": _wgs84(wanted.point),
        "links": [_link("self", *_here())],
    }
    return _geojson(geojson.collection(features, members))


@bp.get("/v1/clusters")
@caching.cached(caching.API)
def clusters() -> Response:
    wanted = parse(ClustersParams, request.query_string)
    found, zoom = snapshot().clusters(wanted.query, wanted.bbox, wanted.zoom, MAX_LIMIT)
    members = {
        "zoom": zoom,
        "numberReturned": len(found),
        "links": [_link("self", *_here())],
    }
    return _geojson(geojson.collection(map(geojson.cluster, found), members))


@bp.get("/v1/districts")
@caching.cached(caching.API)
def districts() -> Response:
    wanted = parse(DistrictsParams, request.query_string)
    shown = snapshot()
    given = shown.districts[wanted.offset : wanted.offset + wanted.limit]
    features = [geojson.district_feature(shown, entry, wanted.geometry) for entry in given]
    page = _page(len(shown.districts), len(given), wanted.offset, wanted.limit)
    return _geojson(geojson.collection(features, page))


@bp.get("/v1/districts/<code>")
@caching.cached(caching.API)
def district(code: str) -> Response:
    wanted = parse(GeometryParams, request.query_string)
    shown = snapshot()
    return _geojson(geojson.district_feature(shown, shown.district(code), wanted.geometry))


@bp.get("/v1/locate")
@caching.cached(caching.API)
def locate() -> Response:
    point = parse(PointParams, request.query_string).point
    found = snapshot().locate(point)
    if found is None:
        raise OutsideDistricts("point", f"lat {point.lat}, lon {point.lon} ({point.datum})")
    return _json(
        {
            "code": found.district.code,
            "name": found.district.name,
            "city": found.district.city,
            "border_distance_m": round(found.border_distance_m, 3),
        }
    )


@bp.get("/v1/openapi.json")
@caching.cached(caching.API)
def document() -> Response:
    parse(NoParams, request.query_string)
    return _json(openapi.document(base_url()))


@bp.get("/docs")
@caching.cached(caching.PAGE, vary="Accept-Language", variant=language)
def docs() -> str:
    api = openapi.document(base_url())
    example = json.dumps(openapi.problem_example(base_url()), ensure_ascii=False, indent=2)
    return render_template("api/docs.html", api=api, kinds=KINDS.values(), problem=example)


def _page(matched: int, returned: int, offset: int, limit: int) -> dict[str, Any]:
    """The members that page through a collection."""
    here, query = _here()
    links = [_link("self", here, query)]
    if offset + returned < matched and returned:
        links.append(_link("next", here, _at(query, offset + limit)))
    if offset:
        links.append(_link("prev", here, _at(query, max(0, min(offset, matched) - limit))))
    return {"numberMatched": matched, "numberReturned": returned, "links": links}


def _here() -> tuple[str, str]:
    """The address of this request and its query, as a link can repeat them.

    The query was parsed before, so that nothing in it is repeated or unknown.
    """
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]
    raw = asked.query_string
    plain = _LINKABLE.fullmatch(raw) is not None
    query = raw.decode() if plain else urlencode(parse_qsl(raw.decode()))
    return base_url() + asked.path, query


def _at(query: str, offset: int) -> str:
    """The query for another page."""
    others = [part for part in query.split("&") if part and not part.startswith("offset=")]
    return "&".join([*others, f"offset={offset}"])


def _link(rel: str, here: str, query: str) -> dict[str, str]:
    href = f"{here}?{query}" if query else here
    return {"rel": rel, "type": geojson.MEDIA_TYPE, "href": href}


def _wgs84(point: Point) -> dict[str, Any]:
    """A point as GeoJSON."""
    there = convert(point, Datum.WGS84)
    coordinates = [round(there.lon, _POINT_DECIMALS), round(there.lat, _POINT_DECIMALS)]
    return {"type": "Point", "coordinates": coordinates}


def _geojson(body: bytes) -> Response:
    return Answer(body, content_type=geojson.MEDIA_TYPE)


def _json(value: Any) -> Response:
    return Answer(geojson.dumps(value), content_type="application/json")
