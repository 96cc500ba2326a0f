"""From an answer to a placement: which district holds the point, and what speaks against it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mapsvc.address.normalise import canonical
from mapsvc.geo.districts import DistrictIndex, is_near_border
from mapsvc.model import Branch, District, Geocode, Placement, ReviewCode, ReviewReason


class Placer:
    """Places branches among ``districts`` (WGS-84 polygons)."""

    def __init__(self, districts: Sequence[District]) -> None:
        self._districts = districts
        self._names = {canonical(district.name): district for district in districts}
        self._index = DistrictIndex(
            [district.code for district in districts],
            [district.geometry for district in districts],
        )

    def place(self, branch: Branch, geocode: Geocode) -> Placement:
        """The placement of ``branch`` by ``geocode``, with the reasons to doubt it."""
        address = canonical(branch.address)
        district, border_m = self._locate(geocode)
        reasons = [
            *_imprecise(geocode),
            *_mismatch(self._stated(address, geocode), district),
            *_near_border(geocode, border_m),
        ]
        if not geocode.found:
            reasons.append(ReviewReason(ReviewCode.NOT_FOUND, {"provider": geocode.provider}))
        return Placement(
            branch_id=branch.id,
            point=geocode.point,
            precision=geocode.precision,
            radius_m=_radius_m(geocode),
            provider=geocode.provider,
            located_at=geocode.located_at,
            district=district.code if district else None,
            address=address,
            reasons=tuple(reasons),
        )

    def _locate(self, geocode: Geocode) -> tuple[District | None, float]:
        if geocode.point is None:
            return None, float("nan")
        index, border_m = self._index.locate(
            np.array([geocode.point.lon]), np.array([geocode.point.lat])
        )
        found = int(index[0])
        return (self._districts[found] if found >= 0 else None), float(border_m[0])

    def _stated(self, address: str, geocode: Geocode) -> set[str]:
        """The codes of the districts that the address or the answer itself names."""
        named = {district.code for name, district in self._names.items() if name in address}
        return named | ({geocode.district} if geocode.district else set())


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


def _radius_m(geocode: Geocode) -> float | None:
    if geocode.radius_m is None and geocode.precision is not None:
        return geocode.precision.default_radius_m
    return geocode.radius_m


def _imprecise(geocode: Geocode) -> list[ReviewReason]:
    if geocode.precision is None or not geocode.precision.needs_review:
        return []
    detail = {"precision": geocode.precision.value, "radius_m": _radius_m(geocode)}
    return [ReviewReason(ReviewCode.LOW_PRECISION, detail)]


def _mismatch(stated: set[str], located: District | None) -> list[ReviewReason]:
    """Outside all known districts there is nothing to compare with, and so no alarm."""
    if located is None or not stated - {located.code}:
        return []
    detail = {"stated": sorted(stated - {located.code}), "located": located.code}
    return [ReviewReason(ReviewCode.DISTRICT_MISMATCH, detail)]


def _near_border(geocode: Geocode, border_m: float) -> list[ReviewReason]:
    radius_m = _radius_m(geocode)
    if radius_m is None or not is_near_border(border_m, radius_m):
        return []
    detail = {"border_m": round(border_m), "radius_m": radius_m}
    return [ReviewReason(ReviewCode.NEAR_BORDER, detail)]
