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
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from bench import serving_peers as peers
from bench.boxes import Box, boxes, places
from bench.counties import BUILD
from bench.figures import Figure, Goal, at_least, at_most
from bench.profiles import spy
from bench.scale import Scale
from bench.servers import Server, mapsvc, ready
from bench.wrk import Load, load
from tests.postgres import cluster

BRANCHES = 100_000
FEATURES = (20, 500)

_DISTINCT = {20: 100_000, 500: 20_000}
_GOALS = {"constant": at_least(0.7), "Datasette": at_least(5), "pygeoapi": at_least(25)}

T = TypeVar("T")


Line = Callable[[Box, int], str]
"""The path that asks for a box with so many branches in it."""
Loaded = Mapping[str, tuple[Server, Path]]
"""Whom to load with the paths of which file."""


@dataclass(frozen=True, slots=True)
class _Contender:
    name: str
    """With its version."""
    server: Server
    line: Line

    def line_of(self, k: int) -> Callable[[Box], str]:
        """The path that asks for a box with ``k`` branches in it."""
        return lambda box: self.line(box, k)


def run(scale: Scale) -> list[Figure]:
    """Requests a second and p99 at 100,000 branches."""
    size = scale.upto(BRANCHES)
    counts = dict.fromkeys(FEATURES, 1_000) if scale.quick else _DISTINCT
    asked = {k: boxes(size, k, counts[k]) for k in FEATURES}
    near = places(size, counts[20])
    figures: list[Figure] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=BUILD)))
        shutil.copytree(ready(size), folder / "data")
        ours = stack.enter_context(mapsvc(folder / "data", "/api/v1/branches?limit=1"))
        bodies = folder / "bodies"
        bodies.mkdir()
        for k in FEATURES:
            _save_median(bodies / f"body-{k}", ours, [_box(box, k) for box in asked[k][:99]])
        _save_median(bodies / "nearest", ours, [_nearest(place) for place in near[:99]])
        contenders = _contenders(ours, bodies, size, folder, stack)
        names = {key: one.name for key, one in contenders.items()}
        for k in FEATURES:
            for box in asked[k][:5]:
                _check_same(box, k, contenders)
            loaded = {
                key: (one.server, _write(folder / f"{key}-{k}", asked[k], one.line_of(k)))
                for key, one in contenders.items()
            }
            loads = _loads(loaded, counts[k], scale)
            got = _figures(f"/api/v1/branches in a box, {k} features", size, loads, names)
            figures += _profiled([_with_goal(figure, names, _GOALS) for figure in got], loaded)
        constant = contenders["constant"].server
        loaded = {
            "mapsvc": (ours, _write(folder / "near", near, _nearest)),
            "constant": (
                constant,
                _write(folder / "constant", near, lambda place: f"/nearest?{_nearest(place)}"),
            ),
        }
        loads = _loads(loaded, counts[20], scale)
        got = _figures("/api/v1/nearest, 10 features", size, loads, names)
        goals = {"constant": at_least(0.5)}
        return figures + _profiled([_with_goal(figure, names, goals) for figure in got], loaded)


def _contenders(
    ours: Server, bodies: Path, size: int, folder: Path, stack: ExitStack
) -> dict[str, _Contender]:
    postgresql = stack.enter_context(cluster(shared_buffers="512MB", jit="off"))
    return {
        "mapsvc": _Contender("mapsvc", ours, _box),
        "constant": _Contender(
            f"Flask {metadata.version('flask')}, constant body",
            stack.enter_context(peers.constant(bodies)),
            lambda box, k: f"/body-{k}?{_box(box, k)}",
        ),
        "Datasette": _Contender(
            f"Datasette {peers.version('datasette')}",
            stack.enter_context(peers.datasette(size, folder)),
            peers.datasette_path,
        ),
        "pygeoapi": _Contender(
            f"pygeoapi {peers.version('pygeoapi')} on PostgreSQL",
            stack.enter_context(peers.pygeoapi(size, folder, postgresql)),
            peers.pygeoapi_path,
        ),
    }


