"""The administrative part of an address: province, city, district, zone and town, in any order
of completeness (浙江省宁波市鄞州区, 宁波鄞州, 余姚市).

Names that several divisions share stay a set of candidates; each further name narrows the set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mapsvc.address import zones
from mapsvc.address.divisions import CITY, DISTRICT, PROVINCE, Division, gazetteer
from mapsvc.address.towns import shipped_towns

_ROAD = "(?:路|街(?!道)|大道|大街|巷|弄|胡同|公路|步行街|里弄|支路|环路)"
_DIRECTION = "[东南西北中上下前后内外新老大小环一二三四五六七八九十\\d]{0,2}"

_CONTINUED = re.compile(
    f"{_DIRECTION}{_ROAD}|道(?!里|外|[镇县])|线|(?:火车|汽车|高铁|[东南西北])?站|港(?![一-鿿])|码头|会馆|书院|书店|宾馆|饭店|"
    "(?:人民|国际)?(?:公园|广场|大厦|大楼|花园|小区|新村|社区|酒店|市场|商场|商城|医院|小学|中学)|"
    "[一-鿿]{0,4}(?:大学|学院)|新村|家园|苑|村|社区|银行|支行|湾|山庄|会展|体育"
)
"""What shows that a short name is part of another one: 中山|西路, 北京|大学, 杭州|湾."""

_CONTINUED_FULL = re.compile("(?:路(?!桥[区街大])|街(?!道)|巷|弄|场)")
_NEW_AREA = re.compile("[东西南北]?新区")

_TOWN = re.compile(
    "(?![一-鿿]{1,6}(?:路(?!街道)|街(?!道|街道|镇)|大道|巷(?!镇))[一-鿿]{2,8}?(?:街道|镇|乡))"
    "([一-鿿]{1,10}?(?:街道|镇|乡(?![村亲情土间音])|苏木)(?!街道|镇|乡))"
    f"(?:办事处|办|人民政府)?(?!{_ROAD}|内)"
)
_NO_TOWNS = frozenset({"古镇", "小镇", "城镇", "集镇", "乡镇", "城乡", "家乡", "水乡", "老乡"})
_CORPS = re.compile("(?:第?[一二三四五六七八九十\\d]{1,3}师)?(\\d{1,3}团(?:场)?)")
_DISTRICT = re.compile(
    "(?!老城区|主城区|中心城区)([一-鿿]{1,6}?(?:自治县|自治旗|(?<![小社园校厂街景院库新矿商地市])区|县|旗))"
    "(?![域块间内]|[东南西北中]?(?:路|街|大道|大街))"
)
_SEPARATOR = re.compile("[,·./:-]?")
_COUNTRY = re.compile("(?:中华人民共和国|中国(?![一-鿿]{2,6}(?:银行|公司)))?")


@dataclass(slots=True)
class Admin:
    """What was read, and where it ends."""

    divisions: tuple[Division, ...] = ()
    """The candidates for the narrowest division that was named."""
    said: str = ""
    """That division's name as it was written."""
    district: str = ""
    """A district that no table knows."""
    zone: str = ""
    town: str = ""
    end: int = 0

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(division.code for division in self.divisions)


def read_admin(text: str, region: str = "") -> Admin:
    """Read the administrative part at the beginning of ``text``.

    Args:
        text: canonical and simplified.
        region: the six-digit code of the division that the address is likeliest in; it decides
            between divisions of the same name, and nothing else.
    """
    admin = Admin()
    country = _COUNTRY.match(text)
    admin.end = country.end() if country else 0
    while True:
        start = _SEPARATOR.match(text, admin.end).end() if admin.end else 0  # type: ignore[union-attr]
        if not any(rule(admin, text, start, region) for rule in _RULES):
            return admin


def _known_zone(admin: Admin, text: str, start: int, _region: str) -> bool:
    zone = None if admin.zone else zones.known_at(text, start, admin.codes)
    if zone is None:
        return False
    admin.zone, admin.end = zone.alias, start + len(zone.alias)
    if not admin.divisions and (city := gazetteer().get(zone.city)):
        admin.divisions, admin.said = (city,), city.name
    return True


