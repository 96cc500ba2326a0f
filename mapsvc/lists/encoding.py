"""From a text file's bytes to text, never guessing between encodings that both occur.

A byte order mark decides first, then strict UTF-8, and only then GB18030, which accepts almost
any bytes. A file in which some cells are UTF-8 and others are not would decode as GB18030 without
an error and with wrong characters, so that is looked for cell by cell:

- UTF-8 writes a Chinese character in three bytes, E4–E9 and two of 80–BF. A cell counts as UTF-8
  if all of it is valid UTF-8 and it holds two such characters. In GB18030 that takes a rare
  character of GB 2312's second level (first byte E4–E9) in every third place, and every other
  byte in between to fit as well.
- Cells are cut at tab, comma and semicolon. No GB18030 character has these among its bytes.
- A cell that is not valid UTF-8 is the other encoding.
"""

from __future__ import annotations

import re

from mapsvc.errors import ListFileError

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
"""Byte order marks, the longer before the shorter that begins it."""

_UTF8_CHINESE = re.compile(rb"(?:[\xe4-\xe9][\x80-\xbf]{2}){2}")
_CELL = re.compile(rb"[^\t,;\r\n]+")
_LINE = re.compile(rb"\r\n|\r|\n")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_BINARY_SHARE = 0.2
_BINARY_SAMPLE = 65536


def decode(data: bytes) -> tuple[str, str]:
    """The text of ``data`` without its byte order mark, and the encoding's name.

    Raises:
        ListFileError: no text, an unknown encoding, or two encodings in one file, with the line.

    >>> decode("支行".encode("gb18030"))
    ('支行', 'gb18030')
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _marked(data, mark, encoding), encoding
    _refuse_binary(data)
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        _refuse_mixture(data)
    try:
        return data.decode("gb18030"), "gb18030"
    except UnicodeDecodeError as error:
        raise ListFileError(
            f"line {_line_of(data, error.start)}: byte 0x{data[error.start]:02x} is neither UTF-8 "
            "nor GB18030; save the file as UTF-8"
        ) from None


def _marked(data: bytes, mark: bytes, encoding: str) -> str:
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        offset = len(mark) + error.start
        where = f"line {_line_of(data, offset)}" if encoding == "utf-8" else f"byte {offset:,}"
        raise ListFileError(
            f"{where} is not {encoding.upper()}, although the file's byte order mark says so; "
            "save the whole file in one encoding"
        ) from None


def _refuse_binary(data: bytes) -> None:
    sample = data[:_BINARY_SAMPLE]
    if b"\n\x00" in sample and sample.count(0) > len(sample) // 10:
        raise ListFileError("this looks like UTF-16 without a byte order mark; save it as UTF-8")
    if len(_CONTROL.findall(sample)) > _BINARY_SHARE * len(sample):
        raise ListFileError("this is no text: it holds control characters all over")


def _refuse_mixture(data: bytes) -> None:
    if not _UTF8_CHINESE.search(data):
        return
    first: dict[bool, int] = {}
    for number, line in enumerate(_LINE.split(data), start=1):
        if line.isascii():
            continue
        for cell in _CELL.findall(line):
            is_utf8 = _is_utf8(cell)
            if is_utf8 is not None:
                first.setdefault(is_utf8, number)
        if len(first) == 2:
            break
    if len(first) < 2:
        return
    where = (
        f"line {first[True]} is UTF-8, line {first[False]} is not"
        if first[True] != first[False]
        else f"line {first[True]} is UTF-8 in one cell and not in another"
    )
    raise ListFileError(f"two encodings are mixed: {where}; save the whole file as UTF-8")


def _is_utf8(cell: bytes) -> bool | None:
    """True, False, or None where the cell tells nothing."""
    if cell.isascii():
        return None
    try:
        cell.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True if _UTF8_CHINESE.search(cell) else None


def _line_of(data: bytes, offset: int) -> int:
    return len(_LINE.findall(data, 0, offset)) + 1
