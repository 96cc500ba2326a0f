"""Run the benchmarks, or those that are named: ``python -m bench nearest --quick``."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench import results
from bench.figures import Figure
from bench.results import Result
from bench.scale import FULL, QUICK, Scale
from bench.tables import amount, number, put_into

BENCHMARKS = (
    *("nearest", "assign", "serving", "pages", "workers", "imports", "cache"),
    *("weight", "embeds", "lighthouse", "smooth"),
)
"""Modules of this package with ``run(scale) -> list[Figure]``, in the order of running."""

BUDGETS = frozenset({"weight", "embeds", "lighthouse"})
"""Of these, a goal that is missed fails the run: they do not depend on who else is at work."""

ROOT = Path(__file__).resolve().parents[1]
LATEST = ROOT / "build" / "bench" / "results.json"
"""The last full run of each benchmark."""
DOCS = ROOT / "docs"


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"out of: {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="few branches and rounds; not kept")
    parser.add_argument(
        "--write-docs", action="store_true", help="put the kept results into docs/benchmarks.*"
    )
    parser.add_argument("--no-run", action="store_true", help="only --write-docs")
    given = parser.parse_args(words)
    if unknown := set(given.names) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; {parser.prog} --help lists them")
    broken = []
    if not given.no_run:
        for name in given.names or BENCHMARKS:
            result = _run(name, QUICK if given.quick else FULL)
            if name in BUDGETS:
                broken += [figure.name for figure in result.figures if figure.met is False]
            if not given.quick:
                _keep(result)
    if given.write_docs:
        write_docs(results.read(LATEST))
    if broken:
        print(f"over budget: {'; '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


def write_docs(found: Sequence[Result]) -> None:
    """The JSON, the page and the drawings in docs/."""
    from bench.plot import draw_goals, draw_nearest  # noqa: PLC0415  # matplotlib starts slowly

    results.write(DOCS / "benchmarks.json", found)
    page = DOCS / "benchmarks.md"
    page.write_text(put_into(page.read_text("utf-8"), found), "utf-8")
    draw_goals(found, DOCS / "benchmarks-goals.svg")
    draw_nearest(found, DOCS / "benchmarks-nearest.svg")


def _run(name: str, scale: Scale) -> Result:
    before, begun, at = results.load(), time.perf_counter(), results.now()
    print(f"{name}: load {before} before, {results.machine()}", flush=True)
    figures = importlib.import_module(f"bench.{name}").run(scale)
    seconds = time.perf_counter() - begun
    for figure in figures:
        print(f"  {_line(figure)}")
    after = results.load()
    print(f"  {seconds:.0f} s, load {after} at the end", flush=True)
    return Result(name, at, round(seconds, 1), (before, after), results.machine(), tuple(figures))


def _line(figure: Figure) -> str:
    text = f"{figure.name}, {figure.n:,}: {amount(figure.value, figure.unit)}"
    if figure.peer_value is not None:
        text += f"; {figure.peer}: {amount(figure.peer_value, figure.unit)}"
    if figure.ratio is not None:
        text += f"; ratio {number(figure.ratio)}"
    if figure.goal is not None:
        kind = "1/ratio " if figure.goal.of == "inverse" else ""
        text += f"; goal {kind}{figure.goal}: {'met' if figure.met else 'MISSED'}"
    return text


def _keep(result: Result) -> None:
    kept = {known.benchmark: known for known in results.read(LATEST)} | {result.benchmark: result}
    results.write(LATEST, [kept[name] for name in BENCHMARKS if name in kept])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
