"""The colour scale of the districts: from a number of branches to one of six classes."""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = 5
"""Classes for districts that have branches; class 0 is for those that have none."""
_WIDE = 100


@dataclass(frozen=True, slots=True)
class Step:
    """A class of the scale: from ``first`` to ``last`` branches (None: and more)."""

    level: int
    first: int
    last: int | None

    @property
    def label(self) -> str:
        """The class in figures.

        >>> Step(2, 2, 3).label, Step(5, 16, None).label
        ('2–3', '16+')
        """
        if self.last is None:
            return f"{self.first}+"
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"


@dataclass(frozen=True, slots=True)
class Scale:
    """Classes each twice as wide as the one before: one large district hides no difference."""

    steps: tuple[Step, ...]

    @classmethod
    def upto(cls, most: int) -> Scale:
        """The scale for counts from 0 to ``most``.

        Wide classes begin at round numbers.

        >>> [step.label for step in Scale.upto(8).steps]
        ['0', '1', '2–3', '4–7', '8+']
        >>> [step.label for step in Scale.upto(9_000).steps]
        ['0', '1–299', '300–899', '900–2099', '2100–4499', '4500+']
        """
        width = max(1, -(-most // (2**LEVELS - 1)))
        if width >= _WIDE:
            return cls._round(most, _rounded_up(width))
        bounds: list[tuple[int, int | None]] = []
        first = 1
        while first <= most:
            last = first + width - 1
            bounds.append((first, last if last <= most else None))
            first, width = last + 1, 2 * width
        return cls._of(bounds)

    @classmethod
    def _round(cls, most: int, width: int) -> Scale:
        firsts = [1, *(width * (2**n - 1) for n in range(1, LEVELS))]
        firsts = [first for first in firsts if first <= most]
        lasts = [*(first - 1 for first in firsts[1:]), None]
        return cls._of(list(zip(firsts, lasts, strict=True)))

    @classmethod
    def _of(cls, bounds: list[tuple[int, int | None]]) -> Scale:
        levels = _levels(len(bounds))
        steps = (Step(level, *bound) for level, bound in zip(levels, bounds, strict=True))
        return cls((Step(0, 0, 0), *steps))

    def level(self, count: int) -> int:
        """The class of a count.

        >>> Scale.upto(8).level(0), Scale.upto(8).level(3), Scale.upto(8).level(8)
        (0, 2, 5)
        """
        return next(s.level for s in self.steps if s.last is None or count <= s.last)


def _levels(used: int) -> list[int]:
    """With few classes, use the whole range of lightness rather than its pale end."""
    if used < 2:
        return [3] * used
    return [round(1 + i * (LEVELS - 1) / (used - 1)) for i in range(used)]


def _rounded_up(width: int) -> int:
    """The next one of 100, 150, 200, 250, 300, 400, 500, 750, 1,000, 1,500 …"""
    power = _WIDE // 10
    while True:
        for digits in (10, 15, 20, 25, 30, 40, 50, 75):
            if width <= digits * power:
                return digits * power
        power *= 10
