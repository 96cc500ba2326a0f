"""Each provider's native answer as candidates: where, how exact, in which district.

Only here is known how a provider writes a result. A candidate whose precision is None is coarser
than a city, which is as good as nothing found. The one scale of precision, and what building,
interpolated and street mean at each provider, is that of `mapsvc.model.Precision`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mapsvc.model import Datum, Precision

BUILDING, INTERPOLATED, STREET, TOWN, DISTRICT, CITY = Precision


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One result as the provider gave it, not yet checked."""

    lon: Any
    lat: Any
    precision: Precision | None
    radius_m: float | None = None
    """None where the precision's default holds."""
    adcode: str = ""
    city: str = ""
    district: str = ""
    number: str = ""
    """The house number that was found."""
    is_poi: bool = False
    """A place of interest: as exact as a building, but only if it is in the right district."""
    label: str = ""


class Malformed(Exception):
    """An answer that is not what the provider's documentation says."""


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(f"{what} is no object")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise Malformed(f"{what} is no list")
    return value


def _text(value: Any) -> str:
    """A text; empty where there is none, which AMap writes as ``[]``."""
    return value if isinstance(value, str) else ""


def _number(value: Any, otherwise: float) -> float:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else otherwise


# AMap ----------------------------------------------------------------------------------------

_AMAP_LEVELS: dict[str, Precision | None] = {
    "国家": None,
    "省": None,
    "市": CITY,
    "区县": DISTRICT,
    "开发区": DISTRICT,
    "乡镇": TOWN,
    "村庄": TOWN,
    "热点商圈": TOWN,
    "道路": STREET,
    "道路交叉路口": STREET,
    "公交站台、地铁站": STREET,
    "公交地铁站点": STREET,
    "兴趣点": BUILDING,
    "门牌号": BUILDING,
    "门址": BUILDING,
    "单元号": BUILDING,
    "楼栋号": BUILDING,
}


def _amap(answer: Any) -> list[Candidate]:
    results = _list(_object(answer, "the answer").get("geocodes"), "geocodes")
    return [_amap_one(_object(result, "a geocode")) for result in results]


def _amap_one(result: Mapping[str, Any]) -> Candidate:
    lon, comma, lat = _text(result.get("location")).partition(",")
    if not comma:
        raise Malformed("location is not 'lng,lat'")
    level = _text(result.get("level"))
    return Candidate(
        lon=lon,
        lat=lat,
        precision=_AMAP_LEVELS.get(level, CITY),  # 未知, and whatever comes new
        is_poi=level == "兴趣点",
        adcode=_text(result.get("adcode")),
        city=_text(result.get("city")),
        district=_text(result.get("district")),
        number=_text(result.get("number")),
        label=_text(result.get("formatted_address")),
    )


# Baidu ---------------------------------------------------------------------------------------

_BAIDU_RADII = (
    (100, 20.0),
    (90, 50.0),
    (80, 100.0),
    (75, 200.0),
    (70, 300.0),
    (60, 500.0),
    (50, 1_000.0),
    (40, 2_000.0),
    (30, 5_000.0),
)
"""The least confidence, and the error in metres that it stands for."""
_BAIDU_COARSEST_M = 10_000.0
_BAIDU_LEVELS: dict[str, Precision | None] = {
    "国家": None,
    "省": None,
    "城市": CITY,
    "区县": DISTRICT,
    "开发区": DISTRICT,
    "乡镇": TOWN,
    "村庄": TOWN,
    "商圈": TOWN,
    "道路": STREET,
    "交叉路口": STREET,
}
"""Levels that bound the precision, however confident the answer is."""


def _baidu(answer: Any) -> list[Candidate]:
    answer = _object(answer, "the answer")
    if not answer.get("result"):
        if "status" not in answer:
            raise Malformed("neither status nor result is there")
        return []
    result = _object(answer["result"], "result")
    location = _object(result.get("location"), "location")
    confidence = _number(result.get("confidence"), 0)
    radius_m = next((m for least, m in _BAIDU_RADII if confidence >= least), _BAIDU_COARSEST_M)
    precision: Precision | None = _baidu_precision(radius_m, result.get("precise") == 1)
    level = _text(result.get("level"))
    if level in _BAIDU_LEVELS:
        bound = _BAIDU_LEVELS[level]
        if bound is None or precision is None or bound.rank > precision.rank:
            precision = bound
        if bound is not None:
            radius_m = max(radius_m, bound.default_radius_m)
    return [
        Candidate(
            lon=location.get("lng"), lat=location.get("lat"), precision=precision, radius_m=radius_m
        )
    ]


