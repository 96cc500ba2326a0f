"""What a benchmark gives: figures, each beside a peer's and held against a goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Of = Literal["ratio", "inverse", "value"]


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound of a figure: of value / peer_value, of its inverse, or of the value itself."""

    sense: Literal["≥", "≤"]
    bound: float
    of: Of

    def __str__(self) -> str:
        times = "" if self.of == "value" else "×"
        bound = f"{self.bound:,.0f}" if self.bound >= 1_000 else f"{self.bound:.4g}"
        return f"{self.sense} {bound}{times}"


def at_least(ratio: float) -> Goal:
    """Our value is at least so many times the peer's: for rates."""
    return Goal("≥", ratio, "ratio")


def at_most(ratio: float) -> Goal:
    """Our value is at most so many times the peer's: for times and sizes."""
    return Goal("≤", ratio, "ratio")


def faster(times: float) -> Goal:
    """The peer's value is at least so many times ours: for times."""
    return Goal("≥", times, "inverse")


def up_to(value: float) -> Goal:
    """Our value is at most this."""
    return Goal("≤", value, "value")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value, beside a peer's in the same unit.

    ``n`` is the number of branches that it was measured over.

    >>> figure = Figure("nearest 10", 1_000_000, 30.0, "µs", "SciPy", 25.0, at_most(1.5))
    >>> figure.ratio, figure.met
    (1.2, True)
    >>> Figure("nearest 10", 1_000_000, 30.0, "µs", "PostGIS", 300.0, faster(8)).held
    10.0
    """

    name: str
    n: int
    value: float
    unit: str
    peer: str = ""
    """What stands beside, with its version where it has one; empty for a value by itself."""
    peer_value: float | None = None
    goal: Goal | None = None
    note: str = ""
    """What a reader must know to read the figure."""
    profile: str = ""
    """Where the time goes, where the goal was missed."""

    @property
    def ratio(self) -> float | None:
        """Our value divided by the peer's."""
        return self.value / self.peer_value if self.peer_value else None

    @property
    def held(self) -> float | None:
        """The number that the goal bounds; without a goal, the ratio."""
        of = self.goal.of if self.goal else "ratio"
        if of == "value":
            return self.value
        if of == "inverse":
            return self.peer_value / self.value if self.peer_value and self.value else None
        return self.ratio

    @property
    def met(self) -> bool | None:
        """Whether the goal was reached; None without one."""
        if self.goal is None:
            return None
        if self.held is None:
            return False
        is_above = self.held >= self.goal.bound
        return is_above if self.goal.sense == "≥" else self.held <= self.goal.bound
