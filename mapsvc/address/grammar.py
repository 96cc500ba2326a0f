"""The patterns of what stands behind the administrative part of an address.

All are tried at one place of a canonical text; `mapsvc.address.body` says in which order, and what
becomes of a match. Repetitions are bounded, so that a pattern costs no more on a hostile text.
"""

from __future__ import annotations

import re

from mapsvc.address.numbers import BARE_NUMBERS, HOUSE_NUMBERS, KILOMETRES, LANES

_H = "(?:(?![与及])[㐀-鿿〇])"
ROAD = "(?:路|街(?!道)|大道|大街|巷|弄|胡同)"

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
STREET = re.compile(
    "(?!(?:铁|道|水|电)路)"
    f"(?:{_H}{{0,8}}\\d{{1,3}}号?(?=(?:支|环)?路(?!口)|大?街|大道){_H}??|(?:{_H}|[a-z]){{1,14}}?)"
    f"(?:{_SECTIONED}|{_SUFFIX}{_TAIL})"
)
RING = re.compile(
    "[东南西北][二三四五六]环(?![东南西北]?路)|[东南西北]?[二三四五六]环[东南西北]?路[东南西北]?段?"
)
HIGHWAY = re.compile(
    "[gsxy]\\d{1,4}(?:国道|省道|县道|高速公路|高速|线|(?![-\\da-z]|号?[栋幢座楼馆室层铺区]))"
    "|\\d{3}(?:国道|省道|县道|乡道)(?:复线|线)?"
    "|(?:国道|省道|县道|乡道)[gsxy]?\\d{1,4}(?:国道|线|(?!\\d))"
)
NAMED = re.compile(
    f"((?:{_H}|[a-z·]){{1,16}}?)(?={HOUSE_NUMBERS}|\\d{{1,5}}(?:支?弄|支?巷)(?:\\d|$|,))"
)
"""Any name that a house number follows: 三里屯19号, 外滩18号, 翠柏里12号."""
WEAK = re.compile(f"{_H}{{1,10}}?(?:道|里|[0-9一二三四五六七八九十]条|坊|堤)(?=$|[,(])")

STALLS = re.compile(".*(?:市场|商城|商贸城|商场|超市|大厦|大楼|写字楼)$")
"""A number behind these is a room or stall, not a house."""

PLACE_THEN = re.compile(
    f"((?:{_H}|[a-z]){{0,12}}?(?:科技园|软件园|产业园|商务区|(?<=.)(?:大厦|大楼|大学|学院|广场|中心|市场|商城|医院|小区|花园|公寓|酒店|饭店|"
    f"公园|车站|机场|{_H}新村|大楼)))(?=({_H}*))"
)
DIRECTED = re.compile(f"[东南西北中一二三四五前后]{{0,2}}{ROAD}")

VILLAGE = re.compile(
    f"(?!{_H}{{0,6}}?(?:度假村|中关村|亚运村|奥运村|农村|乡村|城中村|新村|世纪村|文化村|大学村|新桥村路))"
    f"((?:(?![路街弄])[㐀-鿿〇]|[路街弄](?=[㐀-鿿]?村)){{1,8}}?(?:村民委员会|村委会|居委会|行政村|自然村|嘎查|"
    "社区(?:居委会)?(?!卫生|服务|医院|银行|支行|活动)|村(?!镇|口|民|委)))"
    f"(?:村委会|居委会)?(?![东南西北中前后上下]{{0,2}}{ROAD})"
)
GROUP = re.compile("\\d{1,3}(?:组|社|队|连)(?!\\d)")

BUILDING = re.compile(
    "(?:[a-z]\\d{0,2}|\\d{1,4}(?:-\\d{1,3})?[a-z]?|[甲乙丙丁东南西北中主副附裙])"
    "(?:[,-](?:[a-z]\\d{0,2}|\\d{1,4}))*"
    "(?:号楼|号栋|号幢|号馆|号厂房|号车间|号仓库?|栋|幢|座|塔楼|塔|馆(?![㐀-鿿]))"
    "|[东南西北主副附裙辅]楼(?![㐀-鿿])|\\d{1,3}单元|[a-z]区|[一二三四\\d]期(?![㐀-鿿]{2})"
)
FLOOR = re.compile(
    "(?:地下|负|b|-|第)?\\d{1,3}(?:(?:楼|层|f)?[-,至到](?:负|b)?\\d{1,3})*(?:楼|层|f)"
    "|底层|底楼|首层|底商|顶楼|顶层|夹层|地下室"
)
_ROOM_KIND = "商铺|铺面|铺|门市|店面|店铺|摊位|室|房"
ROOM = re.compile(
    f"(?:{_ROOM_KIND})?[a-z]{{0,2}}-?\\d{{1,5}}[a-z]?(?:[-,至][a-z]?\\d{{1,5}}[a-z]?)*"
    "(?:号室|号房|号铺|号商铺|号店铺|号门市部?|号门面房?|号店面|号摊位|号摊|号店|号柜|室|房间?|铺位?"
    "|商铺|店面|门市|户|号门)"
    f"|(?:{_ROOM_KIND})[a-z]?\\d{{1,5}}(?:[-,]\\d{{1,5}})*号?"
)
BARE_ROOM = re.compile("[a-z]?\\d{1,5}[a-z]?(?:-\\d{1,5}[a-z]?){0,2}号?(?=$|[,(])")

CROSSING = re.compile(
    "(?:交叉路?口|交汇处|交叉处|交界处|交汇口|交汇|交叉|相交处|十字路口|丁字路口|交口|路口)"
    "(?:[东南西北]{1,2}(?:侧|角|面|边)|往?[东南西北]\\d+米|附近|处|旁)?"
)
RELATION = re.compile(
    "(?:以|往|向)?(?:斜?正?对面|斜?对过|正对门|对门|旁边|旁|附近|隔壁|楼下|"
    "[东南西北]{1,2}(?:侧|边|面|首|端|头|角)|[左右前后背]侧|后面|前面|背面|门口|出入口|入口处?|口(?=$|[,(\\d])|"
    "[以往向][东南西北]|[东南西北](?=约?\\d+米))(?:约?\\d+(?:\\.\\d+)?(?:米|公里))?处?"
    "|约?\\d+米处?|处(?=$|[,(])"
)
INSIDE = re.compile("(?:院)?(?:内|里面|之内)(?=$|[,(\\d])")
AND = re.compile("以及|[,:/&及与.·;-]|和(?=[㐀-鿿]{2})")
STOP = re.compile(
    f"[,:/;()]|{BUILDING.pattern}|{FLOOR.pattern}|{ROOM.pattern}|{RELATION.pattern}"
    f"|{CROSSING.pattern}|{INSIDE.pattern}|{HOUSE_NUMBERS}|\\d+$"
)
PLACE_CHARACTER = re.compile("[㐀-鿿〇a-z0-9·'\"&+.]")

NUMBERS = re.compile(HOUSE_NUMBERS)
BARE = re.compile(BARE_NUMBERS)
LANE = re.compile(LANES)
KILOMETRE_MARK = re.compile(KILOMETRES)
