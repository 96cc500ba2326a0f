"""What words ask of branches: the text itself, its readings in pinyin, and what bears such a name.

Shared by the snapshots, which each look for it in their own way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from mapsvc.address.divisions import short
from mapsvc.address.pinyin import Typed, readings, spelled
from mapsvc.address.searched import key, word_starts
from mapsvc.lists.banks import Bank
from mapsvc.model import District
from mapsvc.snapshot.lines import Lines

EXAMINED = 100
"""Branches that are compared to suggest the best ones."""
_MOST_WORDS = 8
"""What stands behind so many words is looked for as one."""
_SCRIPTS = re.compile("[a-z]{2,}|(?:(?![a-z]{2}).)+")


@dataclass(frozen=True, slots=True)
class Term:
    """A branch has it that has one of these."""

    literal: str
    """A part of its name or address, as a `key`."""
    readings: tuple[Typed, ...]
    """A part of its name, or of its address if it `reaches` there."""
    banks: tuple[str, ...]
    districts: tuple[str, ...]

    def rank(self, name: str, spelling: str) -> int:
        """How well a branch has it: 0 where its name begins with it, 1 inside, 2 elsewhere.

        Args:
            name: the key of its name.
            spelling: in pinyin.
        """
        if name.startswith(self.literal):
            return 0
        found = [_expression(reading).search(spelling) for reading in self.readings]
        if any(match and match.start() == 0 for match in found):
            return 0
        return 1 if self.literal in name or any(found) else 2


@lru_cache(maxsize=1_000)
def _expression(reading: Typed) -> re.Pattern[str]:
    return re.compile(reading.pattern)


Alternative = tuple[Term, ...]
"""A branch passes that has all of these terms."""


def reaches(reading: Typed) -> bool:
    """Whether an address is looked through, too: whole syllables, and more than one.

    In a text of many characters a few initials stand by chance.
    """
    return reading.is_literal and len(reading.pieces) > 1


class Wording:
    """Reads what is typed, knowing the names of banks and districts.

    Args:
        banks: those that a text can name, by any part of their names; by the beginning of a word
            in English, where gh is not Shanghai.
        districts: those that it can name, with their ending or without it.
    """

    def __init__(self, banks: Iterable[Bank], districts: Iterable[District]) -> None:
        banks = tuple(banks)
        named = [
            (bank.code, key(name))
            for bank in banks
            for name in (bank.name, bank.short, *bank.aliases)
        ]
        self._banks = [code for code, _ in named]
        self._bank_names = Lines([name for _, name in named])
        english = [(bank.code, name) for bank in banks for name in word_starts(bank.name_en)]
        self._english = [code for code, _ in english]
        self._english_names = Lines([name for _, name in english])
        self._bank_spellings = Lines([spelled(name) for _, name in named])
        districts = tuple(districts)
        names = [key(district.name) for district in districts]
        self._districts = [district.code for district in districts]
        self._lengths = [(len(short(name)), len(name)) for name in names]
        self._spellings = Lines([spelled(name) for name in names])
        self._called: dict[str, list[str]] = {}
        for district, name in zip(districts, names, strict=True):
            for form in {name, short(name), key(district.name_en)} - {""}:
                self._called.setdefault(form, []).append(district.code)

    def read(self, text: str) -> tuple[Alternative, ...]:
        """What a text asks for: a branch is wanted that passes one of these.

        The whole text; or else every word of it, wherever it stands: words are parted by spaces,
        and where Chinese meets Latin letters. Nothing but spaces and marks asks for everything,
        which is ``((),)``.
        """
        whole = key(text)
        if not whole:
            return ((),)
        words = [key(word) for word in text.split(maxsplit=_MOST_WORDS - 1)]
        parts = [part for word in words for part in _SCRIPTS.findall(word)]
        found: list[Alternative] = [(self._term(whole),)]
        if 1 < len(parts) <= _MOST_WORDS:
            found.append(tuple(self._term(part) for part in dict.fromkeys(parts)))
        return tuple(found)

    def _term(self, text: str) -> Term:
        ways = readings(text) if len(text) > 1 else ()
        banks = {self._banks[line]: None for line, _, _ in self._bank_names.holding(text)}
        words = self._english_names.matching(f"^{re.escape(text)}")
        banks |= {self._english[line]: None for line, _, _ in words}
        districts = dict.fromkeys(self._called.get(text, ()))
        for way in ways:
            if len(way.pieces) > 1:
                found = self._bank_spellings.matching(f"^{way.pattern}")
                banks |= {self._banks[line]: None for line, _, _ in found}
            for line, _, _ in self._spellings.matching(f"^{way.pattern}"):
                least, most = self._lengths[line]
                if least <= len(way.pieces) <= most:
                    districts[self._districts[line]] = None
        return Term(text, ways, tuple(banks), tuple(districts))
