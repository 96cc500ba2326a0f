"""Branches as files for other programs: GeoJSON and CSV, both WGS-84."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

from mapsvc.model import Datum

_COLUMNS = (
    "id",
    "name",
    "bank",
    "address",
    "district",
    "district_name",
    "phone",
    "hours",
    "award",
    "precision",
    "radius_m",
    "provider",
    "located_at",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_geojson(features: Iterable[bytes]) -> str:
    """A FeatureCollection (RFC 7946): longitude first; a branch without a place has no geometry.

    Args:
        features: branches as serialised features.
    """
    joined = b",".join(features).decode()
    return f'{{"type":"FeatureCollection","features":[{joined}]}}\n'


def as_csv(features: Iterable[bytes]) -> str:
    """A table of the same with a heading; see `csv_text`."""
    return csv_text(
        [*_COLUMNS, "lon", "lat", "datum", "list", "services", "review"], map(_row, features)
    )


def csv_text(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV with BOM, as spreadsheets in China expect it.

    A text that a spreadsheet would run as a formula gets an apostrophe in front, which makes it
    text there: https://owasp.org/www-community/attacks/CSV_Injection
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return "\ufeff" + out.getvalue()


def _row(feature: bytes) -> Sequence[object]:
    branch = json.loads(feature)
    properties, geometry = branch["properties"], branch["geometry"]
    position = (*geometry["coordinates"], Datum.WGS84.value) if geometry else ("", "", "")
    return (
        *(properties[column] for column in _COLUMNS),
        *position,
        " ".join(properties["list"]),
        " ".join(properties["services"]),
        " ".join(reason["code"] for reason in properties["review"]),
    )


def _cell(value: object) -> object:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
