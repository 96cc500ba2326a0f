"""Which notices each branch's feature carries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from mapsvc.model import Notice

Shown = list[dict[str, Any]]


def current(notices: Iterable[Notice], changed_at: datetime | None) -> tuple[Notice, ...]:
    """Those that were not over when the store last changed, by start.

    That time, and not the present, so that a revision's answers are the same whenever and
    wherever they are made.
    """
    kept = [notice for notice in notices if changed_at is None or notice.end > changed_at]
    return tuple(sorted(kept, key=lambda notice: (notice.start, notice.id)))


def closing(notices: Iterable[Notice], now: datetime) -> tuple[Notice, ...]:
    """Those that close branches at this moment."""
    return tuple(notice for notice in notices if notice.closes and notice.holds(now))


class NoticeBoard:
    """Looks notices up by branch and district: two dictionaries, for a million branches.

    Args:
        notices: see `current`.
        districts_in: the codes of the districts in an area, by its code.
    """

    def __init__(
        self, notices: Sequence[Notice], districts_in: Callable[[str], Iterable[str]]
    ) -> None:
        self._of_all = [notice for notice in notices if notice.scope == "all"]
        self._of_branch: dict[str, list[Notice]] = {}
        self._of_district: dict[str | None, list[Notice]] = {}
        for notice in notices:
            if notice.branch is not None:
                self._of_branch.setdefault(notice.branch, []).append(notice)
            elif notice.district is not None:
                for code in districts_in(notice.district):
                    self._of_district.setdefault(code, []).append(notice)
        self._shown_to_all = told_of(self._of_all)
        self._shown_in: dict[str | None, Shown] = {
            code: told_of([*self._of_all, *own]) for code, own in self._of_district.items()
        }

    def shown(self, branch_id: str, district: str | None) -> Shown:
        """What a branch's feature says, by start.

        Args:
            branch_id: of the branch.
            district: the code of the district that it lies in.
        """
        own = self._of_branch.get(branch_id)
        if own is None:
            return self._shown_in.get(district, self._shown_to_all)
        return told_of([*self._of_all, *self._of_district.get(district, ()), *own])


def told_of(notices: Iterable[Notice]) -> Shown:
    """Notices as features have them, by start."""
    return [
        {
            "text": notice.text,
            "text_en": notice.text_en or None,
            "start": notice.start.isoformat(),
            "end": notice.end.isoformat(),
            "scope": notice.scope,
            "closes": notice.closes,
        }
        for notice in sorted(notices, key=lambda notice: (notice.start, notice.id))
    ]
