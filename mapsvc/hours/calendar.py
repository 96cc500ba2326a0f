"""China's time, its public holidays, and the weekend days that are worked in exchange (调休).

The table ``data/holidays.csv`` has what the State Council's office announces each November for
the next year and, for years without an announcement yet, the days that the law fixes (放假办法 of
2024, with its lunar days). After the table's last year only the days with a fixed date are known.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date, timedelta, timezone
from enum import Enum
from functools import cache

from mapsvc.resources import resource

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China's one time zone; without summer time since 1991."""

_FIXED = {(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)}
"""Month and day of the holidays that are no lunar ones."""

_BY_LAW = "law"
"""The basis of days that nobody has announced yet."""


class Kind(Enum):
    """What the calendar makes of a day."""

    HOLIDAY = "off"
    WORKED = "work"
    """A Saturday or Sunday that is worked for a day off elsewhere."""


def kind_of(day: date) -> Kind | None:
    """What is special about a day in China; None for a day like any other.

    >>> kind_of(date(2026, 10, 10)), kind_of(date(2026, 10, 7)), kind_of(date(2026, 10, 8))
    (<Kind.WORKED: 'work'>, <Kind.HOLIDAY: 'off'>, None)
    """
    first, last, days = _table()
    if first <= day.year <= last:
        return days.get(day)
    return Kind.HOLIDAY if (day.month, day.day) in _FIXED else None


def is_announced(year: int) -> bool:
    """Whether the table has a year's days as announced, with those that are worked in exchange.

    >>> is_announced(2026), is_announced(2035), is_announced(2036)
    (True, False, False)
    """
    return year in _announced()


@cache
def _announced() -> frozenset[int]:
    with resource("data/holidays.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["basis"] != _BY_LAW]
    return frozenset(date.fromisoformat(row["first"]).year for row in rows)


@cache
def _table() -> tuple[int, int, Mapping[date, Kind]]:
    """The first and the last year of the table, and its days."""
    days: dict[date, Kind] = {}
    with resource("data/holidays.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            first, last = date.fromisoformat(row["first"]), date.fromisoformat(row["last"])
            for offset in range((last - first).days + 1):
                days[first + timedelta(offset)] = Kind(row["kind"])
    return min(days).year, max(days).year, days
