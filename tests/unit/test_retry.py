"""Asking again: only what can pass, with growing pauses, bounded in number and time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mapsvc.errors import (
    BadAnswer,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
)
from mapsvc.geocoding.retry import Patience, retrying

USUAL = Patience()


class Clock:
    """Time that passes by sleeping, and by ``each_s`` with each attempt."""

    def __init__(self, failures: list[ProviderError], each_s: float = 0.0) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []
        self.attempts = 0
        self._failures: Iterator[ProviderError] = iter(failures)
        self._each_s = each_s

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def ask(self) -> str:
        self.attempts += 1
        self.now += self._each_s
        for failure in self._failures:
            raise failure
        return "found"

    def run(self, patience: Patience = USUAL, chance: float = 1.0) -> str:
        return retrying(
            self.ask, patience, clock=lambda: self.now, sleep=self.sleep, chance=lambda: chance
        )


def busy(wait_s: float | None = None) -> ProviderError:
    return ProviderUnavailable("amap", "busy", wait_s)


def test_a_first_success_never_waits() -> None:
    clock = Clock([])
    assert clock.run() == "found"
    assert clock.pauses == []


def test_pauses_double() -> None:
    clock = Clock([busy(), RateLimited("amap", "fast"), busy()])
    assert clock.run() == "found"
    assert clock.pauses == [1, 2, 4]


def test_half_of_a_pause_is_random() -> None:
    clock = Clock([busy(), busy()])
    clock.run(chance=0.0)
    assert clock.pauses == [0.5, 1]


def test_pauses_are_bounded() -> None:
    clock = Clock([busy()] * 9)
    clock.run(Patience(attempts=10, total_s=1000, longest_pause_s=5))
    assert clock.pauses == [1, 2, 4, 5, 5, 5, 5, 5, 5]


def test_the_number_of_attempts_is_bounded() -> None:
    clock = Clock([busy()] * 9)
    with pytest.raises(ProviderUnavailable):
        clock.run()
    assert clock.attempts == 4


def test_a_wait_that_is_asked_for_is_kept() -> None:
    clock = Clock([busy(17), busy(0.1)])
    clock.run()
    assert clock.pauses == [17, 2]


def test_a_wait_that_is_too_long_ends_it_at_once() -> None:
    clock = Clock([busy(86_400)])
    with pytest.raises(ProviderUnavailable):
        clock.run()
    assert (clock.attempts, clock.pauses) == (1, [])


def test_the_whole_time_is_bounded() -> None:
    clock = Clock([busy()] * 99, each_s=20)
    with pytest.raises(ProviderUnavailable):
        clock.run(Patience(attempts=99, total_s=60))
    assert clock.attempts == 3
    assert clock.now - 1000 <= 60 + 20


@pytest.mark.parametrize("kind", [ProviderRefused, QuotaExhausted, BadAnswer])
def test_what_does_not_pass_is_not_tried_again(kind: type[ProviderError]) -> None:
    clock = Clock([kind("amap", "no")])
    with pytest.raises(kind):
        clock.run()
    assert (clock.attempts, clock.pauses) == (1, [])


def test_other_errors_are_no_business_of_it() -> None:
    def ask() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        retrying(ask)
