"""Getting a list file's bytes and telling by them what it is; its name proves nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from mapsvc.errors import ListFileError
from mapsvc.files import UnreadableFile, read_regular

_FOREIGN = (
    (0, b"\x89PNG\r\n", "a picture (PNG)"),
    (0, b"\xff\xd8\xff", "a picture (JPEG)"),
    (0, b"GIF8", "a picture (GIF)"),
    (0, b"II*\x00", "a picture (TIFF)"),
    (0, b"MM\x00*", "a picture (TIFF)"),
    (8, b"WEBP", "a picture (WebP)"),
    (4, b"ftyp", "a picture or video (HEIC, MP4)"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"{\\rtf", "an RTF document"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"\xfd7zXZ\x00", "an xz archive"),
    (0, b"7z\xbc\xaf", "a 7z archive"),
    (0, b"Rar!\x1a", "a RAR archive"),
    (0, b"SQLite format 3\x00", "an SQLite database"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ\x90\x00", "a program"),
)
"""Offset, signature, what it is: files that people pick by mistake."""

_MARKUP = re.compile(rb"\s*<(?:!doctype|html|head|meta|table|\?xml)\b", re.IGNORECASE)

_TAKEN = "a list is announcement text, CSV, XLSX, XLS or ODS"

Container = Literal["text", "zip", "ole"]


def read_bytes(path: Path, limit: int) -> bytes:
    """The bytes of the regular file at ``path``, at most ``limit`` of them.

    Raises:
        ListFileError: there is no such file, it may not be read, is no file, is too large or empty.
    """
    try:
        data = read_regular(path, limit)
    except UnreadableFile as error:
        raise ListFileError(str(error)) from error
    if not data:
        raise ListFileError("the file is empty")
    return data


def container(data: bytes) -> Container:
    """What kind of file ``data`` is: text, a zip (XLSX, ODS) or an OLE compound file (XLS).

    Raises:
        ListFileError: something else, by its signature: a picture, a document, an archive.
    """
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "zip"
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise ListFileError(
                "the workbook is encrypted with a password; save a copy without one"
            )
        return "ole"
    for offset, signature, what in _FOREIGN:
        if data.startswith(signature, offset):
            raise ListFileError(f"this is {what}; {_TAKEN}")
    if _MARKUP.match(data.removeprefix(b"\xef\xbb\xbf")[:1000]):
        raise ListFileError(
            "this is an HTML or XML page, whatever its name says; open it in a spreadsheet "
            "program and save it as XLSX or CSV"
        )
    return "text"
