"""Work on one batch after the other, on all cores: in this process and in others beside it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

_ALONE = 4
"""Batches that are worked on before other processes are started: they take half a second."""
_MOST = 3
"""Processes beside this one: it cannot read for more of them."""

B = TypeVar("B")
R = TypeVar("R")


def on_all_cores(work: Callable[[B], R], batches: Iterable[B]) -> Iterator[R]:
    """What ``work`` makes of each batch, in their order.

    Args:
        work: a function of a module, or a `functools.partial` of one; it and what it takes and
            gives can be pickled.
        batches: taken one by one; a few are held.
    """
    helpers = min(len(os.sched_getaffinity(0)) - 1, _MOST)
    if helpers < 1:
        yield from map(work, batches)
        return
    context = multiprocessing.get_context("spawn")
    waiting: deque[tuple[B, Future[R]]] = deque()
    with ProcessPoolExecutor(helpers, context, initializer=_begin) as pool:
        for number, batch in enumerate(batches):
            busy = sum(not future.done() for _, future in waiting)
            helped = number >= _ALONE and busy < 2 * helpers
            waiting.append((batch, _submit(pool, work, batch) if helped else _done(work, batch)))
            while waiting and (waiting[0][1].done() or len(waiting) > 4 * helpers):
                yield _result(work, *waiting.popleft())
        while waiting:
            yield _result(work, *waiting.popleft())


def _submit(pool: ProcessPoolExecutor, work: Callable[[B], R], batch: B) -> Future[R]:
    try:
        return pool.submit(work, batch)
    except BrokenProcessPool:
        return _done(work, batch)


def _done(work: Callable[[B], R], batch: B) -> Future[R]:
    future: Future[R] = Future()
    future.set_result(work(batch))
    return future


def _result(work: Callable[[B], R], batch: B, future: Future[R]) -> R:
    try:
        return future.result()
    except BrokenProcessPool:  # the system may end a process where memory runs out
        return work(batch)


def _begin() -> None:
    """In a process beside: end with the one that it works for, and not by Ctrl-C before it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
