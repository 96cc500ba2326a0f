"""Servers in processes of their own: mapsvc, and its peers under the same granian."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.counties import BUILD
from bench.synthetic import store

ROOT = Path(__file__).resolve().parents[1]
PEERS = Path(__file__).with_name("peers")
PEER_PROGRAMS = ROOT / ".venv" / "bench-servers" / "bin"
"""Where pygeoapi and Datasette are installed."""

WORKERS = 2
_NO_LIMIT = "1000000000"
"""Everything comes from one address here: the limiter counts, and never refuses."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    url: str
    pid: int
    seconds: float
    """From its start to the first good answer."""

    def get(self, path: str, timeout: float = 60) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=timeout) as got:
            return bytes(got.read())


@contextmanager
def mapsvc(data_dir: Path, path: str = "/healthz", **settings: str) -> Iterator[Server]:
    """``mapsvc run`` over a data folder; settings such as ``WORKERS="1"``, ``{port}`` in them."""
    port = _free_port()
    own = {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WORKERS": str(WORKERS),
        "DATA_DIR": str(data_dir),
        "OFFLINE": "1",
        "RATE_LIMIT": _NO_LIMIT,
    }
    given = {name: value.replace("{port}", str(port)) for name, value in settings.items()}
    variables = {f"MAPSVC_{name}": value for name, value in (own | given).items()}
    with _running([sys.executable, "-m", "mapsvc", "run"], port, path, variables) as server:
        yield server


def ready(n: int) -> Path:
    """A data folder like `bench.synthetic.store`, with the snapshot that a server left there.

    Copy it: it is kept for the next run, where a server brings it up to date if it must.
    """
    folder = BUILD / f"ready-{n}"
    if not folder.exists():
        part = BUILD / f"ready-{n}.part"
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(store(n), part)
        with mapsvc(part):
            pass
        part.rename(folder)
    return folder


@contextmanager
def granian(
    application: str,
    path: str,
    variables: Mapping[str, str],
    *,
    programs: Path = Path(sys.executable).parent,
    interface: str = "wsgi",
) -> Iterator[Server]:
    """An application of `bench/peers` as mapsvc is served: 2 workers, 1 blocking thread each."""
    port = _free_port()
    command = [
        str(programs / "granian"), "--interface", interface, "--workers", str(WORKERS),
        "--host", "127.0.0.1", "--port", str(port), "--backlog", "1024",
        "--no-ws", "--log-level", "warning", "--working-dir", str(PEERS), "--factory",
        *(("--blocking-threads", "1") if interface == "wsgi" else ()), application,
    ]  # fmt: skip
    with _running(command, port, path, variables) as server:
        yield server


@contextmanager
def _running(
    command: Sequence[str], port: int, path: str, variables: Mapping[str, str]
) -> Iterator[Server]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAPSVC_")}
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, env=kept | dict(variables), stdout=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url + path, process)
        yield Server(url, process.pid, time.perf_counter() - started)
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """The server and what it started; its own way out first."""
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(15)


def _wait(url: str, process: subprocess.Popen[bytes], seconds: float = 600) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=60) as got:
                got.read()
                return
        except (OSError, urllib.error.HTTPError) as error:
            if process.poll() is not None or time.monotonic() > end:
                raise ChildProcessError(f"{url} does not answer: {error}") from error
            time.sleep(0.02)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
