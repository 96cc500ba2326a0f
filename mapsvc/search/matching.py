"""Where a name matches what was typed: from its beginning, or further inside, and at which letters.

Both sides are compared in canonical, simplified form; the spans that are given back count the
letters of the name as it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from mapsvc.address.searched import key

Span = tuple[int, int]


class Rank(IntEnum):
    """How well a name matches, best first."""

    WHOLE = 0
    BEGINS = 1
    INSIDE = 2


@dataclass(frozen=True, slots=True)
class Match:
    """That a name matches: how well, and which of its characters (start, end) were typed."""

    rank: Rank
    spans: tuple[Span, ...]


def match(typed: str, name: str) -> Match | None:
    """How ``name`` matches ``typed`` (a `key`), or None.

    >>> match("鄞州", "寧波 鄞州支行")
    Match(rank=<Rank.INSIDE: 2>, spans=((3, 5),))
    """
    found = key(name)
    at = found.find(typed)
    if at < 0 or not typed:
        return None
    rank = Rank.BEGINS if at == 0 else Rank.INSIDE
    if found == typed:
        rank = Rank.WHOLE
    return Match(rank, shown_spans(name, found, [(at, at + len(typed))]))


def shown_spans(name: str, found: str, spans: list[Span]) -> tuple[Span, ...]:
    """Spans of a name's key as spans of the name itself.

    Empty where the two cannot be laid side by side letter by letter.
    """
    ends: list[int] = []
    for place, letter in enumerate(name):
        ends += [place] * len(key(letter))
    if len(ends) != len(found):
        return ()
    return tuple((ends[start], ends[end - 1] + 1) for start, end in spans)
