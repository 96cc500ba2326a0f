"""Answers in the forms that the providers document, each found at the same place in Ningbo."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from mapsvc.address.plan import Question
from mapsvc.geo.datum import convert
from mapsvc.model import Datum, Point, Precision

HERE = Point(121.5502, 29.8305)
GCJ = convert(HERE, Datum.GCJ02)

QUESTION = Question(
    text="浙江省宁波市鄞州区天童北路933号",
    best=Precision.BUILDING,
    province="浙江省",
    city="宁波市",
    district="鄞州区",
    street="天童北路",
    number="933",
)

AMAP: dict[str, Any] = {
    "status": "1",
    "info": "OK",
    "infocode": "10000",
    "count": "1",
    "geocodes": [
        {
            "formatted_address": "浙江省宁波市鄞州区天童北路933号",
            "country": "中国",
            "province": "浙江省",
            "citycode": "0574",
            "city": "宁波市",
            "district": "鄞州区",
            "township": [],
            "neighborhood": {"name": [], "type": []},
            "building": {"name": [], "type": []},
            "adcode": "330212",
            "street": "天童北路",
            "number": "933号",
            "location": f"{GCJ.lon:.6f},{GCJ.lat:.6f}",
            "level": "门牌号",
        }
    ],
}
BAIDU: dict[str, Any] = {
    "status": 0,
    "result": {
        "location": {"lng": GCJ.lon, "lat": GCJ.lat},
        "precise": 1,
        "confidence": 80,
        "comprehension": 100,
        "level": "门址",
    },
}
TENCENT: dict[str, Any] = {
    "status": 0,
    "message": "Success",
    "request_id": "4f0b",
    "result": {
        "title": "天童北路933号",
        "location": {"lng": GCJ.lon, "lat": GCJ.lat},
        "ad_info": {"adcode": "330212"},
        "address_components": {
            "province": "浙江省",
            "city": "宁波市",
            "district": "鄞州区",
            "street": "天童北路",
            "street_number": "933号",
        },
        "similarity": 0.99,
        "deviation": 1000,
        "reliability": 7,
        "level": 9,
    },
}
TIANDITU: dict[str, Any] = {
    "msg": "ok",
    "location": {
        "score": 100,
        "level": "门址",
        "lon": str(HERE.lon),
        "lat": str(HERE.lat),
        "keyWord": "浙江省宁波市鄞州区天童北路933号",
    },
    "searchVersion": "6.0.0",
    "status": "0",
}
NOMINATIM: list[dict[str, Any]] = [
    {
        "place_id": 1,
        "lat": str(HERE.lat),
        "lon": str(HERE.lon),
        "category": "place",
        "type": "house",
        "place_rank": 30,
        "addresstype": "place",
        "display_name": "933号, 天童北路, 鄞州区, 宁波市, 浙江省, 中国",
        "address": {"house_number": "933号", "road": "天童北路", "city": "宁波市"},
    }
]


def feature_collection(**properties: Any) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [HERE.lon, HERE.lat]}
    feature = {"type": "Feature", "geometry": geometry, "properties": properties}
    return {"type": "FeatureCollection", "features": [feature]}


GOOD: Mapping[str, Any] = {
    "amap": AMAP,
    "baidu": BAIDU,
    "tencent": TENCENT,
    "tianditu": TIANDITU,
    "nominatim": NOMINATIM,
    "photon": feature_collection(type="house", housenumber="933号", city="宁波市"),
    "pelias": feature_collection(layer="address", housenumber="933", match_type="exact"),
    "addok": feature_collection(type="housenumber", housenumber="933", score=0.9),
}


def changed(provider: str, **changes: Any) -> Any:
    """The good answer of a provider with other fields in its (first) result."""
    answer = copy.deepcopy(GOOD[provider])
    result: dict[str, Any] = {
        "amap": lambda a: a["geocodes"][0],
        "baidu": lambda a: a["result"],
        "tencent": lambda a: a["result"],
        "tianditu": lambda a: a["location"],
        "nominatim": lambda a: a[0],
    }.get(provider, lambda a: a["features"][0]["properties"])(answer)
    result.update(changes)
    return answer
