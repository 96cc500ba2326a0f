"""Official towns, near names, and the doubts that an address raises by itself."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from mapsvc.address.check import check_address
from mapsvc.address.extract import extract_divisions, extract_towns, main
from mapsvc.address.likeness import distance, radical, substitution
from mapsvc.address.parts import parse
from mapsvc.address.towns import SUGGESTED, Town, TownList, check_town, read_towns
from mapsvc.errors import InvalidValue
from mapsvc.model import ReviewCode
from mapsvc.resources import resource

TOWNS = resource("data/towns/330200.csv")


@pytest.mark.parametrize(
    ("town", "district", "nearest"),
    [
        ("道林镇", "330282", "逍林镇"),  # same radical, near sound
        ("道林镇", "330200", "逍林镇"),  # before 古林镇 and 岳林街道
        ("道林", "330282", "逍林镇"),
        ("安东镇", "330282", "庵东镇"),  # same sound
        ("鹿停乡", "330281", "鹿亭乡"),
        ("石契街道", "330203", "石碶街道"),
        ("鸡士港镇", "330203", "集士港镇"),
        ("许山街道", "330282", "浒山街道"),
        ("观海镇", "330282", "观海卫镇"),  # a character is missing
        ("大契街道", "330206", "大碶街道"),
        ("首男街道", "330212", "首南街道"),
        ("高僑镇", "330203", "高桥镇"),  # a traditional character of another meaning
    ],
)
def test_the_nearest_official_name_comes_first(town: str, district: str, nearest: str) -> None:
    check = check_town(town, [district])
    assert not check.known
    assert not check.code
    assert check.nearest[0].name == nearest
    assert len(check.nearest) <= SUGGESTED


@pytest.mark.parametrize(
    ("town", "district", "code"),
    [
        ("逍林镇", "330282", "330282111"),
        ("逍林", "330282", "330282111"),
        ("长河镇", "330282", "330282120"),
        ("五乡镇", "330212", "330212105"),
        ("五乡", "330212", "330212105"),
        ("尚田镇", "330213", "330213007"),  # 尚田街道 today
        ("慈城鎮", "330200", "330205103"),
        ("大隐镇", "330281", "330281112"),
    ],
)
def test_official_names_in_any_form_are_known(town: str, district: str, code: str) -> None:
    check = check_town(town, [district])
    assert (check.known, check.code) == (True, code)


def test_every_shipped_town_is_known_and_read_in_an_address() -> None:
    for town in read_towns(TOWNS):
        assert check_town(town.name, [town.district]).code == town.code
        assert not check_address(parse(f"宁波市{town.name}中山路1号", region="330200")), town


@pytest.mark.parametrize(
    ("town", "codes"), [("星沙街道", ["430121"]), ("某某镇", []), ("", ["330282"])]
)
def test_what_no_list_covers_is_no_alarm(town: str, codes: list[str]) -> None:
    assert check_town(town, codes).known


def test_a_name_like_no_other_gets_no_suggestion() -> None:
    check = check_town("城关镇", ["330226"])
    assert (check.known, check.nearest) == (False, ())
    reason = check_address(parse("宁海县城关镇中大街1号"))[0]
    assert reason.detail == {"town": "城关镇", "nearest": None, "nearest_code": None}


@pytest.mark.parametrize(
    ("nearer", "farther"),
    [
        (("道", "逍"), ("道", "古")),  # radical and sound against nothing
        (("安", "庵"), ("安", "观")),  # sound against its final alone
        (("未", "末"), ("未", "本")),  # lookalikes against one radical
        (("碶", "契"), ("碶", "桥")),
        (("道", "迟"), ("道", "池")),  # the same sounds, but one radical
    ],
)
def test_likeness(nearer: tuple[str, str], farther: tuple[str, str]) -> None:
    assert substitution(*nearer) < substitution(*farther) <= 1
    assert substitution(*nearer) == substitution(*nearer[::-1])


def test_distance_is_an_edit_distance() -> None:
    assert distance("观海", "观海卫") == 1
    assert distance("", "逍林") == 2
    assert distance("逍林", "逍林") == 0
    assert distance("abc", "xyz") == 3  # what is no Chinese character is merely different


def test_radicals_follow_the_order_of_the_block() -> None:
    assert [radical(c) for c in "一辶道逍浒湖林a㐀"][2:7] == [162, 162, 85, 85, 75]
    assert radical("a") == radical("㐀") == 0
    assert radical("龠") == 214


REASONS: list[tuple[str, str | None, list[dict[str, Any]]]] = [
    ("慈溪市道林镇林西路111号", "330282",
     [{"town": "道林镇", "nearest": "逍林镇", "nearest_code": "330282111"}]),
    ("宁波市高新区聚贤路815号", "330212", []),
    ("宁波市高新区聚贤路815号", None, []),
    ("宁波杭州湾新区滨海二路879号、881号", "330282", []),
    ("前湾新区滨海四路168号", "330281", []),
    ("宁波市高新区聚贤路815号", "330206",
     [{"zone": "高新区", "districts": ["330212"], "located": "330206"}]),
    ("宁波市高新区", "330212",
     [{"zone": "高新区", "districts": ["330212"], "located": "330212"}]),
    ("成都高新区", None, [{"zone": "高新区", "districts": [], "located": None}]),
    ("成都高新区天府大道1700号", "510107", []),
    ("宁波市鄞州区高新区聚贤路815号", "330206", []),  # district_mismatch says that
    ("宁波市江东区中山东路238号", "330212", []),
    ("宁波市高新区梅墟街道聚贤路815号", "330212", []),
]  # fmt: skip


@pytest.mark.parametrize(("address", "located", "details"), REASONS)
def test_doubts(address: str, located: str | None, details: list[dict[str, Any]]) -> None:
    reasons = check_address(parse(address), located=located)
    assert [dict(reason.detail) for reason in reasons] == details
    codes = {ReviewCode.UNKNOWN_TOWN} if any("town" in d for d in details) else set()
    codes |= {ReviewCode.ZONE_ALIAS} if any("zone" in d for d in details) else set()
    assert {reason.code for reason in reasons} == codes


def test_the_published_list_has_one_unknown_town_and_no_zone_alarm() -> None:
    with resource("data/lists/ningbo-2021.txt").open(encoding="utf-8") as lines:
        addresses = [row[1] for row in csv.reader(lines, delimiter="\t") if len(row) == 2]
    doubted = [(a, r.code) for a in addresses for r in check_address(parse(a))]
    assert doubted == [("慈溪市道林镇林西路111号", ReviewCode.UNKNOWN_TOWN)]


def test_another_citys_towns_can_be_given() -> None:
    towns = TownList([Town("430121001", "星沙街道", "430121")])
    assert check_town("星砂街道", ["430121"], towns).nearest[0].code == "430121001"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A small copy of the package's files, in its form."""
    (tmp_path / "provinces.csv").write_text('code,name\n33,"浙江省"\n44,"广东省"\n11,"北京市"\n')
    (tmp_path / "cities.csv").write_text(
        'code,name,provinceCode\n3302,"宁波市",33\n4419,"东莞市",44\n1101,"市辖区",11\n'
    )
    (tmp_path / "areas.csv").write_text(
        'code,name,cityCode,provinceCode\n330212,"鄞州区",3302,33\n441900,"东莞市",4419,44\n'
        '330271,"某经济技术开发区",3302,33\n110101,"东城区",1101,11\n330281,"余姚市",3302,33\n'
    )
    rows = [
        {"code": "330282111", "name": "逍林镇", "areaCode": "330282"},
        {"code": "330212006", "name": "首南街道", "areaCode": "330212"},
        {"code": "310101002", "name": "外滩街道", "areaCode": "310101"},
    ]
    (tmp_path / "streets.json").write_text(json.dumps(rows))
    return tmp_path


