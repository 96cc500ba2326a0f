"""Every documented error, served over HTTP, ends in the right class and says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from mapsvc.errors import (
    BadAnswer,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
)
from tests.integration.providers.answers import GOOD, QUESTION, changed
from tests.integration.providers.conftest import provider_at
from tests.integration.providers.stub import Stub

Case = tuple[str, Any, int, type[ProviderError], str]


def amap(code: str, info: str = "SOME_INFO") -> dict[str, Any]:
    return {"status": "0", "info": info, "infocode": code, "count": "0"}


def cases(name: str, codes: str, kind: type[ProviderError], message: str) -> list[Case]:
    """One case for each code, in the form in which the provider reports it."""
    make: Any = {
        "amap": amap,
        "baidu": lambda code: {"status": int(code), "message": "SOME_INFO"},
        "tencent": lambda code: {"status": int(code), "message": "SOME_INFO"},
    }[name]
    return [(name, make(code), 200, kind, message) for code in codes.split()]


CASES: list[Case] = [
    *cases("amap", "10001 10006", ProviderRefused, "check MAPSVC_AMAP_KEY"),
    *cases("amap", "10005", ProviderRefused, "IP address"),
    *cases("amap", "10007", ProviderRefused, "check MAPSVC_AMAP_SECRET"),
    *cases("amap", "10009", ProviderRefused, "of another kind"),
    *cases("amap", "10013", ProviderRefused, "set a new one in MAPSVC_AMAP_KEY"),
    *cases("amap", "10002 10012", ProviderRefused, "enable the service"),
    *cases("amap", "10003 10010 10044", QuotaExhausted, "go on tomorrow"),
    *cases("amap", "10004 10014 10015 10020 10021", RateLimited, "lower MAPSVC_AMAP_RATE"),
    *cases("amap", "10016", ProviderUnavailable, "try again later"),
    *cases("amap", "30001", BadAnswer, "check it"),
    *cases("amap", "20000 20001 99999", BadAnswer, "check the address"),
    *cases("baidu", "101", ProviderRefused, "set MAPSVC_BAIDU_KEY"),
    *cases("baidu", "200 5", ProviderRefused, "check MAPSVC_BAIDU_KEY"),
    *cases("baidu", "201", ProviderRefused, "enable it in the console"),
    *cases("baidu", "202", ProviderRefused, "deleted"),
    *cases("baidu", "203 220", ProviderRefused, "of another kind"),
    *cases("baidu", "210", ProviderRefused, "IP address"),
    *cases("baidu", "211", ProviderRefused, "check MAPSVC_BAIDU_SECRET"),
    *cases("baidu", "240", ProviderRefused, "enable the service"),
    *cases("baidu", "252", ProviderRefused, "the key"),
    *cases("baidu", "301 302 4 355", QuotaExhausted, "go on tomorrow"),
    *cases("baidu", "401 402 455", RateLimited, "lower MAPSVC_BAIDU_RATE"),
    *cases("baidu", "1", ProviderUnavailable, "try again later"),
    *cases("baidu", "2 7", BadAnswer, "check the address"),
    *cases("tencent", "110", ProviderRefused, "check MAPSVC_TENCENT_KEY"),
    *cases("tencent", "111", ProviderRefused, "check MAPSVC_TENCENT_SECRET"),
    *cases("tencent", "112", ProviderRefused, "IP address"),
    *cases("tencent", "113", ProviderRefused, "enable the service"),
    *cases("tencent", "190 311", ProviderRefused, "check MAPSVC_TENCENT_KEY"),
    *cases("tencent", "199", ProviderRefused, "enable it in the console"),
    *cases("tencent", "120", RateLimited, "lower MAPSVC_TENCENT_RATE"),
    *cases("tencent", "121", QuotaExhausted, "go on tomorrow"),
    *cases("tencent", "310 306 999", BadAnswer, "check the address"),
    *cases("tencent", "500", ProviderUnavailable, "try again later"),
    ("tianditu", {"status": "404", "msg": "错误"}, 200, BadAnswer, "check the address"),
    (
        "tianditu",
        {"msg": "非法Key", "resolve": "请到API控制台重新申请Key", "code": 1},
        403,
        ProviderRefused,
        "check MAPSVC_TIANDITU_KEY",
    ),
    (
        "tianditu",
        {"msg": "权限类型错误", "resolve": "Key权限类型为:浏览器端", "code": 301012},
        403,
        ProviderRefused,
        "create one for web services on a server",
    ),
    ("tianditu", {"msg": "访问次数超限", "code": 9}, 403, QuotaExhausted, "go on tomorrow"),
    ("tianditu", b"", 418, ProviderRefused, "check MAPSVC_TIANDITU_KEY"),
    ("nominatim", {"error": {"code": 400, "message": "x"}}, 400, BadAnswer, "check the address"),
    ("nominatim", {"error": "Bad"}, 200, BadAnswer, "'Bad'"),
    ("nominatim", b"<html>Blocked</html>", 403, ProviderRefused, "usage policy"),
    ("nominatim", {"error": {"code": 429}}, 429, RateLimited, "lower MAPSVC_NOMINATIM_RATE"),
    ("nominatim", b"Bandwidth", 509, RateLimited, "lower MAPSVC_NOMINATIM_RATE"),
    ("photon", {"message": "language zh is not supported"}, 400, BadAnswer, "language zh"),
    ("pelias", {"geocoding": {"errors": ["bad text"]}, "features": []}, 400, BadAnswer, "bad text"),
    ("pelias", {"meta": {"status_code": 401}}, 401, ProviderRefused, "check MAPSVC_PELIAS_KEY"),
    ("addok", {"code": 400, "message": "q too long"}, 400, BadAnswer, "q too long"),
    ("amap", amap("10001"), 500, ProviderRefused, "check MAPSVC_AMAP_KEY"),
    ("amap", amap("10003"), 429, QuotaExhausted, "go on tomorrow"),
    ("amap", amap("20000"), 429, RateLimited, "lower MAPSVC_AMAP_RATE"),
    ("tianditu", {"msg": "x", "code": 5}, 429, RateLimited, "lower MAPSVC_TIANDITU_RATE"),
    ("tianditu", {"msg": "次数超限", "code": 5}, 429, QuotaExhausted, "go on tomorrow"),
    ("amap", b"", 402, QuotaExhausted, "paid"),
    *[("photon", b"", status, BadAnswer, "MAPSVC_PHOTON_URL") for status in (404, 405, 410)],
    *[("photon", b"", status, ProviderUnavailable, "HTTP 5") for status in (500, 502, 503, 504)],
    ("photon", b"", 408, ProviderUnavailable, "HTTP 408"),
    ("photon", b"", 401, ProviderRefused, "MAPSVC_PHOTON_KEY"),
    ("photon", b"", 407, ProviderRefused, "proxy"),
    ("photon", b"", 413, BadAnswer, "HTTP 413"),
]


@pytest.mark.parametrize(("name", "answer", "status", "kind", "message"), CASES)
def test_errors(
    name: str, answer: Any, status: int, kind: type[ProviderError], message: str, stub: Stub
) -> None:
    stub.says(answer, status)
    with pytest.raises(ProviderError) as caught:
        provider_at(name, stub.url).ask(QUESTION)
    assert type(caught.value) is kind
    assert caught.value.provider == name
    assert str(caught.value).startswith(f"{name}: ")
    assert message in str(caught.value)
    assert len(str(caught.value)) < 300
    assert caught.value.may_pass is (kind in (RateLimited, ProviderUnavailable))
    assert len(stub.requests) == 1


WRONG: tuple[Any, ...] = (None, 0, "text", [[]], {"x": 1}, True)
MALFORMED: list[tuple[str, Any]] = [
    *[(name, answer) for name in GOOD for answer in WRONG],
    ("amap", {"status": "1", "geocodes": {}}),
    ("amap", {"status": "1", "geocodes": [[]]}),
    ("amap", changed("amap", location=[])),
    ("amap", changed("amap", location="121.5")),
    ("amap", changed("amap", location="121.5,")),
    ("amap", changed("amap", location="121.5,29.8,7")),
    ("amap", changed("amap", location="x,y")),
    ("baidu", changed("baidu", location=None)),
    ("baidu", changed("baidu", location={"lng": True, "lat": False})),
    ("tencent", changed("tencent", location={"lat": 29.8})),
    ("tianditu", changed("tianditu", lon="", lat="")),
    ("tianditu", changed("tianditu", lon="nan", lat="inf")),
    ("nominatim", changed("nominatim", lat=None)),
    ("nominatim", [None]),
    ("photon", {"features": [{"properties": {}, "geometry": None}]}),
    ("photon", {"features": [{"properties": {}, "geometry": {"coordinates": [1]}}]}),
    ("addok", {"features": [None]}),
]


@pytest.mark.parametrize(("name", "answer"), MALFORMED)
def test_malformed_answers(name: str, answer: Any, stub: Stub) -> None:
    stub.says(answer)
    with pytest.raises(BadAnswer):
        provider_at(name, stub.url).ask(QUESTION)


IMPOSSIBLE = [
    ("amap", changed("amap", location="29.83,121.55")),  # swapped
    ("amap", changed("amap", location="0,0")),
    ("amap", changed("amap", location="-121.5,29.8")),
    ("amap", changed("amap", location="39.9,80.1")),  # swapped, and still a position
    ("baidu", changed("baidu", location={"lng": 29.83, "lat": 121.55})),
    ("baidu", changed("baidu", location={"lng": 0, "lat": 0})),
    ("baidu", changed("baidu", location={"lng": 1e308, "lat": 10**400})),
    ("tencent", changed("tencent", location={"lng": 2.35, "lat": 48.85})),
    ("tianditu", changed("tianditu", lon="29.83", lat="121.55")),
    ("nominatim", changed("nominatim", lat="121.55", lon="29.83")),
    ("nominatim", changed("nominatim", lat="0", lon="0")),
    *[
        (name, {"features": [{"properties": {}, "geometry": {"coordinates": position}}]})
        for name in ("photon", "pelias", "addok")
        for position in ([29.83, 121.55], [0, 0], [0.0, -0.0], [181, 0])
    ],
]


@pytest.mark.parametrize(("name", "answer"), IMPOSSIBLE)
def test_impossible_positions(name: str, answer: Any, stub: Stub) -> None:
    stub.says(answer)
    with pytest.raises(BadAnswer, match="position"):
        provider_at(name, stub.url).ask(QUESTION)
