"""Branches as files for other programs: GeoJSON and CSV, both WGS-84."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from mapsvc.snapshot import Snapshot

_COLUMNS = (
    "id",
    "name",
    "bank",
    "address",
    "district",
    "district_name",
    "phone",
    "hours",
    "precision",
    "radius_m",
    "provider",
    "located_at",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_geojson(snapshot: Snapshot, indices: Sequence[int]) -> str:
    """A FeatureCollection (RFC 7946): longitude first; a branch without a place has no geometry."""
    features = snapshot.features(indices).decode()
    return f'{{"type":"FeatureCollection","features":[{features}]}}\n'


def as_csv(snapshot: Snapshot, indices: Sequence[int]) -> str:
    """A table of branches with a heading; see `csv_text`."""
    return csv_text(
        [*_COLUMNS, "lon", "lat", "datum", "list", "review"],
        (_row(snapshot, index) for index in indices),
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


def _row(snapshot: Snapshot, index: int) -> Sequence[object]:
    properties = snapshot.properties(index)
    point = snapshot.point(index)
    position = (point.lon, point.lat, point.datum.value) if point else ("", "", "")
    return (
        *(properties[column] for column in _COLUMNS),
        *position,
        " ".join(properties["list"]),
        " ".join(reason["code"] for reason in properties["review"]),
    )


def _cell(value: object) -> object:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
