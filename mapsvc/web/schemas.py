"""What the API's answers look like, as JSON Schema; the components of the OpenAPI document."""

from __future__ import annotations

from typing import Any

from mapsvc.model import Precision, ReviewCode

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    """A reference to one of the components.

    >>> ref("Branch")
    {'$ref': '#/components/schemas/Branch'}
    """
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: Schema, *, optional: tuple[str, ...] = (), description: str = "") -> Schema:
    """An object with exactly these properties."""
    schema: Schema = {"type": "object"}
    if description:
        schema["description"] = description
    return schema | {
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _text(description: str, *, null: bool = False, **more: Any) -> Schema:
    return {"type": ["string", "null"] if null else "string", "description": description, **more}


def _number(description: str, *, null: bool = False) -> Schema:
    kind = ["number", "null"] if null else "number"
    return {"type": kind, "minimum": 0, "description": description}


def _count(description: str) -> Schema:
    return {"type": "integer", "minimum": 0, "description": description}


def _feature(properties: Schema, geometry: Schema) -> Schema:
    return _object(
        {
            "type": {"const": "Feature"},
            "id": {"type": "string"},
            "geometry": geometry,
            "properties": properties,
        }
    )


def _collection(item: str, *extra: str) -> Schema:
    members = {
        "numberMatched": _count("How many features there are on all pages."),
        "numberReturned": _count("How many features are in this answer."),
        "links": {"type": "array", "items": ref("Link")},
        "query": ref("Point") | {"description": "The point that was asked for, in WGS-84."},
        "zoom": _count("The zoom that the clusters are of."),
    }
    chosen = {name: members[name] for name in (*extra, "numberReturned", "links")}
    items = {"oneOf": [ref(name) for name in item.split("|")]} if "|" in item else ref(item)
    features = {"type": "array", "items": items, "maxItems": 1000}
    return _object({"type": {"const": "FeatureCollection"}, **chosen, "features": features})


_POSITION = {
    "type": "array",
    "description": "Longitude and latitude in WGS-84 degrees.",
    "prefixItems": [
        {"type": "number", "minimum": -180, "maximum": 180},
        {"type": "number", "minimum": -90, "maximum": 90},
    ],
    "minItems": 2,
    "maxItems": 2,
}


def _polygons() -> Schema:
    ring = {"type": "array", "items": ref("Position"), "minItems": 4}
    polygon = {"type": "array", "items": ring}
    return {
        "oneOf": [
            _object({"type": {"const": "Polygon"}, "coordinates": polygon}),
            _object(
                {
                    "type": {"const": "MultiPolygon"},
                    "coordinates": {"type": "array", "items": polygon},
                }
            ),
            {"type": "null"},
        ]
    }


_BRANCH: Schema = {
    "id": _text("The branch's id; it stays the same across re-imports of its list."),
    "name": _text("The name as published."),
    "bank": _text("The bank's code.", null=True),
    "bank_name": _text("The bank's short name.", null=True),
    "address": _text("The address as published."),
    "district": _text("The code of the district whose polygon holds the branch.", null=True),
    "district_name": _text("That district's name.", null=True),
    "list": {
        "type": "array",
        "items": {"type": "string"},
        "description": "The slugs of the lists that name the branch.",
    },
    "phone": _text("The telephone number as published.", null=True),
    "hours": _text(
        "The opening hours in China's time: a part of OpenStreetMap's opening_hours, such as "
        "Mo-Fr 09:00-17:00; PH off. Null where they are unknown.",
        null=True,
    ),
    "services": {
        "type": "array",
        "items": {"type": "string"},
        "description": "The codes of the services that the branch is known to offer.",
    },
    "award": _text("What the branch was honoured with, in a few words.", null=True),
    "notices": {
        "type": "array",
        "description": "What customers are told about the branch, by start: also what begins "
        "later, and what has ended since the data last changed. Compare start and end with now.",
        "items": ref("Notice"),
    },
    "precision": {
        "enum": [*Precision, None],
        "description": "How exact the place is, finest first; all but building is approximate.",
    },
    "radius_m": _number("The branch is within so many metres of the point.", null=True),
    "provider": _text("Who placed the branch.", null=True),
    "located_at": _text("When it was placed.", null=True, format="date-time"),
    "review": {
        "type": "array",
        "description": "The doubts about the branch.",
        "items": {
            "type": "object",
            "properties": {"code": {"enum": list(ReviewCode)}},
            "required": ["code"],
        },
    },
}

_DISTRICT: Schema = {
    "code": _text("The code (GB/T 2260)."),
    "name": _text("The name in Chinese."),
    "name_en": _text("The name in English.", null=True),
    "city": _text("The city that it belongs to."),
    "province": _text("The province that it belongs to."),
    "branch_count": _count("How many branches lie in it."),
}

_FAULT: Schema = {
    "parameter": _text("The name of the parameter."),
    "value": _text("Its value as it came, cut at 200 characters.", null=True),
    "allowed": _text("What is allowed."),
}

_NEAR = {"distance_m": _number("Metres from the point, along the WGS-84 ellipsoid.")}

SCHEMAS: dict[str, Schema] = {
    "Position": _POSITION,
    "Point": _object({"type": {"const": "Point"}, "coordinates": ref("Position")}),
    "Place": {"oneOf": [ref("Point"), {"type": "null"}]},
    "Polygons": _polygons(),
    "Link": _object(
        {
            "rel": {"enum": ["self", "next", "prev"]},
            "type": {"type": "string"},
            "href": {"type": "string", "format": "uri-reference"},
        }
    ),
    "Notice": _object(
        {
            "text": _text("What is to be told, in Chinese."),
            "text_en": _text("The same in English.", null=True),
            "start": _text("From when it holds.", format="date-time"),
            "end": _text("Up to when it holds, not included.", format="date-time"),
            "scope": {
                "enum": ["branch", "district", "all"],
                "description": "What it concerns: this branch alone, its district or all branches.",
            },
            "closes": {
                "type": "boolean",
                "description": "Whether the branch is closed while it holds, whatever its hours.",
            },
        }
    ),
    "Branch": _feature(_object(_BRANCH), ref("Place")),
    "NearBranch": _feature(_object(_BRANCH | _NEAR), ref("Point")),
    "Branches": _collection("Branch", "numberMatched"),
    "NearestBranches": _collection("NearBranch", "query"),
    "Cluster": _object(
        {
            "type": {"const": "Feature"},
            "bbox": {
                "type": "array",
                "description": "Around its branches: west, south, east, north in WGS-84 degrees.",
                "items": {"type": "number"},
                "minItems": 4,
                "maxItems": 4,
            },
            "geometry": ref("Point"),
            "properties": _object(
                {
                    "cluster": {"const": True},
                    "point_count": _count("How many branches it stands for."),
                    "expansion_zoom": _count(
                        "The first zoom at which it falls apart; 21 if all are at one place."
                    ),
                }
            ),
        }
    ),
    "Clusters": _collection("Cluster|Branch", "zoom"),
    "District": _feature(_object(_DISTRICT), ref("Polygons")),
    "Districts": _collection("District", "numberMatched"),
    "Location": _object(
        {
            "code": _text("The district's code."),
            "name": _text("Its name."),
            "city": _text("The city that it belongs to."),
            "border_distance_m": _number("Metres to the district's nearest border."),
        }
    ),
    "Suggestion": _object(
        {
            "kind": {"enum": ["district", "bank", "town", "branch", "place"]},
            "id": _text("A branch's id."),
            "code": _text("The code of what is no branch; of a place, its address."),
            "name": _text("The name in Chinese."),
            "name_en": _text("The name in English.", null=True),
            "detail": _text("What tells it from others of that name, such as an address."),
            "count": {"type": ["integer", "null"], "description": "How many branches it has."},
            "match": {
                "type": "array",
                "description": "What of the name was typed: start and end of each piece, in "
                "characters (Unicode code points).",
                "items": {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 0},
                    "minItems": 2,
                    "maxItems": 2,
                },
            },
            "url": _text("The page that shows it.", format="uri-reference"),
            "point": ref("Point"),
        },
        optional=("id", "code", "point"),
    ),
    "TypedPlace": _object(
        {
            "type": {"const": "Feature"},
            "geometry": ref("Point"),
            "properties": _object(
                {
                    "label": _text("What was placed."),
                    "precision": {"enum": list(Precision)},
                    "radius_m": _number("It is within so many metres of the point."),
                    "source": _text("Who knows it: branches, districts, or a geocoder."),
                }
            ),
        }
    ),
    "Suggestions": _object(
        {"results": {"type": "array", "items": ref("Suggestion"), "maxItems": 20}}
    ),
    "Problem": _object(
        {
            "type": _text("Which kind of problem.", format="uri-reference"),
            "title": _text("The kind in words."),
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": _text("What is wrong this time."),
            "instance": _text("The path that was asked for.", format="uri-reference"),
            **_FAULT,
            "errors": {
                "type": "array",
                "items": _object({"detail": _text("What is wrong with it."), **_FAULT}),
            },
        },
        optional=(*_FAULT, "errors"),
        description="A problem (RFC 9457).",
    ),
}
