"""Contenders in turn, so that the load of the machine hits all alike."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping


def interleaved(
    contenders: Mapping[str, Callable[[], object]], rounds: int
) -> dict[str, list[float]]:
    """Run each contender once a round; the order is reversed in every second one.

    Collecting garbage is put off while one runs, and done between them.

    Returns:
        The seconds of each call by contender, in the order of the rounds.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        names = list(contenders) if number % 2 == 0 else list(contenders)[::-1]
        for name in names:
            gc.collect()
            gc.disable()
            started = time.perf_counter()
            try:
                contenders[name]()
            finally:
                seconds[name].append(time.perf_counter() - started)
                gc.enable()
    return seconds
