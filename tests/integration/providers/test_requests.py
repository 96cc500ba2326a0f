"""What is sent: the phrasing, the fixed parameters, the signatures, who asks."""

from __future__ import annotations

from dataclasses import replace
from hashlib import md5
from typing import Any

import pytest

from mapsvc.address.plan import Question
from mapsvc.config import NETWORK_PROVIDERS, Settings
from mapsvc.errors import SettingError
from mapsvc.geocoding.providers import GEOCODERS, baidu, build, nominatim, tencent, user_agent
from mapsvc.geocoding.providers.base import spaced
from mapsvc.model import Precision
from tests.integration.providers.answers import GOOD, QUESTION
from tests.integration.providers.conftest import KEY, SECRET, provider_at
from tests.integration.providers.stub import Stub

WORDS = "宁波市 鄞州区 天童北路 933号"

SENT: dict[str, tuple[str, dict[str, str]]] = {
    "amap": (
        "/v3/geocode/geo",
        {"address": QUESTION.text, "city": "宁波市", "output": "JSON", "key": KEY},
    ),
    "baidu": (
        "/geocoding/v3/",
        {
            "address": QUESTION.text,
            "city": "宁波市",
            "output": "json",
            "ret_coordtype": "gcj02ll",
            "ak": KEY,
        },
    ),
    "tencent": ("/ws/geocoder/v1/", {"address": QUESTION.text, "key": KEY}),
    "tianditu": ("/geocoder", {"ds": f'{{"keyWord":"{QUESTION.text}"}}', "tk": KEY}),
    "nominatim": (
        "/search",
        {
            "q": "宁波市 鄞州区 天童北路 933",
            "format": "jsonv2",
            "limit": "5",
            "addressdetails": "1",
            "countrycodes": "cn",
            "accept-language": "zh",
        },
    ),
    "photon": ("/api", {"q": WORDS, "limit": "5"}),
    "pelias": ("/v1/search", {"text": WORDS, "size": "5", "api_key": KEY}),
    "addok": ("/search", {"q": WORDS, "limit": "5"}),
}


@pytest.mark.parametrize("name", GEOCODERS)
def test_the_request(name: str, stub: Stub) -> None:
    stub.says(GOOD[name])
    provider_at(name, f"{stub.url}/base").ask(QUESTION)
    path, parameters = SENT[name]
    assert stub.requests[0].target.split("?")[0] == f"/base{path}"
    assert stub.requests[0].parameters == parameters
    assert stub.requests[0].headers["user-agent"].startswith("mapsvc/")
    assert stub.requests[0].headers["user-agent"].endswith("(maps@example.org)")


@pytest.mark.parametrize("name", GEOCODERS)
def test_the_phrase_is_the_key_of_the_cache(name: str) -> None:
    query, options = provider_at(name, "http://127.0.0.1").phrase(QUESTION)
    assert query == QUESTION.text
    assert not {KEY, SECRET} & set(options.values())
    sent = SENT[name][1]
    assert {name: sent[name] for name in options} == dict(options)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"city": "宁波市", "district": "鄞州区", "town": "下应街道"}, "宁波市 鄞州区 下应街道"),
        ({"province": "浙江省", "city": "宁波市", "district": "鄞州区"}, "浙江省 宁波市 鄞州区"),
        ({"province": "北京市", "city": "北京市", "district": "东城区"}, "北京市 东城区"),
        (
            {"province": "北京市", "district": "东城区", "street": "王府井大街"},
            "北京市 东城区 王府井大街",
        ),
        ({"city": "宁波市", "street": "药行街", "number": "48"}, "宁波市 药行街 48号"),
        ({"city": "宁波市", "street": "药行街", "number": "50弄"}, "宁波市 药行街 50弄"),
        ({"city": "宁波市", "street": "g329国道", "number": "12公里"}, "宁波市 g329国道 12公里"),
        ({"city": "宁波市", "zone": "高新区", "street": "聚贤路"}, "宁波市 高新区 聚贤路"),
        ({"city": "宁波市", "zone": "高新区", "town": "聚贤街道"}, "宁波市 高新区 聚贤街道"),
        (
            {"city": "宁波市", "district": "宁海县", "town": "跃龙街道", "place": "金融中心2号楼"},
            "宁波市 宁海县 金融中心2号楼",
        ),
        ({}, "原文"),
    ],
)
def test_words(parts: dict[str, str], words: str) -> None:
    assert spaced(Question(text="原文", best=Precision.BUILDING, **parts)) == words


