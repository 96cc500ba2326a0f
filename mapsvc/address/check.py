"""Doubts that an address raises by itself: unofficial towns, zones that decide nothing."""

from __future__ import annotations

from mapsvc.address.parts import Address
from mapsvc.address.towns import TownList, check_town
from mapsvc.address.zones import possible_districts
from mapsvc.model import ReviewCode, ReviewReason


def check_address(
    address: Address, *, located: str | None = None, towns: TownList | None = None
) -> list[ReviewReason]:
    """The reasons to look at an address again.

    - ``unknown_town``, with ``town``, ``nearest`` (the likeliest official name), ``nearest_code``;
      the last two are None where no official name is near.
    - ``zone_alias``, with ``zone``, ``districts`` (codes, empty where unknown) and ``located``:
      where the zone cannot lie in the district that was found, or where the address names nothing
      narrower than the zone. A zone that fits, as 高新区 in 鄞州, is no reason.

    Args:
        address: from `mapsvc.address.parts.parse`.
        located: the six-digit code of the district in which the address was found, if it was.
        towns: the official towns; the shipped ones by default.

    >>> from mapsvc.address.parts import parse
    >>> dict(check_address(parse("慈溪市道林镇林西路111号"))[0].detail)
    {'town': '道林镇', 'nearest': '逍林镇', 'nearest_code': '330282111'}
    >>> check_address(parse("宁波市高新区聚贤路815号"), located="330212")
    []
    """
    return [*_unknown_town(address, towns), *_zone_alias(address, located)]


def _unknown_town(address: Address, towns: TownList | None) -> list[ReviewReason]:
    possible = possible_districts(address.zone, address.codes) if address.zone else ()
    codes = address.codes if address.district or not possible else possible
    check = check_town(address.town, codes, towns)
    if check.known:
        return []
    nearest = check.nearest[0] if check.nearest else None
    detail = {
        "town": address.town,
        "nearest": nearest.name if nearest else None,
        "nearest_code": nearest.code if nearest else None,
    }
    return [ReviewReason(ReviewCode.UNKNOWN_TOWN, detail)]


def _zone_alias(address: Address, located: str | None) -> list[ReviewReason]:
    if not address.zone:
        return []
    possible = possible_districts(address.zone, address.codes)
    narrower = address.district or address.town or address.village or address.streets
    elsewhere = bool(located and possible and located not in possible and not address.district)
    if narrower and not elsewhere:
        return []
    detail = {"zone": address.zone, "districts": list(possible), "located": located}
    return [ReviewReason(ReviewCode.ZONE_ALIAS, detail)]
