"""Where the time goes, for figures that miss their goal."""

from __future__ import annotations

import cProfile
import io
import pstats
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench.figures import Figure

_LINES = 12
_ROOT = Path(__file__).resolve().parents[1]


def profile_of(figure: Figure, work: Callable[[], object]) -> Figure:
    """The figure, with the top functions of ``work`` by own time if it missed its goal."""
    if figure.met is not False:
        return figure
    profile = cProfile.Profile()
    profile.runcall(work)
    output = io.StringIO()
    stats = pstats.Stats(profile, stream=output)
    total = sum(own for _, _, own, _, _ in stats.stats.values())  # type: ignore[attr-defined]
    rows = sorted(stats.stats.items(), key=lambda row: -row[1][2])  # type: ignore[attr-defined]
    lines = ["own time  calls  where"]
    for (path, line, name), (_, calls, own, _, _) in rows[:_LINES]:
        lines.append(f"{own / total:7.1%} {calls:7,}  {_place(path, line)}{name}")
    return replace(figure, profile="\n".join(lines))


def _place(path: str, line: int) -> str:
    if path == "~":
        return ""
    inside = Path(path)
    if inside.is_relative_to(_ROOT) and ".venv" not in inside.parts:
        return f"{inside.relative_to(_ROOT)}:{line} "
    return f"{'/'.join(inside.parts[-2:])}:{line} "
