"""The parts of opening hours: times, weekdays and dates in either way of writing."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from typing import NoReturn

from mapsvc.errors import InvalidValue
from mapsvc.hours.rules import DAY_MINUTES, LATEST_MINUTES, MONTHS, WEEKDAYS, Dates, Span

MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
DAY = "(?:mon?|tue?s?|wed?(?:nes)?|thu?r?s?|fri?|sat?(?:ur)?|sun?)(?:day)?"
ZHOU = "(?:周|星期|礼拜)"
_NOON = "凌晨|清晨|早上|上午|早|中午|下午|傍晚|晚上|晚"
CLOCK = rf"(?:{_NOON})?\s*\d{{1,2}}(?::\d{{1,2}}|\s*[点时](?:半|\d{{1,2}}分?|整)?)"
DATE = (
    rf"(?:(?:\d{{4}}\s+)?{MONTH}(?:\s+\d{{1,2}}(?![\d:]))?"
    r"|(?:\d{4}年)?\d{1,2}月(?:\d{1,2}[日号])?"
    r"|\d{4}[-/]\d{1,2}[-/]\d{1,2})"
)
_HANZI_DAYS = "一二三四五六日"
_AFTERNOON = ("下午", "傍晚", "晚上", "晚")


def refuse(part: str, allowed: str) -> NoReturn:
    raise InvalidValue("hours", part, allowed)


def read_span(text: str) -> Span:
    start_text, end_text = text.split("-")
    start, noon = _clock(start_text, "")
    end, _ = _clock(end_text, noon)
    if not start < DAY_MINUTES or not start < end <= LATEST_MINUTES:
        refuse(
            text,
            "a time of day and a later one, from 00:00 to 24:00 (09:00-17:00); what lasts past "
            "midnight is written 22:00-26:00, up to 30:00",
        )
    return Span(start, end)


def _clock(text: str, noon: str) -> tuple[int, str]:
    """Minutes after midnight, and the part of the day that was named (下午), or ``noon``."""
    match = re.match(rf"\s*({_NOON})?\s*(\d+)(?::(\d+)|\s*[点时](半|\d+)?)", text)
    if match is None:
        refuse(text, "a time such as 09:00")
    named, hour, minute, chinese = match.groups()
    noon = named or noon
    hours, minutes = int(hour), 30 if chinese == "半" else int(minute or chinese or 0)
    if minutes > 59 or (minute is not None and len(minute) != 2):
        refuse(text.strip(), "a time of hours and two digits of minutes, such as 09:00")
    if hours < 12 and (noon in _AFTERNOON or (noon == "中午" and hours < 6)):
        hours += 12
    elif hours == 12 and noon in {"晚上", "晚"}:
        hours = 24
    return hours * 60 + minutes, noon


def _english_days(text: str) -> set[int]:
    numbers = [
        next(n for n, name in enumerate(WEEKDAYS) if part.strip().startswith(name.lower()))
        for part in text.lower().split("-")
    ]
    return _week_range(numbers[0], numbers[-1])


def _week_range(first: int, last: int) -> set[int]:
    """The weekdays from one to another, over the week's end where it must be."""
    return {(first + offset) % 7 for offset in range((last - first) % 7 + 1)}


def _chinese_days(text: str) -> set[int]:
    signs = re.findall(rf"[-{_HANZI_DAYS}]", text.replace("天", "日"))
    days: set[int] = set()
    last, is_range = 0, False
    for sign in signs:
        if sign == "-":
            is_range = True
            continue
        number = _HANZI_DAYS.index(sign)
        days |= _week_range(last, number) if is_range else {number}
        last, is_range = number, False
    return days


DAY_READERS: dict[str, Callable[[str], set[int]]] = {
    "days": _english_days,
    "chinese days": _chinese_days,
    "workdays": lambda _: {0, 1, 2, 3, 4},
    "weekend": lambda _: {5, 6},
}

_ONE_DATE = re.compile(
    rf"\s*(?:(?P<y1>\d{{4}})\s+)?(?P<m1>{MONTH})(?:\s+(?P<d1>\d+))?"
    r"|\s*(?:(?P<y2>\d{4})年)?(?P<m2>\d+)月(?:(?P<d2>\d+)[日号])?"
    r"|\s*(?P<y3>\d{4})[-/](?P<m3>\d+)[-/](?P<d3>\d+)"
    r"|\s*(?P<d4>\d+)[日号]?",
    re.IGNORECASE,
)


def read_dates(text: str) -> Dates:
    match = _ONE_DATE.match(text)
    if match is None:
        refuse(text, "a date such as 2026 Oct 01")
    year, month, day = _date(match)
    rest = text[match.end() :].lstrip(" -")
    if not rest:
        first, last = (day or 1, day or _last_day(year, month, text))
        return _checked(text, year, (month, first), year, (month, last))
    match = _ONE_DATE.fullmatch(rest)
    if match is None:
        refuse(text, "a date or two, such as 2026 Oct 01-07")
    last_year, last_month, last_day = _date(match)
    last_month = last_month or month
    if last_year is None and year is not None:
        last_year = year + (last_month < month)
    end = (last_month, last_day or _last_day(last_year, last_month, text))
    return _checked(text, year, (month, day or 1), last_year, end)


def _date(match: re.Match[str]) -> tuple[int | None, int, int | None]:
    """Year, month (0 where only a day is said) and day."""
    parts = {name[0]: value for name, value in match.groupdict().items() if value is not None}
    month = parts.get("m", "0")
    number = int(month) if month.isdigit() else MONTHS.index(month[:3].capitalize()) + 1
    year, day = parts.get("y"), parts.get("d")
    return (None if year is None else int(year), number, None if day is None else int(day))


def _last_day(year: int | None, month: int, text: str) -> int:
    if not 1 <= month <= 12:
        refuse(text, "a month from 1 to 12")
    return monthrange(year or 2024, month)[1]  # of a leap year: 29 February is in each


def _checked(
    text: str,
    first_year: int | None,
    first: tuple[int, int],
    last_year: int | None,
    last: tuple[int, int],
) -> Dates:
    for year, (month, day) in ((first_year, first), (last_year, last)):
        if not 1 <= month <= 12 or not 1 <= day <= _last_day(year, month, text):
            refuse(text, "a day that the calendar has")
        if year is not None and not 1949 <= year <= 2999:
            refuse(text, "in a year from 1949 to 2999")
    if (first_year is None) != (last_year is None):
        refuse(text, "either with the year at its start, or with none")
    if first_year and last_year and (first_year, *first) > (last_year, *last):
        refuse(text, "a day and a later one")
    return Dates(first_year, first, last_year, last)
