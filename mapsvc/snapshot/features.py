"""A branch as a GeoJSON Feature (RFC 7946), serialised once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from mapsvc.hours import canonical_hours
from mapsvc.lists.banks import banks
from mapsvc.snapshot.notices import NoticeBoard, current
from mapsvc.snapshot.territory import Territory
from mapsvc.store.base import Reading, Row
from mapsvc.store.rows import services_from


@dataclass(frozen=True, slots=True)
class Facts:
    """What features say that stands in no row.

    Args:
        district_names: of the stored districts, by code.
        awards: what lists honour, by slug; only of those that do.
        board: the notices.
    """

    district_names: Mapping[str, str]
    awards: Mapping[str, str] = field(default_factory=dict)
    board: NoticeBoard = field(default_factory=lambda: NoticeBoard((), lambda code: (code,)))

    @classmethod
    def of(cls, reading: Reading, territory: Territory) -> Facts:
        """The facts of a revision with its districts."""

        def districts_in(code: str) -> Iterable[str]:
            if code in territory.names:
                return (code,)
            # Only for the rare notice of a city: making areas of all China takes seconds.
            return territory.areas.get(code).districts if code in territory.areas else ()

        return cls(
            territory.names,
            {known.slug: known.award for known in reading.lists if known.award},
            NoticeBoard(current(reading.notices, reading.changed_at), districts_in),
        )

    def award(self, row: Row) -> str | None:
        """What a branch was honoured with: its own award, or that of its first list with one."""
        if row.award or not self.awards:
            return row.award or None
        return next((self.awards[slug] for slug in row.lists if slug in self.awards), None)


def feature(row: Row, facts: Facts) -> bytes:
    """A branch in WGS-84, longitude first; an unplaced one has a null geometry (section 3.2).

    >>> row = Row("b1", "甲支行", "中山路1号", None, "", "", "[]", "", 121.5, 29.9, "building",
    ...           150.0, "curated", None, "330203", "[]", ("a",))
    >>> feature(row, Facts({"330203": "海曙区"})).decode()[:91]
    '{"type":"Feature","id":"b1","geometry":{"type":"Point","coordinates":[121.5,29.9]},"propert'
    """
    bank = banks().get(row.bank or "")
    name = facts.district_names.get(row.district or "")
    properties = {
        "id": row.id,
        "name": row.name,
        "bank": row.bank,
        "bank_name": bank.short if bank else None,
        "address": row.address,
        "district": row.district if name is not None else None,
        "district_name": name,
        "list": row.lists,
        "phone": row.phone or None,
        "hours": canonical_hours(row.hours),
        "services": services_from(row.services),
        "award": facts.award(row),
        "notices": facts.board.shown(row.id, row.district),
        "precision": row.precision,
        "radius_m": row.radius_m,
        "provider": row.provider,
        "located_at": row.located_at,
        "review": _reasons(row.reasons),
    }
    point = None if row.lon is None else {"type": "Point", "coordinates": (row.lon, row.lat)}
    return orjson.dumps(
        {"type": "Feature", "id": row.id, "geometry": point, "properties": properties}
    )


@lru_cache(256)
def _reasons(text: str | None) -> list[dict[str, Any]]:
    """Review reasons as they are published, from how they are stored."""
    stored = json.loads(text) if text else []
    return [{"code": reason["code"], **reason["detail"]} for reason in stored]
