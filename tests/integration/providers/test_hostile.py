"""Servers that are slow, huge, broken or hostile: bounded time, bounded memory, a clear error."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mapsvc.errors import (
    BadAnswer,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
)
from mapsvc.geocoding import transport
from mapsvc.geocoding.transport import MAX_BYTES, Http, Offline
from tests.integration.providers.answers import AMAP, QUESTION
from tests.integration.providers.conftest import provider_at
from tests.integration.providers.memory import zipped
from tests.integration.providers.stub import Script, Stub, flood, plain, raw

GOOD = json.dumps(AMAP).encode()
OK = b"HTTP/1.1 200 OK\r\n"
TIMEOUT_S = 0.6
CERTIFICATE = Path(__file__).with_name("localhost.pem")


def ask(stub: Stub, **changes: Any) -> Any:
    return provider_at("amap", stub.url, **{"timeout": TIMEOUT_S, **changes}).ask(QUESTION)


def dribble(start: bytes, byte: bytes) -> Script:
    """``start`` at once, then a byte every 50 ms, without end."""

    def script(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(byte)
            time.sleep(0.05)

    return script


SLOW: dict[str, Script] = {
    "silent": lambda connection: time.sleep(TIMEOUT_S * 3),
    "status line byte by byte": dribble(b"", b"H"),
    "headers byte by byte": dribble(OK + b"X-A: ", b"a"),
    "a header now and then": dribble(OK, b"X: y\r\n"),
    "continues for ever": dribble(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body byte by byte": dribble(OK + b"Content-Length: 9000\r\n\r\n", b" "),
    "body without length": dribble(OK + b"\r\n", b" "),
    "chunks byte by byte": dribble(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "gzip byte by byte": dribble(OK + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08", b"\x00"),
    "an unfinished chunk": dribble(OK + b"Transfer-Encoding: chunked\r\n\r\nffffff\r\n", b" "),
}


@pytest.mark.parametrize("script", SLOW.values(), ids=SLOW)
def test_the_deadline_holds_for_all_together(script: Script, stub: Stub) -> None:
    stub.scripts.append(script)
    began = time.monotonic()
    # Too many headers or bytes may end it before the time is up.
    with pytest.raises((ProviderUnavailable, BadAnswer)):
        ask(stub)
    assert time.monotonic() - began < TIMEOUT_S + 0.5


def test_a_slow_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: waiting.wait(30) and [])
    began = time.monotonic()
    with pytest.raises(ProviderUnavailable, match=r"no complete answer within 0\.6 s"):
        provider_at("amap", "http://slow.example", timeout=TIMEOUT_S).ask(QUESTION)
    assert time.monotonic() - began < TIMEOUT_S + 0.5
    waiting.set()


def test_an_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(ProviderUnavailable, match="cannot be reached: Name or service not known"):
        provider_at("amap", "http://none.example").ask(QUESTION)


def test_one_dead_address_leaves_time_for_the_next(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that swallows packets, as a full listen queue does, comes first."""
    stub.says(AMAP)
    port = int(stub.url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        time.sleep(0.05)
        addresses = [full.getsockname(), ("127.0.0.1", port)]
        answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", a) for a in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: answer)
        assert provider_at("amap", stub.url, timeout=2.0).ask(QUESTION).found
        for filler in fillers:
            filler.close()


HUGE: dict[str, Callable[[], Script]] = {
    "100 MB": lambda: flood(b"Content-Length: 100000000\r\n", b" " * 65536),
    "100 MB without length": lambda: flood(b"", b" " * 65536),
    "100 MB in chunks": lambda: flood(
        b"Transfer-Encoding: chunked\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n"
    ),
    "100 MB with a small length in gzip": lambda: plain(
        zipped(), headers={"Content-Encoding": "gzip"}
    ),
    "stored gzip": lambda: flood(
        b"Content-Encoding: gzip\r\n",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + b"\x00\xff\xff\x00\x00" + b" " * 65535,
    ),
    "one byte too many": lambda: plain(b" " * (MAX_BYTES + 1)),
    "headers without end": lambda: raw(OK + b"X-Y: z\r\n" * 100_000),
}


@pytest.mark.parametrize("make", HUGE.values(), ids=HUGE)
def test_size_is_bounded(make: Callable[[], Script], stub: Stub) -> None:
    stub.scripts.append(make())
    tracemalloc.start()
    began = time.monotonic()
    with pytest.raises(BadAnswer):
        ask(stub, timeout=10.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.monotonic() - began < 3
    assert peak < 8 << 20


def test_the_process_stays_small() -> None:
    """100 MB offered, plain and as a bomb: the resident set hardly grows."""
    command = [sys.executable, "-m", "tests.integration.providers.memory"]
    root = Path(__file__).parents[3]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) < 8_000  # kB


def reset(connection: socket.socket) -> None:
    connection.sendall(OK + b"Content-Length: 500\r\n\r\n{")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


NAN = GOOD.replace(b'"count": "1"', b'"count": NaN')
BROKEN: dict[str, tuple[Script, type[ProviderError], str]] = {
    "hangs up": (lambda connection: None, ProviderUnavailable, "cannot be reached"),
    "reset": (reset, ProviderUnavailable, "cannot be reached"),
    "too long a length": (
        plain(GOOD, headers={"Content-Length": "99999"}),
        ProviderUnavailable,
        "cut off",
    ),
    "too short a length": (
        plain(GOOD, headers={"Content-Length": "20"}),
        BadAnswer,
        "no complete JSON",
    ),
    "truncated chunks": (
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\nfff\r\n{"),
        ProviderUnavailable,
        "cut off",
    ),
    "truncated gzip": (
        plain(gzip.compress(GOOD)[:60], headers={"Content-Encoding": "gzip"}),
        ProviderUnavailable,
        "cut off",
    ),
    "damaged gzip": (plain(GOOD, headers={"Content-Encoding": "gzip"}), BadAnswer, "damaged"),
    "unknown encoding": (plain(GOOD, headers={"Content-Encoding": "br"}), BadAnswer, "compressed"),
    "no HTTP": (raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), BadAnswer, "no HTTP"),
    "HTML": (plain(b"<!DOCTYPE html><title>Login</title>"), BadAnswer, "HTML"),
    "empty": (plain(b""), BadAnswer, "no complete JSON"),
    "truncated JSON": (plain(GOOD[:-9]), BadAnswer, "no complete JSON"),
    "NaN": (plain(NAN), BadAnswer, "JSON does not have"),
    "infinite": (plain(GOOD.replace(b'"1"', b"1e999", 1)), BadAnswer, "JSON does not have"),
    "a giant number": (plain(b"[" + b"9" * 5000 + b"]"), BadAnswer, "JSON does not have"),
    "10,000 deep": (plain(b"[" * 10_000 + b"]" * 10_000), BadAnswer, "nested"),
    "100,000 deep": (plain(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), BadAnswer, "nested"),
    "33 deep": (plain(b"[" * 33 + b"]" * 33), BadAnswer, "nested"),
    "half a surrogate": (plain(GOOD.replace(b'"OK"', b'"\\ud800"')), BadAnswer, "JSON does not"),
    "NUL": (plain(GOOD.replace(b'"OK"', b'"\\u0000"')), BadAnswer, "NUL"),
    "GB 18030": (plain('{"info":"宁波"}'.encode("gb18030")), BadAnswer, "UTF-8"),
    "bytes": (plain(bytes(range(256))), BadAnswer, "UTF-8"),
    "an odd status": (plain(GOOD, 199), BadAnswer, "HTTP 199"),
    "302": (plain(b"", 302), BadAnswer, "'127.0.0.1', which is not followed"),
}


@pytest.mark.parametrize(("script", "kind", "message"), BROKEN.values(), ids=BROKEN)
def test_broken_answers(
    script: Script, kind: type[ProviderError], message: str, stub: Stub
) -> None:
    stub.scripts.append(script)
    with pytest.raises(ProviderError) as caught:
        ask(stub, timeout=5.0)
    assert type(caught.value) is kind
    assert message in str(caught.value)
    assert caught.value.__cause__ is None
    assert stub.connections == 1  # nothing was tried again


def test_a_byte_order_mark_and_gzip_and_chunks_are_fine(stub: Stub) -> None:
    zipped_body = gzip.compress(b"\xef\xbb\xbf" + GOOD)
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in zipped_body) + b"0\r\n\r\n"
    head = b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    stub.scripts.append(raw(OK + head + chunks))
    assert ask(stub).found


