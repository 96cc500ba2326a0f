"""One rule of opening hours: for which days, which times; and how it is written."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from typing import NamedTuple

WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
EVERY_DAY = tuple(range(7))
DAY_MINUTES = 24 * 60
LATEST_MINUTES = 30 * 60
"""Past midnight is written as the same day's: 22:00-26:00. Up to 06:00, that is."""


class Span(NamedTuple):
    """When it is open, in minutes after the day's midnight."""

    start: int
    end: int
    """Beyond 24 hours where it is open past midnight."""

    def __str__(self) -> str:
        return f"{_clock(self.start)}-{_clock(self.end)}"


ALL_DAY = Span(0, DAY_MINUTES)


class Dates(NamedTuple):
    """From a day to a day, both included: of certain years, or of each year (None)."""

    first_year: int | None
    first: tuple[int, int]
    """Month and day."""
    last_year: int | None
    last: tuple[int, int]

    def __contains__(self, day: object) -> bool:
        if not isinstance(day, date):
            return False
        here = (day.month, day.day)
        if self.first_year is None or self.last_year is None:
            if self.first <= self.last:
                return self.first <= here <= self.last
            return here >= self.first or here <= self.last  # over New Year
        return (self.first_year, *self.first) <= (day.year, *here) <= (self.last_year, *self.last)

    def __str__(self) -> str:
        start = _date(self.first_year, self.first)
        if (self.first_year, self.first) == (self.last_year, self.last):
            return start
        year = None if self.last_year == self.first_year else self.last_year
        if year is None and self.first[0] == self.last[0] and self.first <= self.last:
            return f"{start}-{self.last[1]:02}"
        return f"{start}-{_date(year, self.last)}"


class Rule(NamedTuple):
    """Times for some days. Of several rules that fit a day, the last one counts."""

    spans: tuple[Span, ...] = ()
    """By start; none where it is closed."""
    weekdays: tuple[int, ...] = ()
    """Ascending, 0 for Monday; none and no holidays: every day."""
    holidays: bool = False
    """For public holidays, too, or alone where there are no weekdays."""
    dates: tuple[Dates, ...] = ()
    """Only on these; none: on all."""

    @property
    def is_regular(self) -> bool:
        """Whether it is a part of the plain week."""
        return not self.dates and bool(self.days)

    @property
    def days(self) -> tuple[int, ...]:
        """The weekdays that it is for."""
        return self.weekdays if self.weekdays or self.holidays else EVERY_DAY

    def fits(self, day: date, weekday: int, *, is_holiday: bool) -> bool:
        """Whether it is for a day.

        Args:
            day: the date.
            weekday: which weekday it counts as; 0 for Monday.
            is_holiday: whether it is a public holiday.
        """
        if self.dates and not any(day in dates for dates in self.dates):
            return False
        return weekday in self.days or (self.holidays and is_holiday)

    def __str__(self) -> str:
        times = ",".join(map(str, self.spans)) or "off"
        days = written_days(self.weekdays, holidays=self.holidays)
        if not days and not self.dates:
            days = "Mo-Su"
        return " ".join(filter(None, [",".join(map(str, self.dates)), days, times]))


def written_days(weekdays: tuple[int, ...], *, holidays: bool = False) -> str:
    """Weekdays in their short form.

    >>> written_days((0, 1, 2, 3, 5), holidays=True)
    'Mo-Th,Sa,PH'
    """
    parts = []
    for _, group in groupby(enumerate(weekdays), lambda pair: pair[1] - pair[0]):
        run = [WEEKDAYS[day] for _, day in group]
        parts += [f"{run[0]}-{run[-1]}"] if len(run) > 2 else run
    return ",".join([*parts, *(["PH"] if holidays else [])])


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _date(year: int | None, month_day: tuple[int, int]) -> str:
    month, day = month_day
    written = f"{MONTHS[month - 1]} {day:02}"
    return written if year is None else f"{year} {written}"
