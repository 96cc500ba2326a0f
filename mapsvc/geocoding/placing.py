"""From answers to a placement: which district holds the point, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from mapsvc.address.check import check_address
from mapsvc.address.divisions import gazetteer
from mapsvc.address.normalise import canonical
from mapsvc.address.parts import Address, parse
from mapsvc.geo.districts import DistrictIndex, is_near_border
from mapsvc.geocoding.quality import Answer, best, disagreements, radius_m
from mapsvc.model import Branch, District, Geocode, Placement, ReviewCode, ReviewReason


class Placer:
    """Places branches among ``districts`` (WGS-84 polygons)."""

    def __init__(self, districts: Sequence[District]) -> None:
        self._districts = districts
        self._own_names = {
            canonical(district.name): district.code
            for district in districts
            if not _is_official(district.code)
        }
        self._index = DistrictIndex(
            [district.code for district in districts],
            [district.geometry for district in districts],
        )

    def place(self, branch: Branch, answers: Sequence[Answer]) -> Placement:
        """The placement of ``branch`` by the best of ``answers``, with the reasons to doubt it.

        Args:
            branch: what is placed.
            answers: of all providers, to all questions; at least one.
        """
        address = parse(branch.address)
        named = self._named(address)
        chosen = best(answers, lambda geocode: self._fits(geocode, named)) or answers[0]
        geocode = chosen.geocode
        district, border_m = self._locate(geocode)
        reasons = [
            *_of_address(address, chosen, district),
            *_imprecise(geocode),
            *_mismatch(named, geocode.district, district),
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
            address=canonical(branch.address),
            reasons=tuple(reasons),
        )

    def _named(self, address: Address) -> set[str]:
        """The codes of the districts that the address names, official or of the store's own."""
        official = set(address.codes) if address.district else set()
        text = canonical(address.original)
        return official | {code for name, code in self._own_names.items() if name in text}

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
    """The placement of a branch whose address has no answer, for this reason and its own doubts."""
    return Placement(
        branch_id=branch.id,
        point=None,
        precision=None,
        radius_m=None,
        provider=None,
        located_at=None,
        district=None,
        address=canonical(branch.address),
        reasons=(*check_address(parse(branch.address)), reason),
    )


def _imprecise(geocode: Geocode) -> list[ReviewReason]:
    if geocode.precision is None or not geocode.precision.needs_review:
        return []
    detail = {"precision": geocode.precision.value, "radius_m": radius_m(geocode)}
    return [ReviewReason(ReviewCode.LOW_PRECISION, detail)]


def _of_address(
    address: Address, chosen: Answer, district: District | None
) -> Iterator[ReviewReason]:
    """What the address gives reason to doubt; with how it was corrected, if it was asked so."""
    corrected = chosen.question.corrected if chosen.question else ""
    for reason in check_address(address, located=district.code if district else None):
        if corrected and reason.code is ReviewCode.UNKNOWN_TOWN:
            yield ReviewReason(reason.code, {**reason.detail, "asked_as": corrected})
        else:
            yield reason


def _mismatch(
    named: set[str], answered: str | None, located: District | None
) -> list[ReviewReason]:
    """Official codes are held against official ones only, and a store's own against its own.

    Outside all known districts there is nothing to compare with, and so no alarm.
    """
    if located is None:
        return []
    for stated in (named, {answered} if answered else set()):
        comparable = {code for code in stated if _is_official(code) == _is_official(located.code)}
        if comparable and located.code not in comparable:
            detail = {"stated": sorted(comparable), "located": located.code}
            return [ReviewReason(ReviewCode.DISTRICT_MISMATCH, detail)]
    return []


def _is_official(code: str) -> bool:
    return gazetteer().get(code) is not None


def _near_border(geocode: Geocode, border_m: float) -> list[ReviewReason]:
    if not geocode.found or not is_near_border(border_m, radius_m(geocode)):
        return []
    detail = {"border_m": round(border_m), "radius_m": radius_m(geocode)}
    return [ReviewReason(ReviewCode.NEAR_BORDER, detail)]
