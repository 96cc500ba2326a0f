"""More than can be answered: what waits too long is refused, and it is over when it is over."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, TypeVar

import pytest
from flask.testing import FlaskClient

from bench.load import mixed, send
from bench.overload import overload
from mapsvc.snapshot import Snapshot
from mapsvc.web.waiting import LONGEST_WAIT_S, QUEUE, Queue
from tests.integration.conftest import make_app
from tests.integration.test_server import serving

T = TypeVar("T")

COSTLY = [f"/?q={i}" for i in range(1_000)]
"""Pages, each with another search, so that no answer is known before."""


def test_ten_times_too_much_gets_no_errors_and_is_soon_over(tmp_path: Path) -> None:
    settings = {"MAPSVC_PROXY_HOPS": "1", "MAPSVC_RATE_LIMIT": "40"}
    with serving(tmp_path, **settings) as (port, _):
        request = mixed(COSTLY, addresses=[f"10.0.{i}.1" for i in range(256)], seed=1)
        usual = alone(send(port, request, seconds=2, connections=16))
        assert set(usual.statuses) <= {"200", "503"}  # 503 where the machine has other work
        assert alone(overload(port, COSTLY, 10 * usual.rate, 5, connections=300)) == []


def alone(work: Coroutine[Any, Any, T]) -> T:
    """Run in a thread of its own: a browser that other tests drive has the loop of this one."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()


class TestShedding:
    @pytest.fixture
    def client(self, snapshot: Snapshot) -> FlaskClient:
        return make_app(snapshot).test_client()

    @pytest.fixture
    def queue(self, client: FlaskClient) -> Queue:
        queue: Queue = client.application.extensions[QUEUE]
        return queue

    def test_what_waited_too_long_is_refused(self, client: FlaskClient, queue: Queue) -> None:
        queue.asked_at = time.monotonic() - LONGEST_WAIT_S / 2
        assert client.get("/api/v1/branches").status_code == 200
        queue.asked_at = time.monotonic() - LONGEST_WAIT_S * 1.1
        response = client.get("/api/v1/branches")
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "5"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        problem = json.loads(response.data)
        assert problem["detail"] == "too many requests are waiting; try again in 5 s"
        page = client.get("/")
        assert (page.status_code, page.mimetype) == (503, "text/plain")

    def test_the_state_of_the_server_is_told_however_late(
        self, client: FlaskClient, queue: Queue
    ) -> None:
        queue.asked_at = time.monotonic() - 60
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 200

    def test_all_is_well_when_the_question_has_had_its_turn(
        self, client: FlaskClient, queue: Queue
    ) -> None:
        queue.asked_at = time.monotonic() - 60
        response = client.get(queue.path)
        assert (response.status_code, response.data) == (204, b"")
        assert client.get("/api/v1/branches").status_code == 200

    def test_who_asks_too_much_is_told_so_although_it_is_late(self, snapshot: Snapshot) -> None:
        client = make_app(snapshot, rate_limit=2).test_client()
        queue = client.application.extensions[QUEUE]
        queue.asked_at = time.monotonic() - 60
        statuses = [client.get("/api/v1/branches").status_code for _ in range(4)]
        assert statuses == [503, 503, 429, 429]
        assert [client.get(queue.path).status_code for _ in range(4)] == [204] * 4

    def test_strangers_cannot_answer_for_the_worker(
        self, client: FlaskClient, queue: Queue
    ) -> None:
        asked_at = queue.asked_at = time.monotonic()
        for path in ("/api/.waiting/", f"{queue.path}x", "/api/.waiting/guessed"):
            assert client.get(path).status_code == 404
        assert queue.asked_at == asked_at


class TestAsking:
    @pytest.fixture
    def slow(self) -> Iterator[tuple[Queue, int, dict[str, Any]]]:
        """A queue that watches a server which answers one after the other, as it is told."""
        queue = Queue()
        told: dict[str, Any] = {"status": 204, "delay": 0.0, "asked": 0}

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                told["asked"] += 1
                time.sleep(told["delay"])
                if told["status"] == 204:
                    queue.asked_at = None
                self.send_response(told["status"])
                if told["status"] != 204:
                    self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        with HTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield queue, server.server_port, told
            told["status"], told["delay"] = 500, 0.0  # ends the connection that is kept
            server.shutdown()

    def test_a_question_without_its_turn_shows_how_long_the_others_wait(
        self, slow: tuple[Queue, int, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("mapsvc.web.waiting.LONGEST_WAIT_S", 0.3)
        queue, port, told = slow
        queue.watch("127.0.0.1", port)
        _until(lambda: told["asked"] >= 3)
        assert not queue.is_late()
        told["delay"] = 1.0
        _until(queue.is_late)
        told["delay"] = 0.0
        _until(lambda: not queue.is_late())

    def test_the_connection_of_another_worker_says_nothing(
        self, slow: tuple[Queue, int, dict[str, Any]]
    ) -> None:
        queue, port, told = slow
        told["status"] = 404
        queue.watch("127.0.0.1", port)
        _until(lambda: told["asked"] >= 3)
        assert queue.asked_at is None

    def test_a_server_that_is_not_there_yet_is_asked_again(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        queue = Queue()
        queue.watch("127.0.0.1", port)
        time.sleep(0.3)
        assert queue.asked_at is None
        with socket.create_server(("127.0.0.1", port)) as server:
            connection, _ = server.accept()
            connection.close()


def _until(is_so: Any, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
