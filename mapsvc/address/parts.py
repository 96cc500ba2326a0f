"""The parts of a Chinese address: `parse` reads any text into an `Address`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mapsvc.address import zones
from mapsvc.address.admin import Admin, read_admin
from mapsvc.address.body import Body, read_body
from mapsvc.address.divisions import CITY, DISTRICT, gazetteer
from mapsvc.address.normalise import canonical
from mapsvc.address.numerals import arabic
from mapsvc.address.simplified import simplified

MAX_READ = 200
"""Characters that are read. Real addresses have fewer than 100; a longer text is kept, but what
stands behind is not taken apart."""


@dataclass(frozen=True, slots=True)
class Street:
    """What house numbers are given on: a street, lane, highway, estate or village."""

    name: str
    numbers: tuple[str, ...] = ()
    """As `mapsvc.address.numbers` writes them: ``933``, ``166-168``, ``1234弄56``."""


@dataclass(frozen=True, slots=True)
class Place:
    """A named place: market, campus, plaza, office tower."""

    name: str
    building: str = ""
    """The part of it that was written right behind: ``2号楼``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address and its parts; ``original`` is what was published, and nothing ever changes it.

    All parts are canonical, simplified and with digits for numbers. Divisions carry their
    official names where they are known; a name that several divisions share and nothing narrows
    is kept as it was written, with all of them in ``codes``.
    """

    original: str
    text: str
    """The whole address as the parts were read from it."""
    province: str = ""
    city: str = ""
    """Empty for what stands directly under a province (仙桃市 is a district here)."""
    district: str = ""
    """County, banner, district or county-level city."""
    codes: tuple[str, ...] = ()
    """Six-digit codes of the narrowest division that was stated; several where it is ambiguous."""
    zone: str = ""
    """A functional zone or dissolved district; no division of today."""
    town: str = ""
    village: str = ""
    streets: tuple[Street, ...] = ()
    crossing: tuple[str, ...] = ()
    """The two streets at whose crossing it is."""
    places: tuple[Place, ...] = ()
    buildings: tuple[str, ...] = ()
    floors: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    landmarks: tuple[str, ...] = ()
    """Places that it is beside, opposite or behind."""
    relations: tuple[str, ...] = ()
    """The words that say so."""
    remarks: tuple[str, ...] = ()
    """What stood in brackets, and telephone numbers."""
    postcode: str = ""
    rest: str = ""
    """What no rule knows."""


_GAP = re.compile("(?<=[0-9０-９a-zA-Z])\\s+(?=[0-9０-９])")
_PHONE = re.compile("(?:联系)?(?:电话|手机|传真|tel)[:.]?\\d[\\d\\-,/转]{5,30}")
_POSTCODES = (
    re.compile("\\(?(?:邮政编码|邮编|邮码)[:.]?(\\d{6})\\)?(?!\\d)"),
    re.compile("^(\\d{6})(?=[,㐀-鿿])(?!\\d*号)"),
    re.compile("(?<=[,)号室楼层㐀-鿿])(\\d{6})$"),
)
_SECTION = re.compile("[东南西北中上下]段")
_MEETING = re.compile(
    "(?:近|靠近)?(?:与|和)?(.{2,12}?)(?:交叉路?口|交汇处|交叉处|交界处|路口|交口)"
)


def parse(text: str, *, region: str = "") -> Address:
    """Read an address into its parts; never raises, whatever the text.

    Args:
        text: the address as it was published.
        region: the six-digit code of the city or province that the address is likeliest in,
            which decides between divisions of the same name (鼓楼区), and nothing else.

    >>> address = parse("余姚市大黄桥路2号")
    >>> address.province, address.city, address.district, address.streets
    ('浙江省', '宁波市', '余姚市', (Street(name='大黄桥路', numbers=('2',)),))
    """
    whole = arabic(simplified(canonical(_GAP.sub(",", text))))
    plain, remarks, postcode = _set_aside(whole[:MAX_READ])
    admin = read_admin(plain, region)
    body = read_body(plain[admin.end :])
    _meet(body, remarks)
    province, city, district = _names(admin)
    return Address(
        original=text,
        text=whole,
        province=province,
        city=city,
        district=district,
        codes=admin.codes,
        zone=admin.zone,
        town=admin.town,
        village=body.village,
        streets=_merged(body),
        crossing=body.crossing,
        places=tuple(Place(name, building) for name, building in body.places),
        buildings=tuple(body.buildings),
        floors=tuple(body.floors),
        rooms=tuple(body.rooms),
        landmarks=tuple(body.landmarks),
        relations=tuple(body.relations),
        remarks=tuple(remarks),
        postcode=postcode,
        rest=body.rest,
    )


def _set_aside(text: str) -> tuple[str, list[str], str]:
    """``text`` without postal code, telephone numbers and brackets, and what those held."""
    postcode = ""
    for pattern in _POSTCODES:
        if match := pattern.search(text):
            postcode = match[1]
            text = text[: match.start()] + text[match.end() :]
            break
    remarks = [match[0] for match in _PHONE.finditer(text)]
    plain, depth, inner = "", 0, ""
    for character in f"{_PHONE.sub('', text)})":
        if character == "(":
            depth += 1
            inner += character if depth > 1 else ""
        elif character == ")":
            depth = max(depth - 1, 0)
            if depth:
                inner += character
            elif inner:
                plain += inner if _belongs(inner) else ""
                remarks += [] if _belongs(inner) else [inner]
                inner = ""
        elif depth:
            inner += character
        else:
            plain += character
    return plain, [*remarks, inner] if inner else remarks, postcode


def _belongs(remark: str) -> bool:
    """True for what is a part of the address itself: 宁波市(鄞州区), 解放路(西段)."""
    if _SECTION.fullmatch(remark) or gazetteer().named(remark):
        return True
    return any(zone.alias == remark for zone in zones.known_zones())


def _meet(body: Body, remarks: list[str]) -> None:
    """A crossing that is told in brackets: 中山路12号(与解放路交叉口)."""
    for remark in remarks:
        match = _MEETING.match(remark)
        if match and body.streets and not body.crossing:
            other = re.split("[与和及]", match[1])
            body.crossing = (body.streets[-1][0], other[-1] or match[1])


def _merged(body: Body) -> tuple[Street, ...]:
    """A street that is named twice is one, with all its numbers."""
    streets: dict[str, list[str]] = {}
    for name, numbers in body.streets:
        known = streets.setdefault(name, [])
        known += [number for number in numbers if number not in known]
    return tuple(Street(name, tuple(numbers)) for name, numbers in streets.items())


def _names(admin: Admin) -> tuple[str, str, str]:
    """The official names of what the candidates agree on; else the narrowest name as written."""
    names = gazetteer()
    codes = admin.codes
    if not codes:
        return "", "", admin.district
    provinces = {names.province(code) for code in codes}
    cities = {names.city(code) for code in codes}
    levels = {division.level for division in admin.divisions}
    own = {division.name for division in admin.divisions}
    province = provinces.pop() if len(provinces) == 1 else ""
    city = cities.pop() if len(cities) == 1 else ""
    if len(codes) == 1 or len(own) == 1:
        district = next(iter(own)) if levels == {DISTRICT} else ""
        return province, city or _same(own, levels), admin.district or district
    if province and 0 in levels:
        return province, "", admin.district
    return province, city, admin.district or admin.said


def _same(own: set[str], levels: set[int]) -> str:
    return next(iter(own)) if levels == {CITY} and len(own) == 1 else ""
