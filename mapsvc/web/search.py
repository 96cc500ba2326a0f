"""The API's search: what typed letters can mean, each with the page that shows it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, request

from mapsvc.search import Kind, Suggestion, suggest
from mapsvc.web import caching, geojson
from mapsvc.web.application import Answer
from mapsvc.web.context import base_url, snapshot
from mapsvc.web.params import SearchParams
from mapsvc.web.query import parse

bp = Blueprint("search", __name__, url_prefix="/api")


@bp.get("/v1/search")
@caching.cached(caching.API)
def search() -> Response:
    wanted = parse(SearchParams, request.query_string)
    found = suggest(snapshot(), wanted.q, wanted.limit)
    body = geojson.dumps({"results": [_result(each) for each in found]})
    return Answer(body, content_type="application/json")


def _result(found: Suggestion) -> dict[str, Any]:
    result: dict[str, Any] = {
        "kind": found.kind,
        "id" if found.kind is Kind.BRANCH else "code": found.key,
        "name": found.name,
        "name_en": found.name_en or None,
        "detail": found.detail,
        "count": found.count,
        "match": found.spans,
        "url": base_url() + _path(found),
    }
    if found.point is not None:
        result["point"] = {"type": "Point", "coordinates": (found.point.lon, found.point.lat)}
    return result


def _path(found: Suggestion) -> str:
    """The page that shows it; the locator's own filters where it has no page."""
    match found.kind:
        case Kind.BRANCH:
            return f"/branches/{quote(found.key, safe='')}"
        case Kind.DISTRICT:
            return f"/districts/{quote(found.key, safe='')}"
        case Kind.BANK:
            return f"/?{urlencode({'bank': found.key})}"
        case Kind.TOWN:
            return f"/?{urlencode({'near': found.detail + found.name})}"
        case Kind.PLACE:
            return f"/?{urlencode({'near': found.key})}"
