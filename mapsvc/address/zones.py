"""Functional zones (高新区, 杭州湾新区) and dissolved districts: names that are no district today.

data/zones.csv knows some of them with the districts that they can lie in; of any other a rule
knows the ending only.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from mapsvc.resources import resource


@dataclass(frozen=True, slots=True)
class Zone:
    """An alias with the codes of the districts that it can mean, the likeliest first."""

    alias: str
    city: str
    """The six-digit code of the city that it is in."""
    districts: tuple[str, ...]
    needs_city: bool
    """True where other cities have a zone of the same name, so that the city must be stated."""

    def fits(self, code: str) -> bool:
        """True where the zone can lie in the division of this six-digit code, or around it."""
        stem = re.sub("(?:00)+$", "", code)
        return any(district.startswith(stem) for district in self.districts)


_GENERIC = (
    "国家级?高新区|高新技术产业开发区|高新技术产业园区|高新技术开发区|高新开发区|高新区|高新园区|"
    "经济技术开发区|经济开发区|经济区|经济试验区|经济综合实验区|经开区|技术开发区|出口加工区|综合保税区|保税港区|"
    "保税物流园区|保税区|自由贸易试验区|自贸试验区|自贸区|旅游度假区|度假区|风景名胜区|风景区|"
    "城乡一体化示范区|示范区|工业园区|工业园|工业区|工业集聚区|产业集聚区|开发区|合作区|航空港区|新区|管理区"
)
_ZONE = re.compile(
    f"[^\\W\\da-z_路街巷弄号镇乡村]{{0,10}}?(?:{_GENERIC})(?!(?:[东南西北中]?(?:路|街|大道|大街)))"
)


@lru_cache(maxsize=1)
def known_zones() -> tuple[Zone, ...]:
    """The table, the longest alias first."""
    with resource("data/zones.csv").open(encoding="utf-8", newline="") as lines:
        rows = [
            Zone(row["alias"], row["city"], tuple(row["districts"].split(";")),
                 row["needs_city"] == "1")
            for row in csv.DictReader(lines)
        ]  # fmt: skip
    return tuple(sorted(rows, key=lambda zone: -len(zone.alias)))


def known_at(text: str, position: int, codes: Sequence[str]) -> Zone | None:
    """The zone of the table whose alias stands at ``position``, in one of the stated cities.

    Args:
        text: canonical and simplified.
        position: the index at which the alias begins.
        codes: six-digit codes of the stated divisions; empty where none was stated.
    """
    for zone in known_zones():
        end = position + len(zone.alias)
        if text.startswith(zone.alias, position) and not _ROAD.match(text, end):
            if codes and any(zone.fits(code) for code in codes):
                return zone
            if not codes and not zone.needs_city:
                return zone
    return None


_ROAD = re.compile("[东南西北中]?(?:路|街(?!道)|大道|大街|镇|街道)")


def generic_at(text: str, position: int) -> str:
    """The zone's name that stands at ``position`` by its ending, or an empty text.

    >>> generic_at("经济技术开发区6号大街452号", 0), generic_at("开发区大道5号", 0)
    ('经济技术开发区', '')
    """
    match = _ZONE.match(text, position)
    return match[0] if match else ""


def possible_districts(alias: str, codes: Sequence[str]) -> tuple[str, ...]:
    """The codes of the districts that a parsed zone can lie in; empty where it is not known.

    Args:
        alias: the zone as `mapsvc.address.parts.Address` has it.
        codes: the six-digit codes of the divisions that the address states.
    """
    zone = known_at(alias, 0, codes)
    return zone.districts if zone and zone.alias == alias else ()
