"""The OpenAPI document, made from the tables that parse parameters and answer errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mapsvc import __version__
from mapsvc.web import params
from mapsvc.web.errors import KINDS, PROBLEM_JSON
from mapsvc.web.geojson import MEDIA_TYPE
from mapsvc.web.query import InvalidParameters, Parameter, table
from mapsvc.web.schemas import SCHEMAS, ref

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Operation:
    """One path of the API. Parts of it in braces are rows of `mapsvc.web.params.PATH`."""

    path: str
    name: str
    summary: str
    description: str
    takes: type[DataclassInstance]
    answers: str
    """The schema of the answer."""
    media_type: str = MEDIA_TYPE
    example: Mapping[str, Any] | None = None

    @property
    def path_parts(self) -> list[str]:
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]


OPERATIONS = (
    Operation(
        "/branches",
        "listBranches",
        "Branches",
        "The branches that pass every filter, in the order of their lists; those in a box in an "
        "order of its own. A filter that names "
        "no stored list, bank or district matches no branch. A branch that could not be placed "
        "has a null geometry.",
        params.BranchesParams,
        "Branches",
    ),
    Operation(
        "/branches/{id}",
        "getBranch",
        "One branch",
        "A branch by its id.",
        params.NoParams,
        "Branch",
    ),
    Operation(
        "/nearest",
        "findNearest",
        "The nearest branches",
        "The branches nearest to a point, nearest first, each with its distance.",
        params.NearestParams,
        "NearestBranches",
    ),
    Operation(
        "/clusters",
        "listClusters",
        "Clusters for a map",
        "What a map of a box shows at a zoom: branches that would stand closer than about 64 "
        "pixels as one cluster, the others by themselves. Clusters are the branches of a cell of "
        "a fixed grid, so that they stay the same while a map is moved, and each lies wholly in "
        "one of the next lower zoom. Its point is where it is drawn: in the middle of its "
        "branches, but kept clear of the cell's edge, so that neighbours do not overlap; bbox "
        "says where its branches are. An answer with more than 1,000 features is given at a lower "
        "zoom, which it names.",
        params.ClustersParams,
        "Clusters",
    ),
    Operation(
        "/districts",
        "listDistricts",
        "Districts",
        "The districts with their polygons and how many branches lie in each.",
        params.DistrictsParams,
        "Districts",
    ),
    Operation(
        "/districts/{code}",
        "getDistrict",
        "One district",
        "A district by its code.",
        params.GeometryParams,
        "District",
    ),
    Operation(
        "/locate",
        "locate",
        "The district of a point",
        "The district whose polygon holds a point, and how far the point is from its border. "
        "Outside all districts the answer is a problem with status 404.",
        params.PointParams,
        "Location",
        _JSON,
        {"code": "330212", "name": "鄞州区", "city": "宁波市", "border_distance_m": 812.345},
    ),
    Operation(
        "/search",
        "search",
        "What typed letters can mean",
        "Districts, banks, towns, branches and places for what was typed so far, best first: for "
        "suggestions while a visitor types. Districts, banks and towns that begin with the text "
        "come before branches.",
        params.SearchParams,
        "Suggestions",
        _JSON,
    ),
    Operation(
        "/place",
        "findPlace",
        "Where a text lies",
        "The place of a typed address, road, town, district or branch, with how exact it is: from "
        "the branches' own addresses, the towns and the districts, and from geocoders where the "
        "server has some. Where nobody knows it the answer is a problem with status 404; while a "
        "geocoder is being asked, one with status 503 and Retry-After.",
        params.PlaceParams,
        "TypedPlace",
    ),
    Operation(
        "/openapi.json",
        "getOpenApi",
        "This document",
        "The OpenAPI document of this API.",
        params.NoParams,
        "Document",
        _JSON,
    ),
)


@lru_cache(maxsize=8)
def document(base: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document.

    Args:
        base: what stands before ``/api/v1`` in addresses.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mapsvc",
            "version": __version__,
            "license": {"name": "MIT", "identifier": "MIT"},
            "description": "Branches and districts as GeoJSON (RFC 7946): WGS-84, longitude "
            "first. Reading only, open to every origin. Answers carry an ETag and are "
            "worth asking again with If-None-Match.",
        },
        "servers": [{"url": f"{base}/api/v1"}],
        "paths": {operation.path: {"get": _operation(operation)} for operation in OPERATIONS},
        "components": {
            "schemas": SCHEMAS | {"Document": {"type": "object", "required": ["openapi", "info"]}},
            "responses": {
                "Problem": {
                    "description": "A problem (RFC 9457).",
                    "content": {
                        PROBLEM_JSON: {"schema": ref("Problem"), "example": problem_example(base)}
                    },
                },
                "TooMany": {
                    "description": "One address asks too much (429), or everybody together does "
                    "(503): ask again after as many seconds as the header says.",
                    "headers": {"Retry-After": {"schema": {"type": "integer"}}},
                    "content": {PROBLEM_JSON: {"schema": ref("Problem")}},
                },
                "NotModified": {"description": "What you have, by If-None-Match, is current."},
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": ref(operation.answers)}
    if operation.example is not None:
        content["example"] = operation.example
    problem = {"$ref": "#/components/responses/Problem"}
    can_miss = operation.path_parts or operation.name in {"locate", "findPlace"}
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [
            *(_path_parameter(name) for name in operation.path_parts),
            *(_query_parameter(n, p, d) for n, (p, d) in table(operation.takes).items()),
        ],
        "responses": {
            "200": {
                "description": operation.summary,
                "headers": {"ETag": {"schema": {"type": "string"}}},
                "content": {operation.media_type: content},
            },
            "304": {"$ref": "#/components/responses/NotModified"},
            "400": problem,
            **({"404": problem} if can_miss else {}),
            "429": {"$ref": "#/components/responses/TooMany"},
            "503": {"$ref": "#/components/responses/TooMany"},
            "default": problem,
        },
    }


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, **_described(params.PATH[name])}


def _query_parameter(name: str, parameter: Parameter, default: Any) -> dict[str, Any]:
    written = {"name": name, "in": "query", "required": default is MISSING}
    written |= _described(parameter)
    if default is not MISSING and default is not None:
        written["schema"] = {**parameter.schema, "default": default}
    if not parameter.exploded:
        written |= {"style": "form", "explode": False}
    return written


def _described(parameter: Parameter) -> dict[str, Any]:
    described = {"description": parameter.description, "schema": dict(parameter.schema)}
    if parameter.example is not None:
        described["example"] = parameter.example
    return described


def problem_example(base: str) -> dict[str, Any]:
    """What a wrong parameter is answered with."""
    fault = {"parameter": "limit", "value": "0", "allowed": params.LIMIT.allowed}
    detail = f"limit: '0' is not {params.LIMIT.allowed}"
    kind = KINDS[InvalidParameters]
    return {
        "type": f"{base}/api/docs#{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": "/api/v1/branches",
        **fault,
        "errors": [{"detail": detail, **fault}],
    }
