"""Text files: announcements (NAME TAB ADDRESS lines) and CSV in its dialects."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from mapsvc.errors import ListFileError, shown
from mapsvc.lists.headings import Columns, columns_of, found_and_understood, is_heading_row
from mapsvc.lists.orientation import looks_like_address, looks_like_name
from mapsvc.lists.rows import Limits, Notes, Rejection
from mapsvc.lists.table import REMARK, Record

HeadlessRecords = tuple[list[Record], list[str], list[str], list[Rejection]]
"""Rows, title lines, remarks, and what is none of them."""

HEADING_WITHIN = 10
"""Headings stand among the first so many records; titles may come before them."""

_DELIMITERS = "\t,;"
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|\Z)")
_SEP = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_YEAR = re.compile(r"((?:19|20)\d\d)\s*年?")
_NUMERALS = str.maketrans("〇○零一二三四五六七八九", "000123456789")


def year_of(title: str | None) -> int | None:
    """The year that a title names.

    >>> year_of("2021年银行业营业网点"), year_of("二〇二一年度名单"), year_of("名单")
    (2021, 2021, None)
    """
    digits = unicodedata.normalize("NFKC", title or "").translate(_NUMERALS)
    match = _YEAR.search(digits)
    return int(match[1]) if match else None


def refuse_long_lines(text: str, limits: Limits) -> None:
    """Refuse a text with a line, its end included, that is too long to be one of a list.

    Raises:
        ListFileError: there is such a line.
    """
    at, window = 0, limits.line_chars - 1
    while len(text) - at > window:  # from line end to line end, as far as one line may reach
        last = max(text.rfind(end, at, at + window) for end in "\r\n")
        if last < 0:
            break
        at = last + 1
    else:
        return
    longest = max(map(len, physical_lines(text)))
    if longest > limits.line_chars:
        raise ListFileError(
            f"a line has {longest:,} characters, and a list's at most {limits.line_chars:,}"
        )


def physical_lines(text: str) -> io.StringIO:
    """The lines of ``text`` with their ends (CR, LF or CRLF, nothing else)."""
    return io.StringIO(text, newline="")


def replace_nul(text: str, notes: Notes) -> str:
    """``text`` with U+2400 for NUL, which neither HTML nor PostgreSQL can carry."""
    if "\0" not in text:
        return text
    for number, line in enumerate(physical_lines(text), start=1):
        if "\0" in line:
            notes.add("NUL is kept as ␀", number, "a NUL character is kept as ␀")
    return text.replace("\0", "␀")


def delimiter_of(text: str) -> tuple[str, bool]:
    """The character between cells, and whether the file has a row of headings.

    Raises:
        ListFileError: neither headings nor lines of two cells.
    """
    head = "".join(line[0] for line in islice(_LINE.finditer(text), 2 * HEADING_WITHIN))
    if sep := _SEP.match(head):
        return sep[1], True  # Excel's own line that names the delimiter
    for delimiter in _DELIMITERS:
        if any(is_heading_row(cells) and len(cells) > 1 for cells in _sniffed(head, delimiter)):
            return delimiter, True
    if "\t" in text:
        return "\t", False
    for delimiter in ",;":
        if any(len(cells) > 1 for cells in _sniffed(head, delimiter)):
            return delimiter, False
    raise ListFileError(
        "there is neither a row of headings nor a line with a name, a tab and an address"
    )


def _sniffed(head: str, delimiter: str) -> list[list[str]]:
    records = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    try:
        return [[cell.strip() for cell in cells] for cells in islice(records, HEADING_WITHIN)]
    except csv.Error:
        return []


def csv_records(text: str, delimiter: str, limits: Limits) -> Iterator[Record]:
    """The records of a CSV text, each with the physical line where it starts.

    Raises:
        ListFileError: quotation marks that do not pair, or a cell that is too long.
    """
    lines = physical_lines(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    longest = limits.cell_chars
    line = 1
    try:
        if '"' not in text:  # nothing to parse: every line is a record
            for line, record in enumerate(lines, start=1):
                bare = record.rstrip("\r\n")
                if len(bare) > longest:
                    next(csv.reader([bare], delimiter=delimiter))  # refuses too long a cell
                yield line, bare.split(delimiter) if bare else []
            return
        for cells in reader:
            if reader.line_num != line and any(len(cell) > longest for cell in cells):
                raise ListFileError(f"line {line}: a cell has more than {longest:,} characters")
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise ListFileError(
            f"line {line}: {error}: a quotation mark is missing or not doubled, or the cell is "
            "too long"
        ) from None


def with_headings(records: Iterator[Record], limits: Limits) -> tuple[Columns, list[str]]:
    """Read ``records`` up to the headings: the columns, and the title lines before them.

    Raises:
        ListFileError: there are no headings, or not the ones that are needed.
    """
    titles: list[str] = []
    first: list[str] = []
    for _, cells in islice(records, HEADING_WITHIN):
        if is_heading_row(cells):
            if len(cells) > limits.columns:
                raise ListFileError(f"{len(cells)} columns; at most {limits.columns}")
            return columns_of(cells), titles
        filled = [cell.strip() for cell in cells if cell.strip()]
        if filled == ["sep="]:
            continue
        first = first if len(first) > 1 else filled or first
        titles += filled[:1] if len(filled) == 1 else []
    raise ListFileError(f"there is no row of headings; {found_and_understood(first)}")


def announcement_records(text: str) -> HeadlessRecords:
    """The rows of an announcement, its title lines, its remarks, and lines that are neither.

    Cells are cut at one tab or more. Quotation marks mean nothing.

    Raises:
        ListFileError: the rows do not have two cells, or the first looks like headings.
    """
    rows: list[Record] = []
    titles: list[str] = []
    remarks: list[str] = []
    rejected: list[Rejection] = []
    for number, line in enumerate(physical_lines(text), start=1):
        stripped = line.strip()
        if not stripped:
            continue
        cells = [cell for part in stripped.split("\t") if (cell := part.strip())]
        if len(cells) > 1:
            rows.append((number, cells))
        elif REMARK.match(stripped):
            remarks.append(stripped)
        elif not rows and "\t" not in line.strip(" \r\n"):
            titles.append(stripped)
        else:
            reason = "no tab between a name and an address"
            rejected.append(Rejection(number, "—", shown(stripped), reason))
    _refuse_other_tables(rows)
    return rows, titles, remarks, rejected


def two_columns(records: Iterable[Record]) -> HeadlessRecords:
    """The same for a table without headings: a CSV's or a sheet's records.

    Raises:
        ListFileError: not two columns, or two that do not look like names and addresses.
    """
    rows: list[Record] = []
    titles: list[str] = []
    remarks: list[str] = []
    rejected: list[Rejection] = []
    for number, cells in records:
        filled = [text for cell in cells if (text := cell.strip())]
        if len(filled) > 1:
            rows.append((number, filled))
        elif filled and REMARK.match(filled[0]):
            remarks += filled
        elif filled and not rows:
            titles += filled
        elif filled:
            rejected.append(Rejection(number, "—", shown(filled[0]), "only one cell is filled"))
    _refuse_other_tables(rows)
    some = [cells for _, cells in rows[:100]]
    if 2 * sum(map(_is_branch_like, some)) <= len(some):
        first = rows[0][1] if rows else titles
        raise ListFileError(f"there is no row of headings; {found_and_understood(first)}")
    return rows, titles, remarks, rejected


def _refuse_other_tables(rows: Sequence[Record]) -> None:
    """Refuse a table without headings that does not have two columns, or has unknown headings.

    Unknown headings: the first row is two short words, and nearly all others are branches.
    """
    if not rows:
        return
    first, pairs = rows[0][1], [cells for _, cells in rows[1:101] if len(cells) == 2]
    if not pairs and len(first) != 2:
        raise ListFileError(f"there is no row of headings; {found_and_understood(first)}")
    short = all(len(cell) <= 12 and cell.replace(" ", "").isalpha() for cell in first)
    alike = sum(map(_is_branch_like, pairs))
    if short and not _is_branch_like(first) and alike > 0.9 * len(pairs):
        raise ListFileError(f"the first row seems to be headings; {found_and_understood(first)}")


def _is_branch_like(cells: Sequence[str]) -> bool:
    return any(looks_like_name(cell) or looks_like_address(cell) for cell in cells[:2])
