"""A load over HTTP/1.1 as visitors make it: at a given rate, however long the answers take.

Where a closed loop waits for each answer before it asks again, and so spares a server that is
slow, this asks when it is due. Waits are taken from the moment that a request is sent.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_PATIENCE_S = 30.0
_LATE_S = 0.25
"""What could not be sent for so long, all connections being busy, is passed over."""


@dataclass(slots=True)
class Tally:
    """What came back."""

    statuses: Counter[str] = field(default_factory=Counter)
    """By status, or by what happened instead of an answer."""
    waits_s: list[float] = field(default_factory=list)
    """Of the answers with status 200."""
    seconds: float = 0.0
    unsent: int = 0
    """Requests that were due while every connection was busy."""

    @property
    def rate(self) -> float:
        """Answers a second, of whatever status."""
        return sum(self.statuses.values()) / self.seconds

    def percentile_ms(self, share: float) -> float:
        """The wait that ``share`` of the good answers did not exceed, in milliseconds."""
        if not self.waits_s:
            return float("nan")
        ordered = sorted(self.waits_s)
        return 1_000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Connection(asyncio.Protocol):
    """One connection with one request at a time; bodies are counted, not kept."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._answered: asyncio.Future[str] | None = None
        self._head = b""
        self._status = ""
        self._left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_result("closed" if exc is None else type(exc).__name__)
        self._transport = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    def ask(self, request: bytes) -> asyncio.Future[str]:
        assert self._transport is not None
        self._answered = asyncio.get_running_loop().create_future()
        self._head, self._status, self._left = b"", "", 0
        self._transport.write(request)
        return self._answered

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if not self._status:
            self._head += data
            head, end, body = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._status = head[9:12].decode("ascii", "replace")
            _, named, rest = head.lower().partition(b"\r\ncontent-length:")
            self._left = int(rest.partition(b"\r\n")[0]) if named else 0
            data = body
        self._left -= len(data)
        if self._left <= 0 and self._answered is not None and not self._answered.done():
            self._answered.set_result(self._status)


def mixed(paths: Sequence[str], *, addresses: Sequence[str], seed: int) -> Callable[[], bytes]:
    """Requests for paths by chance, each from one of the addresses, as a proxy forwards them."""
    chance = random.Random(seed)

    def request() -> bytes:
        path, address = chance.choice(paths), chance.choice(addresses)
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: {address}\r\n\r\n"
        return head.encode()

    return request


async def send(
    port: int,
    request: Callable[[], bytes],
    *,
    seconds: float,
    connections: int,
    rate: float | None = None,
) -> Tally:
    """Ask a server on this machine.

    Args:
        port: where it listens on 127.0.0.1.
        request: gives the next request.
        seconds: for how long.
        connections: how many are kept open at most.
        rate: requests a second in all; None for as many as the connections get answered.
    """
    tally, begun = Tally(), time.perf_counter()
    due = 0

    async def work() -> None:
        nonlocal due
        connection: _Connection | None = None
        while (now := time.perf_counter() - begun) < seconds:
            if rate is not None:
                late = int((now - _LATE_S) * rate) - due
                if late > 0:
                    due, tally.unsent = due + late, tally.unsent + late
                moment, due = due / rate, due + 1
                if moment > now:
                    await asyncio.sleep(moment - now)
            if connection is None or not connection.is_open:
                connection = await _connect(port, tally)
            if connection is not None:
                await _ask(connection, request(), tally)
        if connection is not None:
            connection.close()

    await asyncio.gather(*(work() for _ in range(connections)))
    tally.seconds = time.perf_counter() - begun
    return tally


async def _connect(port: int, tally: Tally) -> _Connection | None:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_PATIENCE_S):
            _, connection = await loop.create_connection(_Connection, "127.0.0.1", port)
    except OSError as error:  # TimeoutError is one
        tally.statuses[type(error).__name__] += 1
        await asyncio.sleep(0.1)
        return None
    return connection


async def _ask(connection: _Connection, request: bytes, tally: Tally) -> None:
    sent = time.perf_counter()
    try:
        async with asyncio.timeout(_PATIENCE_S):
            status = await connection.ask(request)
    except TimeoutError:
        status = "no answer"
        connection.close()
    tally.statuses[status] += 1
    if status == "200":
        tally.waits_s.append(time.perf_counter() - sent)
