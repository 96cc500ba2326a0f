"""District polygons in files: anybody's GeoJSON read with care, and our own format.

Our format is a GeoJSON FeatureCollection in WGS-84 (RFC 7946), one feature a district, ordered by
code, with the properties ``code, name, name_en, city, province, source``. A set of districts is
two such files: ``<name>.geojson`` with the full polygons, which assign positions, and
``<name>-drawing.geojson`` with the simplified ones.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from mapsvc.errors import DistrictsError, shown
from mapsvc.files import UnreadableFile, read_regular
from mapsvc.geo.datum import convert_geometry
from mapsvc.geo.districts import DRAWING_TOLERANCE_M, check, simplify_coverage
from mapsvc.model import Datum, District

__all__ = [
    "drawing_path",
    "read_districts",
    "read_folder",
    "read_geojson",
    "set_name",
    "write_geojson",
]

MAX_BYTES = 100_000_000
"""All 2,848 counties of the mainland at full resolution are about 90 MB."""

_CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")

_FULL_DECIMALS = 7
"""A centimetre."""
_DRAWING_DECIMALS = 5
"""A metre."""
_DRAWING = "-drawing"
_PROPERTIES = ("code", "name", "name_en", "city", "province", "source")


def read_geojson(
    path: Path,
    datum: Datum,
    code_field: str,
    name_field: str,
    *,
    city: str = "",
    province: str = "",
) -> list[District]:
    """Districts from any GeoJSON file.

    Args:
        path: a FeatureCollection of Polygons and MultiPolygons, longitude first, in UTF-8.
        datum: the datum of its coordinates; WGS-84 by the standard, often GCJ-02 in China.
        code_field: the property that holds a district's code (text or a whole number).
        name_field: the property that holds its name.
        city: the city that they all belong to, if known.
        province: its province.

    Returns:
        The districts ordered by code, in WGS-84, with ``drawing`` simplified as one coverage;
        where polygons are invalid or overlap (`mapsvc.geo.districts.check` tells which), valid
        ones are simplified each by itself.

    Raises:
        DistrictsError: the file cannot be read or is larger than 100 MB, is no JSON or no
            FeatureCollection, or a feature has no such property, no polygon, or coordinates that
            are no degrees; the text names the feature, counted from 1.
    """
    features = _features(path)
    read = []
    for number, feature in enumerate(features, 1):
        place = f"{path}: feature {number}"
        code = _property(feature, code_field, place)
        if not _CODE.fullmatch(code):
            allowed = "up to 64 letters, digits, - and _, which can stand in a page's address"
            raise DistrictsError(
                f"{place}: property {shown(code_field)}: {shown(code)} is not {allowed}"
            )
        name = _property(feature, name_field, place)
        geometry = convert_geometry(_polygons(feature, f"{place} ({name})"), datum, Datum.WGS84)
        read.append((code, name, geometry))
    read.sort(key=lambda row: row[0])
    drawings = _drawings([code for code, _, _ in read], [geometry for _, _, geometry in read])
    return [
        District(code, name, city, province, geometry, drawing, source=path.name)
        for (code, name, geometry), drawing in zip(read, drawings, strict=True)
    ]


def write_geojson(districts: Sequence[District], path: Path) -> tuple[Path, Path]:
    """Write districts in our own format.

    Args:
        districts: in WGS-84; written in the order of their codes.
        path: the file for the full polygons (7 decimals); that for drawing (5 decimals) is written
            beside it. Files that exist are replaced, each at once.

    Returns:
        The two paths.
    """
    ordered = sorted(districts, key=lambda district: district.code)
    _write(path, ordered, lambda district: district.geometry, _FULL_DECIMALS)
    _write(drawing_path(path), ordered, lambda district: district.drawing, _DRAWING_DECIMALS)
    return path, drawing_path(path)


def read_districts(path: Path) -> list[District]:
    """Read what `write_geojson` wrote, given the path of the full polygons.

    Raises:
        DistrictsError: a file is missing or not of our format, or the two do not hold the same
            codes.
    """
    full, drawn = _features(path), _features(drawing_path(path))
    drawings = {}
    for number, feature in enumerate(drawn, 1):
        place = f"{drawing_path(path)}: feature {number}"
        drawings[_property(feature, "code", place)] = _polygons(feature, place)
    districts = []
    for number, feature in enumerate(full, 1):
        place = f"{path}: feature {number}"
        values = {name: feature["properties"].get(name, "") for name in _PROPERTIES}
        values["code"] = _property(feature, "code", place)
        values["name"] = _property(feature, "name", place)
        if values["code"] not in drawings:
            raise DistrictsError(f"{place}: {drawing_path(path).name} has no {values['code']}")
        drawing = drawings.pop(values["code"])
        districts.append(District(geometry=_polygons(feature, place), drawing=drawing, **values))
    if drawings:
        raise DistrictsError(f"{path}: has no {', '.join(sorted(drawings))}, but its drawing has")
    return districts


def drawing_path(path: Path) -> Path:
    """``data/districts/330200.geojson`` → ``data/districts/330200-drawing.geojson``."""
    return path.with_name(f"{path.stem}{_DRAWING}{path.suffix}")


def read_folder(folder: Path) -> list[District]:
    """All districts of all sets in a folder, ordered by code; raises as `read_districts`.

    Raises:
        DistrictsError: also where two sets hold the same code.
    """
    paths = [p for p in sorted(folder.glob("*.geojson")) if not p.stem.endswith(_DRAWING)]
    districts: dict[str, District] = {}
    for path in paths:
        for district in read_districts(path):
            if district.code in districts:
                raise DistrictsError(f"{path}: another file of {folder} has {district.code} too")
            districts[district.code] = district
    return [districts[code] for code in sorted(districts)]


def set_name(districts: Sequence[District]) -> str:
    """The name of a set's file: what the codes begin with, filled up with zeros.

    For Ningbo's ``330203`` … ``330282`` it is ``330200``, for one district its own code; for codes
    that have nothing in common it is ``districts``.
    """
    codes = [district.code for district in districts]
    prefix = os.path.commonprefix(codes)  # noqa: RUF071  (of texts, not of paths)
    return prefix.ljust(min(map(len, codes), default=0), "0") if prefix else "districts"


def _features(path: Path) -> list[dict[str, Any]]:
    try:
        content = json.loads(read_regular(path, MAX_BYTES))
    except UnreadableFile as error:
        raise DistrictsError(f"{path}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise DistrictsError(f"{path}: is not JSON in UTF-8: {error}") from error
    kind = content.get("type") if isinstance(content, dict) else type(content).__name__
    features = content.get("features") if isinstance(content, dict) else None
    if kind != "FeatureCollection" or not isinstance(features, list):
        raise DistrictsError(f"{path}: {shown(kind)} is not a GeoJSON FeatureCollection")
    if not features:
        raise DistrictsError(f"{path}: the FeatureCollection is empty")
    for number, feature in enumerate(features, 1):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
            raise DistrictsError(f"{path}: feature {number}: is not a Feature with properties")
    return features


def _property(feature: dict[str, Any], field: str, place: str) -> str:
    value = feature["properties"].get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        has = ", ".join(map(shown, sorted(feature["properties"])[:8])) or "none"
        raise DistrictsError(
            f"{place}: property {shown(field)}: {shown(value)} is not a text or whole number"
            f" (its properties: {has})"
        )
    try:
        value.encode()
    except UnicodeEncodeError:
        raise DistrictsError(
            f"{place}: property {shown(field)}: {shown(value)} is no text"
        ) from None
    return value.strip()


def _polygons(feature: dict[str, Any], place: str) -> BaseGeometry:
    raw = feature.get("geometry")
    kind = raw.get("type") if isinstance(raw, dict) else raw
    if not isinstance(raw, dict) or kind not in {"Polygon", "MultiPolygon"}:
        raise DistrictsError(f"{place}: geometry {shown(kind)} is not a Polygon or MultiPolygon")
    _check_positions(raw.get("coordinates"), place, 1 if kind == "Polygon" else 2)
    try:
        geometry = shapely.force_2d(shapely.from_geojson(json.dumps(raw)))
    except shapely.GEOSException as error:
        raise DistrictsError(f"{place}: geometry cannot be read: {error}") from error
    if geometry.is_empty:
        raise DistrictsError(f"{place}: the geometry is empty")
    return geometry


def _check_positions(node: Any, place: str, depth: int) -> None:
    """Every position must be a list that begins with a longitude and a latitude."""
    if not isinstance(node, list):
        raise DistrictsError(f"{place}: coordinates: {shown(node)} is not a list")
    if depth:
        for child in node:
            _check_positions(child, place, depth - 1)
        return
    for position in node:
        if not _is_position(position):
            raise DistrictsError(f"{place}: {shown(position)} is not a longitude and latitude")


def _is_position(node: Any) -> bool:
    return (
        isinstance(node, list)
        and len(node) in {2, 3}
        and all(type(value) in {int, float} for value in node)
        and -180 <= node[0] <= 180
        and -90 <= node[1] <= 90
    )


def _drawings(codes: list[str], geometries: list[BaseGeometry]) -> list[BaseGeometry]:
    if not check(codes, geometries):
        return simplify_coverage(geometries, DRAWING_TOLERANCE_M)
    alone = []
    for geometry in geometries:
        sound = geometry.is_valid
        alone.append(simplify_coverage([geometry], DRAWING_TOLERANCE_M)[0] if sound else geometry)
    return alone


def _write(
    path: Path, districts: list[District], of: Callable[[District], BaseGeometry], decimals: int
) -> None:
    features = ",\n".join(_feature(district, of(district), decimals) for district in districts)
    text = f'{{"type":"FeatureCollection","features":[\n{features}\n]}}\n'
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, "utf-8")
    os.replace(part, path)  # noqa: PTH105


def _feature(district: District, geometry: BaseGeometry, decimals: int) -> str:
    rounded = shapely.transform(geometry, lambda xy: np.round(xy, decimals))
    feature = {
        "type": "Feature",
        "properties": {name: getattr(district, name) for name in _PROPERTIES},
        "geometry": json.loads(shapely.to_geojson(rounded)),
    }
    return json.dumps(feature, ensure_ascii=False, separators=(",", ":"))
