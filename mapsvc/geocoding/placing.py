"""From answers to a placement: which district holds the point, and what speaks against it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mapsvc.address.normalise import canonical
from mapsvc.geo.districts import DistrictIndex, is_near_border
from mapsvc.geocoding.quality import Answer, best, disagreements, radius_m
from mapsvc.model import Branch, District, Geocode, Placement, ReviewCode, ReviewReason


class Placer:
    """Places branches among ``districts`` (WGS-84 polygons)."""

    def __init__(self, districts: Sequence[District]) -> None:
        self._districts = districts
        self._names = {canonical(district.name): district.code for district in districts}
        self._index = DistrictIndex(
            [district.code for district in districts],
            [district.geometry for district in districts],
        )

    def place(
        self, branch: Branch, answers: Sequence[Answer], doubts: Sequence[ReviewReason] = ()
    ) -> Placement:
        """The placement of ``branch`` by the best of ``answers``, with the reasons to doubt it.

        Args:
            branch: what is placed.
            answers: of all providers, to all questions; at least one.
            doubts: what the address itself gives reason to doubt.
        """
        address = canonical(branch.address)
        named = {code for name, code in self._names.items() if name in address}
        chosen = best(answers, lambda geocode: self._fits(geocode, named)) or answers[0]
        geocode = chosen.geocode
        district, border_m = self._locate(geocode)
        stated = named | ({geocode.district} if geocode.district else set())
        reasons = [
            *doubts,
            *_imprecise(geocode),
            *_mismatch(stated, district),
            *_near_border(geocode, border_m),
            *disagreements(answers),
        ]
        if not geocode.found:
            asked = sorted({answer.geocode.provider for answer in answers})
            reasons.append(ReviewReason(ReviewCode.NOT_FOUND, {"asked": asked}))
        return Placement(
            branch_id=branch.id,
            point=geocode.point,
            precision=geocode.precision,
            radius_m=radius_m(geocode) if geocode.found else None,
            provider=geocode.provider if geocode.found else None,
            located_at=geocode.located_at,
            district=district.code if district else None,
            address=address,
            reasons=tuple(reasons),
        )

    def _fits(self, geocode: Geocode, named: set[str]) -> bool:
        """Whether an answer lies in a district that the address names, if it names any."""
        district, _ = self._locate(geocode)
        return not named or (district is not None and district.code in named)

    def _locate(self, geocode: Geocode) -> tuple[District | None, float]:
        if geocode.point is None:
            return None, float("nan")
        index, border_m = self._index.locate(
            np.array([geocode.point.lon]), np.array([geocode.point.lat])
        )
        found = int(index[0])
        return (self._districts[found] if found >= 0 else None), float(border_m[0])


def unplaced(branch: Branch, reason: ReviewReason) -> Placement:
    """The placement of a branch whose address has no answer, for this reason."""
    return Placement(
        branch_id=branch.id,
        point=None,
        precision=None,
        radius_m=None,
        provider=None,
        located_at=None,
        district=None,
        address=canonical(branch.address),
        reasons=(reason,),
    )


def _imprecise(geocode: Geocode) -> list[ReviewReason]:
    if geocode.precision is None or not geocode.precision.needs_review:
        return []
    detail = {"precision": geocode.precision.value, "radius_m": radius_m(geocode)}
    return [ReviewReason(ReviewCode.LOW_PRECISION, detail)]


def _mismatch(stated: set[str], located: District | None) -> list[ReviewReason]:
    """Outside all known districts there is nothing to compare with, and so no alarm."""
    if located is None or not stated - {located.code}:
        return []
    detail = {"stated": sorted(stated - {located.code}), "located": located.code}
    return [ReviewReason(ReviewCode.DISTRICT_MISMATCH, detail)]


def _near_border(geocode: Geocode, border_m: float) -> list[ReviewReason]:
    if not geocode.found or not is_near_border(border_m, radius_m(geocode)):
        return []
    detail = {"border_m": round(border_m), "radius_m": radius_m(geocode)}
    return [ReviewReason(ReviewCode.NEAR_BORDER, detail)]
