"""Reading a list file: any of its formats to checked rows, or one clear error."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from mapsvc.errors import ListFileError, ascii_controls, shown
from mapsvc.lists.content import container, read_bytes
from mapsvc.lists.encoding import decode
from mapsvc.lists.garbage import no_cycle_search
from mapsvc.lists.headings import HEADLESS, Columns, is_heading_row, left_out
from mapsvc.lists.orientation import refuse_swapped
from mapsvc.lists.rows import Limits, ListFile, ListFormat, Notes, Rejection
from mapsvc.lists.table import Record, TableReader
from mapsvc.lists.text import (
    HEADING_WITHIN,
    announcement_records,
    csv_records,
    delimiter_of,
    refuse_long_lines,
    replace_nul,
    two_columns,
    with_headings,
    year_of,
)
from mapsvc.lists.workbook import read_workbook
from mapsvc.model import Datum

_DEFAULT_LIMITS = Limits()


@no_cycle_search()
def read_list(
    path: str | PathLike[str], *, limits: Limits = _DEFAULT_LIMITS, datum: Datum | None = None
) -> ListFile:
    """Read the list of branches at ``path``: announcement text, CSV, XLSX, XLS or ODS.

    What the file is, is told by its content. Columns are found by their headings; without
    headings, two columns are name and address. Every record becomes a row or a rejection with its
    line and reason. Nothing is corrected.

    Args:
        path: the file.
        limits: what it may cost.
        datum: the datum of positions whose row has none in a datum column.

    Raises:
        ListFileError: the file cannot be read as a whole; the text names it and the reason.
    """
    path = Path(path)
    try:
        data = read_bytes(path, limits.file_bytes)
        notes = Notes()
        source = _open_source(data, limits, notes)
        columns = source.columns
        reader = TableReader(columns, limits=limits, datum=datum, notes=notes)
        reader.read(source.records)
        refuse_swapped(reader.rows)
    except ListFileError as error:
        raise ListFileError(f"{ascii_controls(str(path))}: {error}") from error
    rejected = sorted([*reader.rejected, *source.rejected], key=lambda r: r.line)
    if not reader.rows and not rejected:
        raise ListFileError(f"{ascii_controls(str(path))}: the file has no rows of branches")
    for heading in left_out(columns):
        notes.add("columns left out", None, f"the column {shown(heading)} is not used")
    title = source.titles[0] if source.titles else None
    if title is not None and len(title) > limits.text_chars:
        raise ListFileError(
            f"{ascii_controls(str(path))}: the title line has {len(title):,} characters;"
            f" {limits.text_chars} are allowed"
        )
    return ListFile(
        title=title,
        year=year_of(title),
        rows=tuple(reader.rows),
        rejected=tuple(rejected),
        notes=notes.done(),
        remarks=(*source.titles[1:], *source.remarks, *reader.remarks),
        format=source.format,
        encoding=source.encoding,
        sha256=hashlib.sha256(data).hexdigest(),
    )


@dataclass(slots=True)
class _Source:
    """A file's records before they are checked, and what stands around them."""

    format: ListFormat
    encoding: str | None
    columns: Columns
    records: Iterable[Record]
    titles: list[str]
    remarks: list[str] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)


def _open_source(data: bytes, limits: Limits, notes: Notes) -> _Source:
    if container(data) != "text":
        sheet = read_workbook(data, limits=limits, notes=notes)
        return _table(sheet.format, None, sheet.records, limits)
    text, encoding = decode(data)
    text = replace_nul(text, notes)
    if not text.strip():
        raise ListFileError("the file holds nothing but white space")
    refuse_long_lines(text, limits)
    delimiter, has_headings = delimiter_of(text)
    if has_headings:
        records = csv_records(text, delimiter, limits)
        columns, titles = with_headings(records, limits)
        return _Source("csv", encoding, columns, records, titles)
    if delimiter != "\t":
        return _table("csv", encoding, list(csv_records(text, delimiter, limits)), limits)
    found = announcement_records(text)
    return _Source("announcement", encoding, HEADLESS, *found)


def _table(
    file_format: ListFormat, encoding: str | None, records: list[Record], limits: Limits
) -> _Source:
    if any(is_heading_row(cells) for _, cells in records[:HEADING_WITHIN]):
        rest = iter(records)
        columns, titles = with_headings(rest, limits)
        return _Source(file_format, encoding, columns, rest, titles)
    return _Source(file_format, encoding, HEADLESS, *two_columns(records))
