"""Workbooks (XLSX, and XLS and ODS which the same parser reads), parsed in a child process."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import IO, Any

from mapsvc.errors import ListFileError, shown
from mapsvc.lists.rows import Limits, ListFormat, Notes
from mapsvc.lists.table import Record

_CHILD = Path(__file__).with_name("xlsx_child.py")
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "RUST_BACKTRACE": "0"}
"""All that the child gets to see: no settings, no keys, no search paths."""

_SHOWN_SHEETS = 5


@dataclass(frozen=True, slots=True)
class Sheet:
    """The first visible sheet of a workbook that holds anything."""

    format: ListFormat
    records: list[Record]


def read_workbook(data: bytes, *, limits: Limits, notes: Notes) -> Sheet:
    """Read the first visible sheet that is not empty; a note names the others.

    A number comes as its shortest text (57488888888, not 57488888888.0), a date or time in ISO
    8601's order, a truth value as TRUE or FALSE, an error cell as its name (#N/A).

    Raises:
        ListFileError: damaged, encrypted, no workbook, or over the limits of size, memory or time.
    """
    with tempfile.TemporaryFile() as source:
        source.write(data)
        source.seek(0)
        lines = _child_lines(source, limits)
        head = next(lines)
        _note_sheets(head, notes)
        return Sheet(
            head["format"], [_without_nul(number, cells, notes) for number, cells in lines]
        )


def _without_nul(number: int, cells: list[str], notes: Notes) -> Record:
    if any("\0" in cell for cell in cells):
        notes.add("NUL is kept as ␀", number, "a NUL character is kept as ␀")
        cells = [cell.replace("\0", "␀") for cell in cells]
    return number, cells


def _note_sheets(head: dict[str, Any], notes: Notes) -> None:
    for kind, names in (("other sheets", head["others"]), ("hidden sheets", head["hidden"])):
        if names:
            some = ", ".join(map(shown, names[:_SHOWN_SHEETS]))
            more = ", …" if len(names) > _SHOWN_SHEETS else ""
            read = f"only the sheet {shown(head['sheet'])} was read"
            notes.add(kind, None, f"{read}; {kind} left out: {some}{more}")


def _child_lines(source: IO[bytes], limits: Limits) -> Iterator[Any]:
    arguments = (
        limits.memory_bytes,
        max(1, round(limits.seconds)),
        limits.rows + 100,  # titles, headings and remarks are no branches
        limits.unpacked_bytes,
        limits.unpacked_ratio,
        limits.cell_chars,
    )
    command = [sys.executable, "-I", str(_CHILD), *map(str, arguments)]
    with subprocess.Popen(  # noqa: S603 - our own interpreter and script
        command,
        stdin=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_ENVIRONMENT,
        cwd="/",
    ) as child:
        timer = Timer(limits.seconds, child.kill)
        timer.start()
        try:
            for line in child.stdout or ():
                value = _parsed(line)
                if isinstance(value, dict) and "end" in value:
                    return
                if isinstance(value, dict) and "error" in value:
                    raise ListFileError(value["error"])
                if value is None:
                    break
                yield value
            child.wait()
        finally:
            timer.cancel()
            with suppress(ProcessLookupError):
                child.kill()
    raise ListFileError(
        f"reading the workbook was stopped: it needs more than {limits.seconds:g} seconds or "
        f"{limits.memory_bytes / 2**20:,.0f} MiB, or is damaged; delete empty rows, columns and "
        "pictures and save it again, or save it as CSV"
    )


def _parsed(line: bytes) -> Any:
    """One line of the child's answer; None where it was cut off in the middle."""
    try:
        return json.loads(line)
    except ValueError:
        return None
