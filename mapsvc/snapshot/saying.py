"""What words ask of branches (`mapsvc.snapshot.wording`) said in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from mapsvc.snapshot.wording import Alternative, Term, reaches

Values = dict[str, Any]


def said(alternatives: Sequence[Alternative]) -> tuple[str, Values]:
    """The condition for branches (b) and their placements (p), and its values."""
    values: Values = {}
    numbers = count()
    said_each = []
    for terms in alternatives:
        each = [" OR ".join(_parts(term, values, numbers)) for term in terms]
        said_each.append(" AND ".join(f"({one})" for one in each) or "true")
    return f"({' OR '.join(f'({one})' for one in said_each)})", values


def _parts(term: Term, values: Values, numbers: Iterator[int]) -> Iterator[str]:
    def named(value: object) -> str:
        name = f"word{next(numbers)}"
        values[name] = value
        return f":{name}"

    if can_be_stored(term.literal):
        yield f"strpos(b.search, {named(term.literal)}) > 0"
    else:
        yield "false"
    for reading in term.readings:
        if not all(map(can_be_stored, reading.pieces)):
            continue
        # Only what reaches into addresses may be found behind the first line.
        line = "" if reaches(reading) else r"^[^\n]*"
        yield f"b.spelled ~ {named(line + reading.pattern)}"
    if term.banks:
        yield f"b.bank = ANY({named(list(term.banks))})"
    if term.districts:
        yield f"p.district = ANY({named(list(term.districts))})"


def can_be_stored(value: str) -> bool:
    """False for what PostgreSQL would not even compare."""
    return "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
