"""Notices as pages say them: which to show where, in the visitor's language, with their times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from flask_babel import format_date

from mapsvc.hours import CHINA
from mapsvc.model import Notice
from mapsvc.snapshot import Snapshot
from mapsvc.snapshot.notices import told_of
from mapsvc.web.areas import area_name
from mapsvc.web.clock import minute
from mapsvc.web.context import snapshot
from mapsvc.web.display import shown
from mapsvc.web.i18n import language

_DAY = {"zh": "M月d日", "en": "d MMM"}
_DAY_OF_YEAR = {"zh": "y年M月d日", "en": "d MMM y"}


@dataclass(frozen=True, slots=True)
class NoticeView:
    """What customers are told for a time, in the visitor's language where it is known."""

    text: str
    lang: str
    """The language tag of the text."""
    start: datetime
    until: datetime
    closes: bool
    scope: str
    is_on: bool
    """Whether it holds already, not only later."""
    area: str = ""
    """The name of the area that it is for, where nothing around it says that."""

    @property
    def is_own(self) -> bool:
        """Whether it is of one branch, so that no list says it for several."""
        return self.scope == "branch"

    @property
    def since(self) -> str:
        """Its beginning in words: 11月24日, 11月24日 9:00."""
        return _moment(self.start)

    @property
    def end(self) -> str:
        """Its end in words; where it is midnight, the day that ends there."""
        end = self.until.astimezone(CHINA)
        whole = (end.hour, end.minute) == (0, 0)
        return _moment(end - timedelta(days=1)) if whole else _moment(end)


def _moment(time: datetime) -> str:
    """A day, with its year where it is not the present one; and a time that is not midnight."""
    local = time.astimezone(CHINA)
    this_year = local.year == minute().astimezone(CHINA).year
    day: str = format_date(local.date(), (_DAY if this_year else _DAY_OF_YEAR)[language()])
    if (local.hour, local.minute) == (0, 0):
        return day
    return f"{day} {local:%H:%M}"


def notice_views(given: Iterable[Mapping[str, Any]]) -> tuple[NoticeView, ...]:
    """Those of a feature's notices that are not over, the ones that hold now first."""
    now, english = minute(), language() == "en"
    views = [
        NoticeView(
            text=shown((english and each["text_en"]) or each["text"]),
            lang="en" if english and each["text_en"] else "zh-Hans",
            start=(start := datetime.fromisoformat(each["start"])),
            until=datetime.fromisoformat(each["end"]),
            closes=each["closes"],
            scope=each["scope"],
            is_on=start <= now,
        )
        for each in given
        if datetime.fromisoformat(each["end"]) > now
    ]
    return tuple(sorted(views, key=_order))


def _order(view: NoticeView) -> tuple[bool, datetime]:
    return not view.is_on, view.start


def closures(notices: Iterable[NoticeView]) -> str:
    """When notices close a branch, for the page's script: minutes since 1970, ``start-end …``."""
    return " ".join(
        f"{int(each.start.timestamp()) // 60}-{-(-int(each.until.timestamp()) // 60)}"
        for each in notices
        if each.closes
    )


def told_above(districts: Iterable[str | None], *, is_grouped: bool) -> tuple[NoticeView, ...]:
    """What a list says once above its branches.

    Args:
        districts: the codes of the districts that the listed branches lie in.
        is_grouped: whether districts have headings, below which `told_in` says theirs.
    """
    snap, codes = snapshot(), set(districts)
    views = [
        replace(view, area=_area_of(snap, notice))
        for notice in snap.notices
        if notice.scope == "all"
        or (
            notice.district is not None
            and not codes.isdisjoint(_districts_in(snap, notice.district))
            and not (is_grouped and notice.district in codes)
        )
        for view in notice_views(told_of([notice]))
    ]
    return tuple(sorted(views, key=_order))


def told_in(district: str | None) -> tuple[NoticeView, ...]:
    """What a list says below the heading of a district."""
    return notice_views(
        told_of(
            notice
            for notice in snapshot().notices
            if district is not None and notice.district == district
        )
    )


def _area_of(snap: Snapshot, notice: Notice) -> str:
    if notice.district is None or notice.district not in snap.areas:
        return ""
    return area_name(snap.areas.get(notice.district))


def _districts_in(snap: Snapshot, code: str) -> tuple[str, ...]:
    return snap.areas.get(code).districts if code in snap.areas else (code,)


def init_app(app: Flask) -> None:
    """Give the templates `told_above` and `told_in`."""
    app.add_template_global(told_above)
    app.add_template_global(told_in)
