"""Notices: what customers are told of a branch, a district or all branches for a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from mapsvc.errors import InvalidValue, NotFound
from mapsvc.hours import CHINA
from mapsvc.model import Notice
from mapsvc.store.base import Store

_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=CHINA), datetime(2101, 1, 1, tzinfo=CHINA)
"""Between them lies what somebody means; the end of 2100's last day is the latest."""


def add_notice(
    store: Store,
    text: str,
    *,
    end: datetime,
    start: datetime | None = None,
    text_en: str = "",
    branch: str | None = None,
    district: str | None = None,
    closes: bool = False,
) -> Notice:
    """Store a notice; without branch and district it is for all branches.

    Args:
        store: where it goes.
        text: what to say.
        end: up to when it holds; timezone-aware, later than now and than ``start``.
        start: from when; by default from now.
        text_en: the same in English.
        branch: the id of the branch that it is for.
        district: the code of the district, or of a city or province, that it is for.
        closes: whether what it is for is closed as long as it holds, whatever the hours say.

    Raises:
        InvalidValue: a text or a time that cannot be one, or both a branch and a district.
        NotFound: there is no such branch or district.
        StoreError: the store failed; nothing was changed.
    """
    now = datetime.now(CHINA).replace(microsecond=0)
    if end <= max(now, start or now):
        after = "now" if start is None or start < now else f"its start, {start:%Y-%m-%d %H:%M}"
        raise InvalidValue("until", f"{end:%Y-%m-%d %H:%M}", f"later than {after}")
    with store.write() as writer:
        if branch is not None and all(known.id != branch for known in store.branches()):
            raise NotFound("branch", branch)
        if district is not None and not _covers(district, (d.code for d in store.districts())):
            raise NotFound("district", district)
        number = max((known.id for known in store.notices()), default=0) + 1
        # Pages go by the minute, and what is told from now on is told at once.
        first = start or now.replace(second=0)
        notice = Notice(number, text.strip(), first, end, text_en.strip(), branch, district, closes)
        writer.put_notices([notice])
    return notice


def _covers(code: str, districts: Iterable[str]) -> bool:
    """Whether a code is a district's, or that of a city (330200) or province (330000) with one."""
    above = (
        code.removesuffix("00").removesuffix("00") if len(code) == 6 and code.isdigit() else code
    )
    return any(known == code or (above != code and known.startswith(above)) for known in districts)


def end_notice(store: Store, number: int) -> Notice:
    """Let a notice end now; one that has not begun never does.

    Raises:
        NotFound: there is no notice with this number.
        InvalidValue: it is over already.
    """
    now = datetime.now(CHINA).replace(microsecond=0)
    with store.write() as writer:
        known = next((each for each in store.notices() if each.id == number), None)
        if known is None:
            raise NotFound("notice", number)
        if known.end <= now:
            raise InvalidValue("notice", number, f"still to come or current: it ended {known.end}")
        ended = replace(known, start=min(known.start, now), end=now)
        writer.put_notices([ended])
    return ended


def read_moment(name: str, text: str, *, closing: bool = False) -> datetime:
    """A date or a time as people write it: ``2026-11-22``, ``2026-11-22 18:00``, in China's time.

    Args:
        name: what it is for, in the error.
        text: the text; a time may say its own zone (``2026-11-22T18:00+01:00``).
        closing: whether a date alone means its end, and not its beginning.

    Raises:
        InvalidValue: it is neither, or outside of the years 2000 to 2100.

    >>> read_moment("until", "2026-11-22", closing=True).isoformat()
    '2026-11-23T00:00:00+08:00'
    """
    try:
        if len(text) == len("2026-11-22"):
            day = date.fromisoformat(text) + timedelta(days=1 if closing else 0)
            moment = datetime.combine(day, time(), CHINA)
        else:
            moment = datetime.fromisoformat(text).replace(microsecond=0)
            moment = moment.replace(tzinfo=moment.tzinfo or CHINA).astimezone(CHINA)
    except (ValueError, OverflowError):
        raise InvalidValue(
            name, text, "a date or time in China, such as 2026-11-22 or '2026-11-22 18:00'"
        ) from None
    if not _FIRST <= moment <= _LAST:
        raise InvalidValue(name, text, "a time in the years 2000 to 2100")
    return moment