def test_a_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(ProviderUnavailable, match="cannot be reached: Connection refused"):
        provider_at("amap", url).ask(QUESTION)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int, stub: Stub) -> None:
    with Stub() as other:
        other.says(AMAP)
        stub.says(b"", status, Location=f"{other.url.replace('127.0.0.1', 'localhost')}/x?key=k")
        with pytest.raises(BadAnswer, match="redirects to 'localhost', which is not followed"):
            ask(stub)
        assert other.connections == 0


RETRY_AFTER = [
    ("7", 7.0),
    (" 0 ", 0.0),
    ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
    ("99999999999999999999999999", 86_400.0),
    ("soon", None),
    ("-5", None),
    ("1.5", None),
    ("", None),
    ("²", None),
]


@pytest.mark.parametrize(("text", "seconds"), RETRY_AFTER)
@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, ProviderUnavailable)])
def test_retry_after(
    text: str, seconds: float | None, status: int, kind: type[ProviderError], stub: Stub
) -> None:
    stub.says(b"", status, Retry_After=text.encode("utf-8").decode("latin-1"))
    with pytest.raises(kind) as caught:
        ask(stub)
    assert caught.value.retry_after_s == seconds


def test_the_wait_that_comes_with_an_error_code_is_kept(stub: Stub) -> None:
    stub.says({"status": "0", "infocode": "10016"}, 503, Retry_After="9")
    with pytest.raises(ProviderUnavailable, match="10016") as caught:
        ask(stub)
    assert caught.value.retry_after_s == 9


