"""Cells whose text means something: opening hours and services, each distinct text read once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from mapsvc.errors import InvalidValue, shown
from mapsvc.lists.rows import Fault

T = TypeVar("T")

_UNKNOWN = ("", "-", "--", "—", "——", "/", "无", "暂无", "不详", "未知", "n/a", "N/A")
"""How a cell says that nothing is known."""


class CellReader(Generic[T]):
    """Reads the cells of one column.

    A file has few different hours and very many rows; what is wrong is kept as well, so that a
    file whose every row is rejected takes no longer.

    Args:
        field: the column's field.
        read: reads a text; raises `InvalidValue` for the part of it that is wrong.
        empty: what a cell means that says nothing.
    """

    def __init__(self, field: str, read: Callable[[str], T], empty: T) -> None:
        self._field = field
        self._read = read
        self._known: dict[str, T | InvalidValue] = dict.fromkeys(_UNKNOWN, empty)

    def read(self, text: str) -> T:
        """What a cell means; raises `Fault`."""
        if text not in self._known:
            try:
                self._known[text] = self._read(text)
            except InvalidValue as error:
                self._known[text] = error
        known = self._known[text]
        if isinstance(known, InvalidValue):
            reason = f"{shown(known.value)} is not {known.allowed}"
            raise Fault(self._field, text, reason)
        return known
