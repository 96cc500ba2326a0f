"""One address may ask only so often, in one process and over many."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from redis.exceptions import RedisError

from mapsvc.config import Settings
from mapsvc.errors import SettingError
from mapsvc.snapshot import Snapshot
from mapsvc.web import limits
from mapsvc.web.limits import Counts
from mapsvc.web.sharing import Sharing, connect
from tests.integration.conftest import make_app
from tests.redis import Server, redis_server

BRANCHES = "/api/v1/branches?limit=1"
A, B, C = "192.0.2.1", "192.0.2.2", "192.0.2.3"


class Clock:
    """A time that stands still until it is set."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


def ask(client: FlaskClient, path: str = BRANCHES, address: str = "192.0.2.1") -> int:
    overrides = {"REMOTE_ADDR": address}
    return client.get(path, environ_overrides=overrides, buffered=True).status_code


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(600.0)
    monkeypatch.setattr(Counts.__init__, "__defaults__", (clock,))
    return clock


@pytest.fixture
def client(snapshot: Snapshot, clock: Clock) -> FlaskClient:
    assert clock.seconds
    return make_app(snapshot, rate_limit=3).test_client()


def test_what_is_above_the_limit_is_refused_until_the_next_minute(
    client: FlaskClient, clock: Clock
) -> None:
    assert [ask(client) for _ in range(5)] == [200, 200, 200, 429, 429]
    assert ask(client, address="192.0.2.2") == 200
    clock.seconds = 659.9
    assert ask(client) == 429
    clock.seconds = 660
    assert [ask(client) for _ in range(4)] == [200, 200, 200, 429]


def test_the_api_says_it_as_a_problem(client: FlaskClient, clock: Clock) -> None:
    clock.seconds = 612.5
    for _ in range(3):
        client.get(BRANCHES)
    response = client.get("/api/v1/branches/中?x=1")
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "48"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.mimetype == "application/problem+json"
    assert json.loads(response.data) == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "more than 3 requests in a minute from your address; try again in 48 s",
        "instance": "/api/v1/branches/%E4%B8%AD",
    }
    head = client.head(BRANCHES)
    assert (head.status_code, head.data) == (429, b"")


def test_pages_say_it_in_both_languages(client: FlaskClient) -> None:
    for _ in range(3):
        client.get("/")
    response = client.get("/")
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "60"
    assert "Content-Security-Policy" in response.headers
    assert response.text == "请求太多，请稍后再试。\nToo many requests. Please try again later.\n"


def test_files_and_the_state_of_the_server_are_not_counted(client: FlaskClient) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/static/manifest.json"):
        assert [ask(client, path) for _ in range(4)] == [200] * 4
    assert [ask(client) for _ in range(4)] == [200, 200, 200, 429]
    assert ask(client, "/healthz") == 200


@pytest.mark.parametrize(
    ("path", "cost"),
    [
        ("/pictures/branches/nobody.png", 20),
        ("/pictures/districts/000000.png", 20),
        ("/?near=nowhere", 5),
        ("/?bank=icbc&near=me", 5),
        ("/?n%65ar=me", 5),
        ("/?bank=icbc", 1),
        (BRANCHES, 1),
    ],
)
def test_what_costs_more_counts_more(
    snapshot: Snapshot, clock: Clock, path: str, cost: int
) -> None:
    assert clock.seconds
    client = make_app(snapshot, rate_limit=22).test_client()
    assert ask(client, path) != 429
    assert [ask(client) for _ in range(23 - cost)] == [200] * (22 - cost) + [429]


def test_a_low_limit_lets_one_dear_request_pass(client: FlaskClient) -> None:
    dear = "/pictures/branches/nobody.png"
    assert [ask(client, dear), ask(client, dear), ask(client)] == [404, 429, 429]


def test_nothing_is_counted_without_a_limit(snapshot: Snapshot) -> None:
    app = make_app(snapshot, rate_limit=0)
    assert limits.COUNTS not in app.extensions
    assert {ask(app.test_client()) for _ in range(20)} == {200}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8:0:0:ffff::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("::ffff:192.0.2.9", "192.0.2.9", True),
        ("192.0.2.9:1234", "192.0.2.9", True),
        ("[2001:db8::1]:1234", "2001:db8::2", True),
        ("192.0.2.9", "192.0.2.10", False),
        ("[2001:db8::1]", "2001:db8::2", True),
        ("nonsense:", "nonsense", True),
        ("nonsense", "another", True),
        ("nonsense:1", "_hidden:2", True),
        ("x" * 5_000, "unknown", True),
        (":" * 70, "", True),
        ("fe80::1%a-zone-of-linux:12345", "fe80::2", True),
        ("nonsense", "192.0.2.9", False),
        ("", "192.0.2.9", False),
    ],
)
def test_what_counts_as_one_address(
    client: FlaskClient, one: str, other: str, *, same: bool
) -> None:
    for _ in range(3):
        ask(client, address=one)
    assert ask(client, address=one) == 429
    assert ask(client, address=other) == (429 if same else 200)


