"""The geocode cache beside bare SQLite, requests-cache and a plain dict: gets and durable inserts.

Every contender answers the same keys with the same records, as a `Geocode` or as what a user of
that peer would have in hand: a parsed record from SQLite and the dict, a parsed response body
from requests-cache. SQLite runs in WAL mode with ``synchronous = FULL`` on both sides, so that an
insert is one that a power cut does not take back. Rounds are interleaved and the best round of
each counts, so that the load of the machine hits all alike.
"""

from __future__ import annotations

import json
import random
import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path

import requests
from requests_cache import CachedSession
from urllib3 import HTTPResponse

from bench.figures import Figure
from bench.rounds import interleaved
from bench.scale import Scale
from mapsvc.geocoding.record import CacheKey, key_of, to_json
from mapsvc.model import Datum, Geocode, Point, Precision
from mapsvc.store import open_store, sql

ANSWERS = 2_000
INSERTS = 300
ROUNDS = 5


def geocodes(count: int) -> list[Geocode]:
    """Answers of the size that AMap gives, reproducible."""
    chance = random.Random(1)
    return [
        Geocode(
            provider="amap",
            query=f"浙江省宁波市鄞州区天童北路{number}号",
            located_at=datetime(2026, 11, 22, tzinfo=UTC),
            point=Point(chance.uniform(121, 122), chance.uniform(29, 30)),
            native=Point(chance.uniform(121, 122), chance.uniform(29, 30), Datum.GCJ02),
            precision=Precision.BUILDING,
            radius_m=150.0,
            district="330212",
            options={"city": "宁波市"},
            answer={"status": "1", "infocode": "10000", "geocodes": [{"level": "门牌号"}]},
        )
        for number in range(count)
    ]


def run(scale: Scale) -> list[Figure]:
    """Gets and inserts a second, beside the peers."""
    rounds = min(scale.rounds, ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        gets = _gets(Path(folder), rounds)
    with tempfile.TemporaryDirectory() as folder:
        return [*gets, *_inserts(Path(folder), rounds)]


def _gets(folder: Path, rounds: int) -> list[Figure]:
    answers = geocodes(ANSWERS)
    keys = [key_of(answer) for answer in answers]
    random.Random(2).shuffle(keys)
    store = open_store(f"sqlite:///{folder}/mapsvc.sqlite3")
    with store.write() as writer:
        writer.put_geocodes(answers)
    bare = _bare(folder / "bare.sqlite3")
    bare.executemany(_INSERT, [_values(answer) for answer in answers])
    plain = {_tuple(key_of(answer)): to_json(answer) for answer in answers}
    session = CachedSession(str(folder / "requests"), backend="sqlite")
    few = keys[: ANSWERS // 50]
    for key in few:
        session.cache.save_response(_response(key, plain[_tuple(key)]))

    def again(wanted: Sequence[CacheKey]) -> None:
        for key in wanted:
            assert store.geocode(key) is not None

    def first(wanted: Sequence[CacheKey]) -> None:
        sql._parsed.cache_clear()
        again(wanted)

    def sqlite(wanted: Sequence[CacheKey]) -> None:
        for key in wanted:
            json.loads(bare.execute(_SELECT, _tuple(key)).fetchone()[0])

    def requests_cache(wanted: Sequence[CacheKey]) -> None:
        for key in wanted:
            session.get(_url(key), only_if_cached=True).json()

    def dictionary(wanted: Sequence[CacheKey]) -> None:
        for key in wanted:
            json.loads(plain[_tuple(key)])

    with closing(store), closing(bare), session:
        contenders: dict[str, Contender] = {
            "mapsvc, first": (first, keys),
            "mapsvc, again": (again, keys),
            "bare SQLite": (sqlite, keys),
            "requests-cache": (requests_cache, few),
            "dict": (dictionary, keys),
        }
        return _figures("cached answers, parsed", ANSWERS, contenders, rounds)


def _inserts(folder: Path, rounds: int) -> list[Figure]:
    answers = geocodes(INSERTS * ROUNDS)
    store = open_store(f"sqlite:///{folder}/mapsvc.sqlite3")
    bare = _bare(folder / "bare.sqlite3")
    session = CachedSession(str(folder / "requests"), backend="sqlite")
    plain: dict[tuple[str, str, str, int], str] = {}
    turns = {name: iter(range(ROUNDS)) for name in ("ours", "bare", "session", "dict")}

    def batch(name: str) -> list[Geocode]:
        turn = next(turns[name])
        return answers[turn * INSERTS : (turn + 1) * INSERTS]

    def ours(_: Sequence[CacheKey]) -> None:
        for answer in batch("ours"):
            store.settle(answer, "bench")

    def sqlite(_: Sequence[CacheKey]) -> None:
        for answer in batch("bare"):
            bare.execute(_INSERT, _values(answer))

    def requests_cache(_: Sequence[CacheKey]) -> None:
        for answer in batch("session"):
            session.cache.save_response(_response(key_of(answer), to_json(answer)))

    def dictionary(_: Sequence[CacheKey]) -> None:
        for answer in batch("dict"):
            plain[_tuple(key_of(answer))] = to_json(answer)

    wanted = [key_of(answer) for answer in answers[:INSERTS]]
    with closing(store), closing(bare), session:
        contenders: dict[str, Contender] = {
            "mapsvc": (ours, wanted),
            "bare SQLite": (sqlite, wanted),
            "requests-cache": (requests_cache, wanted),
            "dict": (dictionary, wanted),
        }
        return _figures("durable inserts", INSERTS, contenders, rounds)


Contender = tuple[Callable[[Sequence[CacheKey]], None], Sequence[CacheKey]]


def _figures(what: str, n: int, contenders: Mapping[str, Contender], rounds: int) -> list[Figure]:
    """Ours beside each peer; the best round of each counts."""
    work = {name: partial(ask, keys) for name, (ask, keys) in contenders.items()}
    rates = {
        name: len(contenders[name][1]) / min(seconds)
        for name, seconds in interleaved(work, rounds).items()
    }
    return [
        Figure(what + own.removeprefix("mapsvc"), n, rates[own], "/s", peer, rates[peer])
        for own in rates
        if own.startswith("mapsvc")
        for peer in rates
        if not peer.startswith("mapsvc")
    ]


_INSERT = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)"
_SELECT = (
    "SELECT record FROM answers WHERE provider = ? AND query = ? AND options = ? AND normaliser = ?"
)


def _bare(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE answers (provider, query, options, normaliser, record,"
        " PRIMARY KEY (provider, query, options, normaliser))"
    )
    return connection


def _tuple(key: CacheKey) -> tuple[str, str, str, int]:
    return key.provider, key.query, key.options, key.normaliser


def _values(answer: Geocode) -> tuple[str | int, ...]:
    return (*_tuple(key_of(answer)), to_json(answer))


def _url(key: CacheKey) -> str:
    return f"http://127.0.0.1:9/{key.provider}?address={key.query}&options={key.options}"


def _response(key: CacheKey, body: str) -> requests.Response:
    """What a request for ``key`` would have given."""
    url = _url(key)
    response = requests.Response()
    response.status_code = 200
    response.url = url
    response.request = requests.Request("GET", url).prepare()
    response.headers["Content-Type"] = "application/json"
    response.raw = HTTPResponse(
        body=BytesIO(body.encode()), status=200, preload_content=False, request_url=url
    )
    return response