def test_nothing_of_the_environment_and_no_cookies(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    stub.says(AMAP, Set_Cookie="a=b")
    provider = provider_at("amap", stub.url)
    assert provider.ask(QUESTION).found
    assert provider.ask(QUESTION).found
    assert "cookie" not in stub.requests[1].headers


def test_offline_never_opens_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise AssertionError("a socket")

    monkeypatch.setattr(socket, "socket", fail)
    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(ProviderRefused, match="MAPSVC_OFFLINE"):
        provider_at("amap", "http://127.0.0.1:9", Offline()).ask(QUESTION)


@pytest.fixture
def secure() -> Iterator[Stub]:
    """A stub that speaks TLS with a certificate for localhost that signed itself."""
    with Stub(tls=CERTIFICATE) as server:
        server.says(AMAP)
        yield server


def at_localhost(secure: Stub, monkeypatch: pytest.MonkeyPatch, *, trusted: bool) -> str:
    """The stub's address; its certificate may become the one that is trusted."""
    if trusted:
        context = ssl.create_default_context(cafile=str(CERTIFICATE))
        monkeypatch.setattr(transport, "_tls", lambda: context)
    port = int(secure.url.rpartition(":")[2])
    address = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: address)
    return f"https://localhost:{port}"


def test_tls(secure: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    url = at_localhost(secure, monkeypatch, trusted=True)
    assert provider_at("amap", url).ask(QUESTION).found


def test_an_untrusted_certificate(secure: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    url = at_localhost(secure, monkeypatch, trusted=False)
    with pytest.raises(ProviderRefused, match=r"its certificate is not trusted \(self.signed"):
        provider_at("amap", url).ask(QUESTION)
    assert secure.requests == []


def test_a_certificate_for_another_name(secure: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    url = at_localhost(secure, monkeypatch, trusted=True).replace("localhost", "other.example")
    with pytest.raises(ProviderRefused, match="its certificate is not trusted"):
        provider_at("amap", url).ask(QUESTION)
    assert secure.requests == []


def test_a_slow_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(ProviderUnavailable, match="no complete answer"):
            provider_at("amap", url, timeout=TIMEOUT_S).ask(QUESTION)
        assert time.monotonic() - began < TIMEOUT_S + 0.5


def test_a_server_that_speaks_no_tls(stub: Stub) -> None:
    stub.says(AMAP)
    with pytest.raises(ProviderUnavailable, match=r"no complete answer|cannot be reached"):
        provider_at("amap", stub.url.replace("http:", "https:"), timeout=1.0).ask(QUESTION)


def test_the_transport_asks_for_what_it_can_read(stub: Stub) -> None:
    stub.says({})
    Http().get(f"{stub.url}?q=1", provider="x", headers={"User-Agent": "u"}, timeout_s=5)
    request = stub.requests[0]
    assert request.target == "/?q=1"
    assert request.headers["accept-encoding"] == "gzip"
    assert request.headers["host"] == stub.url.removeprefix("http://")
