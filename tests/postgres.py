"""A PostgreSQL cluster of one's own: in a temporary folder, reached by a Unix socket alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

ADMIN = "mapsvc"
"""The role that owns the cluster."""

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "autovacuum": "off",
    "max_connections": "120",
    "max_wal_size": "4GB",
    "timezone": "UTC",
}
"""Nothing here outlives the tests: what a power cut would lose is no loss."""


class Cluster:
    """A private server; databases are made in it by copying others.

    Args:
        folder: an empty one, with a short path (a socket's may have 107 bytes), which the cluster
            owns from now on.
        settings: of postgresql.conf, beside or instead of `_SETTINGS`.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self._programs = _programs()
        self._identity: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            self._identity = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(folder, "postgres", "postgres")
        self._settings = _SETTINGS | {"unix_socket_directories": str(folder)} | settings
        self._server: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        options = ("-U", ADMIN, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        _run([self._programs / "initdb", *options, "-D", folder / "data"], self._identity)

    def url(self, database: str) -> str:
        """The SQLAlchemy address of a database."""
        return f"postgresql+psycopg://{ADMIN}@/{database}?host={self.folder}"

    def run(self, sql: str, database: str = "postgres") -> str:
        """What psql prints for a statement: rows by line, columns parted by ``|``."""
        psql = [str(self._programs / "psql"), "-h", str(self.folder), "-U", ADMIN, "-d", database]
        return _run([*psql, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql], {}).strip()

    def new_role(self, name: str) -> None:
        """Make a further role that may log in."""
        self.run(f'CREATE ROLE "{name}" LOGIN')

    def new_database(self, template: str = "template1") -> str:
        """The name of a fresh database, a copy of another that nobody uses just now."""
        name = f"test{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self.run(f"DROP DATABASE {database} WITH (FORCE)")

    def start(self) -> None:
        """Start the server; returns when it answers."""
        log = self.folder / "log"
        options = [w for name, value in self._settings.items() for w in ("-c", f"{name}={value}")]
        with log.open("ab") as output:
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", self.folder / "data", *options],
                cwd=self.folder, stdout=output, stderr=output, **self._identity,
            )  # fmt: skip
        ready = [str(self._programs / "pg_isready"), "-q", "-h", str(self.folder)]
        end = time.monotonic() + 60
        while subprocess.run(ready, check=False).returncode:
            if self._server.poll() is not None or time.monotonic() > end:
                raise ChildProcessError(f"PostgreSQL does not start: {log.read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server at once, cutting every connection off (a fast shutdown)."""
        if self._server is None:
            return
        self._server.send_signal(signal.SIGINT)
        try:
            self._server.wait(60)
        except subprocess.TimeoutExpired:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(60)
        self._server = None


@contextmanager
def cluster(*roles: str, **settings: str) -> Iterator[Cluster]:
    """A running cluster with further login roles; at the end it is stopped and removed."""
    folder = Path(tempfile.mkdtemp(prefix="mapsvc-pg-"))
    try:
        server = Cluster(folder, **settings)
        try:
            server.start()
            for role in roles:
                server.new_role(role)
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    """The folder of the newest installed server's programs: Debian's, or the one in the path."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if found:
        return found[-1].parent
    if (in_path := shutil.which("initdb")) is not None:
        return Path(in_path).resolve().parent
    raise FileNotFoundError(
        "these tests need PostgreSQL with PostGIS: run 'sh .ci/system-packages', or as root "
        "'apt-get install postgresql-15-postgis-3'"
    )


def _run(command: Sequence[str | Path], identity: dict[str, Any]) -> str:
    done: subprocess.CompletedProcess[str] = subprocess.run(
        command, cwd="/", capture_output=True, text=True, timeout=120, check=False, **identity
    )
    if done.returncode:
        raise ChildProcessError(f"{Path(command[0]).name}: {done.stdout}{done.stderr}")
    return done.stdout