def test_visitors_behind_counted_proxies_are_told_apart(snapshot: Snapshot, clock: Clock) -> None:
    assert clock.seconds
    client = make_app(snapshot, rate_limit=1, proxy_hops=1).test_client()

    def forwarded(chain: str) -> int:
        return client.get(BRANCHES, headers={"X-Forwarded-For": chain}).status_code

    assert [forwarded("192.0.2.1"), forwarded("192.0.2.2"), forwarded("192.0.2.1")] == [
        *(200, 200, 429)
    ]
    assert forwarded("198.51.100.7, 192.0.2.1") == 429, "what the visitor adds is not believed"
    direct = make_app(snapshot, rate_limit=1).test_client()
    headers = [{"X-Forwarded-For": f"192.0.2.{i}"} for i in range(2)]
    assert [direct.get(BRANCHES, headers=h).status_code for h in headers] == [200, 429]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MAX_ADDRESSES", 2)
    counts = Counts(1, Clock(600))
    assert [counts.hit(name) for name in (A, B, C, C, A)] == [0, 0, 0, 0, 60]
    assert set(counts.window.here) == {A, B}


@pytest.mark.parametrize("text", ["192.0.2.256", "192.0.2.01", "192.0.2", "192.0.2.1.", "١.0.2.1"])
def test_what_only_looks_like_an_address_is_none(text: str) -> None:
    counts = Counts(10, Clock(600))
    counts.hit(text)
    assert set(counts.window.here) == {"no address"}


def test_addresses_of_a_flood_are_not_taken_apart() -> None:
    before = limits._network.cache_info()
    counts = Counts(10, Clock(600))
    for address in ("0.0.0.0", "9.10.99.100", "199.200.249.250", "255.255.255.255"):
        counts.hit(address)
        assert address in counts.window.here
    assert limits._network.cache_info() == before


def test_what_is_no_address_takes_no_memory() -> None:
    """A proxy may forward whatever visitors write."""
    counts = Counts(10, Clock(600))
    before = limits._network.cache_info().currsize
    garbage = [f"{i}{filling * 5_000}" for i in range(50) for filling in "x:.%["]
    zones = [f"fe80::1%{i}{'x' * 5_000}" for i in range(50)]
    waits = [counts.hit(text) for text in garbage + zones]
    assert waits == [0] * 10 + [60] * 290
    assert set(counts.window.here) == {"no address"}
    assert limits._network.cache_info().currsize == before


