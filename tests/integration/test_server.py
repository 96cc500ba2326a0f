"""The served product: real processes, and a machine with no network but loopback."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def environment(folder: Path, port: int, **extra: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAPSVC_")}
    ours = {"MAPSVC_DATA_DIR": str(folder), "MAPSVC_PORT": str(port), "MAPSVC_WORKERS": "2"}
    return kept | ours | extra


def get(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read()


def wait_until_ready(port: int, process: subprocess.Popen[str], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            if get(port, "/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not answer")


@contextmanager
def serving(folder: Path, **extra: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "mapsvc", "run"],
        env=environment(folder, port, **extra),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_until_ready(port, process)
        yield port, process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        finally:
            process.kill()
            if process.stdout is not None:
                process.stdout.close()


def test_a_first_start_serves_the_shipped_list_and_stops_cleanly(tmp_path: Path) -> None:
    with serving(tmp_path) as (port, process):
        collection = json.loads(get(port, "/api/v1/branches")[2])
        assert collection["numberMatched"] == 15
        assert process.stdout is not None
        first, second = process.stdout.readline(), process.stdout.readline()
        assert first == "loaded the shipped list: 15 branches\n"
        assert second.startswith(f"mapsvc is at http://127.0.0.1:{port} ")
    assert process.returncode == 0


def test_a_running_server_shows_an_import_within_two_seconds(tmp_path: Path) -> None:
    with serving(tmp_path) as (port, _):
        csv = tmp_path / "more.csv"
        csv.write_text("name,address\n甲支行,宁波市鄞州区天童北路933号\n", encoding="utf-8")
        command = [sys.executable, "-m", "mapsvc", "import", str(csv)]
        subprocess.run(command, env=environment(tmp_path, port), check=True, capture_output=True)
        deadline = time.monotonic() + 2
        seen: set[int] = set()
        while time.monotonic() < deadline:
            collection = json.loads(get(port, "/api/v1/branches")[2])
            seen.add(collection["numberMatched"])
            time.sleep(0.05)
        last = {json.loads(get(port, "/api/v1/branches")[2])["numberMatched"] for _ in range(20)}
        assert last == {16}, "every worker shows the change"
        assert seen <= {15, 16}


def test_a_port_that_is_taken_is_said_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = subprocess.run(
            [sys.executable, "-m", "mapsvc", "run"],
            env=environment(tmp_path, port),
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert result.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in result.stderr
    assert "Traceback" not in result.stderr


def test_connections_that_hold_back_their_headers_stop_nobody(tmp_path: Path) -> None:
    with serving(tmp_path) as (port, _):
        slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
        try:
            for connection in slow:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            for _ in range(5):
                assert get(port, "/api/v1/branches?limit=1")[0] == 200
        finally:
            for connection in slow:
                connection.close()


ISOLATED = """
import fcntl, json, os, socket, struct, subprocess, sys, time, urllib.request
# Bring up loopback, the only interface of this namespace (SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP).
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    flags = struct.unpack("16sh", fcntl.ioctl(s, 0x8913, struct.pack("16sh", b"lo", 0)))[1]
    fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", flags | 1))
port = sys.argv[1]
assert [name for _, name in socket.if_nameindex()] == ["lo"], socket.if_nameindex()
server = subprocess.Popen([sys.executable, "-m", "mapsvc", "run"], stdout=subprocess.DEVNULL)
def get(path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.read().decode()
try:
    for _ in range(300):
        try:
            get("/healthz"); break
        except OSError:
            time.sleep(0.1)
    branches = json.loads(get("/api/v1/branches"))
    by_district = {}
    for feature in branches["features"]:
        code = feature["properties"]["district"]
        by_district[code] = by_district.get(code, 0) + 1
    names = [feature["properties"]["name"] for feature in branches["features"]]
    pages = {path: get(path) for path in ("/", "/embed", "/districts/330212", "/api/docs")}
    print(json.dumps({
        "by_district": by_district,
        "on_page": sum(name in pages["/"] for name in names),
        "in_frame": sum(name in pages["/embed"] for name in names),
        "ready": json.loads(get("/readyz")),
    }))
finally:
    server.terminate()
    server.wait(20)
"""


def test_everything_works_in_a_namespace_with_loopback_only(tmp_path: Path) -> None:
    port = free_port()
    unshare = ["unshare", "--net", *(["--map-root-user"] if os.geteuid() else [])]
    result = subprocess.run(
        [*unshare, sys.executable, "-c", textwrap.dedent(ISOLATED), str(port)],
        env=environment(tmp_path, port),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    seen = json.loads(result.stdout)
    assert seen["by_district"] == {"330212": 8, "330203": 3, "330282": 2, "330281": 1, "330226": 1}
    assert (seen["on_page"], seen["in_frame"]) == (15, 15)
    assert seen["ready"]["status"] == "ready"


@pytest.mark.parametrize("name", ["MAPSVC_PROT", "MAPSVC_TILES"])
def test_a_wrong_setting_ends_the_start_with_2(tmp_path: Path, name: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "mapsvc", "run"],
        env=environment(tmp_path, free_port(), **{name: "nonsense"}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 2
    assert name in result.stderr
