"""Every documented form of an answer, served over HTTP, ends in the right Geocode."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from mapsvc.geo.datum import convert
from mapsvc.geocoding.interpret import interpret
from mapsvc.geocoding.record import from_json, to_json
from mapsvc.model import Datum, Point, Precision
from tests.integration.providers.answers import (
    AMAP,
    GCJ,
    GOOD,
    HERE,
    NOMINATIM,
    QUESTION,
    changed,
    feature_collection,
)
from tests.integration.providers.conftest import provider_at
from tests.integration.providers.stub import Stub

BUILDING, INTERPOLATED, STREET, TOWN, DISTRICT, CITY = Precision
NATIVE = {"amap": Datum.GCJ02, "baidu": Datum.GCJ02, "tencent": Datum.GCJ02}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_answer(name: str, stub: Stub) -> None:
    stub.says(GOOD[name])
    found = provider_at(name, stub.url).ask(QUESTION)
    assert found.point is not None
    assert found.native is not None
    assert (found.point.lon, found.point.lat) == pytest.approx((HERE.lon, HERE.lat), abs=1e-6)
    assert found.native.datum is NATIVE.get(name, Datum.WGS84)
    assert found.precision is (INTERPOLATED if name == "tianditu" else BUILDING)
    assert found.district == ("330212" if name in ("amap", "tencent") else None)
    assert (found.provider, found.query) == (name, QUESTION.text)
    assert found.answer == GOOD[name]
    assert found.located_at.tzinfo is UTC
    assert from_json(to_json(found)) == found


@pytest.mark.parametrize("name", GOOD)
def test_the_same_comes_out_of_the_kept_answer(name: str, stub: Stub) -> None:
    stub.says(GOOD[name])
    found = provider_at(name, stub.url).ask(QUESTION)
    kept = from_json(to_json(found))
    again = interpret(
        kept.provider,
        kept.answer,
        query=kept.query,
        options=kept.options,
        located_at=kept.located_at,
    )
    assert again == found


NOTHING = [
    ("amap", {"status": "1", "infocode": "10000", "info": "OK", "count": "0", "geocodes": []}),
    ("amap", changed("amap", level="省")),
    ("amap", changed("amap", level="国家")),
    ("baidu", {"status": 1, "msg": "Internal Service Error:无相关结果", "results": []}),
    ("baidu", {"status": 0, "result": {}}),
    ("baidu", changed("baidu", level="省")),
    ("tencent", {"status": 347, "message": "查询无结果"}),
    ("tencent", changed("tencent", level=0)),
    ("tianditu", {"status": "101", "msg": "结果为空"}),
    ("tianditu", changed("tianditu", level="省")),
    ("nominatim", []),
    ("nominatim", {"error": "Unable to geocode"}),
    ("nominatim", changed("nominatim", place_rank=8)),
    ("photon", {"type": "FeatureCollection", "features": []}),
    ("photon", feature_collection(type="state")),
    ("pelias", {"type": "FeatureCollection", "features": [], "geocoding": {"version": "0.2"}}),
    ("addok", {"type": "FeatureCollection", "features": [], "query": "x"}),
]


@pytest.mark.parametrize(("name", "answer"), NOTHING)
def test_nothing_found_is_an_answer(name: str, answer: Any, stub: Stub) -> None:
    stub.says(answer)
    found = provider_at(name, stub.url).ask(QUESTION)
    assert not found.found
    assert (found.native, found.precision, found.radius_m) == (None, None, None)
    assert found.answer == answer


PRECISIONS = [
    ("amap", {"level": "门址"}, BUILDING, 150),
    ("amap", {"level": "单元号"}, BUILDING, 150),
    ("amap", {"level": "门牌号", "number": "935号"}, INTERPOLATED, 500),
    ("amap", {"level": "门牌号", "number": []}, BUILDING, 150),
    ("amap", {"level": "兴趣点"}, BUILDING, 150),
    ("amap", {"level": "兴趣点", "district": "海曙区", "adcode": "330203"}, STREET, 1_500),
    ("amap", {"level": "兴趣点", "district": []}, STREET, 1_500),
    ("amap", {"level": "道路"}, STREET, 1_500),
    ("amap", {"level": "道路交叉路口"}, STREET, 1_500),
    ("amap", {"level": "热点商圈"}, TOWN, 3_000),
    ("amap", {"level": "村庄"}, TOWN, 3_000),
    ("amap", {"level": "乡镇"}, TOWN, 3_000),
    ("amap", {"level": "开发区"}, DISTRICT, 10_000),
    ("amap", {"level": "区县"}, DISTRICT, 10_000),
    ("amap", {"level": "市"}, CITY, 30_000),
    ("amap", {"level": "未知"}, CITY, 30_000),
    ("amap", {"level": []}, CITY, 30_000),
    ("amap", {"level": "新级别"}, CITY, 30_000),
    ("baidu", {"confidence": 100}, BUILDING, 20),
    ("baidu", {"confidence": 90}, BUILDING, 50),
    ("baidu", {"confidence": 80}, BUILDING, 100),
    ("baidu", {"confidence": 75}, INTERPOLATED, 200),
    ("baidu", {"confidence": 70}, INTERPOLATED, 300),
    ("baidu", {"confidence": 60}, INTERPOLATED, 500),
    ("baidu", {"confidence": 50}, STREET, 1_000),
    ("baidu", {"confidence": 40}, TOWN, 2_000),
    ("baidu", {"confidence": 30}, DISTRICT, 5_000),
    ("baidu", {"confidence": 20}, DISTRICT, 10_000),
    ("baidu", {"confidence": 100, "precise": 0}, STREET, 20),
    ("baidu", {"confidence": None}, DISTRICT, 10_000),
    ("baidu", {"confidence": 100, "level": "道路"}, STREET, 1_500),
    ("baidu", {"confidence": 100, "level": "乡镇"}, TOWN, 3_000),
    ("baidu", {"confidence": 50, "level": "区县"}, DISTRICT, 10_000),
    ("baidu", {"confidence": 20, "level": "城市"}, CITY, 30_000),
    ("tencent", {"level": 11, "reliability": 10}, BUILDING, 150),
    ("tencent", {"level": 9, "reliability": 6}, STREET, 1_500),
    ("tencent", {"level": 8}, STREET, 1_500),
    ("tencent", {"level": 7}, STREET, 1_500),
    ("tencent", {"level": 6}, TOWN, 3_000),
    ("tencent", {"level": 5}, DISTRICT, 10_000),
    ("tencent", {"level": 3}, TOWN, 3_000),
    ("tencent", {"level": 2}, DISTRICT, 10_000),
    ("tencent", {"level": 1}, CITY, 30_000),
    ("tencent", {"level": -1}, CITY, 30_000),
    ("tencent", {"level": "9"}, CITY, 30_000),
    ("tianditu", {"level": "门址", "score": 79}, STREET, 1_500),
    ("tianditu", {"level": "兴趣点", "score": "100"}, INTERPOLATED, 500),
    ("tianditu", {"level": "道路"}, STREET, 1_500),
    ("tianditu", {"level": "乡镇"}, TOWN, 3_000),
    ("tianditu", {"level": "区县"}, DISTRICT, 10_000),
    ("tianditu", {"level": ""}, CITY, 30_000),
    ("nominatim", {"place_rank": 28}, INTERPOLATED, 500),
    ("nominatim", {"place_rank": 27}, STREET, 1_500),
    ("nominatim", {"place_rank": 26}, STREET, 1_500),
    ("nominatim", {"place_rank": 16}, TOWN, 3_000),
    ("nominatim", {"place_rank": 16, "addresstype": "city"}, CITY, 30_000),
    ("nominatim", {"place_rank": 12}, DISTRICT, 10_000),
    ("nominatim", {"place_rank": 10}, CITY, 30_000),
    ("nominatim", {"place_rank": 16, "category": "boundary", "addresstype": "city"}, TOWN, 3_000),
    ("nominatim", {"place_rank": 8, "category": "boundary", "addresstype": "city"}, CITY, 30_000),
    ("nominatim", {"osm_type": "way"}, INTERPOLATED, 500),
    ("nominatim", {"osm_type": "way", "category": "building", "type": "yes"}, BUILDING, 150),
    ("nominatim", {"address": {"house_number": "931"}}, INTERPOLATED, 500),
    ("nominatim", {"address": {"house_number": "931;933"}}, BUILDING, 150),
    ("nominatim", {"address": {"house_number": "931-933号"}}, BUILDING, 150),
    ("nominatim", {"address": {"house_number": "935-933"}}, INTERPOLATED, 500),
    ("photon", {"type": "street"}, STREET, 1_500),
    ("photon", {"type": "house", "housenumber": "12"}, INTERPOLATED, 500),
    ("photon", {"type": "district"}, TOWN, 3_000),
    ("photon", {"type": "city"}, DISTRICT, 10_000),
    ("photon", {"type": "county"}, CITY, 30_000),
    ("photon", {"type": None}, CITY, 30_000),
    ("pelias", {"match_type": "interpolated"}, INTERPOLATED, 500),
    ("pelias", {"layer": "venue"}, BUILDING, 150),
    ("pelias", {"layer": "street"}, STREET, 1_500),
    ("pelias", {"layer": "locality"}, CITY, 30_000),
    ("addok", {"type": "street"}, STREET, 1_500),
    ("addok", {"type": "locality"}, TOWN, 3_000),
    ("addok", {"type": "municipality"}, CITY, 30_000),
]


@pytest.mark.parametrize(("name", "changes", "precision", "radius_m"), PRECISIONS)
def test_precision_and_radius(
    name: str, changes: dict[str, Any], precision: Precision, radius_m: float, stub: Stub
) -> None:
    stub.says(changed(name, **changes))
    found = provider_at(name, stub.url).ask(QUESTION)
    assert (found.precision, found.radius_m) == (precision, radius_m)


@pytest.mark.parametrize(
    ("adcode", "district"),
    [
        ("330212", "330212"),
        ("330200", None),
        ("330000", None),
        ("441900", "441900"),
        ([], None),
        ("33021", None),
        ("３３０２１２", None),
    ],
)
def test_only_a_districts_own_code_is_taken(adcode: Any, district: str | None, stub: Stub) -> None:
    stub.says(changed("amap", adcode=adcode))
    assert provider_at("amap", stub.url).ask(QUESTION).district == district


def test_of_several_the_one_in_the_district_that_was_asked_for(stub: Stub) -> None:
    elsewhere = {**AMAP["geocodes"][0], "city": "杭州市", "district": "西湖区", "adcode": "330106"}
    city = {**elsewhere, "city": "宁波市", "district": "海曙区", "adcode": "330203"}
    stub.says({**AMAP, "geocodes": [elsewhere, city, AMAP["geocodes"][0], AMAP["geocodes"][0]]})
    assert provider_at("amap", stub.url).ask(QUESTION).district == "330212"


def test_of_equals_the_first(stub: Stub) -> None:
    second = {**NOMINATIM[0], "lat": "29.9"}
    stub.says([NOMINATIM[0], second])
    found = provider_at("nominatim", stub.url).ask(QUESTION)
    assert found.point == Point(HERE.lon, HERE.lat)


def test_a_place_in_another_province_comes_as_it_was_found(stub: Stub) -> None:
    """Whether it can be is for the quality rules to say, which have the district's code."""
    wuhan = {"city": "武汉市", "district": "江岸区", "adcode": "420102", "location": "114.31,30.6"}
    stub.says(changed("amap", **wuhan))
    found = provider_at("amap", stub.url).ask(QUESTION)
    assert found.district == "420102"
    assert found.native == Point(114.31, 30.6, Datum.GCJ02)
    assert found.point == convert(found.native, Datum.WGS84)


