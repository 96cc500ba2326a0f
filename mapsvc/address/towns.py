"""Official towns (街道, 镇, 乡 …), and the nearest official name for one that is not.

The lists lie in data/towns/, one file a city, made by `mapsvc.address.extract`. A town of a city
whose list is not shipped is neither known nor unknown.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mapsvc.address.simplified import simplified
from mapsvc.errors import InvalidValue
from mapsvc.resources import resource

SUGGESTED = 3
"""How many near names a check gives at most."""

_FARTHEST = 1.0
"""A name farther away than one whole character is no suggestion."""

_ENDING = re.compile("(?:街道|民族乡|镇|乡|苏木)$")


@dataclass(frozen=True, slots=True)
class Town:
    """An official town: nine-digit code, name, six-digit code of its district."""

    code: str
    name: str
    district: str


@dataclass(frozen=True, slots=True)
class TownCheck:
    """What the official list says about a town's name."""

    town: str
    known: bool
    """True where it is official, or where no list covers its districts."""
    code: str = ""
    """The official code; empty where it is unknown or no list covers it."""
    nearest: tuple[Town, ...] = ()
    """For an unknown town the official ones that it may mean, the likeliest first."""


class TownList:
    """The official towns of some districts."""

    def __init__(self, towns: Iterable[Town]) -> None:
        self._by_district: dict[str, list[Town]] = {}
        self._forms: dict[str, list[Town]] = {}
        for town in towns:
            self._by_district.setdefault(town.district, []).append(town)
            for form in {simplified(town.name), stem(town.name)}:
                if len(form) > 1:
                    self._forms.setdefault(form, []).append(town)
        self._longest = max(map(len, self._forms), default=0)

    def within(self, codes: Iterable[str]) -> list[Town]:
        """The towns of the divisions with these six-digit codes, ordered by code."""
        stems = tuple(_stem(code) for code in codes)
        districts = [d for d in sorted(self._by_district) if d.startswith(stems)]
        return [town for district in districts for town in self._by_district[district]]

    def starting(self, text: str, codes: Iterable[str]) -> tuple[Town, str] | None:
        """The town whose name ``text`` begins with, and the form of the name, the longest first.

        A form is the official name or, from two characters on, the name without its ending.
        """
        stems = tuple(_stem(code) for code in codes)
        for length in range(min(self._longest, len(text)), 1, -1):
            for town in self._forms.get(text[:length], ()):
                if town.district.startswith(stems):
                    return town, text[:length]
        return None


def stem(name: str) -> str:
    """A town's name without 街道, 镇, 乡: 首南街道 → 首南."""
    return _ENDING.sub("", simplified(name))


def read_towns(path: Path) -> list[Town]:
    """Read a file that `mapsvc.address.extract` wrote.

    Raises:
        InvalidValue: a line without code, name or district; names file and line.
        OSError: the file cannot be read.
    """
    towns = []
    with path.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), 2):
            values = [row.get(field) or "" for field in ("code", "name", "district")]
            if not all(values):
                place = f"{path.name}, line {number}"
                raise InvalidValue(place, list(row.values()), "a code, a name and a district")
            towns.append(Town(*values))
    return towns


@lru_cache(maxsize=1)
def shipped_towns() -> TownList:
    """All towns in data/towns/, read once."""
    paths = sorted(resource("data/towns").glob("*.csv"))
    return TownList(town for path in paths for town in read_towns(path))


def check_town(
    town: str, district_codes: Sequence[str], towns: TownList | None = None
) -> TownCheck:
    """Hold a town's name against the official list.

    Args:
        town: the name as an address gives it, with or without 街道, 镇, 乡. A town that has only
            changed its rank (尚田镇, today 尚田街道) is known.
        district_codes: six-digit codes of the divisions that it should lie in; a city's (330200)
            stands for all its districts.
        towns: the official list; the shipped one by default.

    Returns:
        Known with its code; or unknown with at most `SUGGESTED` near names, ordered by
        `mapsvc.address.likeness.distance` and then by code, each at most one character away; or
        known without a code where no list covers the districts.

    >>> check_town("道林镇", ["330282"]).nearest[0].code
    '330282111'
    """
    official = (shipped_towns() if towns is None else towns).within(district_codes)
    if not official or not town:
        return TownCheck(town, known=True)
    name = simplified(town)
    for same in (
        lambda t: simplified(t.name) == name,
        lambda t: stem(t.name) == name,
        lambda t: stem(t.name) == stem(name),
    ):
        if found := next(filter(same, official), None):
            return TownCheck(town, known=True, code=found.code)
    from mapsvc.address.likeness import distance  # noqa: PLC0415 - loads pypinyin's tables

    ranked = sorted((distance(stem(name), stem(t.name)), t.code, t) for t in official)
    near = tuple(t for far, _, t in ranked if far <= _FARTHEST and far < len(stem(name)))
    return TownCheck(town, known=False, nearest=near[:SUGGESTED])


def _stem(code: str) -> str:
    return re.sub("(?:00)+$", "", code)
