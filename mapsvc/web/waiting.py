"""What waited too long before its turn came is answered 503 at once instead of being worked on.

granian hands requests over in the order they came, and does not say when that was. So a thread in
each worker asks its own worker a question, and the next one when that is answered. While a
question that was sent t seconds ago has not had its turn, whatever has its turn came before the
question, and so has waited for t seconds at least.
"""

from __future__ import annotations

import logging
import secrets
import socket
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

from mapsvc.web.limits import UNCOUNTED, refuse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LONGEST_WAIT_S = 1.0
"""Who has waited longer has often gone or asked again."""
RETRY_AFTER_S = 5
QUEUE = "mapsvc.queue"
"""Where ``app.extensions`` keeps the `Queue`."""

_EVERY_S = 0.1
_PATIENCE_S = 30.0

_log = logging.getLogger(__name__)


class Queue:
    """Knows whether the requests of this process wait too long.

    Until `watch` is called they never do.
    """

    def __init__(self) -> None:
        # Nobody else knows the path, so that no stranger answers for the worker.
        self.path = f"/api/.waiting/{secrets.token_urlsafe(16)}"
        self.asked_at: float | None = None
        """When the question that has not had its turn was sent, on the monotonic clock."""

    def is_late(self) -> bool:
        """Tell whether the request whose turn it is has waited too long."""
        asked_at = self.asked_at
        return asked_at is not None and time.monotonic() - asked_at > LONGEST_WAIT_S

    def watch(self, host: str, port: int) -> None:
        """Ask from now on, in a thread that ends with the process.

        Args:
            host: an address that this worker, perhaps with others, listens on.
            port: its port.
        """

        def work() -> None:
            while True:
                try:
                    self._ask(host, port)
                except OSError:
                    _log.debug("the server does not take questions", exc_info=True)
                self.asked_at = None
                time.sleep(_EVERY_S)

        threading.Thread(target=work, name="waiting", daemon=True).start()

    def _ask(self, host: str, port: int) -> None:
        """Ask over one connection until it ends, or another worker turns out to have it."""
        name = f"[{host}]" if ":" in host else host
        question = f"GET {self.path} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode()
        with socket.create_connection((host, port), timeout=_PATIENCE_S) as connection:
            is_own = False
            while True:
                # The first answer shows whose connection it is; only then it counts.
                self.asked_at = time.monotonic() if is_own else None
                connection.sendall(question)
                is_own = connection.recv(4096).startswith(b"HTTP/1.1 204 ")
                if not is_own:
                    return
                time.sleep(_EVERY_S)


def shed(app: Flask) -> Queue:
    """Answer 503 to what waited too long, before the application so far.

    Whether the server lives is answered however late.
    """
    queue = app.extensions[QUEUE] = Queue()
    answer = app.wsgi_app

    def shedding(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == queue.path:
            queue.asked_at = None
            start_response("204 No Content", [])
            return []
        if queue.asked_at is not None and queue.is_late() and path not in UNCOUNTED:
            detail = "too many requests are waiting"
            status = "503 Service Unavailable"
            return refuse(environ, start_response, status, detail, RETRY_AFTER_S)
        return answer(environ, start_response)

    app.wsgi_app = shedding  # type: ignore[method-assign]
    return queue
