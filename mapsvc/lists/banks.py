"""Which bank a branch belongs to, found from its name by the table ``data/banks.csv``."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from mapsvc.address.normalise import canonical
from mapsvc.resources import resource


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank with the names that it goes by."""

    code: str
    name: str
    short: str
    name_en: str
    aliases: tuple[str, ...] = ()


_NOT_A_BANK = ("业协会", "业监督", "业监管", "业联合", "业博物馆", "间", "保险监督", "学会")
"""What follows a bank's name where the whole names something else: 中国银行|业协会 is the
China Banking Association, 中国银行|间市场 the interbank market."""


@cache
def banks() -> Mapping[str, Bank]:
    """Every known bank by its code, in the order of the table."""
    with resource("data/banks.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            Bank(
                code=row["code"],
                name=row["name"],
                short=row["short"],
                name_en=row["name_en"],
                aliases=tuple(filter(None, row["aliases"].split(";"))),
            )
            for row in csv.DictReader(file)
        ]
    return MappingProxyType({bank.code: bank for bank in rows})


def find_bank(text: str) -> Bank | None:
    """The bank whose name, short name, English name or alias begins ``text``.

    The longest wins, so that 中国农业发展银行 is not 中国农业银行. A name further inside does
    not count: a branch is named by its bank first, and then by its place.

    >>> find_bank("工商银行宁波新城支行营业部").code
    'icbc'
    >>> find_bank("中国银行业协会") is None
    True
    """
    return bank_of_key(canonical(text))


def bank_of_key(key: str) -> Bank | None:
    """`find_bank` for a text that is canonical already."""
    for name, bank in _by_beginning().get(key[:_BEGINNING], ()):
        if key.startswith(name) and not key.startswith(_NOT_A_BANK, len(name)):
            return bank
    return None


_BEGINNING = 2
"""Spellings are looked up by so many first characters; none is shorter."""


@cache
def _by_beginning() -> Mapping[str, tuple[tuple[str, Bank], ...]]:
    """Canonical spellings with their banks, longest first, by their first two characters."""
    names = {
        canonical(spelling): bank
        for bank in banks().values()
        for spelling in (bank.name, bank.short, bank.name_en, *bank.aliases)
    }
    found: dict[str, tuple[tuple[str, Bank], ...]] = {}
    for name in sorted(names, key=lambda name: (-len(name), name)):
        beginning = name[:_BEGINNING]
        found[beginning] = (*found.get(beginning, ()), (name, names[name]))
    return found
