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


def rows_with(columns: Columns, term: Term, most: int | None = None) -> Iterator[Rows]:
    """The rows that have a term by their own name or address, some more than once.

    Args:
        columns: the branches.
        term: its banks and districts are not looked at.
        most: of each way to have it, so many are enough.
    """
    # Letters are found in names by their readings, and hardly ever as they stand.
    for reading in term.readings:
        yield _read(columns, reading, most)
    yield columns.texts.rows_with(_bytes(term.literal), most)
    for reading in filter(reaches, term.readings):
        yield _literal(columns.addresses, reading, most)


def _read(columns: Columns, reading: Typed, most: int | None) -> Rows:
    """The rows whose name can be read so."""
    if reading.is_literal:
        return _literal(columns.names, reading, most)
    if len(reading.letters) == sum(map(len, reading.pieces)):
        return columns.initials.rows_with(_bytes(reading.letters), most)
    return columns.names.rows_matching(_pattern(reading), _bytes(reading.needle), most)


def _literal(texts: Texts, reading: Typed, most: int | None) -> Rows:
    needle = _bytes(reading.needle)
    if not reading.whole[-1]:
        return texts.rows_with(needle, most)
    return texts.rows_matching(_pattern(reading), needle, most)


def _pattern(reading: Typed) -> re.Pattern[bytes]:
    return re.compile(_bytes(reading.pattern))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
