"""What of a text reaches a spreadsheet or a terminal."""

from __future__ import annotations

import csv
import io

import pytest

from mapsvc.exports import csv_text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a\x1b[2Jb\x07", "a [2Jb"),
        ("a\u202eb\u2066c\u200f", "abc"),
        ("a\u2028b\u2029c\nd\x85e", "a b c d e"),
        ("\u202e=1+1", "'=1+1"),
        ("\t=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+86 574 8765 4321", "+86 574 8765 4321"),
        ("+86-574-87654321", "'+86-574-87654321"),
        ("+86 574 A1", "'+86 574 A1"),
        ("+1+1", "'+1+1"),
        ("工商银行 1", "工商银行 1"),
    ],
)
def test_texts_in_csv(text: str, written: str) -> None:
    rows = list(csv.reader(io.StringIO(csv_text(["x"], [[text]]))))
    assert rows[1] == [written]
