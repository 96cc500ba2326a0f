"""Where the time goes, for figures that miss their goal."""

from __future__ import annotations

import cProfile
import io
import pstats
import subprocess
import sys
import tempfile
from collections import Counter
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


def spy(server: int, work: Callable[[], object], seconds: int = 4) -> str:
    """The functions of one worker of a server by own time, while ``work`` loads the server.

    Of threads that hold the interpreter: py-spy takes others, which sleep, for busy ones.
    """
    worker = _busiest_child(server)
    program = Path(sys.executable).with_name("py-spy")
    with tempfile.NamedTemporaryFile() as output:
        command: list[str | Path] = [
            program, "record", "--pid", str(worker), "--duration", str(seconds),
            "--rate", "500", "--gil", "--format", "raw", "--output", output.name,
        ]  # fmt: skip
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as recording:
            work()
            recording.wait(60)
        stacks = Path(output.name).read_text("utf-8").splitlines()
    own: Counter[str] = Counter()
    for line in stacks:
        frames, _, count = line.rpartition(" ")
        own[frames.rpartition(";")[2]] += int(count)
    total = sum(own.values()) or 1
    lines = ["own time  where (py-spy, one worker under load)"]
    for frame, samples in own.most_common(_LINES):
        name, _, where = frame.partition(" (")
        path, _, number = where.rstrip(")").rpartition(":")
        lines.append(f"{samples / total:7.1%}   {_place(path, number)}{name}")
    return "\n".join(lines)


def _busiest_child(pid: int) -> int:
    """Of a server's workers the one that has worked longest."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

    def ticks(child: str) -> int:
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    return int(max(children, key=ticks))


def _place(path: str, line: int | str) -> str:
    if path == "~":
        return ""
    inside = Path(path)
    if inside.is_relative_to(_ROOT) and ".venv" not in inside.parts:
        return f"{inside.relative_to(_ROOT)}:{line} "
    return f"{'/'.join(inside.parts[-2:])}:{line} "
