"""Loading a server with wrk: one thread, a few connections, another path for every request."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 16

_SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True, slots=True)
class Load:
    """What a load gave; times in milliseconds, sizes in bytes with headers."""

    rate: float
    """Requests a second."""
    p50_ms: float
    p99_ms: float
    max_ms: float
    mean_bytes: float
    failed: int
    """Answers that are no 2xx or 3xx, and connections that failed."""


def load(
    base: str, paths: Path, seconds: float, *, begin: int = 0, connections: int = CONNECTIONS
) -> Load:
    """Ask for the paths of a file, in turn, as fast as the server answers (a closed loop).

    Args:
        base: such as ``http://127.0.0.1:8000``.
        paths: a file with one path and query a line; after the last one comes the first one.
        seconds: for how long.
        begin: the line to begin with.
        connections: how many are kept open, each with one request at a time.
    """
    program = shutil.which("wrk")
    if program is None:
        raise FileNotFoundError("the benchmarks need wrk: run 'sh .ci/bench-packages'")
    command = [
        program, "--threads", "1", "--connections", str(connections),
        "--duration", f"{max(1, round(seconds))}s", "--timeout", "30s",
        "--script", str(_SCRIPT), base, "--", str(paths), str(begin),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True)
    got = json.loads(done.stdout.strip().splitlines()[-1])
    return Load(
        rate=got["requests"] / got["seconds"],
        p50_ms=got["p50"],
        p99_ms=got["p99"],
        max_ms=got["max"],
        mean_bytes=got["bytes"] / max(got["requests"], 1),
        failed=got["status"] + got["socket"],
    )
