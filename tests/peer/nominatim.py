"""A real Nominatim beside the tests: fed with an OpenStreetMap file, served over loopback.

It is under the GPL-3 and so a program of its own, in a virtual environment of its own: nothing of
it is ever imported here. PostgreSQL is there for the import alone; what serves is an SQLite file.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import ADMIN, cluster

BIN = Path(__file__).parents[2] / ".venv" / "peer" / "bin"
"""Where `make test-peer` installs it; the variable NOMINATIM_BIN names another folder."""

_READER = "www"
_RUNNING = re.compile(r"running on (http://127\.0\.0\.1:\d+)")


def load(osm: Path, folder: Path) -> Path:
    """The OpenStreetMap file as Nominatim's database in SQLite.

    Args:
        osm: what to import.
        folder: an empty one, for the database and Nominatim's own files.
    """
    database = folder / "nominatim.sqlite"
    with cluster(_READER) as postgres:
        environment = _environment(
            NOMINATIM_DATABASE_DSN=f"pgsql:dbname=nominatim;host={postgres.folder};user={ADMIN}",
            NOMINATIM_DATABASE_WEBUSER=_READER,
        )
        for step in (
            ("import", "--osm-file", str(osm), "--no-updates"),
            ("convert", "-o", str(database)),
        ):
            done = subprocess.run(
                [_program("nominatim"), *step, "--project-dir", str(folder)],
                cwd=folder, env=environment, capture_output=True, text=True, check=False,
                timeout=300,
            )  # fmt: skip
            if done.returncode:
                raise ChildProcessError(f"nominatim {step[0]}: {done.stdout}{done.stderr}")
    return database


@contextmanager
def serve(database: Path) -> Iterator[str]:
    """A server over an SQLite database from `load`, as its address; stopped at the end."""
    folder = database.parent
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [
                *(_program("uvicorn"), "--host", "127.0.0.1", "--port", "0", "--factory"),
                "nominatim_api.server.falcon.server:run_wsgi",
            ],
            cwd=folder, env=_environment(NOMINATIM_DATABASE_DSN=f"sqlite:dbname={database}"),
            stdout=output, stderr=output,
        )  # fmt: skip
    try:
        url = _address(server, log)
        with urllib.request.urlopen(f"{url}/status", timeout=30) as status:
            if status.read() != b"OK":
                raise ChildProcessError(f"Nominatim is not in order: {log.read_text()}")
        yield url
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(30)


def _address(server: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + 60
    while (found := _RUNNING.search(log.read_text("utf-8", "replace"))) is None:
        if server.poll() is not None or time.monotonic() > end:
            raise ChildProcessError(f"Nominatim does not start: {log.read_text()}")
        time.sleep(0.1)
    return found[1]


def _program(name: str) -> str:
    path = Path(os.environ.get("NOMINATIM_BIN", BIN)) / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is not installed: run 'make test-peer'")
    return str(path)


def _environment(**settings: str) -> Mapping[str, str]:
    """Ours without what would lead its Python astray or change its settings."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "NOMINATIM_", "PG"))}
    return kept | settings
