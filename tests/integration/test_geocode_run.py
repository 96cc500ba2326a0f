"""Geocoding runs against a stub provider: nothing asked twice, whatever is killed or parallel."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mapsvc import service
from mapsvc.config import NETWORK_PROVIDERS, Settings
from mapsvc.errors import InvalidValue, SettingError
from mapsvc.model import ReviewCode
from mapsvc.store import open_store
from mapsvc.store.base import Store

_KILLS = int(os.environ.get("KILLS", "6"))
"""Each costs the start of a process; KILLS=50 is for a change of the run itself."""


class StubAMap(ThreadingHTTPServer):
    """Answers AMap's geocoding requests: every house a few metres from the last one."""

    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.log: list[tuple[float, str]] = []
        self.unknown: set[str] = set()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def asked(self) -> list[str]:
        with self.lock:
            return [address for _, address in self.log]

    def answer(self, address: str) -> dict[str, Any]:
        with self.lock:
            self.log.append((time.monotonic(), address))
        found = {"status": "1", "info": "OK", "infocode": "10000"}
        if any(word in address for word in self.unknown):
            return found | {"count": "0", "geocodes": []}
        number = int("".join(filter(str.isdigit, address)) or 0)
        place = {
            "formatted_address": address,
            "province": "浙江省",
            "city": "宁波市",
            "district": "鄞州区",
            "adcode": "330212",
            "street": [],
            "number": [],
            "location": f"{121.55 + number / 1e5:.6f},29.830000",
            "level": "门牌号",
        }
        return found | {"count": "1", "geocodes": [place]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StubAMap

    def do_GET(self) -> None:
        parameters = parse_qs(urlsplit(self.path).query)
        body = json.dumps(self.server.answer(parameters["address"][0])).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None: ...

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):  # the client was killed
            super().handle()


@pytest.fixture
def stub() -> Iterator[StubAMap]:
    server = StubAMap()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


def settings(stub: StubAMap, folder: Path, **amap: Any) -> Settings:
    ours = {"url": stub.url, "key": "k", "rate": 1000, "quota": 0, "may_store": True}
    own = replace(NETWORK_PROVIDERS["amap"], **{**ours, **amap})
    return Settings(
        data_dir=folder, geocoders=("curated", "amap"), providers={**NETWORK_PROVIDERS, "amap": own}
    )


def environment(stub: StubAMap, folder: Path, rate: float = 1000) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAPSVC_")}
    return kept | {
        "MAPSVC_DATA_DIR": str(folder),
        "MAPSVC_GEOCODERS": "curated,amap",
        "MAPSVC_AMAP_URL": stub.url,
        "MAPSVC_AMAP_KEY": "k",
        "MAPSVC_AMAP_RATE": str(rate),
        "MAPSVC_AMAP_QUOTA": "0",
        "MAPSVC_AMAP_MAY_STORE": "1",
    }


def listed(folder: Path, addresses: list[str]) -> Store:
    path = folder / "many.csv"
    rows = (f"第{i}支行,{address}" for i, address in enumerate(addresses))
    path.write_text("\n".join(("name,address", *rows)), encoding="utf-8")
    store = open_store(f"sqlite:///{folder}/mapsvc.sqlite3")
    service.load_shipped(store, Settings())
    service.import_list(store, path)
    return store


def houses(count: int) -> list[str]:
    return [f"浙江省宁波市鄞州区天童北路{1000 + i}号" for i in range(count)]


def run(stub: StubAMap, folder: Path, rate: float = 1000) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "mapsvc", "geocode"],
        env=environment(stub, folder, rate),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_every_address_is_asked_once_and_placed(stub: StubAMap, tmp_path: Path) -> None:
    store = listed(tmp_path, [*houses(20), houses(1)[0] + " 2楼"])
    result = service.geocode(store, settings(stub, tmp_path))
    assert (result.changed, result.failed, result.asked["amap"]) == (21, [], len(stub.log))
    assert max(Counter(stub.asked()).values()) == 1
    again = service.geocode(store, settings(stub, tmp_path))
    assert (again.changed, again.asked["amap"]) == (0, 0)
    offline = service.geocode(store, settings(stub, tmp_path), offline=True)
    assert (offline.changed, offline.failed, offline.asked["amap"]) == (0, [], 0)
    refreshed = service.geocode(store, settings(stub, tmp_path), refresh=True)
    assert refreshed.asked["amap"] == result.asked["amap"]
    store.close()


def test_an_unknown_address_is_remembered_as_unknown(stub: StubAMap, tmp_path: Path) -> None:
    stub.unknown = {"宁波"}
    store = listed(tmp_path, houses(1))
    first = service.geocode(store, settings(stub, tmp_path))
    ((_, error),) = first.failed
    assert "nobody knows the address" in str(error)
    asked = len(stub.log)
    service.geocode(store, settings(stub, tmp_path))
    assert len(stub.log) == asked
    (placement,) = store.placements().values()
    assert [reason.code for reason in placement.reasons] == [ReviewCode.NOT_FOUND]
    store.close()


def test_limit_takes_the_unplaced_first(stub: StubAMap, tmp_path: Path) -> None:
    store = listed(tmp_path, houses(5))
    for expected in (2, 4, 5):
        service.geocode(store, settings(stub, tmp_path), limit=2)
        placed = [p for p in store.placements().values() if p.point is not None]
        assert len(placed) == expected
    store.close()


def test_a_quota_ends_the_provider_and_not_the_run(stub: StubAMap, tmp_path: Path) -> None:
    store = listed(tmp_path, [*houses(5), "宁波市海曙区灵桥路473号"])
    result = service.geocode(store, settings(stub, tmp_path, quota=3))
    assert len(stub.log) == 3
    assert len(result.failed) == 2
    assert "3 requests are used up" in str(result.failed[0][1])
    placed = {p.provider for p in result.placements if p.point is not None}
    assert placed == {"amap", "curated"}
    store.close()


