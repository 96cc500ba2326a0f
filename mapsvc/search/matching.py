"""Where a name matches what was typed: from its beginning, or further inside, and at which letters.

Both sides are compared as keys (`mapsvc.address.searched.key`) and in pinyin; the spans that are
given back count the characters of the name as it is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from mapsvc.address.pinyin import Typed, readings, spelled
from mapsvc.address.searched import key

Span = tuple[int, int]


class Rank(IntEnum):
    """How well a name matches, best first."""

    WHOLE = 0
    BEGINS = 1
    INSIDE = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was typed: its key, and the ways to read it as pinyin."""

    text: str
    readings: tuple[Typed, ...]

    @classmethod
    def of(cls, typed: str) -> Wanted:
        text = key(typed)
        return cls(text, readings(text))


def spans(wanted: Wanted, name: str) -> tuple[Span, ...]:
    """Which characters of a shown name were typed, as (start, end).

    Empty where none was, or where the name and its key cannot be laid side by side.

    >>> spans(Wanted.of("鄞州"), "寧波 鄞州支行"), spans(Wanted.of("yzh"), "鄞州支行")
    (((3, 5),), ((0, 2),))
    """
    found = key(name)
    start = found.find(wanted.text)
    if start >= 0 and wanted.text:
        return _shown(name, found, start, start + len(wanted.text))
    spelling = spelled(found)
    for reading in wanted.readings:
        if match := re.search(reading.pattern, spelling):
            start = spelling.count(" ", 0, match.start())
            return _shown(name, found, start, start + len(reading.pieces))
    return ()


def _shown(name: str, found: str, start: int, end: int) -> tuple[Span, ...]:
    """A span of a name's key as a span of the name itself."""
    places: list[int] = []
    for place, letter in enumerate(name):
        places += [place] * len(key(letter))
    if len(places) != len(found):
        return ()
    return ((places[start], places[end - 1] + 1),)
