"""When branches are open, as pages say it: the week in words, and moments for the page's script.

Whether a branch is open now is told by the script, since a page may be shown long after it was
made: it gets the openings of the coming days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import groupby

from babel.dates import get_day_names
from flask_babel import format_date, get_locale

from mapsvc.hours import Hours
from mapsvc.hours.rules import Span
from mapsvc.web.clock import minute
from mapsvc.web.context import snapshot
from mapsvc.web.i18n import gettext, language

_DAYS_AHEAD = 8
"""So many days the script can tell; a page that was kept longer says the week only."""
_SAID_DAYS = 30
"""So far ahead, days unlike the week's are said."""


@dataclass(frozen=True, slots=True)
class Times:
    """Some days and when it is open on them, in words."""

    days: str
    times: str


def variant() -> str:
    """Name what a page with branches depends on, besides its address and the data.

    The day, where hours are known; and which notices hold, have ended or are yet to come.
    """
    now, shown = minute(), snapshot()
    parts = [language()]
    if shown.hours_known:
        parts.append(now.date().isoformat())
    parts += [
        f"{n.id}{'<' if now < n.start else '>' if now >= n.end else '='}" for n in shown.notices
    ]
    return " ".join(parts)


@lru_cache(1_024)
def moments(hours: str, today: date) -> str:
    """The openings of the coming days as minutes since 1970: ``start-end start-end``.

    >>> moments("24/7", date(2026, 1, 1)).split()[:2]
    ['29451840-29453280', '29453280-29454720']
    """
    known = Hours.parse(hours)
    days = (today + timedelta(offset) for offset in range(-1, _DAYS_AHEAD))
    return " ".join(
        f"{int(start.timestamp()) // 60}-{int(end.timestamp()) // 60}"
        for day in days
        for start, end in known.on(day)
    )


def week(hours: str) -> tuple[Times, ...]:
    """The regular week, days with the same times together, closed days last said as closed."""
    spans = Hours.parse(hours).week()
    if len(set(spans)) == 1:
        return (Times(gettext("Every day"), _times(spans[0])),)
    names = get_day_names("abbreviated", locale=get_locale())
    lines = []
    for times, run in groupby(range(7), lambda weekday: spans[weekday]):
        days = list(run)
        first, last = names[days[0]], names[days[-1]]
        said = gettext("%(first)s to %(last)s", first=first, last=last) if len(days) > 1 else first
        lines.append(Times(said, _times(times)))
    return tuple(lines)


def in_short(hours: str) -> str:
    """The times of the week in one line, without the days on which it is closed."""
    closed = gettext("closed")
    lines = [f"{line.days} {line.times}" for line in week(hours) if line.times != closed]
    return gettext(", ").join(lines) or closed


def unlike(hours: str) -> tuple[Times, ...]:
    """The days ahead whose times are not those of the week: holidays, and others that are named."""
    known, today = Hours.parse(hours), minute().date()
    regular = known.week()
    days = (today + timedelta(offset) for offset in range(_SAID_DAYS))
    return tuple(
        Times(format_date(day, "MMMEd"), _times(known.spans(day)))
        for day in days
        if known.spans(day) != regular[day.weekday()]
    )


def _times(spans: tuple[Span, ...]) -> str:
    if not spans:
        return gettext("closed")
    if spans == (Span(0, 1440),):
        return gettext("open 24 hours")
    # A dash between times, as both languages write it.
    return gettext(", ").join(str(span).replace("-", "–") for span in spans)
