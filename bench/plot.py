"""The results as two drawings in SVG, the same bytes for the same results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

from bench.figures import Figure
from bench.results import Result

_STYLE: dict[str, Any] = {
    "svg.hashsalt": "mapsvc",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_MET, _MISSED = "#1b7f5c", "#b3401f"
_LINES = ("#1b7f5c", "#33508f", "#b3401f", "#8a6d1c", "#6b4a8e")


def draw_goals(results: Sequence[Result], path: Path) -> None:
    """How far beyond its goal each figure is: right of the line it is met."""
    bound = [figure for result in results for figure in result.figures if _margin(figure)]
    with mpl.rc_context(_STYLE):
        canvas = Canvas(figsize=(8.6, 0.8 + 0.3 * len(bound)), layout="constrained")
        axes = canvas.subplots()
        for row, figure in enumerate(reversed(bound)):
            margin = _margin(figure) or 1.0
            axes.barh(row, margin - 1, left=1, height=0.62,
                      color=_MET if figure.met else _MISSED)  # fmt: skip
        axes.set_yticks(range(len(bound)), [_label(figure) for figure in reversed(bound)])
        axes.axvline(1, color="black", linewidth=1)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}×")
        axes.set_xlabel("measured as a multiple of the goal, turned so that more is better")
        _save(canvas, path)


def draw_nearest(results: Sequence[Result], path: Path) -> None:
    """Microseconds for the nearest 10 over the number of branches, by contender."""
    figures = [
        figure
        for result in results
        for figure in result.figures
        if figure.name == "nearest 10" and figure.peer_value
    ]
    lines: dict[str, dict[int, float]] = {"mapsvc": {f.n: f.value for f in figures}}
    for figure in figures:
        lines.setdefault(figure.peer, {})[figure.n] = figure.peer_value or 0.0
    with mpl.rc_context(_STYLE):
        canvas = Canvas(figsize=(8.6, 3.8), layout="constrained")
        axes = canvas.subplots()
        for (name, line), color in zip(lines.items(), _LINES, strict=False):
            width = 2.2 if name == "mapsvc" else 1.2
            axes.plot(list(line), list(line.values()), color=color, marker="o", markersize=4,
                      linewidth=width, label=name)  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.set_yticks([20, 50, 100, 200, 500, 1_000], minor=False)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_formatter(lambda _, __: "")
        axes.set_xlabel("branches")
        axes.set_ylabel("µs for the nearest 10")
        axes.legend(frameon=False)
        _save(canvas, path)


def _margin(figure: Figure) -> float | None:
    """Measured over goal, or goal over measured where less is better; None where that is 0."""
    if figure.goal is None or not figure.held or not figure.goal.bound:
        return None
    margin = figure.held / figure.goal.bound
    return margin if figure.goal.sense == "≥" else 1 / margin


def _label(figure: Figure) -> str:
    peer = f" / {figure.peer.split(',')[0]}" if figure.peer else ""
    return f"{figure.name}{peer} ({figure.n:,})"


def _save(canvas: Canvas, path: Path) -> None:
    canvas.savefig(path, format="svg", metadata={"Date": None, "Creator": None},
                   facecolor="white")  # fmt: skip
    lines = path.read_text("utf-8").splitlines()
    path.write_text("".join(f"{line.rstrip()}\n" for line in lines), "utf-8")
