"""What a branch offers, found by its usual names in the table ``data/services.csv``."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from types import MappingProxyType

from mapsvc.address.normalise import canonical
from mapsvc.errors import InvalidValue
from mapsvc.resources import resource

_BETWEEN = re.compile(r"[、，,;；|\r\n]+")
"""What parts several services in one cell. A slash does not: 存款/取款 is one."""
_NAMED = 3
"""So many of the nearest names are said where one is unknown."""
_LIKENESS = 0.5
_LONGEST = 40
"""So much of an unknown name is compared."""


@dataclass(frozen=True, slots=True)
class Service:
    """Something that branches offer, with the names that it goes by."""

    code: str
    name: str
    name_en: str
    aliases: tuple[str, ...] = ()


@cache
def services() -> Mapping[str, Service]:
    """Every known service by its code, in the order of the table."""
    with resource("data/services.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            Service(
                code=row["code"],
                name=row["name"],
                name_en=row["name_en"],
                aliases=tuple(filter(None, row["aliases"].split(";"))),
            )
            for row in csv.DictReader(file)
        ]
    return MappingProxyType({service.code: service for service in rows})


@lru_cache(4_096)
def read_services(text: str) -> tuple[str, ...]:
    """The codes of the services that a text names, each once, in the order of the table.

    They are parted by a comma, semicolon, 、 or |, and named by code, Chinese or English name or
    alias, in any width and case.

    Raises:
        InvalidValue: one is unknown; the error lists the nearest that are known.

    >>> read_services("无障碍通道、外币兑换；atm")
    ('foreign-exchange', 'atm', 'barrier-free')
    """
    found = {_code(part) for part in _BETWEEN.split(text) if part.strip()}
    return tuple(code for code in services() if code in found)


def _code(name: str) -> str:
    code = _by_spelling().get(_key(name))
    if code is None:
        said = ", ".join(f"{services()[each].name} ({each})" for each in _nearest(_key(name)))
        hint = f"the nearest are {said}" if said else "data/services.csv has all"
        raise InvalidValue("services", name.strip(), f"a known service; {hint}")
    return code


@lru_cache(1_024)
def _nearest(key: str) -> tuple[str, ...]:
    """The codes of the services that are spelled most alike, best first."""
    near = get_close_matches(key[:_LONGEST], _by_spelling(), n=20, cutoff=_LIKENESS)
    return tuple(dict.fromkeys(_by_spelling()[spelling] for spelling in near))[:_NAMED]


def _key(name: str) -> str:
    return re.sub(r"[\s_-]+", "", canonical(name))


@cache
def _by_spelling() -> Mapping[str, str]:
    """Each spelling's code."""
    return {
        _key(spelling): service.code
        for service in services().values()
        for spelling in (service.code, service.name, service.name_en, *service.aliases)
    }
