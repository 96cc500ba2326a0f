"""How large a run is: over how many branches, how often, how long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes are numbers of branches, ascending; ``seconds`` is how long a server is loaded."""

    sizes: tuple[int, ...] = (15, 10_000, 100_000, 1_000_000)
    rounds: int = 5
    seconds: float = 4.0
    quick: bool = False

    @property
    def largest(self) -> int:
        return self.sizes[-1]

    def upto(self, size: int) -> int:
        """The largest size that is not above ``size``.

        >>> QUICK.upto(100_000)
        10000
        """
        return max(own for own in self.sizes if own <= size)


FULL = Scale()
QUICK = Scale(sizes=(15, 10_000), rounds=3, seconds=1.0, quick=True)
"""To see that everything runs; its ratios say little."""
