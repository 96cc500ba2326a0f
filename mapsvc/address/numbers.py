"""House numbers: lists, ranges, lanes and sub-numbers, and what is asked for each.

A number is kept as it was written, without its final 号: ``933``, ``166-168``, ``1234弄56``,
``18号附3``, ``甲12``, ``3组15``, on a highway ``12公里`` or ``k12+300``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_MARK = "[甲乙丙丁临附特新老]"
_LANE = "(?:\\d{1,5}+(?:-\\d{1,4}+)?+号?+(?:支?弄|支?巷|组|社|队|连)内?+){0,3}+"
_NUMBER = f"第?+{_MARK}?+\\d{{1,5}}+[甲乙丙丁a-z]?(?:-\\d{{1,5}}+[甲乙丙丁a-z]?){{0,2}}"
_HAO = (
    "[甲乙丙丁]?号(?:院(?!内)|之\\d{1,3}|附\\d{1,4}号?|[甲乙丙丁](?!栋|幢|座))?"
    "(?!楼|栋|幢|铺|商铺|店铺|门市|门面|店面|室|房|厅|线|馆|仓|厂房|车间|摊|柜|口|桥|地块|"
    "(?:支|环)?路|大?街|大道|门(?!市))"
)
_AND = "(?:,|以及|[及和与/&·.])"
_TO = "(?:号?[至到]|号-)"
_RUN = f"{_LANE}{_NUMBER}(?:{_TO}{_NUMBER})?"

_MANY = "{0,12}+"
"""More numbers than any list has; a bound, so that no text costs more than its length."""

HOUSE_NUMBERS = (
    f"(?:{_RUN}{_AND}){_MANY}{_RUN}{_HAO}(?:{_AND}(?:{_RUN}{_AND}){_MANY}{_RUN}{_HAO}){_MANY}"
)
"""One or more numbers that end with 号."""

BARE_NUMBERS = (
    f"(?:{_RUN}{_AND}){_MANY}{_RUN}"
    "(?![\\da-z甲乙丙丁楼层室栋幢座单组社队户房铺米公里千元期区年级厂届线环个路街弄巷馆团连店号+-]"
    f"|{_AND}?\\d)"
)
"""The same without 号; only right after a street."""

LANES = "\\d{1,5}(?:-\\d{1,4})?号?(?:支?弄|支?巷)(?:\\d{1,5}支?弄)?"
"""A lane by its number alone (1234弄)."""

KILOMETRES = (
    "(?:k\\d{1,4}(?:\\+\\d{1,3}(?:\\.\\d{1,3})?)?(?:公里|千米|米|m)?|"
    "\\d{1,4}(?:\\.\\d{1,3})?(?:公里|千米|km)(?:\\+?\\d{1,3}(?:米|m)?)?)(?:处)?"
)

_RANGE = re.compile(f"({_LANE})(\\d{{1,5}})-(\\d{{1,5}})")
_SUB = re.compile("(.*\\d[甲乙丙丁a-z]?)(?:-\\d{1,5}[a-z]?|号(?:之|附)\\d{1,4})")
_WIDEST_RANGE = 400
_WITHIN_LANE = re.compile("(.*(?:弄|巷))\\d.*")


def split_numbers(written: str) -> list[str]:
    """The single numbers of a list; those after a lane number belong to its lane.

    >>> split_numbers("154,156,158号"), split_numbers("166号至168号"), split_numbers("50弄3,5号")
    (['154', '156', '158'], ['166-168'], ['50弄3', '50弄5'])
    """
    ranged = re.sub(_TO, "-", written)
    numbers: list[str] = []
    lane = ""
    for item in re.split(_AND, ranged):
        number = re.sub("^第|内", "", item).removesuffix("院").removesuffix("号")
        own = re.match("\\d+(?:-\\d+)?号?(?:支?弄|支?巷|组|社|队|连).*", number)
        if own:
            lane = re.sub(f"{_NUMBER}$", "", number) if number[-1].isdigit() else number
        elif lane:
            number = lane + number
        if number and number not in numbers:
            numbers.append(number)
    return numbers


def asked(number: str) -> Iterator[tuple[str, bool]]:
    """The numbers to ask for, exact ones first, and whether each is a house of its own.

    A range is asked at both ends; a sub-number (12-5, 18号附3) and a house in a lane also without
    it, and a lane is no single house.

    >>> list(asked("166-168")), list(asked("50弄3"))
    ([('166', True), ('168', True)], [('50弄3', True), ('50弄', False)])
    """
    if is_kilometre(number):
        yield number, False
        return
    ends = _RANGE.fullmatch(number)
    if ends and 0 < int(ends[3]) - int(ends[2]) <= _WIDEST_RANGE:
        yield ends[1] + ends[2], True
        yield ends[1] + ends[3], True
    else:
        yield number, not number.endswith(("弄", "巷"))
        if sub := _SUB.fullmatch(number):
            yield sub[1], True
    if lane := _WITHIN_LANE.fullmatch(number):
        yield lane[1], False


def is_kilometre(number: str) -> bool:
    """True for a mark on a highway: ``12公里``, ``k12+300``."""
    return number.startswith("k") or bool(re.search("公里|千米|km", number))


def spoken(number: str) -> str:
    """``number`` as it stands in a question: with 号, unless it is a lane or kilometres.

    >>> spoken("933"), spoken("1234弄"), spoken("18号附3"), spoken("k12+300")
    ('933号', '1234弄', '18号附3号', 'k12+300')
    """
    return number if number.endswith(("弄", "巷")) or is_kilometre(number) else f"{number}号"
