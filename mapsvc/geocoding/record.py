"""A `Geocode` as one canonical JSON object: what the cache stores and exports.

An export is one object a line, keys sorted, lines sorted, text unescaped, so that two caches
with the same contents are the same bytes and a changed answer is one changed line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import NoneType
from typing import Any

from mapsvc.address.normalise import NORMALISER_VERSION
from mapsvc.errors import GeocodingError, InvalidValue, ascii_controls
from mapsvc.files import UnreadableFile, read_regular
from mapsvc.model import Datum, Geocode, Point, Precision

MAX_BYTES = 1 << 30
"""Of a cache file: a million answers with what their providers said."""
_MAX_NORMALISER = 1_000_000
_REQUIRED = {"provider", "query", "located_at"}
_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "provider": ((str,), "a text"),
    "query": ((str,), "a text"),
    "located_at": ((str,), "a time as 2026-11-22T08:00:00+00:00"),
    "lon": ((int, float, NoneType), "a number or null"),
    "lat": ((int, float, NoneType), "a number or null"),
    "native": ((dict, NoneType), "an object with lon, lat and datum"),
    "precision": ((str, NoneType), f"one of {', '.join(Precision)}"),
    "radius_m": ((int, float, NoneType), "a number or null"),
    "district": ((str, NoneType), "a text or null"),
    "evidence": ((str,), "a text"),
    "options": ((dict,), "an object"),
    "normaliser": ((int,), "a whole number"),
    "answer": ((object,), "any JSON"),
}
"""The fields of a record: the types that each may have, and how to say so."""


@dataclass(frozen=True, slots=True)
class CacheKey:
    """What a cached answer is found by."""

    provider: str
    query: str
    """In canonical form; see `mapsvc.address.normalise.canonical`."""
    options: str = "{}"
    """Canonical JSON of the request's options."""
    normaliser: int = NORMALISER_VERSION


def key_of(geocode: Geocode) -> CacheKey:
    """The key that an answer is cached under."""
    options = canonical_json(dict(geocode.options))
    return CacheKey(geocode.provider, geocode.query, options, geocode.normaliser)


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces and unescaped text: equal values give equal text.

    Raises:
        ValueError: NaN or an infinity, which JSON does not have.

    >>> canonical_json({"b": 1, "a": "宁波"})
    '{"a":"宁波","b":1}'
    """
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def to_json(geocode: Geocode) -> str:
    """One answer as canonical JSON; ``lon`` and ``lat`` are WGS-84, null where not found."""
    point, native = geocode.point, geocode.native
    return canonical_json(
        {
            "provider": geocode.provider,
            "query": geocode.query,
            "options": dict(geocode.options),
            "normaliser": geocode.normaliser,
            "located_at": geocode.located_at.isoformat(),
            "lon": point.lon if point else None,
            "lat": point.lat if point else None,
            "native": {"lon": native.lon, "lat": native.lat, "datum": native.datum}
            if native
            else None,
            "precision": geocode.precision,
            "radius_m": geocode.radius_m,
            "district": geocode.district,
            "evidence": geocode.evidence,
            "answer": geocode.answer,
        }
    )


def from_json(text: str) -> Geocode:
    """Read what `to_json` wrote; raises `InvalidValue` that names the field."""
    try:
        record = json.loads(text)
    except ValueError as error:
        raise InvalidValue("cache record", text, f"JSON ({error})") from None
    except RecursionError:
        raise InvalidValue("cache record", text, "JSON of a sensible depth") from None
    if not isinstance(record, dict):
        raise InvalidValue("cache record", text, "a JSON object")
    if missing := _REQUIRED - record.keys():
        raise InvalidValue("cache record", text, f"complete: it lacks {', '.join(sorted(missing))}")
    for name, value in record.items():
        if name not in _TYPES:
            raise InvalidValue("cache record", name, "a known field")
        types, allowed = _TYPES[name]
        if not isinstance(value, types) or (isinstance(value, bool) and object not in types):
            raise InvalidValue(name, value, allowed)
    for name in ("provider", "query"):
        if not record[name]:
            raise InvalidValue(name, record[name], "a text that is not empty")
    if not 1 <= record.get("normaliser", 1) <= _MAX_NORMALISER:
        raise InvalidValue("normaliser", record["normaliser"], f"from 1 to {_MAX_NORMALISER:,}")
    lon, lat = record.get("lon"), record.get("lat")
    precision = record.get("precision")
    point = None
    if lon is not None or lat is not None:
        point = Point(lon, lat)  # type: ignore[arg-type]  # Point rejects what is no number
        if precision is None:
            raise InvalidValue("precision", precision, f"one of {', '.join(Precision)}")
    return Geocode(
        provider=record["provider"],
        query=record["query"],
        located_at=_time(record["located_at"]),
        point=point,
        native=_native(record.get("native")),
        precision=None if precision is None else _precision(precision),
        radius_m=record.get("radius_m"),
        district=record.get("district"),
        evidence=record.get("evidence", ""),
        options=record.get("options", {}),
        normaliser=record.get("normaliser", 1),
        answer=record.get("answer"),
    )


def export_lines(geocodes: Iterable[Geocode]) -> list[str]:
    """The lines of an export, sorted; each without its line end."""
    return sorted(to_json(geocode) for geocode in geocodes)


def read_file(path: Path) -> list[Geocode]:
    """The answers in an exported file, all of them sound.

    Raises:
        GeocodingError: the file cannot be read, or a line is wrong; names file and line.
    """
    name = ascii_controls(path.name)
    try:
        lines = read_regular(path, MAX_BYTES).decode("utf-8").split("\n")
    except UnreadableFile as error:
        raise GeocodingError(f"{name}: {error}") from None
    except UnicodeDecodeError:
        raise GeocodingError(f"{name} cannot be read: it is not UTF-8 text") from None
    answers = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                answers.append(_storable(from_json(line)))
            except InvalidValue as error:
                raise GeocodingError(f"{name}, line {number}: {error}") from None
    return answers


def _storable(geocode: Geocode) -> Geocode:
    """Python reads more than JSON and UTF-8 can hold: NaN, and halves of characters."""
    try:
        to_json(geocode).encode()
    except ValueError as error:
        raise InvalidValue("cache record", geocode.query, f"JSON in UTF-8 ({error})") from None
    return geocode


def _time(value: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise InvalidValue("located_at", value, "a time as 2026-11-22T08:00:00+00:00") from None


def _precision(value: str) -> Precision:
    try:
        return Precision(value)
    except ValueError:
        raise InvalidValue("precision", value, f"one of {', '.join(Precision)}") from None


def _native(value: dict[str, Any] | None) -> Point | None:
    if value is None:
        return None
    try:
        return Point(value["lon"], value["lat"], Datum.parse(value["datum"], "native.datum"))
    except (TypeError, KeyError, AttributeError):
        raise InvalidValue("native", value, "an object with lon, lat and datum") from None
