"""The hierarchy over the districts: who stands where, what is passed over, what is drawn."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from mapsvc.address.english import PROVINCES, city_name, province_name
from mapsvc.areas import Area, Areas
from mapsvc.districts import read_folder
from mapsvc.errors import InvalidValue, NotFound
from mapsvc.model import BBox, District
from mapsvc.resources import resource


def district(code: str, name: str, city: str = "", province: str = "",
             shape: BaseGeometry | None = None) -> District:  # fmt: skip
    digits = [ord(c) for c in code[-6:]]
    x, y = sum(digits[:4]) * 2 % 90, digits[-2] % 7 * 10 + digits[-1] % 10
    shape = shape or shapely.box(x, y, x + 1, y + 1)
    return District(code, name, city, province, shape, shape)


def ningbo(count: int = 2) -> list[District]:
    return [district(f"33020{i}", f"区{i}", "宁波市", "浙江省") for i in range(1, count + 1)]


def hangzhou(count: int = 2) -> list[District]:
    return [district(f"33010{i}", f"坊{i}", "杭州市", "浙江省") for i in range(1, count + 1)]


BEIJING = [district(f"11010{i}", f"京{i}", "北京市", "北京市") for i in (1, 2)]
TAIWAN = district("710000", "台湾省", "台湾省", "台湾省")
DING_AN = district("469021", "定安县", "定安县", "海南省")
HAIKOU = [district(f"46010{i}", f"琼{i}", "海口市", "海南省") for i in (5, 6)]
HONG_KONG = [district(f"81000{i}", f"港{i}", "", "香港特别行政区") for i in (1, 2)]
OWN = [district("east", "东片", "宁波市", "浙江省"), district("000017", "西片", "宁波市", "浙江省")]

Shown = dict[str | None, list[str]]
CASES: list[tuple[str, list[District], Shown]] = [
    ("nothing", [], {None: []}),
    ("one district", ningbo(1), {None: ["330201"]}),
    ("one city: its districts at once", ningbo(3), {None: ["330201", "330202", "330203"]}),
    ("two cities: the province is passed over", ningbo() + hangzhou(),
     {None: ["330100", "330200"], "330100": ["330101", "330102"],
      "330200": ["330201", "330202"]}),
    ("a city of one district stands as that", ningbo() + hangzhou(1),
     {None: ["330101", "330200"], "330200": ["330201", "330202"]}),
    ("two provinces, one with a single city", ningbo() + HAIKOU + [DING_AN],
     {None: ["330200", "460000"], "330200": ["330201", "330202"],
      "460000": ["460100", "469021"], "460100": ["460105", "460106"]}),
    ("a municipality has districts, no city", BEIJING + ningbo() + hangzhou(),
     {None: ["110000", "330000"], "110000": ["110101", "110102"],
      "330000": ["330100", "330200"]}),
    ("a municipality alone", BEIJING, {None: ["110101", "110102"]}),
    ("a county without a city", [*HAIKOU, DING_AN], {None: ["460100", "469021"]}),
    ("a province that is one district", [TAIWAN, *BEIJING],
     {None: ["110000", "710000"], "710000": []}),
    ("no city given", HONG_KONG + BEIJING,
     {None: ["110000", "810000"], "810000": ["810001", "810002"]}),
    ("no province given", [district("330201", "a", "宁波市"), district("330202", "b", "宁波市"),
                           district("330101", "c", "杭州市"), district("330102", "d", "杭州市")],
     {None: ["330100", "330200"], "330100": ["330101", "330102"]}),
    ("neither given", [district("330201", "a"), district("330202", "b"), *BEIJING],
     {None: ["110101", "110102", "330201", "330202"]}),
    ("codes of one's own stand beside one city's districts", ningbo() + OWN,
     {None: ["000017", "330201", "330202", "east"]}),
    ("and beside groups", ningbo() + hangzhou() + OWN,
     {None: ["000017", "330100", "330200", "east"]}),
    ("a district with a city's code is no group", [district("330200", "全市", "宁波市", "浙江省"),
                                                   *ningbo(), *BEIJING],
     {None: ["110000", "330000"], "330000": ["330200", "330201", "330202"], "330200": []}),
]  # fmt: skip


@pytest.mark.parametrize(("districts", "shown"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_what_each_view_shows(districts: list[District], shown: Shown) -> None:
    areas = Areas(districts[::-1])
    for code, children in shown.items():
        assert [area.code for area in areas.children(code)] == children
    reached = list(areas.roots)
    for code in reached:
        area = areas.get(code)
        assert all(areas.get(child).parent == code for child in area.children)
        assert [a.code for a in areas.path(code)][-1] == code
        assert (area.level == "district") == (not area.children)
        reached += area.children
    assert len(reached) == len(set(reached))
    leaves = [code for code in reached if areas.get(code).level == "district"]
    assert sorted(leaves) == sorted(d.code for d in districts)
    assert sorted(d for code in areas.roots for d in areas.get(code).districts) == sorted(leaves)


def test_an_area_says_what_it_is() -> None:
    areas = Areas([*ningbo(), *hangzhou(), *BEIJING])
    city = areas.get("330200")
    assert (city.name, city.name_en, city.level) == ("宁波市", "Ningbo", "city")
    assert (city.parent, city.districts) == ("330000", ("330201", "330202"))
    province = areas.get("330000")
    assert (province.name, province.name_en, province.level) == ("浙江省", "Zhejiang", "province")
    assert province.districts == ("330101", "330102", "330201", "330202")
    assert [area.name for area in areas.path("330202")] == ["浙江省", "宁波市", "区2"]
    assert city.bbox == BBox(*shapely.union_all([d.geometry for d in ningbo()]).bounds)


def test_what_is_passed_over_can_be_asked_for() -> None:
    areas = Areas(ningbo())
    for code in ("330000", "330200"):
        assert code in areas
        assert areas.get(code).districts == areas.get(code).children == ("330201", "330202")
        assert [area.code for area in areas.path(code)] == [code]
    assert [area.code for area in areas.path("330201")] == ["330201"]
    areas = Areas([*ningbo(), *hangzhou(1), *BEIJING])
    assert areas.get("330100").children == ("330101",)
    assert [area.code for area in areas.path("330100")] == ["330000", "330100"]
    assert areas.get("330100").drawing.equals(areas.get("330101").drawing)


def test_an_unknown_code() -> None:
    areas = Areas(ningbo())
    assert "330300" not in areas
    for ask in (areas.get, areas.children, areas.path):
        with pytest.raises(NotFound, match="no area '330300'"):
            ask("330300")


def test_the_name_that_most_districts_give_is_taken() -> None:
    odd = dataclasses.replace(ningbo(1)[0], city="宁波")
    areas = Areas([odd, *ningbo(3)[1:], *hangzhou()])
    assert areas.get("330200").name == "宁波市"


@pytest.mark.parametrize(("code", "name", "english"), [
    ("330200", "宁波市", "Ningbo"), ("610100", "西安市", "Xi'an"), ("141100", "吕梁市", "Lüliang"),
    ("211300", "朝阳市", "Chaoyang"), ("140400", "长治市", "Changzhi"),
    ("500100", "重庆市", "Chongqing"),
    ("411100", "漯河市", "Luohe"), ("341500", "六安市", "Lu'an"),
    ("150100", "呼和浩特市", "Hohhot"),
    ("422800", "恩施土家族苗族自治州", "Enshi"), ("232700", "大兴安岭地区", "Daxing'anling"),
    ("530800", "普洱市", "Pu'er"), ("460300", "三沙市", "Sansha"), ("330200", "Ningbo", "Ningbo"),
])  # fmt: skip
def test_english_names_of_cities(code: str, name: str, english: str) -> None:
    assert city_name(code, name) == english


def test_every_official_city_has_an_english_name() -> None:
    rows = resource("data/divisions.csv").read_text("utf-8").split()[1:]
    divisions = dict(row.split(",")[:2] for row in rows)
    cities = [c for c in divisions if c.endswith("00") and not c.endswith("0000")]
    assert len(cities) > 300
    for code in cities:
        assert city_name(code, divisions[code]).replace("'", "").replace(" ", "").isalpha()
        assert not city_name(code, divisions[code]).endswith(("zhizhou", "diqu", "meng"))
    for code in divisions:
        assert province_name(code)
    assert len(PROVINCES) == 34
    assert (province_name("610000"), province_name("140000")) == ("Shaanxi", "Shanxi")


# What is drawn.


def wavy(x: float, y: float, side: float = 1.0, steps: int = 500) -> list[District]:
    """Two districts side by side, whose common border and coasts wave; islets off the coast."""
    t = np.linspace(0, side, steps)
    wave = 0.01 * side * np.sin(t * 300 / side)
    middle = np.column_stack([x + side / 2 + wave, y + t])
    half = np.array([side / 2, 0])
    west, east = middle - half, middle + half
    left = shapely.Polygon([*west, *middle[::-1]])
    right = shapely.Polygon([*middle, *east[::-1]])
    islet = shapely.box(x - side / 10, y, x - side / 10 + side / 2_000, y + side / 2_000)
    return [
        district("330201", "西", "宁波市", "浙江省", shapely.MultiPolygon([left, islet])),
        district("330202", "东", "宁波市", "浙江省", right),
    ]


def neighbours_fit(areas: Sequence[Area]) -> bool:
    return bool(shapely.coverage_is_valid(np.array([a.drawing for a in areas], dtype=object)))


def vertices_in(drawn: Sequence[Area | District]) -> int:
    return sum(int(shapely.get_num_coordinates(one.drawing)) for one in drawn)


def test_drawings_are_smaller_and_still_share_their_edges() -> None:
    districts = [*wavy(121, 29), district("330101", "北", "杭州市", "浙江省",
                                          shapely.box(121, 32, 121.5, 32.5)),
                 district("330102", "南", "杭州市", "浙江省", shapely.box(121.5, 32, 122, 32.5)),
                 *BEIJING]  # fmt: skip
    areas = Areas(districts)
    assert neighbours_fit(areas.children("330200"))
    drawn = {area.code: area.drawing for area in areas.children("330200")}
    for d in districts[:2]:
        drawing = drawn[d.code]
        assert drawing.is_valid
        assert drawing.area == pytest.approx(d.geometry.area, rel=0.01)
    ring_of = {c: shapely.get_num_coordinates(areas.get(c).drawing) for c in ("330200", "330000")}
    vertices = shapely.get_num_coordinates(districts[0].geometry)
    # What stands beside Beijing is drawn coarser than the city in its province.
    assert ring_of["330000"] < vertices


def test_islets_too_small_to_be_seen_are_left_out_but_no_area_vanishes() -> None:
    west, east = wavy(121, 29)
    rocks = [shapely.box(122.5, 29, 122.5001, 29.0001), shapely.box(122.6, 29, 122.6002, 29.0002)]
    rock = district("330203", "礁", "宁波市", "浙江省", shapely.MultiPolygon(rocks))
    areas = Areas([west, east, rock])
    assert shapely.get_num_geometries(areas.get("330201").drawing) == 1
    assert areas.get("330201").bbox.west == pytest.approx(120.9)
    assert areas.get("330203").drawing.intersects(rocks[1])
    assert not areas.get("330203").drawing.intersects(rocks[0])


def test_a_rock_far_out_does_not_make_the_rest_coarse() -> None:
    rock = district("330203", "礁", "宁波市", "浙江省", shapely.box(112, 4, 112.001, 4.001))
    alone, with_rock = Areas(wavy(121, 29)), Areas([*wavy(121, 29), rock])
    for code in ("330201", "330202"):
        assert with_rock.get(code).drawing.equals(alone.get(code).drawing)


def test_a_city_is_the_union_of_its_districts() -> None:
    areas = Areas([*wavy(121, 29), *hangzhou(), *BEIJING])
    city = areas.get("330200").drawing
    assert city.geom_type == "Polygon"
    assert not city.interiors
    assert city.area == pytest.approx(sum(d.geometry.area for d in wavy(121, 29)), rel=0.01)


def test_polygons_that_overlap_can_be_drawn_too() -> None:
    overlapping = [
        district("330201", "a", "宁波市", "浙江省", shapely.box(121, 29, 122, 30)),
        district("330202", "b", "宁波市", "浙江省", shapely.box(121.5, 29.5, 122.5, 30.5)),
    ]
    areas = Areas([*overlapping, *hangzhou(), *BEIJING])
    city = areas.get("330200").drawing
    assert city.is_valid
    assert city.area == pytest.approx(1.75, rel=0.02)


def test_a_ragged_coast_is_held_to_what_a_page_can_carry() -> None:
    rng = np.random.default_rng(3)
    districts = []
    for i in range(30):
        t = np.linspace(0, 2 * np.pi, 3_000, endpoint=False)
        r = 0.45 * (1 + 0.2 * rng.random(3_000))
        xy = np.column_stack([110 + i % 6 + r * np.cos(t), 25 + i // 6 + r * np.sin(t)])
        districts.append(district(f"3302{i + 1:02}", "x", "宁波市", "浙江省", shapely.Polygon(xy)))
    assert vertices_in(Areas(districts).children(None)) <= 10_000 < vertices_in(districts) / 8


def test_bytes_give_the_same_areas_back() -> None:
    areas = Areas([*wavy(121, 29), *hangzhou(), *BEIJING, *OWN])
    again = Areas.from_bytes(areas.to_bytes())
    assert again.roots == areas.roots
    assert len(again) == len(areas)
    for code in ("110000", "330000", "330200", "330201", "east"):
        assert dataclasses.replace(again.get(code), drawing=None) == dataclasses.replace(
            areas.get(code), drawing=None
        )
        assert again.get(code).drawing.equals_exact(areas.get(code).drawing, 0)
    assert Areas.from_bytes(Areas([]).to_bytes()).roots == ()


@pytest.mark.parametrize("cut", [0, 4, 8, 60, -1])
def test_damaged_bytes_are_refused(cut: int) -> None:
    content = Areas(ningbo()).to_bytes()
    with pytest.raises(InvalidValue, match="areas: "):
        Areas.from_bytes(content[:cut])


def test_the_shipped_districts() -> None:
    districts = read_folder(resource("data/districts"))
    areas = Areas(districts)
    assert areas.roots == tuple(d.code for d in districts)
    assert [area.name for area in areas.children(None)] == [d.name for d in districts]
    assert [area.name_en for area in areas.children(None)] == [d.name_en for d in districts]
    assert areas.get("330200").children == areas.roots
    assert neighbours_fit(areas.children(None))
    assert neighbours_fit(areas.children("330200"))
    assert 1_000 < vertices_in(areas.children(None)) < 5_000
    for d in districts:
        assert areas.get(d.code).drawing.area == pytest.approx(d.geometry.area, rel=0.03)
    whole = areas.get("330200").drawing
    assert whole.area == pytest.approx(sum(d.geometry.area for d in districts), rel=0.01)
