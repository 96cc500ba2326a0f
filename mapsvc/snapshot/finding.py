"""Which branches have a word of `mapsvc.snapshot.wording`, looked up in the columns."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mapsvc.address.pinyin import Typed
from mapsvc.snapshot.columns import Columns, Texts
from mapsvc.snapshot.wording import Term, reaches

Rows = NDArray[np.int64]

_LONG = 3
"""Bytes from which on a part of a spelling is rarer than its initials."""


_MANY = 3_000
"""Rows from which on looking through all is quicker than looking at each."""


def rows_with(columns: Columns, term: Term, most: int | None = None) -> Iterator[Rows]:
    """The rows that have a term by their own name or address, some more than once.

    Args:
        columns: the branches.
        term: its banks and districts are not looked at.
        most: of each way to have it, so many are enough.
    """
    yield columns.texts.rows_with(term.literal.encode("utf-8", "surrogatepass"), most)
    for reading in term.readings:
        yield _read(columns, reading, most)
        if reaches(reading):
            yield _literal(columns.addresses, reading, most)


def _read(columns: Columns, reading: Typed, most: int | None) -> Rows:
    """The rows whose name can be read so."""
    if reading.is_literal:
        return _literal(columns.names, reading, most)
    if len(reading.letters) == sum(map(len, reading.pieces)):
        letters = reading.letters.encode("utf-8", "surrogatepass")
        return columns.initials.rows_with(letters, most)
    needle = reading.needle.encode("utf-8", "surrogatepass")
    if len(needle) >= _LONG:
        likely = columns.names.rows_with(needle)
    else:
        likely = columns.initials.rows_with(reading.letters.encode("utf-8", "surrogatepass"))
    return _checked(columns.names, likely, reading, most)


def _literal(texts: Texts, reading: Typed, most: int | None) -> Rows:
    needle = reading.needle.encode("utf-8", "surrogatepass")
    if not reading.whole[-1]:
        return texts.rows_with(needle, most)
    return _checked(texts, texts.rows_with(needle), reading, most)


def _checked(texts: Texts, likely: Rows, reading: Typed, most: int | None) -> Rows:
    pattern = re.compile(reading.pattern.encode("utf-8", "surrogatepass"))
    if most is None and likely.size > _MANY:
        return texts.rows_matching(pattern)
    found = []
    for row in likely.tolist():
        if pattern.search(texts[row]):
            found.append(row)
            if len(found) == most:
                break
    return np.array(found, np.int64)
