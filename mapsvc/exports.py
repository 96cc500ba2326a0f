"""Branches as files for other programs: GeoJSON and CSV, both WGS-84."""

from __future__ import annotations

import csv
import io
import json
import re
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
_FORMULA = ("=", "+", "-", "@")
_PHONE = re.compile(r"\+[0-9]+(?: [0-9]+)+")
"""A text that begins like a formula and can be none: with spaces between its digits it is not even
a sum."""
_UNSEEN = dict.fromkeys(
    [*range(0x20), 0x7F, *range(0x80, 0xA0), 0x2028, 0x2029], " "
) | dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], None)
"""What would steer a terminal or turn a line around."""


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
    r"""CSV with BOM, as spreadsheets in China expect it.

    A text that a spreadsheet would run as a formula gets an apostrophe in front, which makes it
    text there: https://owasp.org/www-community/attacks/CSV_Injection. Control characters and line
    breaks become spaces and bidirectional controls are taken out, for terminals.

    >>> csv_text(["name"], [["=1+1"], ["+86 574 8765"], ["\x1b[2Ja\u202eb"]]).splitlines()[1:]
    ["'=1+1", '+86 574 8765', '[2Jab']
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
    if not isinstance(value, str):
        return value
    text = value.translate(_UNSEEN).strip()
    is_formula = text.startswith(_FORMULA) and not _PHONE.fullmatch(text)
    return f"'{text}" if is_formula else text
