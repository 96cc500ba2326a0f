"""What opening hours mean: for a day, for a moment, as a week, and for search engines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from mapsvc.errors import InvalidValue
from mapsvc.hours.calendar import CHINA, Kind, kind_of
from mapsvc.hours.reading import read_rules
from mapsvc.hours.rules import ALL_DAY, DAY_MINUTES, EVERY_DAY, Rule, Span

_SEARCHED_DAYS = 400
"""A change that is farther away is not looked for."""
_SAID_DAYS = 60
"""So many days ahead, search engines are told of days unlike the week's."""
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FRIDAY, _SATURDAY = 4, 5


class Opening(NamedTuple):
    """A time during which it is open, from ``start`` up to ``end``; both in China's time."""

    start: datetime
    end: datetime


class State(NamedTuple):
    """Whether it is open, and the next change; None where none comes within a year."""

    is_open: bool
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours; equal ones have the same canonical text (`str`).

    A day has the times of the last rule that fits it. Hours that name public holidays (PH) follow
    the official calendar: a Saturday or Sunday that is worked in exchange then counts as the
    Friday before or the Monday after it. Other hours follow the plain week.
    """

    rules: tuple[Rule, ...]

    @classmethod
    def parse(cls, text: str) -> Hours:
        """Read hours in the documented form or in the usual Chinese writing.

        Raises:
            InvalidValue: with the part that is wrong and what is allowed in its place.

        >>> str(Hours.parse("周一至周五 9:00-17:00，周六 上午9点半-下午4点，节假日休息"))
        'Mo-Fr 09:00-17:00; Sa 09:30-16:00; PH off'
        """
        return cls(read_rules(text))

    def __str__(self) -> str:
        if self.rules == (Rule((ALL_DAY,), EVERY_DAY),):
            return "24/7"
        if self.rules == (Rule((), EVERY_DAY),):
            return "off"
        return "; ".join(map(str, self.rules))

    @property
    def follows_holidays(self) -> bool:
        """Whether they say what is so on public holidays."""
        return any(rule.holidays for rule in self.rules)

    def spans(self, day: date) -> tuple[Span, ...]:
        """The times of a day, those past midnight as its own."""
        weekday, kind = day.weekday(), None
        if self.follows_holidays:
            kind = kind_of(day)
            if kind is Kind.WORKED and weekday >= _SATURDAY:
                weekday = _FRIDAY if weekday == _SATURDAY else 0
        for rule in reversed(self.rules):
            if rule.fits(day, weekday, is_holiday=kind is Kind.HOLIDAY):
                return rule.spans
        return ()

    def on(self, day: date) -> tuple[Opening, ...]:
        """When it is open on a day, by start. What lasts past midnight belongs to its first day."""
        return tuple(self._openings(day))

    def _openings(self, day: date) -> Iterator[Opening]:
        midnight = datetime.combine(day, time(), CHINA)
        for span in self.spans(day):
            yield Opening(
                midnight + timedelta(minutes=span.start), midnight + timedelta(minutes=span.end)
            )

    def is_open(self, now: datetime) -> bool:
        """Whether it is open at a timezone-aware moment."""
        here = now.astimezone(CHINA)
        today = here.date()
        minutes = here.hour * 60 + here.minute
        if any(span.start <= minutes < span.end for span in self.spans(today)):
            return True
        before = self.spans(today - timedelta(1))
        return any(minutes + DAY_MINUTES < span.end for span in before)

    def state(self, now: datetime) -> State:
        """Whether it is open at a timezone-aware moment, and until when that stays so."""
        open_until: datetime | None = None
        today = now.astimezone(CHINA).date()
        for offset in range(-1, _SEARCHED_DAYS):
            for start, end in self._openings(today + timedelta(offset)):
                if open_until is None:
                    if start > now:
                        return State(False, start)
                    if end > now:
                        open_until = end
                elif start > open_until:
                    return State(True, open_until)
                else:
                    open_until = max(open_until, end)
            tomorrow = datetime.combine(today + timedelta(offset + 1), time(), CHINA)
            if open_until is not None and open_until < tomorrow:
                return State(True, open_until)
        return State(open_until is not None, None)

    def week(self) -> tuple[tuple[Span, ...], ...]:
        """The times of each weekday, Monday first, where no date and no holiday changes them."""
        week: list[tuple[Span, ...]] = [()] * 7
        for rule in self.rules:
            if rule.is_regular:
                for weekday in rule.days:
                    week[weekday] = rule.spans
        return tuple(week)

    def exceptions(self) -> tuple[Rule, ...]:
        """The rules for public holidays and for dates, in order; see `Rule` for what is in one."""
        return tuple(
            rule._replace(weekdays=()) if rule.holidays and not rule.dates else rule
            for rule in self.rules
            if rule.holidays or rule.dates
        )

    def schema_org(self, today: date | None = None) -> list[dict[str, Any]]:
        """As ``OpeningHoursSpecification`` of schema.org.

        Args:
            today: if given, the next 60 days that are unlike the week's are there, too.
        """
        said = []
        week = self.week()
        for spans in dict.fromkeys(filter(None, week)):
            days = [name for name, own in zip(_DAY_NAMES, week, strict=True) if own == spans]
            said += [_specification(span, {"dayOfWeek": days}) for span in spans]
        if today is None:
            return said
        coming = [today + timedelta(offset) for offset in range(_SAID_DAYS)]
        own = [(day, self.spans(day), week[day.weekday()]) for day in coming]
        # Days that follow each other with the same times are one.
        for (spans, is_unlike), run in groupby(own, lambda it: (it[1], it[1] != it[2])):
            days = [day.isoformat() for day, *_ in run]
            if is_unlike:
                valid = {"validFrom": days[0], "validThrough": days[-1]}
                said += [_specification(span, valid) for span in spans or (Span(0, 0),)]
        return said


def _specification(span: Span, days: dict[str, Any]) -> dict[str, Any]:
    """One time; closed is from midnight to midnight, and all day up to 23:59."""
    end = span.end - 1 if span == ALL_DAY else span.end % DAY_MINUTES
    return {
        "@type": "OpeningHoursSpecification",
        **days,
        "opens": f"{span.start // 60:02}:{span.start % 60:02}",
        "closes": f"{end // 60:02}:{end % 60:02}",
    }


@lru_cache(4_096)
def canonical_hours(text: str) -> str | None:
    """The canonical text of hours; None where they cannot be read, or are unknown (empty)."""
    try:
        return str(Hours.parse(text)) if text else None
    except InvalidValue:
        return None
