"""Counts of requests that workers and servers share through Redis, beside the requests.

A thread adds what this process has counted to a hash of the minute and takes back the sums. No
request waits for it. While Redis does not answer, each process counts on its own; what it counted
meanwhile is told when Redis is back.
"""

from __future__ import annotations

import logging
import threading
import time
from itertools import islice

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from mapsvc.web.limits import WINDOW_S, Counts

_TIMEOUT_S = 0.5
_LONGEST_WAIT_S = 5.0
_BATCH = 1_000
"""Addresses in one round trip."""

_log = logging.getLogger(__name__)


def connect(url: str) -> Redis:
    """A client that gives up soon and does not try again by itself."""
    return Redis.from_url(
        url,
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


class Sharing:
    """Tells other processes what this one has counted, and learns what they have.

    Args:
        counts: the counts of this process.
        redis: where they meet.
        every_s: seconds from one exchange to the next.
    """

    def __init__(self, counts: Counts, redis: Redis, every_s: float = 0.5) -> None:
        self._counts = counts
        self._redis = redis
        self._every_s = every_s
        self._failures = 0

    def exchange(self) -> None:
        """Exchange once; raises `redis.exceptions.RedisError`."""
        window = self._counts.window
        name = f"mapsvc:requests:{window.number}"
        # A copy, since requests go on counting meanwhile.
        news = (
            (key, count - window.told.get(key, 0))
            for key, count in window.here.copy().items()
            if count != window.told.get(key)
        )
        while batch := list(islice(news, _BATCH)):
            with self._redis.pipeline(transaction=False) as pipeline:
                for key, more in batch:
                    pipeline.hincrby(name, key, more)
                pipeline.expire(name, 2 * WINDOW_S)
                sums = pipeline.execute()
            for (key, more), total in zip(batch, sums, strict=False):
                told = window.told[key] = window.told.get(key, 0) + more
                window.elsewhere[key] = total - told

    def step(self) -> float:
        """Exchange once, whatever happens.

        Returns:
            Seconds to wait until the next time: longer while Redis does not answer.
        """
        try:
            self.exchange()
        except (RedisError, OSError) as error:
            self._failures += 1
            if self._failures == 1:
                _log.warning(
                    "Redis does not answer (%s); each worker counts requests on its own meanwhile",
                    type(error).__name__,
                )
            return min(_LONGEST_WAIT_S, self._every_s * 2.0 ** min(self._failures, 10))
        if self._failures:
            _log.warning("Redis answers again; the counts of requests are shared")
            self._failures = 0
        return self._every_s

    def start(self) -> None:
        """Exchange from now on, in a thread that ends with the process."""

        def work() -> None:
            while True:
                time.sleep(self.step())

        threading.Thread(target=work, name="sharing", daemon=True).start()
