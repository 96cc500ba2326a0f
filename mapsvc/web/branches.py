"""Branches as pages and maps show them: in words, in the visitor's language."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from mapsvc.errors import NotFound
from mapsvc.lists.banks import Bank, banks
from mapsvc.lists.services import Service, services
from mapsvc.model import Point, Precision
from mapsvc.snapshot import Snapshot
from mapsvc.web import openings, words
from mapsvc.web.areas import district_title
from mapsvc.web.badges import UNKNOWN, badges
from mapsvc.web.clock import minute
from mapsvc.web.display import shown
from mapsvc.web.i18n import gettext, language
from mapsvc.web.notices import NoticeView, closures, notice_views


@dataclass(frozen=True, slots=True)
class BranchView:
    """A branch with everything about it that a visitor reads; texts are safe to display."""

    id: str
    name: str
    address: str
    bank: str
    """The bank's name; empty where the branch's name tells no known bank."""
    badge: str
    """One character that stands for the bank."""
    district: str | None
    district_name: str
    phone: str
    dialled: str
    """The telephone number as it is dialled, for a ``tel:`` link; empty where it is none."""
    hours: str
    """The week in one line; empty where it is not known."""
    openings: str
    """When it is open in the coming days, for the page's script."""
    closures: str
    """When notices close it, for the page's script."""
    is_closed: bool
    """Whether a notice closes it now."""
    award: str
    services: tuple[str, ...]
    notices: tuple[NoticeView, ...]
    lists: tuple[str, ...]
    point: Point | None
    radius_m: float | None
    """None for an exact place, and where there is no place."""
    precision: str
    origin: str
    doubts: tuple[str, ...]
    located_on: date | None
    distance: str = ""
    """From where a list by distance is measured, in words."""

    @property
    def is_approximate(self) -> bool:
        return self.point is not None and self.radius_m is not None


@dataclass(frozen=True, slots=True)
class Group:
    """The branches of one district; ``code`` is None for branches without a known place."""

    code: str | None
    name: str
    branches: tuple[BranchView, ...]


def bank_name(bank: Bank) -> str:
    return bank.name_en if language() == "en" else bank.name


def bank_short_name(bank: Bank) -> str:
    return bank.name_en if language() == "en" else bank.short


def service_name(service: Service) -> str:
    return service.name_en if language() == "en" else service.name


def _award(snapshot: Snapshot, award: str | None, slugs: Iterable[str]) -> str:
    """What a branch was honoured as, with the year of the list that says so."""
    if not award:
        return ""
    lists = map(snapshot.branch_list, slugs)
    years = [known.year for known in lists if known.award == award and known.year]
    if not years:
        return shown(award)
    return gettext("%(award)s (%(year)s)", award=shown(award), year=max(years))


_EXTENSION = re.compile(r"(转|ext|x).*$", re.IGNORECASE)
_PHONE = re.compile(r"\+?\d{3,20}")


def dialled(phone: str) -> str:
    """A telephone number for a ``tel:`` link: the first of several, without its extension.

    >>> dialled("0574-8765 4321 转 802；0574-87654322"), dialled("见公告")
    ('057487654321', '')
    """
    first = re.split(r"[;；、,，/|]", unicodedata.normalize("NFKC", phone))[0]
    digits = re.sub(r"[\s().\-–—]", "", _EXTENSION.sub("", first))
    return digits if _PHONE.fullmatch(digits) else ""


def _name_of_district(snapshot: Snapshot, code: str | None) -> str:
    try:
        return district_title(snapshot, snapshot.district(code)) if code is not None else ""
    except NotFound:
        return ""


def branch_view(snapshot: Snapshot, feature: bytes) -> BranchView:
    """A branch of the snapshot, from its serialised feature."""
    branch = json.loads(feature)
    facts: dict[str, Any] = branch["properties"]
    geometry = branch["geometry"]
    point = Point(*geometry["coordinates"]) if geometry else None
    bank = banks().get(facts["bank"] or "")
    offered = [services()[code] for code in facts["services"] if code in services()]
    precision = Precision(facts["precision"]) if facts["precision"] else None
    located_at = facts["located_at"]
    hours = facts["hours"]
    told = notice_views(facts["notices"])
    exact = precision is None or not precision.is_approximate

    def name_of(code: str) -> str:
        return _name_of_district(snapshot, code) or code

    return BranchView(
        id=facts["id"],
        name=shown(facts["name"]),
        address=shown(facts["address"]),
        bank=bank_name(bank) if bank else "",
        badge=badges()[bank.code] if bank else UNKNOWN,
        district=facts["district"],
        district_name=_name_of_district(snapshot, facts["district"]),
        phone=shown(facts["phone"] or ""),
        dialled=dialled(facts["phone"] or ""),
        hours=openings.in_short(hours) if hours else "",
        openings=openings.moments(hours, minute().date()) if hours else "",
        closures=closures(told),
        is_closed=any(each.closes and each.is_on for each in told),
        award=_award(snapshot, facts["award"], facts["list"]),
        services=tuple(map(service_name, offered)),
        notices=told,
        lists=tuple(shown(snapshot.branch_list(slug).title) for slug in facts["list"]),
        point=point,
        radius_m=None if exact or point is None else facts["radius_m"],
        precision=words.precision(precision, facts["radius_m"]),
        origin=words.origin(precision),
        doubts=tuple(dict.fromkeys(words.doubt(r, name_of) for r in facts["review"])),
        located_on=datetime.fromisoformat(located_at).date() if located_at else None,
    )


def grouped(branches: Sequence[BranchView]) -> tuple[Group, ...]:
    """Branches by district, the district with most of them first; those without one last."""
    by_code: dict[str | None, list[BranchView]] = {}
    for branch in branches:
        by_code.setdefault(branch.district, []).append(branch)
    unplaced = by_code.pop(None, [])
    groups = [
        Group(code, members[0].district_name, tuple(members)) for code, members in by_code.items()
    ]
    groups.sort(key=lambda group: (-len(group.branches), group.code))
    if unplaced:
        groups.append(Group(None, "", tuple(unplaced)))
    return tuple(groups)