def test_extraction_leaves_out_what_is_no_division(dist: Path) -> None:
    rows = dict(extract_divisions(dist))
    assert {code: rows[code] for code in sorted(rows) if code < "7"} == {
        "110000": "北京市", "110101": "东城区", "330000": "浙江省", "330200": "宁波市",
        "330212": "鄞州区", "330281": "余姚市", "440000": "广东省", "441900": "东莞市",
    }  # fmt: skip
    assert {"710000", "810000", "820000"} <= rows.keys()


@pytest.mark.parametrize(
    ("prefix", "names"),
    [("330200", ["首南街道", "逍林镇"]), ("3302", ["首南街道", "逍林镇"]), ("330282", ["逍林镇"]),
     ("310000", ["外滩街道"])],
)  # fmt: skip
def test_towns_of_any_division_can_be_extracted(dist: Path, prefix: str, names: list[str]) -> None:
    assert [town.name for town in extract_towns(dist / "streets.json", prefix)] == names


@pytest.mark.parametrize(
    ("content", "prefix"), [("[]", "330200"), ("{", "330200"), ("[1]", "330200"), ("[{}]", "33")]
)
def test_a_wrong_source_is_named(tmp_path: Path, content: str, prefix: str) -> None:
    path = tmp_path / "streets.json"
    path.write_text(content)
    with pytest.raises(InvalidValue, match=r"streets\.json|division code"):
        extract_towns(path, prefix)


def test_the_command_writes_files_that_are_read_again(dist: Path) -> None:
    main(["towns", str(dist / "streets.json"), "330200", str(dist / "out" / "towns.csv")])
    assert [t.code for t in read_towns(dist / "out" / "towns.csv")] == ["330212006", "330282111"]
    main(["divisions", str(dist), str(dist / "out" / "divisions.csv")])
    lines = (dist / "out" / "divisions.csv").read_text("utf-8").splitlines()
    assert lines[:2] == ["code,name", "110000,北京市"]
    with pytest.raises(SystemExit, match="package/dist"):
        main(["nonsense"])


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "1.csv"
    path.write_text("code,name,district\n330282111,,330282\n", "utf-8")
    with pytest.raises(InvalidValue, match=r"1\.csv, line 2"):
        read_towns(path)


def test_the_shipped_tables_are_whole() -> None:
    towns = read_towns(TOWNS)
    assert len(towns) == 162
    assert len({t.district for t in towns}) == 10
    with resource("data/divisions.csv").open(encoding="utf-8") as lines:
        divisions = {row["code"]: row["name"] for row in csv.DictReader(lines)}
    assert {t.district for t in towns} <= divisions.keys()
    assert sum(code.endswith("0000") for code in divisions) == 34
    assert len(divisions) == 3217
    with resource("data/zones.csv").open(encoding="utf-8") as lines:
        for zone in csv.DictReader(lines):
            assert zone["source"]
            assert set(zone["districts"].split(";")) <= divisions.keys()
            assert zone["city"] in divisions
