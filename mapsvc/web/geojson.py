"""GeoJSON answers (RFC 7946) put together from bytes that were serialised once per snapshot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from mapsvc.snapshot import Cluster, DistrictCount, Piece, Snapshot

MEDIA_TYPE = "application/geo+json"

_DECIMALS = {"drawing": 5, "full": 7}
"""Decimals of a degree in polygons: about 1 m, and about 1 cm."""


_districts: WeakKeyDictionary[Snapshot, dict[tuple[str, str], bytes]] = WeakKeyDictionary()


def collection(features: Iterable[Piece], members: Mapping[str, Any]) -> bytes:
    """A FeatureCollection of serialised features.

    Args:
        features: Features as JSON, or several of them with commas between.
        members: the collection's other members (``numberMatched``, ``links``).

    >>> collection([b'{"type":"Feature"}'], {"numberReturned": 1})
    b'{"type":"FeatureCollection","numberReturned":1,"features":[{"type":"Feature"}]}'
    """
    head = dumps({"type": "FeatureCollection", **members})
    parts: list[Piece] = [head[:-1], b',"features":[']
    for feature in features:
        parts += (feature, b",")
    if parts[-1] == b",":
        parts.pop()
    parts.append(b"]}")
    return b"".join(parts)


def with_distance(feature: bytes, distance_m: float) -> bytes:
    """A serialised feature with ``distance_m`` (metres, to a tenth of a millimetre) added.

    The number is put before the two braces that close the properties and the feature. That holds
    for every feature whose last member is a properties object that is not empty, whatever its
    texts hold: they are inside quotes.

    Raises:
        ValueError: the feature does not end so.

    >>> with_distance(b'{"type":"Feature","properties":{"name":"}}"}}', 12.34567)
    b'{"type":"Feature","properties":{"name":"}}","distance_m":12.3457}}'
    """
    if not feature.endswith(b"}}"):
        raise ValueError("a feature must end with its properties")
    return b'%b,"distance_m":%.4f}}' % (feature[:-2], distance_m)


def cluster(found: Cluster) -> bytes:
    """A cluster, or the branch that it is by itself, as a serialised Feature."""
    if found.feature is not None:
        return found.feature
    box = found.box
    return dumps(
        {
            "type": "Feature",
            "bbox": _rounded_all(box.west, box.south, box.east, box.north),
            "geometry": {
                "type": "Point",
                "coordinates": _rounded_all(found.point.lon, found.point.lat),
            },
            "properties": {
                "cluster": True,
                "point_count": found.count,
                "expansion_zoom": found.expansion_zoom,
            },
        }
    )


def _rounded_all(*degrees: float) -> list[float]:
    return [round(value, _DECIMALS["full"]) for value in degrees]


def district_feature(snapshot: Snapshot, entry: DistrictCount, geometry: str) -> bytes:
    """A district as a serialised Feature.

    Args:
        snapshot: keeps what was serialised.
        entry: one of the snapshot's.
        geometry: ``none``, ``drawing`` or ``full``.
    """
    made = _districts.setdefault(snapshot, {})
    key = (entry.district.code, geometry)
    if key not in made:
        made[key] = _district(entry, geometry)
    return made[key]


def _district(entry: DistrictCount, geometry: str) -> bytes:
    district = entry.district
    shape = None
    if geometry != "none":
        exact = district.drawing if geometry == "drawing" else district.geometry
        shape = json.loads(shapely.to_geojson(_rounded(exact, _DECIMALS[geometry])))
    properties = {
        "code": district.code,
        "name": district.name,
        "name_en": district.name_en or None,
        "city": district.city,
        "province": district.province,
        "branch_count": entry.count,
    }
    return dumps(
        {"type": "Feature", "id": district.code, "geometry": shape, "properties": properties}
    )


def _rounded(geometry: Any, decimals: int) -> Any:
    def round_all(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.round(coordinates, decimals)

    return shapely.transform(geometry, round_all)


def dumps(value: Any) -> bytes:
    """Compact JSON in UTF-8."""
    return orjson.dumps(value)