@pytest.mark.parametrize("name", GOOD)
def test_as_a_geopy_geocoder(name: str, stub: Stub) -> None:
    stub.says(GOOD[name])
    geocoder: Any = provider_at(name, stub.url)
    location = geocoder.geocode("宁波市鄞州区天童北路933号")
    assert (location.longitude, location.latitude) == pytest.approx((HERE.lon, HERE.lat), abs=1e-6)
    assert isinstance(location.address, str)
    assert "门址" not in location.address
    assert geocoder.geocode("宁波", exactly_one=False)[0].raw == GOOD[name]


def test_geopys_geocode_of_nothing(stub: Stub) -> None:
    stub.says([])
    geocoder: Any = provider_at("nominatim", stub.url)
    assert geocoder.geocode("nowhere") is None


def test_baidus_reverse_is_text_in_wgs84(stub: Stub) -> None:
    location = {"lng": GCJ.lon, "lat": GCJ.lat}
    stub.says({"status": 0, "result": {"location": location, "formatted_address": "天童北路"}})
    geocoder: Any = provider_at("baidu", stub.url)
    found = geocoder.reverse((HERE.lat, HERE.lon), exactly_one=False)[0]
    assert found.address == "天童北路"
    assert (found.longitude, found.latitude) == pytest.approx((HERE.lon, HERE.lat), abs=1e-6)
    assert stub.requests[0].parameters["coordtype"] == "wgs84ll"
    assert stub.requests[0].target.startswith("/reverse_geocoding/v3/?")
