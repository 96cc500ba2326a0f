"""Asking again what may pass, with growing pauses: bounded in number and in time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from mapsvc.errors import ProviderError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on.

    The pause before attempt n+1 is ``first_pause_s`` · 2ⁿ⁻¹, at most ``longest_pause_s``, of which
    the second half is random, so that many clients do not come back at the same moment.
    """

    attempts: int = 4
    total_s: float = 90.0
    """No attempt begins later than this after the first one."""
    first_pause_s: float = 1.0
    longest_pause_s: float = 30.0


def retrying(
    ask: Callable[[], T],
    patience: Patience = Patience(),  # frozen
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
    chance: Callable[[], float] = random.random,
) -> T:
    """The result of ``ask``, which is called again after a `ProviderError` that may pass.

    A wait that the provider asks for (``retry_after_s``) is kept in full; where it is longer than
    the time that is left, the error comes at once, and the caller may come back later.

    Args:
        ask: one attempt; takes its turn at the rate limiter itself.
        patience: the bounds.
        clock: seconds, monotonic.
        sleep: waits for seconds.
        chance: a random number from 0 to 1.

    Raises:
        ProviderError: one that does not pass, or the last of those that did not pass in time.
    """
    began = clock()
    attempt = 1
    while True:
        try:
            return ask()
        except ProviderError as error:
            pause = min(patience.first_pause_s * 2 ** (attempt - 1), patience.longest_pause_s)
            pause = max(pause * (1 + chance()) / 2, error.retry_after_s or 0)
            is_last = attempt >= patience.attempts or clock() - began + pause > patience.total_s
            if not error.may_pass or is_last:
                raise
        sleep(pause)
        attempt += 1
