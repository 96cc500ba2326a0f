"""Reads one workbook from standard input and writes its rows as JSON lines: run as a process.

The parser is compiled code fed with strangers' files. It runs in a process of its own with limits
on memory and processor time, so that a hostile workbook ends this process and nothing else. Only
the standard library and python-calamine are imported.

Arguments: memory in bytes, seconds, most rows, most unpacked bytes, most unpacked ratio, most
characters in a cell. Output, one JSON value a line: an object ``{"format", "sheet", "others"}``,
then ``[row number, [text, …]]`` for every row that is not blank, and last ``{"end": true}``; or
``{"error": text}`` instead of the rest.
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple, NoReturn, TextIO

_CELL = re.compile(rb'<(?:\w+:)?c\s(?:[^<>]*?\s)?r="([A-Z]{1,3})(\d{1,7})"[^<>]*(?<!/)>\s*<')
_ERROR_TYPE = re.compile(rb'\bt="e"')
_CHUNK = 1 << 20
_BYTES_PER_CELL = 128
"""The parser keeps two dense copies of the used area at 32 bytes a cell; with room to breathe."""
_MANY_PARTS = 10_000
_SMALL = 10 * 2**20


def main(arguments: list[str], output: TextIO) -> int:
    memory, seconds, rows, unpacked, ratio, cell_chars = (int(a) for a in arguments)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        data = sys.stdin.buffer.read()
        kind = "xls"
        if data.startswith(b"PK"):
            kind = _check_zip(data, unpacked, ratio)
        errors = _scan(data, memory // _BYTES_PER_CELL) if kind == "xlsx" else {}
        output.writelines(
            json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"
            for line in _read(data, kind, errors, _Most(rows, cell_chars, unpacked))
        )
        output.write('{"end":true}\n')
    except _Refused as refused:
        output.write(json.dumps({"error": str(refused)}) + "\n")
    except MemoryError:
        output.write(json.dumps({"error": f"reading it needs more than {memory:,} bytes"}) + "\n")
    output.flush()
    return 0


class _Refused(Exception):
    """The workbook is not read, for the reason given."""


def _refuse(reason: str) -> NoReturn:
    raise _Refused(reason)


def _check_zip(data: bytes, unpacked: int, ratio: int) -> str:
    """The workbook's kind, after weighing its parts; raises `_Refused`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            names = set(archive.namelist())
            total = sum(part.file_size for part in parts)
            packed = sum(part.compress_size for part in parts)
            mimetype = archive.read("mimetype")[:100] if "mimetype" in names else b""
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        _refuse(f"the workbook is damaged or cut off ({error})")
    if len(parts) > _MANY_PARTS:
        _refuse(f"the workbook has {len(parts):,} parts; at most {_MANY_PARTS:,}")
    if total > unpacked:
        _refuse(f"the workbook unpacks to {total:,} bytes; at most {unpacked:,}")
    if total > _SMALL and total > ratio * packed:
        _refuse(f"the workbook unpacks to {total // max(packed, 1):,} times its size: a zip bomb")
    if any(part.flag_bits & 1 for part in parts):
        _refuse("the workbook is encrypted with a password; save a copy without one")
    if mimetype.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        return "ods"
    if any(name.startswith("word/") for name in names):
        _refuse("this is a Word document; copy its table into a spreadsheet")
    if any(name.startswith("ppt/") for name in names):
        _refuse("this is a presentation, not a workbook")
    if not any(name.lower().startswith("xl/workbook.") for name in names):
        _refuse("this is a zip archive, but no workbook")
    return "xlsx"


class _Most(NamedTuple):
    """How much may be given back."""

    rows: int
    cell_chars: int
    all_chars: int


_ErrorCells = dict[int, dict[int, list[tuple[int, str]]]]
"""Sheet (from 0), row (from 1), then column (from 0) and the error's name."""


