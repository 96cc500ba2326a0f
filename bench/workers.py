"""What a server costs: its memory, its start, and the time until an import shows.

``mapsvc run`` with two workers over SQLite. Memory is read from the kernel after both workers
have answered boxes, the nearest and clusters: RSS counts every page that a process has in its
memory, PSS divides those that processes share, as the workers share the mapped snapshot. A start
ends with the first good answer to a question about branches: once with nothing but the store, and
again with the snapshot that the first one left on disk. An import shows when the API gives a
changed branch: counted from the end of the transaction that changed one row of so many, asked
every 10 ms; the slowest of these requests is given beside it.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench.boxes import boxes, places
from bench.counties import BUILD
from bench.figures import Figure, up_to
from bench.profiles import profile_of
from bench.scale import Scale
from bench.servers import Server, mapsvc, ready
from bench.synthetic import LIST, branches, store
from mapsvc.snapshot import Keeper
from mapsvc.store import open_store

READY = "/api/v1/branches?limit=1"
CHANGED = (15, 10_000, 100_000)

_EVERY_S = 0.01
_GIVE_UP_S = 120.0


def run(scale: Scale) -> list[Figure]:
    """Gigabytes and seconds at the largest size, seconds until a change shows at three sizes."""
    return [
        *_cost(scale.largest, is_full=scale.largest >= 1_000_000),
        *(_change(n) for n in CHANGED if n in scale.sizes),
    ]


def _cost(n: int, *, is_full: bool) -> list[Figure]:
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        data = Path(folder) / "data"
        shutil.copytree(store(n), data)
        with mapsvc(data, READY) as server:
            first, busy = server.seconds, _busy_s(server.pid)
        with mapsvc(data, READY) as server:
            again, less_busy = server.seconds, _busy_s(server.pid)
            _exercise(server, n)
            workers = [_memory(pid) for pid in _workers(server.pid)]
            whole = _memory(server.pid)
        start = up_to(30) if is_full else None
        cold = Figure("start without a snapshot on disk", n, first, "s", goal=start,
                      note=f"{busy:.1f} s of processor time in the main process")  # fmt: skip
        cold = profile_of(cold, partial(_keep, data, Path(folder) / "anew"))
    shared = f"the workers' PSS: {_listed([pss for _, pss in workers])} GB"
    return [
        Figure("memory of a worker, RSS", n, max(rss for rss, _ in workers), "GB",
               goal=up_to(1.5) if is_full else None, note=shared),
        Figure("memory of the keeper process, RSS", n, whole[0], "GB",
               note=f"PSS {whole[1]:.2f} GB; it writes the snapshot when the revision changes"),
        Figure("memory of all processes, PSS", n, whole[1] + sum(pss for _, pss in workers), "GB"),
        cold,
        Figure("start with a snapshot on disk", n, again, "s", goal=start,
               note=f"{less_busy:.1f} s of processor time in the main process"),
    ]  # fmt: skip


def _exercise(server: Server, n: int) -> None:
    """What visitors ask, often enough that both workers have done all of it."""
    near = places(n, 200)
    for box, (lon, lat) in zip(boxes(n, min(20, n - 1), 200), near, strict=True):
        west, south, east, north = box
        server.get(f"/api/v1/branches?bbox={west},{south},{east},{north}&limit=100")
        server.get(f"/api/v1/nearest?lat={lat}&lon={lon}&limit=10")
        server.get(f"/api/v1/clusters?bbox={west},{south},{east},{north}&zoom=9")
        server.get(f"/api/v1/locate?lat={box[1] / 2 + box[3] / 2}&lon={box[0] / 2 + box[2] / 2}")
    for _ in range(6):
        server.get("/")


def _workers(pid: int) -> list[int]:
    """The processes that serve: all that the main one started, but Python's own bookkeeper."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [
        int(child)
        for child in children
        if "resource_tracker" not in Path(f"/proc/{child}/cmdline").read_text()
    ]


def _busy_s(pid: int) -> float:
    """The processor time of a process until now, its children left out."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> tuple[float, float]:
    """RSS and PSS of a process in gigabytes (10⁹ bytes)."""
    kilobytes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        kilobytes[name] = int(rest.split()[0])
    return kilobytes["Rss"] * 1024 / 1e9, kilobytes["Pss"] * 1024 / 1e9


def _change(n: int, times: int = 5) -> Figure:
    shown, slowest = [], 0.0
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        data = Path(folder) / "data"
        shutil.copytree(ready(n), data)
        listed = [branch for branch, _ in branches(n)]
        with mapsvc(data, READY) as server:
            opened = open_store(f"sqlite:///{data / 'mapsvc.sqlite3'}")
            for number in range(times):
                phone = f"0574-{number:08d}"
                listed[-1] = replace(listed[-1], phone=phone)
                with opened.write() as writer:
                    writer.put_list(LIST, listed)
                seconds, longest = _until_shown(server, listed[-1].id, phone)
                shown.append(seconds)
                slowest = max(slowest, longest)
        figure = Figure(
            "changed row shows after", n, max(shown), "s", goal=up_to(2.0),
            note=f"the longest of {times}, median {statistics.median(shown):.2f} s; "
            f"the slowest request meanwhile {slowest * 1e3:.0f} ms",
        )  # fmt: skip
        with opened.write() as writer:
            writer.put_list(LIST, [replace(listed[0], phone="1"), *listed[1:]])
        opened.close()
        return profile_of(figure, partial(_keep, data, data / "snapshots"))


def _keep(data: Path, snapshots: Path) -> None:
    """What the main process does at a start, or when the revision has changed."""
    opened = open_store(f"sqlite:///{data / 'mapsvc.sqlite3'}")
    Keeper(opened, snapshots).refresh()
    opened.close()


def _until_shown(server: Server, branch: str, phone: str) -> tuple[float, float]:
    """Seconds until five answers in a row have the change, of whichever worker; the slowest."""
    begun = time.perf_counter()
    since, slowest, shown = begun, 0.0, 0
    while shown < 5:
        asked = time.perf_counter()
        feature = json.loads(server.get(f"/api/v1/branches/{branch}"))
        slowest = max(slowest, time.perf_counter() - asked)
        if feature["properties"]["phone"] == phone:
            shown += 1
        else:
            shown, since = 0, time.perf_counter()
        if time.perf_counter() - begun > _GIVE_UP_S:
            break
        time.sleep(_EVERY_S)
    return since - begun, slowest


def _listed(gigabytes: list[float]) -> str:
    return ", ".join(f"{one:.2f}" for one in gigabytes)
