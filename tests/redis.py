"""A Redis server of one's own: in a temporary folder, reached by a Unix socket alone."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis.exceptions import RedisError

from mapsvc.web.sharing import connect


class Server:
    """A private server that keeps nothing; the folder's path must be short."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{folder / 'redis.sock'}"

    def start(self) -> None:
        """Start the server; returns when it answers."""
        options = {
            "--port": "0",
            "--unixsocket": str(self._folder / "redis.sock"),
            "--dir": str(self._folder),
            "--save": "",
            "--appendonly": "no",
        }
        command = ["redis-server", *(word for option in options.items() for word in option)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with connect(self.url) as client:
                try:
                    client.ping()
                except RedisError:
                    time.sleep(0.02)
                else:
                    return
        raise RuntimeError((self._folder / "log").read_text())

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None


@contextmanager
def redis_server(folder: Path) -> Iterator[Server]:
    """A running server, stopped at the end."""
    server = Server(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
