"""A long load with imports, then an overload: ``python -m bench.soak --minutes 10``.

Everything happens on this machine: a server over synthetic branches in a temporary folder, on a
free port of loopback, and visitors with addresses of their own, as a proxy would forward them.

1. The rate that the server sustains is measured, for a mixture of what pages ask for.
2. Half of that rate goes on for the minutes given, with an import ten times. Only 200 may come
   back, and no process may grow: a line is fitted through its own memory (without mapped files)
   over the last two thirds of the time, and may rise by 5 % and 8 MB at most.
3. For 30 seconds ten times the rate that is sustained for costly requests is asked, by visitors
   and by one address that asks as much as all of them. Only 200, 429 and 503 may come back, and
   ``/healthz`` answers.
4. Within ten seconds the server answers as before: ten times in a row 200, each within 200 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import numpy as np

from bench.boxes import boxes, places
from bench.load import mixed, send
from bench.overload import VISITORS, overload, show, unexpected
from bench.servers import Server, mapsvc
from bench.synthetic import csv_file, store

CONNECTIONS = 16
OVERLOAD_S = 30.0
_IMPORTS = 10
IMPORTED = 2_000

_MAY_GROW, _MAY_GROW_MB = 0.05, 8.0
_WORDS = ("工商", "人民路", "支行", "农业银行", "bocom", "解放", "营业部")


def main(words: Sequence[str] | None = None) -> int:
    """Run all; returns 1 where something was not as it must be."""
    asked = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    asked.add_argument("--minutes", type=float, default=10.0)
    asked.add_argument("--branches", type=int, default=100_000)
    given = asked.parse_args(words)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{given.branches:,} branches, {os.cpu_count()} cores, load {load}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "data"
        shutil.copytree(store(given.branches), folder)
        # Without a proxy in front, the load itself names the visitors.
        with mapsvc(folder, RATE_LIMIT="600", PROXY_HOPS="1") as server:
            faults = asyncio.run(_soak(server, folder, given.branches, given.minutes * 60))
    for fault in faults:
        print(f"FAILED: {fault}")
    print("failed" if faults else "passed")
    return 1 if faults else 0


async def _soak(server: Server, folder: Path, n: int, seconds: float) -> list[str]:
    port = int(server.url.rpartition(":")[2])
    usual, costly = _usual(n), _costly(n)
    sustained = await _measured("sustained", port, usual)
    memory: list[tuple[float, dict[int, float]]] = []
    with _importing(folder, n, seconds / _IMPORTS) as imported, _sampling(server.pid, memory):
        request = mixed(usual, addresses=VISITORS, seed=2)
        tally = await send(
            port, request, seconds=seconds, connections=4 * CONNECTIONS, rate=sustained / 2
        )
    show(f"half of it, {len(imported)} imports", tally)
    faults = unexpected("the long load", tally, {"200"})
    faults += [f"an import ended with {code}" for code in imported if code]
    faults += _grown(memory)
    heavy = await _measured("costly requests, sustained", port, costly)
    return faults + await overload(port, costly, 10 * heavy, OVERLOAD_S)


def _usual(n: int) -> list[str]:
    """What pages and their maps ask for."""
    small = [f"/api/v1/branches?bbox={_joined(box)}&limit=100" for box in boxes(n, 20, 4_000)]
    large = [f"/api/v1/branches?bbox={_joined(box)}&limit=500" for box in boxes(n, 500, 500)]
    near = [f"/api/v1/nearest?lat={lat}&lon={lon}" for lon, lat in places(n, 4_000)]
    sought = [f"/api/v1/branches?q={quote(word)}&limit=20" for word in _WORDS]
    pages = ["/", "/?lang=en", "/embed", "/api/docs", "/healthz", "/static/manifest.json"]
    return small + large + near + 20 * sought + 20 * pages


def _costly(n: int) -> list[str]:
    """What takes longest: texts that are sought everywhere, and as much as one answer may hold."""
    sought = [f"/api/v1/branches?q={quote(word)}&limit=1000" for word in _WORDS]
    large = [f"/api/v1/branches?limit=1000&offset={offset}" for offset in range(0, n, 1_000)]
    return large + sought * max(1, len(large) // len(sought))


def _joined(box: Sequence[float]) -> str:
    return ",".join(map(str, box))


async def _measured(what: str, port: int, paths: Sequence[str]) -> float:
    request = mixed(paths, addresses=VISITORS, seed=1)
    await send(port, request, seconds=2, connections=CONNECTIONS)
    tally = await send(port, request, seconds=5, connections=CONNECTIONS)
    show(what, tally)
    return tally.rate


@contextmanager
def _beside(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Something that goes on in a thread until the block ends."""
    ended = threading.Event()
    thread = threading.Thread(target=work, args=(ended,))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def _importing(folder: Path, n: int, every_s: float) -> Iterator[list[int]]:
    """A list that is imported again and again with other telephone numbers; their exit codes."""
    codes: list[int] = []
    with csv_file(n).open(encoding="utf-8", newline="") as file:
        rows = list(itertools.islice(csv.DictReader(file), IMPORTED))
    variables = os.environ | {"MAPSVC_DATA_DIR": str(folder), "MAPSVC_OFFLINE": "1"}
    path = folder.parent / "soak.csv"
    command = [sys.executable, "-m", "mapsvc", "import", str(path), "--list", "soak"]

    def work(ended: threading.Event) -> None:
        # The first one comes at once: the memory that an import takes is there from then on.
        while not ended.wait(every_s if codes else 0):
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(row | {"phone": f"{len(codes):08d}"} for row in rows)
            done = subprocess.run(
                command, check=False, env=variables, capture_output=True, text=True
            )
            codes.append(done.returncode)
            if done.returncode:
                print(done.stderr, flush=True)

    with _beside(work):
        yield codes


@contextmanager
def _sampling(pid: int, memory: list[tuple[float, dict[int, float]]]) -> Iterator[None]:
    """The memory of a server's processes, every five seconds."""
    begun = time.perf_counter()

    def work(ended: threading.Event) -> None:
        while not ended.wait(5):
            now = time.perf_counter() - begun
            own = {child: _own_mb(child) for child in [pid, *_children(pid)]}
            memory.append((now, {child: mb for child, mb in own.items() if mb}))

    with _beside(work):
        yield


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [each for child in map(int, found) for each in (child, *_children(child))]


def _own_mb(pid: int) -> float:
    """What a process holds of its own in megabytes, mapped files left out; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1_000


def _grown(memory: Sequence[tuple[float, dict[int, float]]]) -> list[str]:
    """Show the memory of the processes that were there all the time; returns which ones grow."""
    faults = []
    late = [sample for sample in memory if sample[0] > memory[-1][0] / 3]
    for pid in sorted(set.intersection(*(set(own) for _, own in late))):
        times, held = zip(*((at, own[pid]) for at, own in late), strict=True)
        slope = float(np.polyfit(times, held, 1)[0])
        grown, mean = slope * (times[-1] - times[0]), float(np.mean(held))
        shown = " ".join(
            f"{own.get(pid, 0):.0f}" for _, own in memory[:: max(1, len(memory) // 20)]
        )
        print(f"memory of {pid} in MB: {shown}; {grown:+.1f} over the last two thirds", flush=True)
        if grown > _MAY_GROW * mean + _MAY_GROW_MB:
            faults.append(f"process {pid} grew by {grown:.0f} MB to {held[-1]:.0f} MB")
    return faults


if __name__ == "__main__":
    sys.exit(main())