def test_nominatim_gets_a_village_with_its_city_or_its_district() -> None:
    village = Question(text="…", best=Precision.TOWN, district="仙桃市", street="下应村")
    assert nominatim.words(village) == "仙桃市 下应村"
    assert nominatim.words(replace(village, city="宁波市")) == "宁波市 下应村"


def test_the_query_is_canonical(stub: Stub) -> None:
    stub.says(GOOD["amap"])
    question = Question(text="天童北路 ９３３号", best=Precision.BUILDING)
    found = provider_at("amap", stub.url).ask(question)
    assert found.query == "天童北路933号"
    assert found.options == {}
    assert stub.requests[0].parameters["address"] == "天童北路933号"


def test_baidus_signature_is_that_of_its_documentation() -> None:
    """The example of Baidu's appendix on sn, with its key and secret."""
    url = (
        "http://api.map.baidu.com/geocoder/v2/"
        "?address=%E7%99%BE%E5%BA%A6%E5%A4%A7%E5%8E%A6&output=json&ak=yourak"
    )
    assert baidu.signature(url, "yoursk") == "7de5a22212ffaa9e326444c75a58f9a0"


def test_tencents_signature() -> None:
    """Path, raw parameters in order of their names, secret."""
    text = "/ws/geocoder/v1/?address=宁波市 1号&key=KsecretS"
    url = "https://h/ws/geocoder/v1/?key=K&address=%E5%AE%81%E6%B3%A2%E5%B8%82+1%E5%8F%B7"
    expected = md5(text.encode()).hexdigest()
    assert tencent.signature(url, "/ws/geocoder/v1/", "secretS") == expected


def own_sig(path: str, parameters: dict[str, str]) -> str:
    text = "&".join(f"{name}={parameters[name]}" for name in sorted(parameters))
    return md5(f"{path}{text}{SECRET}".encode()).hexdigest()


@pytest.mark.parametrize(("name", "path"), [("amap", ""), ("tencent", "/ws/geocoder/v1/?")])
def test_signed_requests_hold_what_the_server_computes(name: str, path: str, stub: Stub) -> None:
    stub.says(GOOD[name])
    provider_at(name, stub.url, secret=SECRET).ask(QUESTION)
    parameters = stub.requests[0].parameters
    assert parameters.pop("sig") == own_sig(path, parameters)
    assert SECRET not in stub.requests[0].target


def test_baidus_signed_request(stub: Stub) -> None:
    stub.says(GOOD["baidu"])
    provider_at("baidu", stub.url, secret=SECRET).ask(QUESTION)
    target, _, sn = stub.requests[0].target.partition("&sn=")
    assert baidu.signature(target, SECRET) == sn


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        *[
            ({"geocoders": (name,)}, f"MAPSVC_{name.upper()}_KEY")
            for name in ("amap", "baidu", "tencent", "tianditu")
        ],
        ({"geocoders": ("pelias",)}, "MAPSVC_PELIAS_URL"),
        ({"geocoders": ("addok",)}, "MAPSVC_ADDOK_URL"),
        ({"geocoders": ("nominatim",)}, "MAPSVC_CONTACT"),
    ],
)
def test_what_is_missing_is_named(settings: dict[str, Any], variable: str) -> None:
    with pytest.raises(SettingError) as caught:
        build(Settings(**settings))
    assert caught.value.name == variable


def test_build_keeps_the_order_and_leaves_curated_to_others() -> None:
    settings = Settings(geocoders=("photon", "curated", "nominatim"), contact="a@b.example")
    made = build(settings)
    assert list(made) == ["photon", "nominatim"]
    assert made["nominatim"].settings == NETWORK_PROVIDERS["nominatim"]


def test_a_contact_in_chinese_becomes_a_header() -> None:
    agent = user_agent(Settings(contact="宁波\r\nX: y"))
    assert agent.isascii()
    assert agent.isprintable()


@pytest.mark.parametrize(
    ("key", "secret", "sent"), [("browser", "server", "server"), ("only", "", "only")]
)
def test_tianditu_sends_its_servers_key(key: str, secret: str, sent: str, stub: Stub) -> None:
    stub.says(GOOD["tianditu"])
    provider_at("tianditu", stub.url, key=key, secret=secret).ask(QUESTION)
    assert stub.requests[0].parameters["tk"] == sent
