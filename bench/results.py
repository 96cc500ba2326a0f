"""Figures as JSON: those of each benchmark's last full run, with the machine and its load."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.figures import Figure, Goal


@dataclass(frozen=True, slots=True)
class Result:
    """What one run of one benchmark gave."""

    benchmark: str
    measured_at: str
    """In UTC, to the minute."""
    seconds: float
    """How long the run took."""
    load: tuple[float, float]
    """The mean number of running processes in the minute before the run, and in its last one,
    the run's own among them."""
    machine: str
    figures: tuple[Figure, ...] = field(default_factory=tuple)


def machine() -> str:
    """The processor, cores, memory, kernel and Python."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = " ".join(line.partition(":")[2].split())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GB memory, {system},"
        f" Python {platform.python_version()}"
    )


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M")


def load() -> float:
    return round(os.getloadavg()[0], 1)


def write(path: Path, results: Sequence[Result]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = [asdict(result) for result in results]
    for result in content:
        for figure in result["figures"]:
            for name in ("value", "peer_value"):
                figure[name] = _rounded(figure[name])
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> list[Result]:
    """What `write` wrote; nothing where there is no such file."""
    if not path.exists():
        return []
    return [_to_result(raw) for raw in json.loads(path.read_text(encoding="utf-8"))]


def _to_result(raw: dict[str, Any]) -> Result:
    figures = tuple(
        Figure(**{**figure, "goal": Goal(**figure["goal"]) if figure["goal"] else None})
        for figure in raw["figures"]
    )
    return Result(**{**raw, "load": tuple(raw["load"]), "figures": figures})


def _rounded(value: float | None) -> float | None:
    """To six digits: more are noise."""
    return None if value is None else float(f"{value:.6g}")
