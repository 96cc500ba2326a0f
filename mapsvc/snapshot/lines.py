"""A few thousand short texts that are searched together, as the lines of one string."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate


class Lines:
    """Texts without line breaks, in their order.

    >>> names = Lines(["鄞州区", "海曙区"])
    >>> list(names.holding("区")), list(names.matching("^海"))
    ([(0, 2, 3), (1, 2, 3)], [(1, 0, 1)])
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._text = "\n".join(texts)
        self._starts = [0, *accumulate(len(text) + 1 for text in texts)][: len(texts)]

    def holding(self, part: str) -> Iterator[tuple[int, int, int]]:
        """Where a text stands: the line's number, start and end in the line; first places only."""
        place = self._text.find(part)
        while place >= 0:
            line, start = self._line(place)
            yield line, start, start + len(part)
            if line + 1 == len(self._starts):
                break
            place = self._text.find(part, self._starts[line + 1])

    def matching(self, pattern: str) -> Iterator[tuple[int, int, int]]:
        """The same for a regular expression, in which ``^`` is the beginning of a line."""
        seen = -1
        for match in re.finditer(pattern, self._text, re.MULTILINE):
            line, start = self._line(match.start())
            if line != seen:
                seen = line
                yield line, start, start + len(match[0])

    def _line(self, place: int) -> tuple[int, int]:
        line = bisect_right(self._starts, place) - 1
        return line, place - self._starts[line]
