"""Asking geocoders what visitors typed, beside the requests: none ever waits for an answer.

A worker answers one request after the other, so that a slow geocoder would hold up everybody. What
is to be asked waits in a short queue; a thread asks one text after the other, and the answer is in
the cache when the visitor comes again.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable

_log = logging.getLogger(__name__)

MAX_WAITING = 8
"""Texts that wait at most; of more none is asked until there is room."""
AGAIN_S = 5
"""Seconds until it is worth to come again."""
_REMEMBERED = 1_000


class Asking:
    """The texts that are being asked, and which of the last were asked and not found.

    Args:
        ask: asks for one text, however long that takes; tells whether its place is known now.
    """

    def __init__(self, ask: Callable[[str], bool]) -> None:
        self._ask = ask
        self._waiting: deque[str] = deque()
        self._now: str | None = None
        self._unknown: OrderedDict[str, None] = OrderedDict()
        self._changing = threading.Condition()
        self._works = False

    def is_over(self, text: str) -> bool:
        """Whether it was asked lately and nobody knew it."""
        return text in self._unknown

    def is_under_way(self, text: str) -> bool:
        """Whether it waits or is being asked."""
        with self._changing:
            return text == self._now or text in self._waiting

    @property
    def has_room(self) -> bool:
        return len(self._waiting) < MAX_WAITING

    def put(self, text: str) -> bool:
        """Have a text asked soon; False where too many wait."""
        with self._changing:
            if not self.has_room:
                return False
            self._waiting.append(text)
            if not self._works:
                self._works = True
                threading.Thread(target=self._work, name="asking", daemon=True).start()
            self._changing.notify()
            return True

    def _work(self) -> None:
        while True:
            with self._changing:
                while not self._waiting:
                    self._changing.wait()
                text = self._now = self._waiting.popleft()
            is_known = False
            try:
                is_known = self._ask(text)
            except Exception:  # whatever it is, the next text is asked all the same
                _log.exception("what a visitor typed could not be asked")
            with self._changing:
                self._now = None
                if not is_known:
                    self._unknown[text] = None
                    if len(self._unknown) > _REMEMBERED:
                        self._unknown.popitem(last=False)