def _division(admin: Admin, text: str, start: int, region: str) -> bool:
    if admin.town or admin.district:
        return False
    names = gazetteer()
    for length in range(min(names.longest, len(text) - start), 1, -1):
        form, after = text[start : start + length], start + length
        official, called = names.named(form), names.called(form)
        if not official and not called:
            continue
        if not _CONTINUED_FULL.match(text, after):
            if any(form == d.name for d in admin.divisions):
                admin.end = after
                return True
            if found := _fitting(official, admin.divisions):
                return _accept(admin, form, _preferred(found, region), after)
        if _CONTINUED.match(text, after) and not _leads_on(text, after, called):
            continue
        found = _preferred(_fitting(called, admin.divisions), region)
        districts = [d for d in found if d.level == DISTRICT]
        if len(districts) < len(found):  # a city's bare name is usual, a district's is not
            return _accept(admin, form, tuple(d for d in found if d.level < DISTRICT), after)
        if len(found) == 1 and not _NEW_AREA.match(text, after):
            return _accept(admin, form, found, after)
    return False


def _leads_on(text: str, start: int, within: Iterable[Division]) -> bool:
    """True where the official name of a division of one of these follows (南昌|湾里区)."""
    names, around = gazetteer(), tuple(within)
    forms = (text[start : start + length] for length in range(2, names.longest + 1))
    return any(_fitting(names.named(form), around) for form in forms)


def _fitting(named: Iterable[Division], within: tuple[Division, ...]) -> tuple[Division, ...]:
    """Those that lie below one of the divisions read so far; all where none was read."""
    return tuple(
        d for d in named
        if not within or any(w.contains(d) and w.level < d.level for w in within)
    )  # fmt: skip


def _preferred(found: tuple[Division, ...], region: str) -> tuple[Division, ...]:
    """A province before what lies in others (海南), then those in the region, else all."""
    if provinces := tuple(d for d in found if d.level == PROVINCE):
        return tuple(d for d in found if any(p.contains(d) for p in provinces))
    stem = re.sub("(?:00)+$", "", region)
    return tuple(d for d in found if stem and d.code.startswith(stem)) or found


def _accept(admin: Admin, form: str, found: tuple[Division, ...], end: int) -> bool:
    admin.divisions, admin.said, admin.end = found, form, end
    return True


def _generic_zone(admin: Admin, text: str, start: int, _region: str) -> bool:
    zone = "" if admin.zone or not admin.divisions else zones.generic_at(text, start)
    if zone:
        admin.zone, admin.end = zone, start + len(zone)
    return bool(zone)


def _official_town(admin: Admin, text: str, start: int, _region: str) -> bool:
    """A town of the shipped lists; without its ending only where a street or village follows."""
    found = None if admin.town else shipped_towns().starting(text[start:], admin.codes or ("0",))
    if found is None:
        return False
    town, form = found
    end = start + len(form)
    if _ROADS.match(text, end):
        return False
    if form == town.name:
        extra = _OFFICE.match(text, end)
        end = extra.end() if extra else end
    elif _CONTINUED.match(text, end) or not _STREET_FOLLOWS.match(text, end):
        return False
    admin.town, admin.end = town.name, end
    _narrow(admin, town.district)
    return True


_ROADS = re.compile(_ROAD)
_OFFICE = re.compile("办事处|办(?!公)|人民政府")
_STREET_FOLLOWS = re.compile("(?!街道|镇|乡)[一-鿿]{1,8}(?:路|街(?!道)|大道|巷|弄|村|\\d+号)")


def _narrow(admin: Admin, district: str) -> None:
    """A town's own district decides between several of one name (江北区慈城镇)."""
    found = gazetteer().get(district)
    levels = {division.level for division in admin.divisions}
    if found in admin.divisions and levels == {DISTRICT} and not admin.district:
        admin.divisions = (found,)


def _town(admin: Admin, text: str, start: int, _region: str) -> bool:
    if admin.town:
        return False
    match = _CORPS.match(text, start) or _TOWN.match(text, start)
    if match is None or match[1] in _NO_TOWNS:
        return False
    admin.town, admin.end = match[1], match.end()
    return True


def _unknown_district(admin: Admin, text: str, start: int, _region: str) -> bool:
    """XX区 in a city that is known to have none of this name; a town where it has only towns."""
    level = max((d.level for d in admin.divisions), default=DISTRICT)
    if level == DISTRICT or admin.town or admin.district:
        return False
    match = _DISTRICT.match(text, start)
    if match is None:
        return False
    city = admin.divisions[0]
    if city.level == CITY and not gazetteer().has_districts(city):
        admin.town = match[1]
    else:
        admin.district = match[1]
    admin.end = match.end()
    return True


_RULES: tuple[Callable[[Admin, str, int, str], bool], ...] = (
    _known_zone,
    _division,
    _official_town,
    _generic_zone,
    _town,
    _unknown_district,
)
"""Tried in this order at each place, until none applies."""
