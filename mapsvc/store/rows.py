"""Values to rows and rows to values: the only place that knows how a value lies in a table."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import shapely
from sqlalchemy import Row

from mapsvc.geocoding.record import CacheKey, canonical_json, key_of, to_json
from mapsvc.model import (
    Branch,
    BranchList,
    Datum,
    District,
    Geocode,
    Notice,
    Placement,
    Point,
    Precision,
    ReviewCode,
    ReviewReason,
)

Values = dict[str, Any]


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _stored(text: str) -> str:
    """Text as every database can hold it: PostgreSQL knows no NUL, and lists show it as ␀, too."""
    return text.replace("\0", "␀")


def list_values(branch_list: BranchList, position: int) -> Values:
    imported_at = branch_list.imported_at
    return {
        "slug": branch_list.slug,
        "position": position,
        "title": _stored(branch_list.title),
        "year": branch_list.year,
        "source": _stored(branch_list.source),
        "imported_at": imported_at.isoformat() if imported_at else None,
        "award": _stored(branch_list.award),
    }


def to_list(row: Row[Any]) -> BranchList:
    imported_at = _time(row.imported_at)
    return BranchList(row.slug, row.title, row.year, row.source, imported_at, row.award)


def branch_values(branch: Branch) -> Values:
    point = branch.point
    return {
        "id": branch.id,
        "name": _stored(branch.name),
        "address": _stored(branch.address),
        "bank": branch.bank,
        "phone": _stored(branch.phone),
        "hours": _stored(branch.hours),
        "services": stored_services(branch.services),
        "award": _stored(branch.award),
        "lon": point.lon if point else None,
        "lat": point.lat if point else None,
        "datum": point.datum.value if point else None,
    }


def to_branch(row: Row[Any]) -> Branch:
    point = None if row.lon is None else Point(row.lon, row.lat, Datum(row.datum))
    return Branch(
        id=row.id,
        name=row.name,
        address=row.address,
        bank=row.bank,
        phone=row.phone,
        hours=row.hours,
        point=point,
        services=services_from(row.services),
        award=row.award,
    )


def placement_values(placement: Placement) -> Values:
    point, located_at = placement.point, placement.located_at
    return {
        "branch": placement.branch_id,
        "lon": point.lon if point else None,
        "lat": point.lat if point else None,
        "precision": placement.precision.value if placement.precision else None,
        "radius_m": placement.radius_m,
        "provider": placement.provider,
        "located_at": located_at.isoformat() if located_at else None,
        "district": placement.district,
        "address": _stored(placement.address),
        "reasons": canonical_json(
            [{"code": reason.code, "detail": dict(reason.detail)} for reason in placement.reasons]
        ),
    }


def to_placement(row: Row[Any]) -> Placement:
    return Placement(
        branch_id=row.branch,
        point=None if row.lon is None else Point(row.lon, row.lat),
        precision=Precision(row.precision) if row.precision else None,
        radius_m=row.radius_m,
        provider=row.provider,
        located_at=_time(row.located_at),
        district=row.district,
        address=row.address,
        reasons=tuple(
            ReviewReason(ReviewCode(reason["code"]), reason["detail"])
            for reason in json.loads(row.reasons)
        ),
    )


def notice_values(notice: Notice) -> Values:
    return {
        "id": notice.id,
        "text": _stored(notice.text),
        "text_en": _stored(notice.text_en),
        "branch": notice.branch,
        "district": notice.district,
        "start_at": notice.start.isoformat(),
        "end_at": notice.end.isoformat(),
        "closes": int(notice.closes),
    }


def to_notice(row: Row[Any] | SimpleNamespace) -> Notice:
    return Notice(
        id=row.id,
        text=row.text,
        text_en=row.text_en,
        branch=row.branch,
        district=row.district,
        start=datetime.fromisoformat(row.start_at),
        end=datetime.fromisoformat(row.end_at),
        closes=bool(row.closes),
    )


def stored_services(codes: Iterable[str]) -> str:
    """The codes of services as a JSON array."""
    return json.dumps(list(codes), separators=(",", ":"))


@lru_cache(4_096)
def services_from(text: str) -> tuple[str, ...]:
    """What `stored_services` has made; few texts, for very many branches."""
    return tuple(json.loads(text))


def key_values(key: CacheKey) -> Values:
    return {
        "provider": key.provider,
        "query": key.query,
        "options": key.options,
        "normaliser": key.normaliser,
    }


def geocode_values(geocode: Geocode) -> Values:
    return key_values(key_of(geocode)) | {"record": to_json(geocode)}


def district_values(district: District) -> Values:
    return {
        "code": district.code,
        "name": _stored(district.name),
        "name_en": _stored(district.name_en),
        "city": _stored(district.city),
        "province": _stored(district.province),
        "source": _stored(district.source),
        "geometry": shapely.to_wkb(district.geometry),
        "drawing": shapely.to_wkb(district.drawing),
    }


def to_district(row: Row[Any]) -> District:
    return District(
        code=row.code,
        name=row.name,
        city=row.city,
        province=row.province,
        geometry=shapely.from_wkb(row.geometry),
        drawing=shapely.from_wkb(row.drawing),
        name_en=row.name_en,
        source=row.source,
    )
