"""Which answer is believed, and which differences are doubts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mapsvc.address.plan import Question
from mapsvc.geocoding.quality import Answer, best, disagreements
from mapsvc.model import Geocode, Point, Precision, ReviewCode

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DEGREE_M = 96_500  # of longitude at 30°N, roughly


def answer(
    metres_east: float | None,
    precision: Precision | None = Precision.BUILDING,
    provider: str = "amap",
    *,
    number: str = "",
    corrected: str = "",
    radius_m: float | None = 50,
) -> Answer:
    point = None if metres_east is None else Point(121.5 + metres_east / DEGREE_M, 30)
    geocode = Geocode(
        provider=provider,
        query="q",
        located_at=NOW,
        point=point,
        precision=None if point is None else precision,
        radius_m=radius_m,
    )
    question = Question(
        text="q", best=Precision.BUILDING, street="甲路", number=number, corrected=corrected
    )
    return Answer(geocode, question)


MISS = answer(None)
HOUSE, STREET, TOWN = answer(0), answer(0, Precision.STREET), answer(0, Precision.TOWN)
FAR = answer(9_000, provider="tencent")
NEAR_FAR = answer(9_100, provider="nominatim")
CORRECTED = answer(0, corrected="道林镇 → 逍林镇")


@pytest.mark.parametrize(
    ("answers", "chosen"),
    [
        ([], None),
        ([MISS], None),
        ([MISS, TOWN], TOWN),
        ([TOWN, STREET, HOUSE], HOUSE),
        ([STREET, FAR], FAR),
        ([HOUSE, FAR], HOUSE),
        ([HOUSE, FAR, NEAR_FAR], FAR),
        ([CORRECTED, FAR], FAR),
        ([CORRECTED, TOWN], CORRECTED),
        ([answer(0, radius_m=100), answer(1, radius_m=20)], answer(1, radius_m=20)),
    ],
)
def test_the_best(answers: list[Answer], chosen: Answer | None) -> None:
    assert best(answers, lambda geocode: True) == chosen


def test_the_right_district_wins_over_precision() -> None:
    def agrees(geocode: Geocode) -> bool:
        return geocode.provider != "tencent"

    assert best([FAR, TOWN], agrees) == TOWN
    assert best([FAR, MISS], agrees) == FAR, "better than nothing"


def test_providers_that_disagree_are_named_with_their_distance() -> None:
    (reason,) = disagreements([answer(0), answer(1_240, provider="nominatim"), TOWN])
    assert reason.code is ReviewCode.PROVIDERS_DISAGREE
    assert reason.detail["providers"] == ["amap", "nominatim"]
    assert reason.detail["distance_m"] == pytest.approx(1_240, abs=5)


@pytest.mark.parametrize(
    "answers",
    [
        [answer(0), answer(400, provider="nominatim")],
        [answer(0), answer(1_500, Precision.TOWN, "nominatim")],
        [answer(0, radius_m=2_000), answer(1_500, provider="nominatim")],
        [answer(0), MISS],
        [answer(0, number="1"), answer(300, number="3")],
        [answer(0, number="1"), answer(9_000)],
        [answer(0, number="1"), answer(9_000, number="1", corrected="x")],
        [answer(0, number="1"), answer(9_000, Precision.STREET, number="3")],
    ],
)
def test_what_is_no_disagreement(answers: list[Answer]) -> None:
    assert disagreements(answers) == []


def test_numbers_far_apart_names_the_worst_pair() -> None:
    (reason,) = disagreements(
        [answer(0, number="1"), answer(900, number="3"), answer(2_000, number="500")]
    )
    assert reason.code is ReviewCode.NUMBERS_FAR_APART
    assert reason.detail["numbers"] == ["甲路1号", "甲路500号"]
    assert reason.detail["distance_m"] == pytest.approx(2_000, abs=8)
