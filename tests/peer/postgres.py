"""A PostgreSQL cluster of one's own: in a temporary folder, reached by a Unix socket alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ADMIN = "peer"
"""The role that owns the cluster."""

_SETTINGS = {"listen_addresses": "", "fsync": "off", "autovacuum": "off", "max_connections": "30"}


@contextmanager
def cluster(*roles: str) -> Iterator[Path]:
    """A running cluster with further login roles, as the folder of its socket.

    PostgreSQL refuses to run as root; for root it is run as the user postgres. At the end it is
    stopped and everything is removed.
    """
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="mapsvc-peer-"))
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        identity = {"user": "postgres", "group": "postgres", "extra_groups": []}
        shutil.chown(folder, "postgres", "postgres")
    try:
        data, log = folder / "data", folder / "log"
        _run([programs / "initdb", "-U", ADMIN, "-A", "trust", "-E", "UTF8", "-D", data], identity)
        settings = {**_SETTINGS, "unix_socket_directories": str(folder)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with log.open("wb") as output:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, *options],
                cwd=folder, stdout=output, stderr=output, **identity,
            )  # fmt: skip
        try:
            _wait(server, [programs / "pg_isready", "-q", "-h", folder], log)
            for role in roles:
                _run([programs / "createuser", "-h", folder, "-U", ADMIN, role], {})
            yield folder
        finally:
            server.send_signal(signal.SIGINT)  # a fast shutdown
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:
                server.send_signal(signal.SIGQUIT)
                server.wait(60)
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    """The newest server that Debian has installed."""
    found = list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise FileNotFoundError("no PostgreSQL under /usr/lib/postgresql: run 'make test-peer'")
    return max(found, key=lambda path: int(path.parts[-3])).parent


def _run(command: list[str | Path], identity: dict[str, Any]) -> None:
    done = subprocess.run(
        command, cwd="/", capture_output=True, text=True, timeout=120, check=False, **identity
    )
    if done.returncode:
        raise ChildProcessError(f"{Path(command[0]).name}: {done.stdout}{done.stderr}")


def _wait(server: subprocess.Popen[bytes], ready: list[str | Path], log: Path) -> None:
    end = time.monotonic() + 60
    while subprocess.run(ready, check=False).returncode:
        if server.poll() is not None or time.monotonic() > end:
            raise ChildProcessError(f"PostgreSQL does not start: {log.read_text()}")
        time.sleep(0.1)
