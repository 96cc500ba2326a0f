"""The topology of docs/scaling.md without containers: two servers over one database."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.integration.test_server import environment, free_port, get, wait_until_ready
from tests.postgres import Cluster, cluster

INDEXES = ("memory", "postgis")
"""One server of each kind: what they answer is the same."""

LIST = "name,address\n" + "\n".join(f"甲支行{i},宁波市中山路{i}号" for i in range(1, 301))


@pytest.fixture
def shared() -> Iterator[Cluster]:
    """A cluster that may be restarted."""
    with cluster() as server:
        yield server


@contextmanager
def server(folder: Path, url: str, index: str) -> Iterator[int]:
    """A server's port. What it logs goes to a file: a pipe that nobody reads would stop it."""
    port = free_port()
    settings = {"MAPSVC_DATABASE_URL": url, "MAPSVC_INDEX": index}
    settings |= {"MAPSVC_WORKERS": "1", "MAPSVC_RATE_LIMIT": "0"}
    folder.mkdir()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mapsvc", "run"],
            env=environment(folder, port, **settings),
            stdout=log,
            stderr=log,
            text=True,
        )
        try:
            wait_until_ready(port, process)
            yield port
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            finally:
                process.kill()


def matched(port: int) -> int:
    return int(json.loads(get(port, "/api/v1/branches?limit=1")[2])["numberMatched"])


def test_an_import_through_one_server_shows_on_both(tmp_path: Path, shared: Cluster) -> None:
    url = shared.url(shared.new_database())
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    with ExitStack() as stack:
        ports = [stack.enter_context(server(tmp_path / index, url, index)) for index in INDEXES]
        assert [matched(port) for port in ports] == [15, 15], "the shipped list, loaded once"
        bodies = [get(port, "/api/v1/branches?limit=1000")[2] for port in ports]
        assert bodies[0] == bodies[1]
        etags = [get(port, "/api/v1/branches?limit=1000")[1]["etag"] for port in ports]
        subprocess.run(
            [sys.executable, "-m", "mapsvc", "import", str(tmp_path / "list.csv")],
            env=environment(tmp_path / "memory", ports[0], MAPSVC_DATABASE_URL=url),
            check=True,
            capture_output=True,
        )
        stored = time.monotonic()
        for port in ports:
            while matched(port) != 315:
                assert time.monotonic() < stored + 30, "the import does not show"
                time.sleep(0.05)
        for port, etag in zip(ports, etags, strict=True):
            assert get(port, "/api/v1/branches?limit=1000", **{"If-None-Match": etag})[0] == 200


def test_a_restarted_database_is_hardly_noticed(tmp_path: Path, shared: Cluster) -> None:
    """From memory no request fails; from PostGIS none later than two seconds after the restart."""
    url = shared.url(shared.new_database())
    failed: dict[str, list[float]] = {index: [] for index in INDEXES}
    answered: dict[str, list[float]] = {index: [] for index in INDEXES}
    is_over = threading.Event()

    def ask(index: str, port: int) -> None:
        path = "/api/v1/nearest?lat=29.87&lon=121.55&limit=3"
        while not is_over.is_set():
            begun = time.monotonic()
            try:
                is_well = get(port, path)[0] == 200
            except OSError:
                is_well = False
            (answered if is_well else failed)[index].append(begun)
            time.sleep(0.01)

    with ExitStack() as stack:
        threads = []
        for index in INDEXES:
            port = stack.enter_context(server(tmp_path / index, url, index))
            threads += [threading.Thread(target=ask, args=(index, port)) for _ in range(2)]
        for thread in threads:
            thread.start()
        time.sleep(2)
        stopped = time.monotonic()
        shared.stop()
        time.sleep(1)
        shared.start()
        started = time.monotonic()
        time.sleep(5)
        is_over.set()
        for thread in threads:
            thread.join(30)
    assert failed["memory"] == []
    assert failed["postgis"], "the restart was noticed"
    assert min(failed["postgis"]) > stopped - 1
    assert max(failed["postgis"]) < started + 2
    for index in INDEXES:
        assert max(answered[index]) > started + 2
