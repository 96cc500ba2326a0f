"""What follows the administrative part: villages, streets, house numbers, places, units.

A table of rules, each a pattern that is tried at one place of the text and a step that files what
it matched. Nothing is thrown away: what no rule knows goes to ``rest``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from mapsvc.address.numbers import (
    BARE_NUMBERS,
    HOUSE_NUMBERS,
    KILOMETRES,
    LANES,
    is_kilometre,
    split_numbers,
)

_H = "(?:(?![与及])[㐀-鿿〇])"
_ROAD = "(?:路|街(?!道)|大道|大街|巷|弄|胡同)"


@dataclass(slots=True)
class Body:
    """The parts in the order of the text."""

    streets: list[tuple[str, list[str]]] = field(default_factory=list)
    """What house numbers are given on, with the numbers."""
    places: list[tuple[str, str]] = field(default_factory=list)
    """A named place, and the building of it that was written right behind."""
    village: str = ""
    crossing: tuple[str, ...] = ()
    buildings: list[str] = field(default_factory=list)
    floors: list[str] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)
    landmarks: list[str] = field(default_factory=list)
    relations: list[str] = field(default_factory=list)
    rest: str = ""
    last: str = ""
    """What was read last: street, number, village, place, unit, relation or nothing."""


_SUFFIX = (
    "(?:高速公路|快速路|大道|大街|公路|胡同|步行街|商业街|路|街(?!道|区|坊|心|办|里)|巷|弄(?!堂))"
    f"(?!口{_H}{{0,3}}?(?:路|大?街|大道)|{_H}?(?:路(?!口)|大道|大街|街(?!道))|步行街|商业街|美食街"
    "|老街|[巷弄](?!\\d)|桥|局|段)"
)
_TAIL = (
    "(?:(?:[东南西北中上下]|第?[一二三四五六七八九十\\d])段|延长[线段]|延伸[线段]|辅[路道]|复线|支[路弄]|"
    "[东南西北中](?=\\d))?"
)
_SECTIONED = "(?:大道|大街|公路|路|街)(?:[东南西北中上下]|第?[一二三四五六七八九十\\d])段"
_STREET = re.compile(
    "(?!(?:铁|道|水|电)路)"
    f"(?:{_H}{{0,8}}\\d{{1,3}}号?(?=(?:支|环)?路(?!口)|大?街|大道){_H}??|(?:{_H}|[a-z]){{1,14}}?)"
    f"(?:{_SECTIONED}|{_SUFFIX}{_TAIL})"
)
_RING = re.compile("[东南西北][二三四五六]环(?![东南西北]?路)|[东南西北]?[二三四五六]环[东南西北]?路[东南西北]?段?")
_HIGHWAY = re.compile(
    "[gsxy]\\d{1,4}(?:国道|省道|县道|高速公路|高速|线|(?![-\\da-z]|号?[栋幢座楼馆室层铺区]))"
    "|\\d{3}(?:国道|省道|县道|乡道)(?:复线|线)?"
    "|(?:国道|省道|县道|乡道)[gsxy]?\\d{1,4}(?:国道|线|(?!\\d))"
)
_NAMED = re.compile(
    f"((?:{_H}|[a-z·]){{1,16}}?)(?={HOUSE_NUMBERS}|\\d{{1,5}}(?:支?弄|支?巷)(?:\\d|$|,))"
)
"""Any name that a house number follows: 三里屯19号, 外滩18号, 翠柏里12号."""
_WEAK = re.compile(f"{_H}{{1,10}}?(?:道|里|[0-9一二三四五六七八九十]条|坊|堤)(?=$|[,(])")

_STALLS = re.compile(".*(?:市场|商城|商贸城|商场|超市|大厦|大楼|写字楼)$")
"""A number behind these is a room or stall, not a house."""

_PLACE_THEN = re.compile(
    f"((?:{_H}|[a-z]){{0,12}}?(?:科技园|软件园|产业园|商务区|(?<=.)(?:大厦|大楼|大学|学院|广场|中心|市场|商城|医院|小区|花园|公寓|酒店|饭店|"
    f"公园|车站|机场|{_H}新村|大楼)))(?=({_H}*))"
)
_DIRECTED = re.compile(f"[东南西北中一二三四五前后]{{0,2}}{_ROAD}")

_VILLAGE = re.compile(
    f"(?!{_H}{{0,6}}?(?:度假村|中关村|亚运村|奥运村|农村|乡村|城中村|新村|世纪村|文化村|大学村|新桥村路))"
    f"((?:(?![路街弄])[㐀-鿿〇]|[路街弄](?=[㐀-鿿]?村)){{1,8}}?(?:村民委员会|村委会|居委会|行政村|自然村|嘎查|"
    "社区(?:居委会)?(?!卫生|服务|医院|银行|支行|活动)|村(?!镇|口|民|委)))"
    f"(?:村委会|居委会)?(?![东南西北中前后上下]{{0,2}}{_ROAD})"
)
_GROUP = re.compile("\\d{1,3}(?:组|社|队|连)(?!\\d)")

_BUILDING = re.compile(
    "(?:[a-z]\\d{0,2}|\\d{1,4}(?:-\\d{1,3})?[a-z]?|[甲乙丙丁东南西北中主副附裙])"
    "(?:[,-](?:[a-z]\\d{0,2}|\\d{1,4}))*"
    "(?:号楼|号栋|号幢|号馆|号厂房|号车间|号仓库?|栋|幢|座|塔楼|塔|馆(?![㐀-鿿]))"
    "|[东南西北主副附裙辅]楼(?![㐀-鿿])|\\d{1,3}单元|[a-z]区|[一二三四\\d]期(?![㐀-鿿]{2})"
)
_FLOOR = re.compile(
    "(?:地下|负|b|-|第)?\\d{1,3}(?:(?:楼|层|f)?[-,至到](?:负|b)?\\d{1,3})*(?:楼|层|f)"
    "|底层|底楼|首层|底商|顶楼|顶层|夹层|地下室"
)
_ROOM_KIND = "商铺|铺面|铺|门市|店面|店铺|摊位|室|房"
_ROOM = re.compile(
    f"(?:{_ROOM_KIND})?[a-z]{{0,2}}-?\\d{{1,5}}[a-z]?(?:[-,至][a-z]?\\d{{1,5}}[a-z]?)*"
    "(?:号室|号房|号铺|号商铺|号店铺|号门市部?|号门面房?|号店面|号摊位|号摊|号店|号柜|室|房间?|铺位?"
    "|商铺|店面|门市|户|号门)"
    f"|(?:{_ROOM_KIND})[a-z]?\\d{{1,5}}(?:[-,]\\d{{1,5}})*号?"
)
_BARE_ROOM = re.compile("[a-z]?\\d{1,5}[a-z]?(?:-\\d{1,5}[a-z]?){0,2}号?(?=$|[,(])")

_CROSSING = re.compile(
    "(?:交叉路?口|交汇处|交叉处|交界处|交汇口|交汇|交叉|相交处|十字路口|丁字路口|交口|路口)"
    "(?:[东南西北]{1,2}(?:侧|角|面|边)|往?[东南西北]\\d+米|附近|处|旁)?"
)
_RELATION = re.compile(
    "(?:以|往|向)?(?:斜?正?对面|斜?对过|正对门|对门|旁边|旁|附近|隔壁|楼下|"
    "[东南西北]{1,2}(?:侧|边|面|首|端|头|角)|[左右前后背]侧|后面|前面|背面|门口|出入口|入口处?|口(?=$|[,(\\d])|"
    "[以往向][东南西北]|[东南西北](?=约?\\d+米))(?:约?\\d+(?:\\.\\d+)?(?:米|公里))?处?"
    "|约?\\d+米处?|处(?=$|[,(])"
)
_INSIDE = re.compile("(?:院)?(?:内|里面|之内)(?=$|[,(\\d])")
_AND = re.compile("以及|[,:/&及与.·;-]|和(?=[㐀-鿿]{2})")
_STOP = re.compile(
    f"[,:/;()]|{_BUILDING.pattern}|{_FLOOR.pattern}|{_ROOM.pattern}|{_RELATION.pattern}"
    f"|{_CROSSING.pattern}|{_INSIDE.pattern}|{HOUSE_NUMBERS}|\\d+$"
)
_PLACE_CHARACTER = re.compile("[㐀-鿿〇a-z0-9·'\"&+.]")


def _separator(body: Body, match: re.Match[str]) -> int:
    if match[0] == "和":
        ahead = _STREET.match(match.string, match.end())
        if body.last not in {"street", "number"} or not ahead or _is_stump(ahead[0]):
            return 0
    return match.end()


def _is_stump(street: str) -> bool:
    """平路 and 义大道 are what 和平路 and 和义大道 leave behind."""
    return len(re.sub(f"[东南西北中]?{_ROAD}$", "", street)) < 2


def _street(body: Body, match: re.Match[str]) -> int:
    name, start = match[0], match.start()
    place = _PLACE_THEN.match(name)
    if place and len(place[2]) > 1 and not _DIRECTED.fullmatch(place[2]):
        body.places.append((place[1], ""))
        name, start = place[2], start + place.end(1)
    body.streets.append((name, []))
    body.last = "street"
    return start + len(name)


def _named(body: Body, match: re.Match[str]) -> int:
    if _STALLS.match(match[1]) or len(match[1]) < 2:
        return 0
    body.streets.append((match[1], []))
    body.last = "street"
    return match.end()


def _numbers(body: Body, match: re.Match[str]) -> int:
    if body.last in {"village", "place"}:
        if body.last == "place" and _STALLS.match(body.places[-1][0]):
            return 0
        name = body.village if body.last == "village" else body.places.pop()[0]
        body.streets.append((name, []))
    elif body.last not in {"street", "number"} or not body.streets:
        return 0
    known = body.streets[-1][1]
    if body.last == "number" and not match.string[: match.start()].endswith((",", "及", "和", "与")):
        return 0
    known += [number for number in split_numbers(match[0]) if number not in known]
    body.last = "number"
    return match.end()


def _bare_numbers(body: Body, match: re.Match[str]) -> int:
    return _numbers(body, match) if body.last == "street" else 0


def _kilometres(body: Body, match: re.Match[str]) -> int:
    if body.last != "street":
        return 0
    body.streets[-1][1].append(match[0].removesuffix("处"))
    body.last = "number"
    return match.end()


def _village(body: Body, match: re.Match[str]) -> int:
    if body.village or body.last == "place":
        return 0
    body.village, body.last = match[1], "village"
    return match.end()


def _group(body: Body, match: re.Match[str]) -> int:
    if body.last != "village":
        return 0
    body.rooms.append(match[0])
    return match.end()


def _building(body: Body, match: re.Match[str]) -> int:
    body.buildings.append(match[0])
    if body.last == "place":
        name, building = body.places[-1]
        body.places[-1] = (name, building + match[0])
        return match.end()
    body.last = "unit"
    return match.end()


def _floor(body: Body, match: re.Match[str]) -> int:
    body.floors.append(match[0])
    body.last = "unit"
    return match.end()


def _room(body: Body, match: re.Match[str]) -> int:
    body.rooms.append(match[0])
    body.last = "unit"
    return match.end()


def _bare_room(body: Body, match: re.Match[str]) -> int:
    housed = body.last in {"unit", "number"} or (
        body.last == "place" and (bool(body.places[-1][1]) or _STALLS.match(body.places[-1][0]))
    )
    return _room(body, match) if housed else 0


def _crossing(body: Body, match: re.Match[str]) -> int:
    if body.last == "street" and len(body.streets) > 1 and not body.crossing:
        body.crossing = (body.streets[-2][0], body.streets[-1][0])
    body.relations.append(match[0])
    body.last = "relation"
    return match.end()


def _relation(body: Body, match: re.Match[str]) -> int:
    if body.last == "place":
        name, building = body.places.pop()
        body.landmarks.append(name + building)
    elif not body.last:
        return 0
    body.relations.append(match[0])
    body.last = "relation"
    return match.end()


def _inside(body: Body, match: re.Match[str]) -> int:
    return match.end() if body.last else 0


def _place(body: Body, match: re.Match[str]) -> int:
    text, start = match.string, match.start()
    end = start + 1
    while end < len(text) and _PLACE_CHARACTER.match(text, end):
        if end - start > 1 and _STOP.match(text, end):
            break
        end += 1
    name = text[start:end]
    if not re.search("[㐀-鿿a-z]{2}", name):
        body.rest += name  # as a whole, or each of its characters would be read to its end again
        return end
    body.places.append((name, ""))
    body.last = "place"
    return end


def _rest(body: Body, match: re.Match[str]) -> int:
    body.rest += match[0]
    return match.end()


_RULES: tuple[tuple[re.Pattern[str], Callable[[Body, re.Match[str]], int]], ...] = (
    (_AND, _separator),
    (_CROSSING, _crossing),
    (_RELATION, _relation),
    (_INSIDE, _inside),
    (_HIGHWAY, _street),
    (re.compile(KILOMETRES), _kilometres),
    (re.compile(HOUSE_NUMBERS), _numbers),
    (re.compile(LANES), _numbers),
    (_GROUP, _group),
    (_BUILDING, _building),
    (_FLOOR, _floor),
    (_ROOM, _room),
    (re.compile(BARE_NUMBERS), _bare_numbers),
    (_BARE_ROOM, _bare_room),
    (_VILLAGE, _village),
    (_RING, _street),
    (_STREET, _street),
    (_NAMED, _named),
    (_WEAK, _street),
    (_PLACE_CHARACTER, _place),
    (re.compile(".", re.DOTALL), _rest),
)
"""The first rule whose pattern matches here and whose step takes it (a step that leaves it says
0) moves on; the last takes any character."""


def read_body(text: str) -> Body:
    """Read the part of a canonical address behind the administrative one."""
    body = Body()
    position = 0
    while position < len(text):
        for pattern, step in _RULES:
            match = pattern.match(text, position)
            end = step(body, match) if match and match.end() > position else 0
            if end:
                position = end
                break
    return body