def test_terms_must_be_accepted_before_answers_are_kept(stub: StubAMap, tmp_path: Path) -> None:
    store = listed(tmp_path, houses(1))
    with pytest.raises(SettingError, match="MAPSVC_AMAP_MAY_STORE"):
        service.geocode(store, settings(stub, tmp_path, may_store=False))
    with pytest.raises(InvalidValue, match="--provider: 'google'"):
        service.geocode(store, settings(stub, tmp_path), only="google")
    assert stub.log == []
    store.close()


def test_an_answer_ends_with_the_terms_of_its_provider(stub: StubAMap, tmp_path: Path) -> None:
    store = listed(tmp_path, houses(1))
    config = settings(stub, tmp_path, max_age_days=30)
    service.geocode(store, config)
    (answer,) = (a for a in store.geocodes() if a.provider == "amap")
    with store.write() as writer:
        writer.put_geocodes([replace(answer, located_at=answer.located_at - timedelta(days=31))])
    assert len(service.geocode(store, config, offline=True).failed) == 1
    assert service.geocode(store, config).asked["amap"] == 1
    store.close()


def test_killed_again_and_again_a_run_asks_nothing_twice_that_was_answered(
    stub: StubAMap, tmp_path: Path
) -> None:
    store = listed(tmp_path, houses(400))
    moments = random.Random(20261122)
    acknowledged: set[str] = set()
    for number in range(_KILLS):
        process = run(stub, tmp_path)
        before, deadline = stub.asked(), time.monotonic() + 120
        while len(stub.log) == len(before) and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(moments.uniform(0, 0.3) * (1 + number))  # the later ones find work done
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        asked_now = stub.asked()[len(before) :]
        assert not acknowledged & set(asked_now), "what was acknowledged is not asked again"
        acknowledged = {a.query for a in store.geocodes() if a.provider == "amap"}
    assert 0 < len(acknowledged) < 400, "the kills fell into the work"
    before = stub.asked()
    assert run(stub, tmp_path).wait(400) == 0
    assert not acknowledged & set(stub.asked()[len(before) :])
    assert {a.query for a in store.geocodes() if a.provider == "amap"} == set(houses(400))
    assert sum(p.point is not None for p in store.placements().values()) == 400
    # A request that was under way when its run was killed may come again, and nothing else.
    assert len(stub.log) - 400 <= _KILLS
    store.close()


def test_four_runs_at_once_share_the_work_and_hold_the_rate(stub: StubAMap, tmp_path: Path) -> None:
    store = listed(tmp_path, houses(10))
    runs = [run(stub, tmp_path, rate=1) for _ in range(4)]
    assert [process.wait(120) for process in runs] == [0, 0, 0, 0]
    assert sorted(stub.asked()) == sorted(houses(10)), "each once"
    times = [moment for moment, _ in stub.log]
    # A slot is taken before the request is sent, so single gaps vary with the machine's load;
    # the rate over the whole must hold. Each run by itself would make it four a second.
    assert (len(times) - 1) / (times[-1] - times[0]) <= 1.3
    assert sum(p.point is not None for p in store.placements().values()) == 10
    store.close()


def test_a_replay_needs_no_key_and_opens_no_socket(stub: StubAMap, tmp_path: Path) -> None:
    store = listed(tmp_path, houses(3))
    service.geocode(store, settings(stub, tmp_path))
    placed = store.placements()
    asked = len(stub.log)
    with store.write() as writer:  # forget the places, keep the answers
        writer.put_placements(replace(p, point=None, provider=None) for p in placed.values())
    keyless = settings(stub, tmp_path, key="", url="")
    result = service.geocode(store, keyless, offline=True)
    assert result.failed == []
    assert store.placements() == placed
    assert len(stub.log) == asked
    store.close()


def test_a_place_is_withdrawn_when_its_time_is_over(stub: StubAMap, tmp_path: Path) -> None:
    store = listed(tmp_path, houses(1))
    config = settings(stub, tmp_path, max_age_days=30)
    service.geocode(store, config)
    (answer,) = (a for a in store.geocodes() if a.provider == "amap")
    (placement,) = store.placements().values()
    old = answer.located_at - timedelta(days=31)
    for withdraw in (
        lambda: service.prune_cache(store, config),
        lambda: service.geocode(store, config, offline=True),
    ):
        with store.write() as writer:
            writer.put_geocodes([replace(answer, located_at=old)])
            writer.put_placements([replace(placement, located_at=old)])
        withdraw()
        (now,) = store.placements().values()
        assert now.point is None
    store.close()


def test_answers_that_may_not_be_kept_are_not_used(stub: StubAMap, tmp_path: Path) -> None:
    store = listed(tmp_path, houses(1))
    service.geocode(store, settings(stub, tmp_path))
    with store.write() as writer:
        writer.put_placements(
            replace(p, point=None, provider=None) for p in store.placements().values()
        )
    declined = settings(stub, tmp_path, may_store=False)
    assert len(service.geocode(store, declined, offline=True).failed) == 1
    service.load_shipped(store, declined)
    store.close()


def test_one_provider_alone_is_asked_and_the_others_answers_still_count(
    stub: StubAMap, tmp_path: Path
) -> None:
    store = listed(tmp_path, houses(2))
    both = replace(settings(stub, tmp_path), geocoders=("amap", "tencent"))
    result = service.geocode(store, both, only="amap")
    assert (result.asked, result.failed) == ({"amap": 2}, [])
    store.close()
