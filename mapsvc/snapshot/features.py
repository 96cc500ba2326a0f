"""A branch as a GeoJSON Feature (RFC 7946), serialised once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from mapsvc.lists.banks import banks
from mapsvc.store.base import Row


def feature(row: Row, district_names: Mapping[str, str]) -> bytes:
    """A branch in WGS-84, longitude first; an unplaced one has a null geometry (section 3.2).

    Args:
        row: the branch.
        district_names: of the stored districts, by code.

    >>> row = Row("b1", "甲支行", "中山路1号", None, "", "", 121.5, 29.9, "building", 150.0,
    ...           "curated", None, "330203", "[]", ("a",))
    >>> feature(row, {"330203": "海曙区"}).decode()[:91]
    '{"type":"Feature","id":"b1","geometry":{"type":"Point","coordinates":[121.5,29.9]},"propert'
    """
    bank = banks().get(row.bank or "")
    name = district_names.get(row.district or "")
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
        "hours": row.hours or None,
        "services": [],
        "award": None,
        "notices": [],
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
