"""Words about places: distances, precision and doubts, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from mapsvc.model import Precision, ReviewCode
from mapsvc.web import words
from mapsvc.web.i18n import init_app

NO_BREAK = "\N{NO-BREAK SPACE}"
NAMES = {"330212": "鄞州区", "330203": "海曙区"}


@pytest.fixture(scope="module")
def app() -> Flask:
    made = Flask("words")
    init_app(made)
    return made


@pytest.fixture(params=["zh", "en"])
def lang(request: pytest.FixtureRequest, app: Flask) -> Iterator[str]:
    with app.test_request_context(f"/?lang={request.param}"):
        yield request.param


@pytest.fixture
def chinese(app: Flask) -> Iterator[None]:
    with app.test_request_context("/?lang=zh"):
        yield


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    ("metres", "text"),
    [
        (0, "0 米"),
        (7, "7 米"),
        (42.4, "42 米"),
        (304, "300 米"),
        (994, "990 米"),
        (996, "1 公里"),
        (1000, "1 公里"),
        (1840, "1.8 公里"),
        (9960, "10 公里"),
        (23_456, "23 公里"),
        (1_234_567, "1,235 公里"),
    ],
)
def test_distance(metres: float, text: str) -> None:
    assert words.distance(metres) == text.replace(" ", NO_BREAK)


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    ("precision", "radius_m", "text"),
    [
        (None, None, "位置待核实"),
        (Precision.BUILDING, 150.0, "精确位置"),
        (Precision.INTERPOLATED, 300.0, "大致位置，误差约 300 米"),
        (Precision.TOWN, None, "大致位置，误差约 3 公里"),
    ],
)
def test_precision(precision: Precision | None, radius_m: float | None, text: str) -> None:
    assert words.precision(precision, radius_m) == text.replace(" ", NO_BREAK)


REASONS: list[dict[str, Any]] = [
    {"code": "low_precision", "precision": "town", "radius_m": 3000.0},
    {"code": "district_mismatch", "stated": ["330203"], "located": "330212"},
    {"code": "zone_alias", "zone": "高新区", "districts": [], "located": None},
    {"code": "zone_alias"},
    {"code": "unknown_town", "town": "道林镇", "nearest": "逍林镇", "code_of": "330282111"},
    {"code": "unknown_town", "town": "道林镇", "nearest": None},
    {"code": "unknown_town"},
    {"code": "near_border", "border_m": 40, "radius_m": 300.0},
    {"code": "numbers_far_apart"},
    {"code": "providers_disagree", "distance_m": 900},
    {"code": "address_changed", "from": "x"},
    {"code": "not_found", "asked": ["curated"]},
]


@pytest.mark.parametrize("reason", REASONS)
def test_every_doubt_is_a_sentence(lang: str, reason: dict[str, Any]) -> None:
    text = words.doubt(reason, lambda code: NAMES[code])
    assert text.endswith("." if lang == "en" else "。")
    assert "%(" not in text
    assert reason["code"] not in text


def test_every_review_code_has_its_words() -> None:
    assert {reason["code"] for reason in REASONS} == set(ReviewCode)
    assert set(words._DOUBTS) == set(ReviewCode)


@pytest.mark.usefixtures("chinese")
def test_a_doubt_names_what_it_is_about() -> None:
    def say(reason: dict[str, Any]) -> str:
        return words.doubt(reason, lambda code: NAMES[code])

    assert "道林镇" in say(REASONS[4])
    assert "逍林镇" in say(REASONS[4])
    assert "地址写的是海曙区，而查到的位置在鄞州区" in say(REASONS[1])
    assert f"40{NO_BREAK}米" in say(REASONS[7])
    assert "␛" in say({"code": "unknown_town", "town": "\x1b[31m", "nearest": None})
