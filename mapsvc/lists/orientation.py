"""Are the columns for names and addresses swapped? Judged over the whole file, never by a row."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mapsvc.errors import ListFileError
from mapsvc.lists.rows import ListRow

_BANK_WORDS = re.compile(
    r"银行|支行|分行|总行|营业[部厅所]|分理处|储蓄所|信用社|分社|服务点|自助|bank|branch|\batm\b",
    re.IGNORECASE,
)
_PLACE_WORDS = re.compile(
    r"[省市县区镇乡村路街巷弄道]|\d\s*号|\b(?:road|rd|street|st|avenue|ave|lane)\b", re.IGNORECASE
)
_HOUSE_NUMBER = re.compile(r"[路街巷弄道]\D{0,6}[0-9０-９]+\D{0,6}号")
_ENDS_AS_NAME = re.compile(r"(?:支行|分行|营业部|分理处|储蓄所|信用社)\W{0,3}(?:\w{0,4}\W?)$")

_SAMPLE = 1000
_FEW = 3
_MOST = 0.6
_HARDLY_ANY = 0.1


def looks_like_name(text: str) -> bool:
    """Whether ``text`` has a word that names of branches have."""
    return _BANK_WORDS.search(text) is not None


def looks_like_address(text: str) -> bool:
    """Whether ``text`` has a word or a number that addresses have."""
    return _PLACE_WORDS.search(text) is not None


def refuse_swapped(rows: Sequence[ListRow]) -> None:
    """Refuse a file whose names stand under the address heading and the other way round.

    A row speaks for swapping if its name looks like an address and like no name, and its address
    looks like a name with no house number; it speaks against if it would be so after swapping.
    In a file of up to three rows every row must say so beyond doubt.

    Raises:
        ListFileError: most rows speak for it and hardly any against.
    """
    sample = rows[:: max(1, len(rows) // _SAMPLE)]
    swapped = [row for row in sample if _is_name_only(row.address) and _is_place_only(row.name)]
    straight = sum(_is_name_only(row.name) or _is_place_only(row.address) for row in sample)
    if not swapped:
        return
    if len(sample) <= _FEW:
        certain = all(
            _HOUSE_NUMBER.search(row.name) and _ENDS_AS_NAME.search(row.address) for row in sample
        )
    else:
        certain = len(swapped) >= _MOST * len(sample) and straight <= _HARDLY_ANY * len(sample)
    if certain:
        raise ListFileError(
            f"names and addresses seem to be swapped: {len(swapped)} of {len(sample)} rows looked "
            f"at have an address as name and a name as address, the first in line "
            f"{swapped[0].line}; swap the columns or their headings"
        )


def _is_name_only(text: str) -> bool:
    return looks_like_name(text) and _HOUSE_NUMBER.search(text) is None


def _is_place_only(text: str) -> bool:
    return looks_like_address(text) and not looks_like_name(text)