def _baidu_precision(radius_m: float, is_exact: bool) -> Precision:
    if is_exact and radius_m <= 100:
        return BUILDING
    if is_exact and radius_m <= 500:
        return INTERPOLATED
    return STREET if radius_m <= 1_000 else TOWN if radius_m <= 2_000 else DISTRICT


# Tencent -------------------------------------------------------------------------------------

_TENCENT_LEVELS: dict[float, Precision | None] = {
    0: None,
    1: CITY,
    2: DISTRICT,
    3: TOWN,
    4: TOWN,
    5: DISTRICT,
    6: TOWN,
    7: STREET,
    8: STREET,
    9: BUILDING,
    10: BUILDING,
    11: BUILDING,
}
_TENCENT_RELIABLE = 7


def _tencent(answer: Any) -> list[Candidate]:
    answer = _object(answer, "the answer")
    if not answer.get("result"):
        if "status" not in answer:
            raise Malformed("neither status nor result is there")
        return []
    result = _object(answer["result"], "result")
    location = _object(result.get("location"), "location")
    parts = result.get("address_components")
    parts = parts if isinstance(parts, dict) else {}
    info = result.get("ad_info")
    adcode = info.get("adcode") if isinstance(info, dict) else ""
    precision = _TENCENT_LEVELS.get(_number(result.get("level"), -1), CITY)
    if precision is BUILDING and _number(result.get("reliability"), 0) < _TENCENT_RELIABLE:
        precision = STREET
    return [
        Candidate(
            lon=location.get("lng"),
            lat=location.get("lat"),
            precision=precision,
            adcode=str(adcode) if isinstance(adcode, (int, str)) else "",
            city=_text(parts.get("city")),
            district=_text(parts.get("district")),
            number=_text(parts.get("street_number")),
            label=_text(result.get("title")),
        )
    ]


# Tianditu ------------------------------------------------------------------------------------

_TIANDITU_LEVELS: dict[str, Precision | None] = {
    "国家": None,
    "省": None,
    "市": CITY,
    "地级市": CITY,
    "区县": DISTRICT,
    "县": DISTRICT,
    "区": DISTRICT,
    "乡镇": TOWN,
    "街道": TOWN,
    "村": TOWN,
    "村庄": TOWN,
    "道路": STREET,
    "道路交叉口": STREET,
    "兴趣点": INTERPOLATED,
    "POI": INTERPOLATED,
    "门址": INTERPOLATED,
    "门牌号": INTERPOLATED,
}
"""At best interpolated: its answer names no district and no number to hold against the question."""
_TIANDITU_SURE = 80


def _tianditu(answer: Any) -> list[Candidate]:
    answer = _object(answer, "the answer")
    if not answer.get("location"):
        if "status" not in answer:
            raise Malformed("neither status nor location is there")
        return []
    location = _object(answer["location"], "location")
    precision = _TIANDITU_LEVELS.get(_text(location.get("level")), CITY)
    score = _float(location.get("score"))
    if precision is INTERPOLATED and (score is None or score < _TIANDITU_SURE):
        precision = STREET
    return [Candidate(lon=location.get("lon"), lat=location.get("lat"), precision=precision)]


