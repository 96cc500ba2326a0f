"""One GET to a geocoding service: bounded in time and size, and with nothing done silently.

Made on `http.client`, which does what is asked and no more: no redirects, no retries, no cookies,
no proxies from the environment, and no log (urllib3's debug log would hold every key). Each
request has a connection of its own, so that no state is carried from one answer to the next.

The deadline is one for all: looking up the name, connecting, TLS, headers and body. Before every
read the socket gets what is left of it, so that a byte a second does not win time.
"""

from __future__ import annotations

import http.client
import io
import queue
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

from mapsvc.errors import BadAnswer, ProviderRefused, ProviderUnavailable

MAX_BYTES = 1 << 20
"""The largest answer, in bytes after decompression; real ones have some thousand."""
_CHUNK = 1 << 14


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: header names in lower case, the body without its compression."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Transport(Protocol):
    """The way to the services; in tests a tape takes its place (`mapsvc.geocoding.tape`)."""

    def get(
        self, url: str, *, provider: str, headers: Mapping[str, str], timeout_s: float
    ) -> Reply:
        """Ask once, and return what came back, whatever its status.

        Args:
            url: absolute, percent-encoded; may hold keys, which no error repeats.
            provider: the name that errors give.
            headers: to send.
            timeout_s: seconds for the whole of it.

        Raises:
            ProviderUnavailable: not reached, too slow, or cut off.
            BadAnswer: too large, no HTTP, or an encoding that is not understood.
            ProviderRefused: asking again is of no use (offline, an untrusted certificate).
        """


class Offline:
    """The transport for ``MAPSVC_OFFLINE``: never opens a socket."""

    def get(
        self,
        url: str,  # noqa: ARG002
        *,
        provider: str,
        headers: Mapping[str, str],  # noqa: ARG002
        timeout_s: float,  # noqa: ARG002
    ) -> Reply:
        raise ProviderRefused(provider, "not asked, because MAPSVC_OFFLINE is set")


class Http:
    """The transport over the network."""

    def get(
        self, url: str, *, provider: str, headers: Mapping[str, str], timeout_s: float
    ) -> Reply:
        deadline = _Deadline(timeout_s)
        try:
            return _get(url, headers, deadline)
        except TimeoutError:
            message = f"no complete answer within {timeout_s:g} s"
            raise ProviderUnavailable(provider, message) from None
        except ssl.SSLCertVerificationError as error:
            message = f"its certificate is not trusted ({error.verify_message})"
            raise ProviderRefused(provider, message) from None
        except http.client.IncompleteRead:
            raise ProviderUnavailable(provider, "the connection was cut off") from None
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise ProviderUnavailable(provider, f"cannot be reached: {why}") from None
        except _Unusable as error:
            raise BadAnswer(provider, str(error)) from None
        except (http.client.HTTPException, ValueError) as error:
            raise BadAnswer(provider, f"no HTTP answer ({type(error).__name__})") from None


class _Unusable(Exception):
    """Why an answer cannot be used."""


class _Deadline:
    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left, more than 0; raises TimeoutError when there are none."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


def _get(url: str, headers: Mapping[str, str], deadline: _Deadline) -> Reply:
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    plain = _connect(host, port, deadline)
    try:
        sock = _secured(plain, host, deadline) if secure else plain
        try:
            connection = http.client.HTTPConnection(host, port)
            connection.default_port = 443 if secure else 80  # left out of the Host header
            connection.sock = cast(socket.socket, _Wire(sock, deadline))
            sent = {"Accept": "application/json", "Accept-Encoding": "gzip", "Connection": "close"}
            connection.request("GET", target, headers={**sent, **headers})
            response = connection.getresponse()
            # The first of repeated fields counts, as it does for http.client.
            named = {name.lower(): value for name, value in reversed(response.getheaders())}
            return Reply(response.status, _body(response), named)
        finally:
            sock.close()
    finally:
        plain.close()


def _connect(host: str, port: int, deadline: _Deadline) -> socket.socket:
    addresses = _resolve(host, port, deadline)
    failure: OSError = OSError("the name has no address")
    for tried, (family, kind, protocol, _name, address) in enumerate(addresses):
        sock = socket.socket(family, kind, protocol)
        try:
            # A share for each, so that one address that swallows packets does not use up all.
            sock.settimeout(deadline.left() / (len(addresses) - tried))
            sock.connect(address)
        except OSError as error:
            failure = error
            sock.close()
        else:
            return sock
    raise failure


def _resolve(host: str, port: int, deadline: _Deadline) -> list[Any]:
    """The addresses of a name; in a thread of its own, because nothing can interrupt the lookup."""
    found: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, UnicodeError) as error:
            found.put(error)

    threading.Thread(target=look_up, name="mapsvc-lookup", daemon=True).start()
    try:
        addresses = found.get(timeout=deadline.left())
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(addresses, Exception):
        raise addresses
    return addresses


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _secured(sock: socket.socket, host: str, deadline: _Deadline) -> socket.socket:
    sock.settimeout(deadline.left())
    return _tls().wrap_socket(sock, server_hostname=host)


class _Wire:
    """A socket as `http.client` uses it, with what is left of the deadline before every use."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._deadline.left())
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._sock, self._deadline))

    def close(self) -> None:
        """Does nothing: http.client closes while the body is still to come."""


class _Incoming(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._deadline.left())
        return self._sock.recv_into(buffer)


def _body(response: http.client.HTTPResponse) -> bytes:
    encoding = (response.getheader("Content-Encoding") or "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise _Unusable("the answer is compressed in a way that was not asked for")
    gzip = zlib.decompressobj(wbits=31) if encoding != "identity" else None
    if (response.length or 0) > MAX_BYTES:
        raise _Unusable(_TOO_LARGE)
    body, came = bytearray(), 0
    while chunk := response.read(_CHUNK):
        came += len(chunk)
        try:
            # One byte more than allowed is asked for: it tells a full body from a larger one.
            body += gzip.decompress(chunk, MAX_BYTES + 1 - len(body)) if gzip else chunk
        except zlib.error:
            raise _Unusable("the answer's gzip data are damaged") from None
        if len(body) > MAX_BYTES or came > MAX_BYTES:
            raise _Unusable(_TOO_LARGE)
    if response.length or (gzip is not None and not gzip.eof and came):
        raise http.client.IncompleteRead(b"")
    return bytes(body)


_TOO_LARGE = f"the answer is larger than {MAX_BYTES:,} bytes"

SECRET_PARAMETERS = frozenset({"key", "ak", "tk", "sig", "sn", "api_key"})
"""The query parameters of all providers whose values are nobody's business."""
_SECRET = re.compile(rf"(?<=[?&])({'|'.join(sorted(SECRET_PARAMETERS))})=([^&#]*)")


def redacted(url: str) -> str:
    """``url`` with ``***`` for every secret value.

    >>> redacted("https://example.org/geo?address=x&key=abc&sig=12#top")
    'https://example.org/geo?address=x&key=***&sig=***#top'
    """
    return _SECRET.sub(r"\1=***", url)


def secrets_in(url: str) -> list[str]:
    """The secret values in ``url`` as they stand there, longest first, to be cut from texts.

    Those of less than 8 characters are no real keys, and cutting them would spoil the texts.
    """
    found = {match[2] for match in _SECRET.finditer(url) if len(match[2]) >= 8}
    return sorted(found, key=len, reverse=True)
