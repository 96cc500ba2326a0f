"""Every branch with what speaks against its place: the list that a person works through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mapsvc.model import Branch, Placement, ReviewCode, ReviewReason
from mapsvc.store.base import Store


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One branch and its doubts; ``placement`` is None before its first geocoding run."""

    branch: Branch
    placement: Placement | None
    district: str
    """The name of its district, or an empty text."""

    @property
    def reasons(self) -> tuple[ReviewReason, ...]:
        return self.placement.reasons if self.placement else ()


def audit(store: Store, *, list_slug: str | None = None) -> list[AuditRow]:
    """Every branch in the order of its list; raises `NotFound` for no such list."""
    contents = store.contents()
    names = {district.code: district.name for district in contents.districts}
    rows = []
    for branch in store.branches(list_slug):
        placement = contents.placements.get(branch.id)
        district = names.get(placement.district or "", "") if placement else ""
        rows.append(AuditRow(branch, placement, district))
    return rows


def describe(reason: ReviewReason) -> str:
    """A doubt in a phrase with its figures, for operators.

    >>> describe(ReviewReason(ReviewCode.NEAR_BORDER, {"border_m": 12, "radius_m": 300}))
    'near_border: 12 m from the border, radius 300 m'
    """
    words = _WORDS.get(reason.code)
    text = words(reason.detail) if words and reason.detail else ""
    return f"{reason.code.value}: {text}" if text else reason.code.value


def _metres(value: Any) -> str:
    return f"{value:,.0f} m"


def _unknown_town(detail: Mapping[str, Any]) -> str:
    if not detail.get("nearest"):
        return f"there is no {detail['town']}"
    nearest = f"{detail['nearest']} ({detail['nearest_code']})"
    asked = ", placed by it" if "asked_as" in detail else ""
    return f"there is no {detail['town']}; {nearest} may be meant{asked}"


_WORDS: dict[ReviewCode, Callable[[Mapping[str, Any]], str]] = {
    ReviewCode.LOW_PRECISION: lambda d: f"{d['precision']}, radius {_metres(d['radius_m'])}",
    ReviewCode.DISTRICT_MISMATCH: lambda d: (
        f"stated {' or '.join(d['stated'])}, lies in {d['located']}"
    ),
    ReviewCode.ZONE_ALIAS: lambda d: (
        f"{d['zone']} may be {' or '.join(d['districts']) or 'anywhere'}, lies in {d['located']}"
    ),
    ReviewCode.UNKNOWN_TOWN: _unknown_town,
    ReviewCode.NEAR_BORDER: lambda d: (
        f"{_metres(d['border_m'])} from the border, radius {_metres(d['radius_m'])}"
    ),
    ReviewCode.NUMBERS_FAR_APART: lambda d: (
        f"{_metres(d['distance_m'])} between {' and '.join(d['numbers'])}"
    ),
    ReviewCode.PROVIDERS_DISAGREE: lambda d: (
        f"{_metres(d['distance_m'])} between {' and '.join(d['providers'])}"
    ),
    ReviewCode.ADDRESS_CHANGED: lambda d: f"was {d['from']}",
    ReviewCode.NOT_FOUND: lambda d: f"asked {', '.join(d['asked'])}",
}