def _float(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


# OpenStreetMap's -----------------------------------------------------------------------------


def _nominatim(answer: Any) -> list[Candidate]:
    if isinstance(answer, dict) and answer.get("error"):  # "Unable to geocode"
        return []
    return [_nominatim_one(_object(r, "a result")) for r in _list(answer, "the answer")]


def _nominatim_one(result: Mapping[str, Any]) -> Candidate:
    address = result.get("address")
    address = address if isinstance(address, dict) else {}
    kind = [_text(result.get(name)) for name in ("osm_type", "category", "type")]
    city = _text(address.get("state_district") or address.get("city"))
    rank = _number(result.get("place_rank"), 12)
    is_city = _text(result.get("addresstype")) == "city"
    if kind[1] == "boundary" and rank >= 13:
        is_city = False  # so a town's boundary is called that has no tag of its own
    precision = _by_rank(rank, is_city=is_city)
    # An interpolated number has the rank of a house, and the kind that few real ways have.
    guessed = precision is BUILDING and kind == ["way", "place", "house"]
    return Candidate(
        lon=result.get("lon"),
        lat=result.get("lat"),
        precision=INTERPOLATED if guessed else precision,
        city=city,
        # A county-level city (余姚市) stands in the city's place.
        district=_text(address.get("county") or address.get("city_district") or city),
        number=_text(address.get("house_number")),
        label=_text(result.get("display_name")),
    )


def _by_rank(rank: float, *, is_city: bool) -> Precision | None:
    """Nominatim's place_rank: in China a boundary has twice its admin_level (district 12)."""
    if rank >= 26:
        return BUILDING if rank >= 30 else INTERPOLATED if rank >= 28 else STREET
    if rank >= 13:
        return CITY if is_city and rank <= 16 else TOWN
    if rank >= 11:
        return DISTRICT
    return CITY if rank >= 9 or is_city else None  # 北京市 has the rank of a province


_PHOTON_TYPES: dict[str, Precision | None] = {
    "house": BUILDING,
    "street": STREET,
    "locality": TOWN,
    "district": TOWN,
    "city": DISTRICT,
    "county": CITY,
    "state": None,
    "country": None,
}
_PELIAS_LAYERS: dict[str, Precision | None] = {
    "venue": BUILDING,
    "address": BUILDING,
    "intersection": STREET,
    "street": STREET,
    "postalcode": TOWN,
    "neighbourhood": TOWN,
    "borough": TOWN,
    "localadmin": TOWN,
    "locality": CITY,
    "county": CITY,
    "macrocounty": CITY,
    "region": None,
    "macroregion": None,
    "dependency": None,
    "country": None,
}
_ADDOK_TYPES: dict[str, Precision | None] = {
    "housenumber": BUILDING,
    "street": STREET,
    "locality": TOWN,
    "village": TOWN,
    "town": TOWN,
    "municipality": CITY,
    "city": CITY,
}


def _features(types: Mapping[str, Precision | None], name: str) -> Callable[[Any], list[Candidate]]:
    """Candidates of a GeoJSON FeatureCollection whose property ``name`` says how exact."""

    def candidates(answer: Any) -> list[Candidate]:
        features = _list(_object(answer, "the answer").get("features"), "features")
        return [one(_object(feature, "a feature")) for feature in features]

    def one(feature: Mapping[str, Any]) -> Candidate:
        properties = _object(feature.get("properties"), "properties")
        geometry = _object(feature.get("geometry"), "geometry")
        position = _list(geometry.get("coordinates"), "coordinates")
        if len(position) < 2:
            raise Malformed("coordinates are no position")
        precision = types.get(_text(properties.get(name)), CITY)
        guessed = "interpolated" in (properties.get("match_type"), properties.get("accuracy"))
        return Candidate(
            lon=position[0],
            lat=position[1],
            precision=INTERPOLATED if guessed and precision is BUILDING else precision,
            city=_text(properties.get("city")),
            district=_text(properties.get("county") or properties.get("district")),
            number=_text(properties.get("housenumber")),
            label=_text(properties.get("label") or properties.get("name")),
        )

    return candidates


@dataclass(frozen=True, slots=True)
class Native:
    """How a provider answers."""

    datum: Datum
    candidates: Callable[[Any], list[Candidate]]
    """The results in an answer, best first; raises `Malformed`."""
    in_china: bool = True
    """Asked about China alone, so that a position elsewhere is a mistake."""


NATIVE = {
    "amap": Native(Datum.GCJ02, _amap),
    "baidu": Native(Datum.GCJ02, _baidu),  # asked with ret_coordtype=gcj02ll
    "tencent": Native(Datum.GCJ02, _tencent),
    "tianditu": Native(Datum.WGS84, _tianditu),  # CGCS2000
    "nominatim": Native(Datum.WGS84, _nominatim),  # asked with countrycodes=cn
    "photon": Native(Datum.WGS84, _features(_PHOTON_TYPES, "type"), in_china=False),
    "pelias": Native(Datum.WGS84, _features(_PELIAS_LAYERS, "layer"), in_china=False),
    "addok": Native(Datum.WGS84, _features(_ADDOK_TYPES, "type"), in_china=False),
}

DIGITS = re.compile(r"\d+")
