"""Importing a list: reading and checking a CSV beside csv.DictReader, and storing it in SQLite.

The peer reads the same file into a list of dicts and turns both coordinates into floats; it checks
nothing else. We read the file with all checks (encoding, headings, every cell, ids, banks,
positions and their datum, repeated rows) into rows. The best of interleaved rounds counts on both
sides. A whole import has three cases, each in a process of its own: into an empty store, a second
version in which every third branch has another telephone number and one in fifty another address,
and that version again.
"""

from __future__ import annotations

import csv
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

from bench import synthetic
from bench.figures import Figure, at_least, up_to
from bench.rounds import interleaved
from bench.scale import Scale
from mapsvc.lists import difference, read_list
from mapsvc.model import BranchList
from mapsvc.service.lists import import_list
from mapsvc.store import open_store

_MOST = 250_000
"""No list may have more rows."""

_Edit = Callable[[int, dict[str, str]], dict[str, str]]


def run(scale: Scale) -> list[Figure]:
    n = scale.upto(100_000)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        figures += _reading(Path(folder), n, scale.rounds)
    for size in sorted({n, min(_MOST, scale.largest)}):
        with tempfile.TemporaryDirectory() as folder:
            figures += _importing(Path(folder), size)
    return figures


def _reading(folder: Path, n: int, rounds: int) -> Iterator[Figure]:
    variants: dict[str, tuple[_Edit, int]] = {
        "read with ids and positions": (_with_id, csv.QUOTE_MINIMAL),
        "read without ids and positions": (_bare, csv.QUOTE_MINIMAL),
        "read with every cell quoted": (_with_id, csv.QUOTE_ALL),
        "read with one row in 1,000 wrong": (_partly_wrong, csv.QUOTE_MINIMAL),
    }
    for name, (edit, quoting) in variants.items():
        path = _written(folder / "list.csv", n, edit, quoting)
        contenders: dict[str, Callable[[], object]] = {
            "mapsvc": partial(read_list, path),
            "csv.DictReader": partial(_dicts, path),
        }
        best = {who: min(seconds) for who, seconds in interleaved(contenders, rounds).items()}
        rates = n / best["mapsvc"], n / best["csv.DictReader"]
        yield Figure(name, n, rates[0], "rows/s", "csv.DictReader", rates[1], at_least(0.5))


def _dicts(path: Path) -> list[dict[str, str]]:
    rows = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if "lon" in row:
                float(row["lon"]), float(row["lat"])
            rows.append(row)
    return rows


def _importing(folder: Path, n: int) -> Iterator[Figure]:
    """Whole imports, then the parts of the second."""
    url = f"sqlite:///{folder}/mapsvc.sqlite3"
    first = _written(folder / "first.csv", n, _same)
    second = _written(folder / "second.csv", n, _changed)
    for name, path in (("first", first), ("second", second), ("unchanged", second)):
        if name == "second":
            yield from _parts(url, path, n)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds, mebibytes = pool.apply(_import, (url, path))
        yield Figure(f"import, {name}", n, seconds, "s")
        if name == "second":
            goal = up_to(1_024) if n == _MOST else None
            yield Figure(f"import, {name}: most memory", n, mebibytes, "MiB", goal=goal)


def _import(url: str, path: Path) -> tuple[float, float]:
    """Seconds, and the most MiB of memory that the process had."""
    with closing(open_store(url)) as store:
        started = time.perf_counter()
        import_list(store, path, slug="bench")
        seconds = time.perf_counter() - started
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _parts(url: str, path: Path, n: int) -> Iterator[Figure]:
    """Each part of an import by itself; what they write is rolled back."""
    times = [time.perf_counter()]
    with closing(open_store(url)) as store:
        file = read_list(path)
        times.append(time.perf_counter())
        listed = store.branches("bench")
        times.append(time.perf_counter())
        compared = difference(file.rows, listed)
        times.append(time.perf_counter())
        with suppress(_RolledBack), store.write() as writer:
            writer.put_list(BranchList("bench", "bench"), compared.branches)
            times.append(time.perf_counter())
            raise _RolledBack
    parts = ("reading the file", "reading the stored list", "comparing", "storing")
    for part, started, ended in zip(parts, times, times[1:], strict=False):
        yield Figure(f"import, second: {part}", n, ended - started, "s")


class _RolledBack(Exception):
    pass


def _written(path: Path, n: int, edit: _Edit, quoting: int = csv.QUOTE_MINIMAL) -> Path:
    """The synthetic list file with ``edit`` put upon each row."""
    with (
        synthetic.csv_file(n).open(encoding="utf-8", newline="") as source,
        path.open("w", encoding="utf-8", newline="") as target,
    ):
        edited = (edit(number, row) for number, row in enumerate(csv.DictReader(source)))
        row = next(edited)
        writer = csv.DictWriter(target, list(row), quoting=quoting)  # type: ignore[arg-type]
        writer.writeheader()
        writer.writerow(row)
        writer.writerows(edited)
    return path


def _same(_: int, row: dict[str, str]) -> dict[str, str]:
    return row


def _with_id(number: int, row: dict[str, str]) -> dict[str, str]:
    return {"id": f"branch-{number}"} | row


def _bare(_: int, row: dict[str, str]) -> dict[str, str]:
    return {field: row[field] for field in row if field not in ("lon", "lat", "datum")}


def _partly_wrong(number: int, row: dict[str, str]) -> dict[str, str]:
    return row if number % 1_000 else row | {"address": ""}


def _changed(number: int, row: dict[str, str]) -> dict[str, str]:
    row = row if number % 3 else row | {"phone": "95588"}
    return row if number % 50 else row | {"address": f"{row['address']}附1号"}
