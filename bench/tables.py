"""Results as Markdown: what stands between the markers of docs/benchmarks.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.figures import Figure
from bench.results import Result

BEGIN, END = "<!-- figures begin -->", "<!-- figures end -->"
_NONE = "—"
_MET = {True: "met", False: "**missed**", None: ""}


def put_into(page: str, results: Sequence[Result]) -> str:
    """The page with these results between its markers."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{rendered(results)}\n{END}{after}"


def rendered(results: Sequence[Result]) -> str:
    """A table of all goals, and a section for each benchmark."""
    return "\n".join([*_goals(results), *(line for result in results for line in _section(result))])


def _goals(results: Sequence[Result]) -> Iterator[str]:
    bound = [figure for result in results for figure in result.figures if figure.goal]
    met = sum(figure.met is True for figure in bound)
    yield f"### Goals: {met} of {len(bound)} met"
    yield ""
    yield "| what | n | beside | goal | measured | |"
    yield "|---|--:|---|--:|--:|---|"
    for figure in bound:
        assert figure.goal is not None
        if figure.goal.of == "value":
            held = amount(figure.value, figure.unit)
            goal = f"{figure.goal} {figure.unit}"
        else:
            held = _NONE if figure.held is None else f"{number(figure.held)}×"
            goal = {"ratio": "", "inverse": "faster "}[figure.goal.of] + str(figure.goal)
        peer = figure.peer or _NONE
        cells = (figure.name, f"{figure.n:,}", peer, goal, held, _MET[figure.met])
        yield f"| {' | '.join(cells)} |"
    yield ""


def _section(result: Result) -> Iterator[str]:
    yield f"### {result.benchmark}"
    yield ""
    yield " ".join(_about(result.benchmark).replace("``", "`").split())
    yield ""
    before, after = result.load
    yield (
        f"Measured {result.measured_at} UTC in {result.seconds:.0f} s; load {before} before,"
        f" {after} at the end. {result.machine}."
    )
    yield ""
    yield "| what | n | mapsvc | beside | there | ratio | goal | |"
    yield "|---|--:|--:|---|--:|--:|--:|---|"
    notes: list[str] = []
    for figure in result.figures:
        yield _row(figure, notes)
    yield ""
    for mark, note in enumerate(notes, 1):
        yield f"{mark}. {note}"
    if notes:
        yield ""
    for figure in result.figures:
        if figure.profile:
            yield f"Where the time goes in *{figure.name}*, {figure.n:,} branches:"
            yield ""
            yield f"```text\n{figure.profile}\n```"
            yield ""


def _row(figure: Figure, notes: list[str]) -> str:
    mark = ""
    if figure.note:
        if figure.note not in notes:
            notes.append(figure.note)
        mark = f" <sup>{notes.index(figure.note) + 1}</sup>"
    there = _NONE if figure.peer_value is None else amount(figure.peer_value, figure.unit)
    ratio = _NONE if figure.ratio is None else number(figure.ratio)
    goal = _NONE
    if figure.goal is not None:
        goal = f"1/ratio {figure.goal}" if figure.goal.of == "inverse" else str(figure.goal)
    cells = (
        figure.name + mark, f"{figure.n:,}", amount(figure.value, figure.unit),
        figure.peer or _NONE, there, ratio, goal, _MET[figure.met],
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def amount(value: float, unit: str) -> str:
    """A value with its unit."""
    return f"{number(value)} {unit}"


def number(value: float) -> str:
    """Three digits, thousands parted; whole where it is large.

    >>> number(12345.6), number(1.2345), number(0.01234), number(0), number(250)
    ('12,300', '1.23', '0.0123', '0', '250')
    """
    rounded = float(f"{value:.3g}")
    if abs(rounded) >= 100:
        return f"{rounded:,.0f}"
    text = f"{rounded:.10f}"
    return re.sub(r"\.?0+$", "", text)


def _about(benchmark: str) -> str:
    """What is measured and how: the module's docstring; read, for its peers may be missing."""
    source = Path(__file__).with_name(f"{benchmark}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or ""
