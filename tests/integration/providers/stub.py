"""A server on loopback that says what a test wants, byte by byte if need be."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Script = Callable[[socket.socket], None]
"""Writes an answer to the connection, whose request has been read."""


@dataclass
class Request:
    """A request as it came."""

    target: str
    headers: dict[str, str]

    @property
    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


@dataclass
class Stub:
    """Answers each connection with the next script, the last one again and again."""

    scripts: list[Script] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    tls: Path | None = None
    """A file with key and certificate, to speak TLS with."""

    def __enter__(self) -> Stub:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._closed.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def says(self, answer: Any, status: int = 200, **headers: str) -> None:
        """One answer more: JSON, or bytes as they are; header names with ``_`` for ``-``."""
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.scripts.append(plain(body, status, named))

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _secured(self, connection: socket.socket) -> socket.socket:
        if self.tls is None:
            return connection
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.tls)
        return context.wrap_socket(connection, server_side=True)

    def _answer(self, connection: socket.socket) -> None:
        # The client hangs up where it has had enough: that is what the tests are about.
        with contextlib.suppress(OSError), self._secured(connection) as wire:
            head = b""
            while b"\r\n\r\n" not in head:
                head += wire.recv(65536)
            lines = head.decode("latin-1").split("\r\n")
            pairs = (line.split(": ", 1) for line in lines[1:] if ": " in line)
            headers = {name.lower(): value for name, value in pairs}
            self.requests.append(Request(lines[0].split(" ")[1], headers))
            script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
            script(wire)


def plain(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Script:
    named = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    named |= headers or {}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return raw(f"HTTP/1.1 {status} Because\r\n{head}\r\n".encode() + body)


def raw(data: bytes) -> Script:
    return lambda connection: connection.sendall(data)


def flood(head: bytes, block: bytes) -> Script:
    """100 MB, or as much of it as the client takes."""

    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        for _ in range(100_000_000 // len(block) + 1):
            connection.sendall(block)

    return script