def _loads(loaded: Loaded, count: int, scale: Scale) -> dict[str, list[Load]]:
    for server, paths in loaded.values():
        load(server.url, paths, 1)
    loads: dict[str, list[Load]] = {name: [] for name in loaded}
    for number in range(scale.rounds):
        names = list(loaded) if number % 2 == 0 else list(loaded)[::-1]
        for name in names:
            server, paths = loaded[name]
            got = load(server.url, paths, scale.seconds, begin=number * count // scale.rounds)
            if got.failed:
                raise ChildProcessError(f"{name}: {got.failed} requests failed")
            loads[name].append(got)
    return loads


def _figures(
    what: str, size: int, loads: Mapping[str, list[Load]], names: Mapping[str, str]
) -> list[Figure]:
    def median(name: str, of: Callable[[Load], float]) -> float:
        return statistics.median(map(of, loads[name]))

    def rate(name: str) -> float:
        return median(name, lambda got: got.rate)

    def slowest(name: str) -> float:
        return median(name, lambda got: got.p99_ms)

    def kilobytes(name: str) -> str:
        return f"{median(name, lambda got: got.mean_bytes) / 1e3:.1f} kB"

    ours, figures = rate("mapsvc"), []
    for name in list(loads)[1:]:
        note = f"answers of {kilobytes('mapsvc')} with headers, the peer's {kilobytes(name)}"
        peer, p99 = names[name], slowest(name)
        figures += [
            Figure(what, size, ours, "requests/s", peer, rate(name), note=note),
            Figure(f"{what}, p99", size, slowest("mapsvc"), "ms", peer, p99),
        ]
    return figures


def _with_goal(figure: Figure, names: Mapping[str, str], goals: Mapping[str, Goal]) -> Figure:
    """Rates have a goal for each peer; p99 one for boxes, beside the constant."""
    (key,) = (key for key, name in names.items() if name == figure.peer)
    if figure.unit == "requests/s":
        return replace(figure, goal=goals.get(key))
    return replace(
        figure, goal=at_most(2) if key == "constant" and "in a box" in figure.name else None
    )


def _profiled(figures: list[Figure], loaded: Loaded) -> list[Figure]:
    """The first of the figures that missed its goal gets a profile, which is that of all."""
    for at, figure in enumerate(figures):
        if figure.met is False:
            server, paths = loaded["mapsvc"]
            profile = spy(server.pid, partial(load, server.url, paths, 6))
            return [*figures[:at], replace(figure, profile=profile), *figures[at + 1 :]]
    return figures


def _box(box: Box, k: int) -> str:
    return f"/api/v1/branches?bbox={','.join(map(str, box))}&limit={k}"


def _nearest(place: tuple[float, float]) -> str:
    return f"/api/v1/nearest?lat={place[1]}&lon={place[0]}&limit=10"


def _write(path: Path, asked: Sequence[T], line: Callable[[T], str]) -> Path:
    """One path a line, for `bench.wrk.load`."""
    path.write_text("".join(f"{line(one)}\n" for one in asked))
    return path


def _save_median(path: Path, server: Server, asked: list[str]) -> None:
    bodies = sorted((server.get(one) for one in asked), key=len)
    path.write_bytes(bodies[len(bodies) // 2])


def _check_same(box: Box, k: int, contenders: Mapping[str, _Contender]) -> None:
    """All give the same branches, and as many as the box is meant to hold."""
    found = {
        key: _ids(json.loads(one.server.get(one.line(box, k))))
        for key, one in contenders.items()
        if key != "constant"
    }
    for key, ids in found.items():
        if len(ids) != k or ids != found["mapsvc"]:
            raise AssertionError(f"{key}: {len(ids)} of {k} branches in {box}")


def _ids(answer: dict[str, Any]) -> set[str]:
    if "rows" in answer:
        return {row["id"] for row in answer["rows"]}
    return {str(feature["id"]) for feature in answer["features"]}
