"""Contenders in turn, so that the load of the machine hits all alike."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

Clock = Callable[[], float]


def interleaved(
    contenders: Mapping[str, Callable[[], object]], rounds: int, clock: Clock = time.perf_counter
) -> dict[str, list[float]]:
    """Run each contender once a round; the order is reversed in every second one.

    Collecting garbage is put off while one runs, and done between them.

    Args:
        contenders: what to run, by name.
        rounds: how often each is run.
        clock: gives seconds; `time.process_time` for work of this process alone, which another
            process's load does not lengthen.

    Returns:
        The seconds of each call by contender, in the order of the rounds.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name in _turn(contenders, number):
            gc.collect()
            with _no_collecting():
                started = clock()
                contenders[name]()
                seconds[name].append(clock() - started)
    return seconds


def best_of_pieces(
    contenders: Mapping[str, Sequence[Callable[[], object]]], rounds: int
) -> dict[str, float]:
    """Run work that comes in pieces of a few milliseconds; each piece's best round counts.

    A piece is over before the machine's other work gets its turn, at least in one round: so the
    sum is nearly that of a quiet machine, whatever the load.

    Args:
        contenders: the same number of pieces for each; they take turns from piece to piece.
        rounds: how often each piece is run.

    Returns:
        The sum of the pieces' shortest seconds by contender.
    """
    shortest = {name: [float("inf")] * len(pieces) for name, pieces in contenders.items()}
    count = len(next(iter(shortest.values())))
    gc.collect()
    with _no_collecting():
        for number in range(rounds):
            for at in range(count):
                for name in _turn(contenders, number + at):
                    started = time.perf_counter()
                    contenders[name][at]()
                    seconds = time.perf_counter() - started
                    shortest[name][at] = min(shortest[name][at], seconds)
    return {name: sum(pieces) for name, pieces in shortest.items()}


def _turn(contenders: Mapping[str, object], number: int) -> list[str]:
    names = list(contenders)
    return names if number % 2 == 0 else names[::-1]


@contextmanager
def _no_collecting() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
