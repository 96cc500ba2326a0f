"""Placements: the polygon decides the district, and every doubt has its figures."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from shapely import box

from mapsvc.geocoding.placing import Placer, unplaced
from mapsvc.geocoding.quality import Answer
from mapsvc.model import (
    Branch,
    District,
    Geocode,
    Point,
    Precision,
    ReviewCode,
    ReviewReason,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
WEST, EAST = box(121.0, 29.0, 121.5, 30.0), box(121.5, 29.0, 122.0, 30.0)
PLACER = Placer(
    [
        District("330203", "海曙区", "宁波市", "浙江省", WEST, WEST),
        District("330212", "鄞州区", "宁波市", "浙江省", EAST, EAST),
    ]
)


def geocode(
    lon: float = 121.7,
    precision: Precision = Precision.BUILDING,
    radius_m: float | None = 100,
    district: str | None = None,
) -> Geocode:
    return Geocode(
        provider="curated",
        query="q",
        located_at=NOW,
        point=Point(lon, 29.5),
        precision=precision,
        radius_m=radius_m,
        district=district,
    )


def branch(address: str = "甲路1号") -> Branch:
    return Branch("b", "甲支行", address)


@pytest.mark.parametrize(
    ("answer", "address", "district", "codes"),
    [
        (geocode(), "甲路1号", "330212", []),
        (geocode(), "宁波市鄞州区甲路1号", "330212", []),
        (geocode(121.2), "宁波市海曙区甲路1号", "330203", []),
        (geocode(), "宁波市海曙区甲路1号", "330212", [ReviewCode.DISTRICT_MISMATCH]),
        (geocode(district="330212"), "甲路1号", "330212", []),
        (geocode(district="330203"), "甲路1号", "330212", [ReviewCode.DISTRICT_MISMATCH]),
        (geocode(district="440305"), "甲路1号", "330212", [ReviewCode.DISTRICT_MISMATCH]),
        (geocode(121.5003), "甲路1号", "330212", [ReviewCode.NEAR_BORDER]),
        (geocode(121.4997), "甲路1号", "330203", [ReviewCode.NEAR_BORDER]),
        (geocode(121.51, radius_m=5000), "甲路1号", "330212", [ReviewCode.NEAR_BORDER]),
        (geocode(precision=Precision.INTERPOLATED), "甲路1号", "330212", []),
        (geocode(precision=Precision.STREET), "甲路1号", "330212", [ReviewCode.LOW_PRECISION]),
        (geocode(precision=Precision.TOWN), "甲路1号", "330212", [ReviewCode.LOW_PRECISION]),
        (geocode(130.0), "宁波市海曙区甲路1号", None, []),
    ],
)
def test_doubts(
    answer: Geocode, address: str, district: str | None, codes: list[ReviewCode]
) -> None:
    placement = PLACER.place(branch(address), [Answer(answer)])
    assert placement.district == district
    assert [reason.code for reason in placement.reasons] == codes


def test_a_doubt_carries_its_figures() -> None:
    answer = geocode(121.51, Precision.TOWN, 3000, "330203")
    reasons = {r.code: r.detail for r in PLACER.place(branch("海曙区"), [Answer(answer)]).reasons}
    assert reasons[ReviewCode.LOW_PRECISION] == {"precision": "town", "radius_m": 3000}
    assert reasons[ReviewCode.DISTRICT_MISMATCH] == {"stated": ["330203"], "located": "330212"}
    assert reasons[ReviewCode.NEAR_BORDER]["border_m"] == pytest.approx(970, abs=3)


def test_a_missing_radius_is_that_of_the_precision() -> None:
    placement = PLACER.place(branch(), [Answer(geocode(precision=Precision.STREET, radius_m=None))])
    assert placement.radius_m == Precision.STREET.default_radius_m


def test_an_answer_that_found_nothing() -> None:
    placement = PLACER.place(branch(), [Answer(Geocode("amap", "q", NOW))])
    assert (placement.point, placement.district, placement.radius_m) == (None, None, None)
    assert placement.reasons == (ReviewReason(ReviewCode.NOT_FOUND, {"asked": ["amap"]}),)


def test_without_polygons_nothing_is_assigned_or_alarmed() -> None:
    placement = Placer([]).place(branch("海曙区甲路1号"), [Answer(geocode())])
    assert (placement.district, placement.reasons) == (None, ())


def test_unplaced_remembers_the_canonical_address() -> None:
    reason = ReviewReason(ReviewCode.NOT_FOUND)
    placement = unplaced(branch("甲路 １号"), reason)
    assert (placement.address, placement.reasons) == ("甲路1号", (reason,))