def _read(data: bytes, kind: str, errors: _ErrorCells, most: _Most) -> Iterator[Any]:
    from python_calamine import (  # noqa: PLC0415 - after the limits are set
        CalamineError,
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible
        ]
        hidden = [n for n in workbook.sheet_names if n not in names]
        sheet = next(
            (s for s in map(workbook.get_sheet_by_name, names) if s.start is not None), None
        )
    except PasswordError:
        _refuse("the workbook is encrypted with a password; save a copy without one")
    except (CalamineError, OSError) as error:
        _refuse(f"the workbook cannot be read: {error}")
    if sheet is None or sheet.start is None:
        _refuse("the workbook has no visible sheet with anything in it")
    others = [name for name in names if name != sheet.name]
    yield {"format": kind, "sheet": sheet.name, "others": others, "hidden": hidden}
    left = sheet.start[1]
    wrong = errors.get(workbook.sheet_names.index(sheet.name), {})
    count = chars = 0
    for number, values in enumerate(sheet.iter_rows(), start=1):
        cells = [v if type(v) is str else _text(v) for v in values]
        if number in wrong:
            for column, name in wrong[number]:
                if 0 <= column - left < len(cells):
                    cells[column - left] = name
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        count += 1
        chars += sum(map(len, cells))
        if count > most.rows:
            _refuse(f"the sheet has more than {most.rows:,} rows")
        if any(len(cell) > most.cell_chars for cell in cells):
            _refuse(f"row {number}: a cell has more than {most.cell_chars:,} characters")
        if chars > most.all_chars:
            _refuse(f"the sheet holds more than {most.all_chars:,} characters")
        yield [number, cells]


def _text(value: object) -> str:
    """A cell as a person reads it: whole numbers without a point, times in ISO 8601 order."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(value, time):
        return value.isoformat("minutes" if not value.second else "auto")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")
    return value.isoformat() if isinstance(value, date) else str(value)


def _scan(data: bytes, most_cells: int) -> _ErrorCells:
    """Look through an XLSX's sheets before they are parsed.

    The parser allocates the whole rectangle between the first and the last used cell and aborts
    where it cannot; and it gives error cells (#N/A) as empty. So the first is refused here, and
    the second found.
    """
    errors: _ErrorCells = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for position, part in enumerate(_sheet_parts(archive)):
            columns: set[bytes] = set()
            top, bottom = 1 << 30, 0
            for chunk in _chunks(archive, part):
                for match in _CELL.finditer(chunk):
                    column, row = match[1], int(match[2])
                    columns.add(column)
                    top, bottom = min(top, row), max(bottom, row)
                    if _ERROR_TYPE.search(match[0]):
                        found = errors.setdefault(position, {}).setdefault(row, [])
                        found.append((_number(column), _error_name(chunk, match.end())))
            if columns:
                places = [_number(column) for column in columns]
                cells = (max(places) - min(places) + 1) * (bottom - top + 1)
                if cells > most_cells:
                    last = max(columns, key=_number).decode()
                    _refuse(
                        f"its used area reaches to column {last} and row {bottom:,}, {cells:,} "
                        f"cells, and at most {most_cells:,} can be read: a lone cell lies far from "
                        "the others; delete the rows and columns between and save again"
                    )
    return errors


def _sheet_parts(archive: zipfile.ZipFile) -> list[str]:
    """The sheets' parts in the workbook's order (ECMA-376 part 1, 18.2.19 and 9.3)."""
    names = {name.lower(): name for name in archive.namelist()}
    try:
        book = archive.read(names["xl/workbook.xml"])
        relations = archive.read(names["xl/_rels/workbook.xml.rels"])
    except KeyError:
        return []  # the parser says what is missing
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        _refuse(f"the workbook is damaged or cut off ({error})")
    targets = {}
    for tag in re.findall(rb"<(?:\w+:)?Relationship\s[^>]*>", relations):
        name, target = re.search(rb'\bId="([^"]*)"', tag), re.search(rb'\bTarget="([^"]*)"', tag)
        if name and target:
            path = target[1].decode("utf-8", "replace")
            full = path.lstrip("/") if path.startswith("/") else f"xl/{path}"
            targets[name[1]] = names.get(full.lower(), "")
    ids = re.findall(rb'<(?:\w+:)?sheet\s[^>]*?\b\w+:id="([^"]*)"', book)
    return [targets.get(name, "") for name in ids]


def _chunks(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """A sheet's text in pieces that end behind a cell."""
    if not part:
        return
    try:
        with archive.open(part) as file:
            rest = b""
            while piece := file.read(_CHUNK):
                text = rest + piece
                cut = text.rfind(b"c>") + 2
                if cut < len(text) - _CHUNK:  # no cell ends here: nothing to keep together
                    cut = len(text)
                yield text[:cut]
                rest = text[cut:]
            yield rest
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        _refuse(f"the workbook is damaged or cut off ({error})")


def _error_name(chunk: bytes, start: int) -> str:
    match = re.search(rb">(#[^<>]{1,20})<", chunk[start : start + 400])
    return match[1].decode("ascii", "replace") if match else "#ERROR"


def _number(column: bytes) -> int:
    """0 for A … 16383 for XFD."""
    number = 0
    for letter in column:
        number = number * 26 + letter - 64
    return number - 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8")))
