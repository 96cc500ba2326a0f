"""More than a server can answer, by many visitors and one address; then, how soon it is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from bench.load import Tally, mixed, send

VISITORS = [f"10.{i >> 8}.{i & 255}.1" for i in range(5_000)]
RECOVERY_S = 10.0

_FLOODER = ["203.0.113.9"]
_CROWD = 1_000
"""Connections at a time."""
_GOOD_IN_A_ROW, _GOOD_S = 10, 0.2


async def overload(
    port: int, paths: Sequence[str], rate: float, seconds: float, connections: int = _CROWD
) -> list[str]:
    """Ask more than can be answered, then see how soon it is over.

    Args:
        port: of a server on this machine that believes one proxy.
        paths: what is asked for, by chance.
        rate: requests a second in all; half of them come from one address.
        seconds: for how long.
        connections: of the many visitors, at most.

    Returns:
        What was not as it must be, in words.
    """
    crowd, flood, alive = await asyncio.gather(
        send(
            port,
            mixed(paths, addresses=VISITORS, seed=3),
            seconds=seconds,
            connections=connections,
            rate=rate / 2,
        ),
        send(
            port,
            mixed(paths, addresses=_FLOODER, seed=4),
            seconds=seconds,
            connections=connections // 4,
            rate=rate / 2,
        ),
        send(
            port,
            mixed(["/healthz"], addresses=["127.0.0.1"], seed=5),
            seconds=seconds,
            connections=1,
            rate=2,
        ),
    )
    show(f"overload, {rate:.0f} a second: visitors", crowd)
    show("  one address alone", flood)
    show("  /healthz", alive)
    faults = unexpected("the overload", crowd, {"200", "429", "503"})
    faults += unexpected("the overload", flood, {"200", "429", "503"})
    faults += unexpected("/healthz", alive, {"200"})
    if not flood.statuses["429"]:
        faults.append("one address alone was never refused")
    begun = time.perf_counter()
    over = await asyncio.to_thread(_recovered, port, paths[0])
    took = time.perf_counter() - begun
    print(f"normal answers again after {took:.1f} s" if over else "no normal answers", flush=True)
    return faults if over else [*faults, f"no normal answers after {RECOVERY_S:.0f} s"]


def show(what: str, tally: Tally) -> None:
    """Print what came back."""
    statuses = ", ".join(f"{count} × {status}" for status, count in tally.statuses.most_common())
    unsent = f", {tally.unsent} not sent" if tally.unsent else ""
    p50, p99 = tally.percentile_ms(0.5), tally.percentile_ms(0.99)
    rate = f"{tally.rate:.0f} answers a second"
    print(f"{what}: {rate}; {statuses}{unsent}; p50 {p50:.1f} ms, p99 {p99:.1f} ms", flush=True)


def unexpected(when: str, tally: Tally, allowed: set[str]) -> list[str]:
    """What came back and should not, in words."""
    others = {status: n for status, n in tally.statuses.items() if status not in allowed}
    return [f"{when} got {n} × {status}" for status, n in others.items()]


def _recovered(port: int, path: str) -> bool:
    """Whether normal answers come in time."""
    end = time.perf_counter() + RECOVERY_S
    row = 0
    while row < _GOOD_IN_A_ROW and time.perf_counter() < end:
        request = mixed([path], addresses=VISITORS, seed=row)
        tally = asyncio.run(send(port, request, seconds=0.001, connections=1))
        is_good = set(tally.statuses) == {"200"} and max(tally.waits_s) < _GOOD_S
        row = row + 1 if is_good else 0
        time.sleep(0.05)
    return row == _GOOD_IN_A_ROW
