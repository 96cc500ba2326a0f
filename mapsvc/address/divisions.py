"""China's provinces, cities and counties by name: which divisions a name can mean.

The table is data/divisions.csv (codes of GB/T 2260). A name is known in its official form and
without its ending (浙江, 鄞州, 延边州); several divisions may share it (鼓楼区).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from mapsvc.address.simplified import simplified
from mapsvc.resources import resource

PROVINCE, CITY, DISTRICT = range(3)
"""The levels of a division; a county-level city (余姚市) is a district here."""

MUNICIPALITIES = frozenset({"11", "12", "31", "50"})
"""北京, 天津, 上海, 重庆: provinces that are their own city."""


@dataclass(frozen=True, slots=True)
class Division:
    """A province, city or county; ``code`` has six digits, zeros for the levels it has not."""

    code: str
    name: str

    @property
    def level(self) -> int:
        if self.code.endswith("0000"):
            return PROVINCE
        return CITY if self.code.endswith("00") else DISTRICT

    @property
    def stem(self) -> str:
        """The digits that everything within begins with: ``33``, ``3302``, ``330212``."""
        return self.code[: 2 + 2 * self.level]

    def contains(self, other: Division) -> bool:
        """True for every division below this one, and for itself."""
        return other.code.startswith(self.stem)


_PEOPLES = (
    "蒙古族|(?<!内)蒙古|回族|藏族|维吾尔|苗族|彝族|壮族|布依族|朝鲜族|满族|侗族|瑶族|白族|土家族|哈尼族|哈萨克族|"
    "哈萨克|傣族|黎族|傈僳族|佤族|畲族|拉祜族|水族|东乡族|纳西族|景颇族|柯尔克孜|土族|达斡尔族|仫佬族|羌族|布朗族|"
    "撒拉族|毛南族|仡佬族|锡伯族|锡伯|阿昌族|普米族|塔吉克|怒族|鄂温克族|裕固族|保安族|独龙族|鄂伦春族|各族"
)
_ENDINGS = re.compile(
    f"(?:(?:{_PEOPLES})*自治[区州县旗]|特别行政区|维吾尔自治区|地区|新区|矿区|林区|特区|[省市区县旗盟])$"
)


def short(name: str) -> str:
    """``name`` without the ending that says its rank; unchanged where one character would remain.

    >>> [short(name) for name in ("鄞州区", "延边朝鲜族自治州", "内蒙古自治区", "沛县")]
    ['鄞州', '延边', '内蒙古', '沛县']
    """
    stem = _ENDINGS.sub("", name)
    return stem if len(stem) > 1 else name


class Gazetteer:
    """Divisions by code and by every form of their names."""

    def __init__(self, divisions: Sequence[Division]) -> None:
        self._by_code = {division.code: division for division in divisions}
        self._official: dict[str, list[Division]] = {}
        self._short: dict[str, list[Division]] = {}
        for division in divisions:
            name = simplified(division.name)
            self._official.setdefault(name, []).append(division)
            stem = short(name)
            if stem != name:
                self._short.setdefault(stem, []).append(division)
            if name.endswith("自治州"):
                self._official.setdefault(f"{stem}州", []).append(division)
        self.longest = max(map(len, self._official))

    def named(self, name: str) -> Sequence[Division]:
        """The divisions that have exactly this official name (or 延边州 for an autonomous one)."""
        return self._official.get(name, ())

    def called(self, stem: str) -> Sequence[Division]:
        """The divisions that are called so without their ending."""
        return self._short.get(stem, ())

    def get(self, code: str) -> Division | None:
        return self._by_code.get(code)

    def province(self, code: str) -> str:
        """The name of the province of a code, or an empty text."""
        found = self._by_code.get(f"{code[:2]}0000")
        return found.name if found else ""

    def city(self, code: str) -> str:
        """The name of the city of a code; a municipality is its own, 仙桃市 (429004) has none."""
        if code[:2] in MUNICIPALITIES:
            return self.province(code)
        found = self._by_code.get(f"{code[:4]}00")
        return found.name if found and len(code) > 2 and found.level == CITY else ""

    def has_districts(self, city: Division) -> bool:
        """False for 东莞, 中山, 儋州 and 嘉峪关, which have towns only."""
        return any(c.startswith(city.stem) and c != city.code for c in self._by_code)


@lru_cache(maxsize=1)
def gazetteer() -> Gazetteer:
    """The shipped table, read once."""
    with resource("data/divisions.csv").open(encoding="utf-8", newline="") as lines:
        return Gazetteer([Division(row["code"], row["name"]) for row in csv.DictReader(lines)])
