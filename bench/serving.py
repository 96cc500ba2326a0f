"""Boxes and the nearest over HTTP, beside plain Flask with a constant, Datasette and pygeoapi.

All servers run under granian with two workers of one blocking thread (Datasette as ASGI), hold
the same branches and are asked for the same boxes, each with exactly 20 or exactly 500 branches
in it, by wrk with one thread and 16 connections over loopback, without Accept-Encoding; every
request has another box. Servers take turns, and the median over the rounds counts. The constant
is a Flask application that answers every request with one and the same body, as long as the
median of our answers. wrk shares the two cores with the server that it loads.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench import serving_peers as peers
from bench.boxes import Box, boxes, places, write_paths
from bench.counties import BUILD
from bench.figures import Figure, Goal, at_least, at_most
from bench.profiles import spy
from bench.scale import Scale
from bench.servers import Server, mapsvc
from bench.synthetic import store
from bench.wrk import Load, load
from tests.postgres import cluster

BRANCHES = 100_000
FEATURES = (20, 500)

_DISTINCT = {20: 100_000, 500: 20_000}
_CONSTANT = "Flask, constant body"
_RATE_GOALS = {_CONSTANT: at_least(0.7), "Datasette": at_least(5), "pygeoapi": at_least(25)}


@dataclass(frozen=True, slots=True)
class _Contender:
    server: Server
    paths: Path
    count: int


def run(scale: Scale) -> list[Figure]:
    """Requests a second and p99 at 100,000 branches."""
    size = scale.upto(BRANCHES)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=BUILD)))
        shutil.copytree(store(size), folder / "data")
        ours = stack.enter_context(mapsvc(folder / "data", "/api/v1/branches?limit=1"))
        asked = {
            k: boxes(size, k, 1_000 if scale.quick else _DISTINCT[k]) for k in FEATURES
        }
        near = places(size, len(asked[20]))
        bodies = folder / "bodies"
        bodies.mkdir()
        for k in FEATURES:
            _save_median(bodies / f"body-{k}", ours, [_box_path(box, k) for box in asked[k][:99]])
        _save_median(bodies / "nearest", ours, [_nearest_path(place) for place in near[:99]])
        constant = stack.enter_context(peers.constant(bodies))
        datasette = stack.enter_context(peers.datasette(size, folder))
        server = stack.enter_context(cluster(shared_buffers="512MB", jit="off"))
        pygeoapi = stack.enter_context(peers.pygeoapi(size, folder, server))
        names = {
            _CONSTANT: f"{_CONSTANT}",
            "Datasette": f"Datasette {peers.version('datasette')}",
            "pygeoapi": f"pygeoapi {peers.version('pygeoapi')} on PostgreSQL",
        }
        figures: list[Figure] = []
        for k in FEATURES:
            lines: dict[str, tuple[Server, Callable[[Box], str]]] = {
                "mapsvc": (ours, lambda box, k=k: _box_path(box, k)),
                _CONSTANT: (constant, lambda box, k=k: f"/body-{k}?{_box_path(box, k)}"),
                "Datasette": (datasette, lambda box, k=k: peers.datasette_path(box, k)),
                "pygeoapi": (pygeoapi, lambda box, k=k: peers.pygeoapi_path(box, k)),
            }
            for box in asked[k][:5]:
                _check_same(box, k, lines)
            contenders = {
                name: _Contender(
                    on, write_paths(folder / f"{name}-{k}.paths", asked[k], line), len(asked[k])
                )
                for name, (on, line) in lines.items()
            }
            loads = _loads(contenders, scale)
            what = f"/api/v1/branches?bbox, {k} features"
            figures += _figures(what, size, loads, _RATE_GOALS, at_most(2), names)
            figures = _profiled(figures, contenders["mapsvc"])
        contenders = {
            "mapsvc": _Contender(
                ours, write_paths(folder / "near.paths", near, _nearest_path), len(near)
            ),
            _CONSTANT: _Contender(
                constant,
                write_paths(folder / "near-c.paths", near, lambda p: f"/nearest?{_nearest_path(p)}"),
                len(near),
            ),
        }
        loads = _loads(contenders, scale)
        goals = {_CONSTANT: at_least(0.5)}
        figures += _figures("/api/v1/nearest, 10 features", size, loads, goals, None, names)
        return _profiled(figures, contenders["mapsvc"])


def _loads(contenders: Mapping[str, _Contender], scale: Scale) -> dict[str, list[Load]]:
    for one in contenders.values():
        load(one.server.url, one.paths, 1)
    loads: dict[str, list[Load]] = {name: [] for name in contenders}
    for number in range(scale.rounds):
        names = list(contenders) if number % 2 == 0 else list(contenders)[::-1]
        for name in names:
            one = contenders[name]
            begin = number * one.count // scale.rounds
            got = load(one.server.url, one.paths, scale.seconds, begin=begin)
            if got.failed:
                raise ChildProcessError(f"{name}: {got.failed} requests failed")
            loads[name].append(got)
    return loads


def _figures(
    what: str,
    size: int,
    loads: Mapping[str, list[Load]],
    goals: Mapping[str, Goal],
    p99: Goal | None,
    names: Mapping[str, str],
) -> list[Figure]:
    def median(name: str, of: Callable[[Load], float]) -> float:
        return statistics.median(map(of, loads[name]))

    rates = {name: median(name, lambda got: got.rate) for name in loads}
    slowest = {name: median(name, lambda got: got.p99_ms) for name in loads}
    size_kb = median("mapsvc", lambda got: got.mean_bytes) / 1e3
    figures = []
    for name in loads:
        if name == "mapsvc":
            continue
        peer_kb = median(name, lambda got: got.mean_bytes) / 1e3
        note = f"answers of {size_kb:.1f} kB with headers; the peer's {peer_kb:.1f} kB"
        figures.append(
            Figure(what, size, rates["mapsvc"], "requests/s", names[name], rates[name],
                   goals.get(name), note)
        )  # fmt: skip
        goal = p99 if name == _CONSTANT else None
        figures.append(
            Figure(f"{what}, p99", size, slowest["mapsvc"], "ms", names[name], slowest[name], goal)
        )
    return figures


def _profiled(figures: list[Figure], ours: _Contender) -> list[Figure]:
    """The first of the figures that missed its goal and has no profile yet gets one."""
    for at, figure in enumerate(figures):
        if figure.met is False and not figure.profile:
            profile = spy(ours.server.pid, lambda: load(ours.server.url, ours.paths, 6))
            return [*figures[:at], replace(figure, profile=profile), *figures[at + 1 :]]
    return figures


def _box_path(box: Box, features: int) -> str:
    return f"/api/v1/branches?bbox={','.join(map(str, box))}&limit={features}"


def _nearest_path(place: tuple[float, float]) -> str:
    return f"/api/v1/nearest?lat={place[1]}&lon={place[0]}&limit=10"


def _save_median(path: Path, server: Server, asked: list[str]) -> None:
    bodies = sorted((server.get(one) for one in asked), key=len)
    path.write_bytes(bodies[len(bodies) // 2])


def _check_same(
    box: Box, features: int, lines: Mapping[str, tuple[Server, Callable[[Box], str]]]
) -> None:
    """All give the same branches, and as many as the box is meant to hold."""
    found = {}
    for name, (server, line) in lines.items():
        if name != _CONSTANT:
            found[name] = _ids(json.loads(server.get(line(box))))
    for name, ids in found.items():
        if len(ids) != features or ids != found["mapsvc"]:
            raise AssertionError(f"{name}: {len(ids)} of {features} branches in {box}")


def _ids(answer: dict[str, Any]) -> set[str]:
    if "rows" in answer:
        return {row["id"] for row in answer["rows"]}
    return {str(feature["id"]) for feature in answer["features"]}
