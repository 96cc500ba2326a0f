"""The 10 nearest branches of many, in process, beside other indexes and PostGIS.

Every contender answers the same queries, places within a few kilometres of branches, one at a
time and in one thread. They take turns every 20 queries, and of ten rounds the best counts for
each 20, so that other work on the machine hardly shows. SciPy's k-d tree stands alone: it is given
the vector of the query ready-made, as mapsvc is its `Point`, and need not measure or order
anything on the ellipsoid. PostGIS answers a prepared statement over a Unix socket. Then ranking:
2,000 queries at 30°N, at 50°N, at ±180° and at the pole, each among 250,000 points of its
neighbourhood; an answer counts as wrong where it is not the ten nearest in the order of their
WGS-84 geodesics, which are found by another way (`bench.geodesy`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import nearest_peers as peers
from bench.figures import Figure, Goal, at_most, faster, up_to
from bench.geodesy import Truth, earth_centred
from bench.profiles import profile_of
from bench.rounds import best_of_pieces
from bench.scale import Scale
from bench.synthetic import positions
from mapsvc.model import Point
from tests.postgres import cluster

Floats = NDArray[np.float64]

QUERIES = 500
_PIECE = 20
_SEED = 30
_NEAR_DEGREES = 0.03
_SETTINGS = {"shared_buffers": "1GB", "jit": "off"}
_GOALS: dict[str, Goal] = {peers.SCIPY: at_most(1.5), peers.POSTGIS: faster(8)}


def run(scale: Scale) -> list[Figure]:
    """Microseconds a query at every size, and ranking errors."""
    figures: list[Figure] = []
    with ExitStack() as stack:
        server = stack.enter_context(cluster(**_SETTINGS))
        for size in scale.sizes:
            figures += _times(size, scale, server)
        return figures + _ranking(scale, server)


def _times(size: int, scale: Scale, server: Any) -> list[Figure]:
    lon, lat, _ = positions(size)
    chance = np.random.default_rng(_SEED)
    near = chance.integers(size, size=QUERIES)
    x = lon[near] + chance.normal(0, _NEAR_DEGREES, QUERIES)
    y = lat[near] + chance.normal(0, _NEAR_DEGREES, QUERIES)
    queries = list(zip(x.tolist(), y.tolist(), strict=True))
    vectors = list(earth_centred(x, y))
    points = [Point(*query) for query in queries]
    tree, _ = peers.scipy_tree(lon, lat)
    index, _ = peers.ours(lon, lat)
    connection, by_postgis = peers.postgis(lon, lat, server)
    finders = {
        peers.BALL_TREE: peers.ball_tree(lon, lat),
        peers.STRTREE: peers.str_tree(lon, lat),
        peers.POSTGIS: by_postgis,
    }

    def ask(find: peers.Find, piece: slice) -> None:
        for query in queries[piece]:
            find(*query)

    def ask_ready(find: Callable[[Any], object], ready: list[Any], piece: slice) -> None:
        for query in ready[piece]:
            find(query)

    pieces = [slice(start, start + _PIECE) for start in range(0, QUERIES, _PIECE)]
    contenders: dict[str, list[Callable[[], None]]] = {
        name: [partial(ask, find, piece) for piece in pieces] for name, find in finders.items()
    }
    contenders[peers.SCIPY] = [partial(ask_ready, tree, vectors, piece) for piece in pieces]
    contenders[peers.OURS] = [partial(ask_ready, index, points, piece) for piece in pieces]
    with connection:
        seconds = best_of_pieces(contenders, 2 * scale.rounds)
    micros = {name: taken / QUERIES * 1e6 for name, taken in seconds.items()}

    def work() -> None:
        for piece in contenders[peers.OURS]:
            piece()

    figures = [
        Figure(
            f"nearest {peers.K}",
            size,
            micros[peers.OURS],
            "µs",
            name,
            value,
            _GOALS.get(name) if size == scale.largest and size >= 100_000 else None,
        )
        for name, value in micros.items()
        if name != peers.OURS
    ]
    return [profile_of(figure, work) for figure in figures]


def _ranking(scale: Scale, server: Any) -> list[Figure]:
    each = 1_000 if scale.quick else 250_000
    asked = 50 if scale.quick else 500
    places = _places(each, asked)
    lon = np.concatenate([points[0] for points, _ in places])
    lat = np.concatenate([points[1] for points, _ in places])
    queries = [pair for _, (x, y) in places for pair in zip(x.tolist(), y.tolist(), strict=True)]
    truth = Truth(lon, lat)
    wanted = [truth.distances(*query, peers.K) for query in queries]
    connection, by_postgis = peers.postgis(lon, lat, server)
    finders = {
        peers.OURS: peers.ours(lon, lat)[1],
        f"{peers.SCIPY}, earth-centred": peers.scipy_tree(lon, lat)[1],
        peers.BALL_TREE: peers.ball_tree(lon, lat),
        peers.STRTREE: peers.str_tree(lon, lat),
        peers.POSTGIS: by_postgis,
    }
    with connection:
        wrong = {
            name: sum(
                not truth.is_ranked(*query, np.asarray(find(*query)), right)
                for query, right in zip(queries, wanted, strict=True)
            )
            for name, find in finders.items()
        }
    ours = wrong.pop(peers.OURS)
    what = f"wrongly ranked of {len(queries):,}"
    own = Figure(what, len(lon), ours, "queries", goal=up_to(0))
    return [
        own,
        *(Figure(what, len(lon), ours, "queries", name, count) for name, count in wrong.items()),
    ]


def _places(each: int, asked: int) -> list[tuple[tuple[Floats, Floats], tuple[Floats, Floats]]]:
    """Points and queries at 30°N, 50°N, ±180° and the pole; queries well within the points."""
    chance = np.random.default_rng(_SEED + 1)

    def box(west: float, south: float, side: float, n: int) -> tuple[Floats, Floats]:
        lon = west + chance.uniform(0, side, n)
        return (lon + 180) % 360 - 180, south + chance.uniform(0, side, n)

    def cap(degrees: float, n: int) -> tuple[Floats, Floats]:
        away = degrees * np.sqrt(chance.uniform(0, 1, n))
        return chance.uniform(-180, 180, n), 90 - away

    return [
        (box(105, 25, 10, each), box(107, 27, 6, asked)),
        (box(115, 45, 10, each), box(117, 47, 6, asked)),
        (box(177, 60, 6, each), box(178.5, 61.5, 3, asked)),
        (cap(5, each), cap(3, asked)),
    ]