def test_it_is_logged_once_a_minute_with_what_to_do(
    client: FlaskClient, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(9):
        ask(client, address="127.0.0.1")
    said = "'127.0.0.1' sent more than 3 requests in a minute"
    hint = "; if that is a proxy of yours, set MAPSVC_PROXY_HOPS"
    assert [record.getMessage() for record in caplog.records] == [said + hint]
    clock.seconds = 660
    for _ in range(9):
        ask(client, address="8.8.8.8")
    assert caplog.records[1].getMessage() == "'8.8.8.8' sent more than 3 requests in a minute"
    clock.seconds = 720
    for _ in range(9):
        ask(client, address="garbage")
    said = "'no address' sent more than 3 requests in a minute"
    hint = "; a proxy must forward IP addresses, and MAPSVC_PROXY_HOPS say how many there are"
    assert [record.getMessage() for record in caplog.records[2:]] == [said + hint]


class TestRedis:
    @pytest.fixture
    def server(self) -> Iterator[Server]:
        # Of pytest's own folder the name is too long for a socket.
        with tempfile.TemporaryDirectory() as folder, redis_server(Path(folder)) as server:
            yield server

    @pytest.fixture
    def workers(self, server: Server) -> list[Sharing]:
        counts = [Counts(10, Clock(600)) for _ in range(3)]
        return [Sharing(each, connect(server.url), every_s=0.01) for each in counts]

    def test_workers_share_their_counts(self, workers: list[Sharing]) -> None:
        one, two, three = (worker._counts for worker in workers)
        for _ in range(4):
            one.hit(A)
            two.hit(A)
        one.hit(B)
        three.hit(A)
        for worker in workers * 2:
            worker.exchange()
            three.hit(C)
        assert [counts.hit(A) for counts in (one, three)] == [0, 0], "9 elsewhere and here"
        for worker in workers * 2:
            worker.exchange()
        two.hit(A)
        two.hit(B)
        workers[1].exchange()
        assert [two.hit(A), two.hit(B)] == [60, 0]
        assert two.window.elsewhere[A] == 7

    def test_many_addresses_are_told_in_batches(
        self, workers: list[Sharing], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("mapsvc.web.sharing._BATCH", 7)
        one, two = workers[0]._counts, workers[1]._counts
        for i in range(50):
            one.hit(f"192.0.2.{i}")
            two.hit(f"192.0.2.{i}")
        workers[0].exchange()
        workers[1].exchange()
        assert set(two.window.elsewhere.values()) == {1}
        assert len(two.window.elsewhere) == 50

    def test_counts_end_with_their_minute(self, server: Server, workers: list[Sharing]) -> None:
        workers[0]._counts.hit(A)
        workers[0].exchange()
        with connect(server.url) as client:
            assert client.keys() == ["mapsvc:requests:10"]
            assert 60 < client.ttl("mapsvc:requests:10") <= 120

    def test_without_redis_each_counts_alone_and_tells_later(
        self, server: Server, workers: list[Sharing], caplog: pytest.LogCaptureFixture
    ) -> None:
        worker, other = workers[:2]
        worker.exchange()
        server.stop()
        for _ in range(10):
            assert worker._counts.hit(A) == 0
        waits = [worker.step() for _ in range(12)]
        assert waits == sorted(waits)
        assert waits[-1] == 5.0
        assert worker._counts.hit(A) == 60
        said = [r.getMessage() for r in caplog.records if r.name == "mapsvc.web.sharing"]
        assert len(said) == 1
        assert said[0].startswith("Redis does not answer (ConnectionError); ")
        server.start()
        assert worker.step() == 0.01
        assert caplog.records[-1].getMessage().startswith("Redis answers again")
        other._counts.hit(A)
        other.exchange()
        assert other._counts.hit(A) == 60

    def test_a_redis_that_hangs_makes_no_request_wait(
        self, snapshot: Snapshot, server: Server
    ) -> None:
        assert server._process is not None
        app = make_app(snapshot, rate_limit=1_000)
        sharing = Sharing(app.extensions[limits.COUNTS], connect(server.url), every_s=0.01)
        sharing.exchange()
        client = app.test_client()
        ask(client)
        server._process.send_signal(19)  # SIGSTOP
        try:
            sharing.start()
            waited = []
            for _ in range(100):
                started = time.perf_counter()
                assert ask(client) == 200
                waited.append(time.perf_counter() - started)
        finally:
            server._process.send_signal(18)  # SIGCONT
        # Those that wait for Redis would all do so; a busy machine holds up a few.
        assert sorted(waited)[90] < 0.4
        with pytest.raises(RedisError):
            connect("redis://127.0.0.1:1").ping()

    def test_a_thread_exchanges_by_itself(self, workers: list[Sharing]) -> None:
        for worker in workers[:2]:
            worker._counts.hit(A)
            worker.start()
        deadline = time.monotonic() + 10
        while workers[0]._counts.window.elsewhere.get(A) != 1:
            assert time.monotonic() < deadline
            workers[0]._counts.hit(A)
            time.sleep(0.02)


@pytest.mark.parametrize(
    "url", ["localhost:6379", "http://:hunter2@h", "redis:///", "redis:hunter2@h"]
)
def test_a_wrong_address_of_redis_is_not_repeated(url: str) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.from_environment({"MAPSVC_REDIS_URL": url})
    assert "MAPSVC_REDIS_URL" in str(caught.value)
    assert url not in str(caught.value)


def test_settings() -> None:
    given = {"MAPSVC_REDIS_URL": " redis://:p@h:1/2 ", "MAPSVC_RATE_LIMIT": "0"}
    settings = Settings.from_environment(given)
    assert (settings.redis_url, settings.rate_limit) == ("redis://:p@h:1/2", 0)
    assert "redis" not in repr(settings)
