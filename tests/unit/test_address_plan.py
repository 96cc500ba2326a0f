"""Every question of the published addresses, zones as aliases, corrected towns, bounds."""

import csv

import pytest

from mapsvc.address.parts import Address, Street, parse
from mapsvc.address.plan import MAX_QUESTIONS, plan
from mapsvc.model import Precision
from mapsvc.resources import resource

N = "浙江省宁波市"
FIX = "道林镇 → 逍林镇"

PUBLISHED: dict[str, list[str]] = {
    "宁波市河清北路295号": [
        f"building {N}河清北路295号",
        f"street {N}河清北路",
        f"city {N}",
    ],
    "宁波市鄞州区首南街道天银路1号": [
        f"building {N}鄞州区首南街道天银路1号",
        f"street {N}鄞州区首南街道天银路",
        f"town {N}鄞州区首南街道",
        f"district {N}鄞州区",
        f"city {N}",
    ],
    "慈溪市道林镇林西路111号": [
        f"building {N}慈溪市道林镇林西路111号",
        f"building {N}慈溪市逍林镇林西路111号 ({FIX})",
        f"street {N}慈溪市道林镇林西路",
        f"street {N}慈溪市逍林镇林西路 ({FIX})",
        f"town {N}慈溪市道林镇",
        f"town {N}慈溪市逍林镇 ({FIX})",
        f"district {N}慈溪市",
        f"city {N}",
    ],
    "宁波市鄞州区首南街道泰康中路500号及泰聚巷18号": [
        f"building {N}鄞州区首南街道泰康中路500号",
        f"building {N}鄞州区首南街道泰聚巷18号",
        f"street {N}鄞州区首南街道泰康中路",
        f"street {N}鄞州区首南街道泰聚巷",
        f"town {N}鄞州区首南街道",
        f"district {N}鄞州区",
        f"city {N}",
    ],
    "余姚市大黄桥路2号": [
        f"building {N}余姚市大黄桥路2号",
        f"street {N}余姚市大黄桥路",
        f"district {N}余姚市",
        f"city {N}",
    ],
    "宁波市鄞州区海晏北路455号": [
        f"building {N}鄞州区海晏北路455号",
        f"street {N}鄞州区海晏北路",
        f"district {N}鄞州区",
        f"city {N}",
    ],
    "宁波杭州湾新区滨海二路879号、881号": [
        f"building {N}杭州湾新区滨海二路879号",
        f"building {N}杭州湾新区滨海二路881号",
        f"building {N}慈溪市滨海二路879号",
        f"building {N}慈溪市滨海二路881号",
        f"street {N}杭州湾新区滨海二路",
        f"street {N}慈溪市滨海二路",
        f"district {N}杭州湾新区",
        f"district {N}慈溪市",
        f"city {N}",
    ],
    "宁海县跃龙街道学勉路1号金融中心2号楼": [
        f"building {N}宁海县跃龙街道学勉路1号",
        f"building {N}宁海县跃龙街道金融中心2号楼",
        f"building {N}宁海县跃龙街道金融中心",
        f"street {N}宁海县跃龙街道学勉路",
        f"town {N}宁海县跃龙街道",
        f"district {N}宁海县",
        f"city {N}",
    ],
    "宁波市鄞州区天童北路933号": [
        f"building {N}鄞州区天童北路933号",
        f"street {N}鄞州区天童北路",
        f"district {N}鄞州区",
        f"city {N}",
    ],
    "宁波市海曙区灵桥路473号": [
        f"building {N}海曙区灵桥路473号",
        f"street {N}海曙区灵桥路",
        f"district {N}海曙区",
        f"city {N}",
    ],
    "宁波市海曙区解放南路188号": [
        f"building {N}海曙区解放南路188号",
        f"street {N}海曙区解放南路",
        f"district {N}海曙区",
        f"city {N}",
    ],
    "宁波市高新区聚贤路815号": [
        f"building {N}高新区聚贤路815号",
        f"building {N}鄞州区聚贤路815号",
        f"street {N}高新区聚贤路",
        f"street {N}鄞州区聚贤路",
        f"district {N}高新区",
        f"district {N}鄞州区",
        f"city {N}",
    ],
    "宁波市海曙区中山西路166-168号": [
        f"building {N}海曙区中山西路166号",
        f"building {N}海曙区中山西路168号",
        f"street {N}海曙区中山西路",
        f"district {N}海曙区",
        f"city {N}",
    ],
    "宁波市高新区文康路128号,扬帆路555号": [
        f"building {N}高新区文康路128号",
        f"building {N}高新区扬帆路555号",
        f"building {N}鄞州区文康路128号",
        f"building {N}鄞州区扬帆路555号",
        f"street {N}高新区文康路",
        f"street {N}高新区扬帆路",
        f"street {N}鄞州区文康路",
        f"street {N}鄞州区扬帆路",
        f"district {N}高新区",
        f"district {N}鄞州区",
        f"city {N}",
    ],
    "宁波市鄞州区四明西路154、156、158号": [
        f"building {N}鄞州区四明西路154号",
        f"building {N}鄞州区四明西路156号",
        f"building {N}鄞州区四明西路158号",
        f"street {N}鄞州区四明西路",
        f"district {N}鄞州区",
        f"city {N}",
    ],
}


def shown(address: Address) -> list[str]:
    return [
        f"{q.best.value} {q.text}" + (f" ({q.corrected})" if q.corrected else "")
        for q in plan(address)
    ]


def test_the_published_addresses_are_the_shipped_list() -> None:
    with resource("data/lists/ningbo-2021.txt").open(encoding="utf-8") as lines:
        addresses = [row[1] for row in csv.reader(lines, delimiter="\t") if len(row) == 2]
    assert addresses == list(PUBLISHED)


@pytest.mark.parametrize("address", PUBLISHED)
def test_every_question_of_a_published_address(address: str) -> None:
    assert shown(parse(address)) == PUBLISHED[address]


def test_a_question_carries_its_parts() -> None:
    question = plan(parse("宁波市鄞州区首南街道泰康中路500号"))[0]
    assert (question.province, question.city, question.district) == ("浙江省", "宁波市", "鄞州区")
    assert (question.town, question.street, question.number) == ("首南街道", "泰康中路", "500")
    assert not question.corrected
    zone = plan(parse("宁波市高新区聚贤路815号"))
    assert (zone[0].zone, zone[0].district) == ("高新区", "")
    assert (zone[1].zone, zone[1].district) == ("", "鄞州区")


def test_a_zone_is_read_as_each_of_its_districts() -> None:
    asked = [q.district for q in plan(parse("前湾新区滨海四路168号")) if q.number]
    assert asked == ["", "慈溪市", "余姚市"]


def test_a_stated_district_says_more_than_a_zone() -> None:
    assert shown(parse("慈溪市杭州湾新区滨海二路879号")) == [
        f"building {N}慈溪市滨海二路879号",
        f"street {N}慈溪市滨海二路",
        f"district {N}慈溪市",
        f"city {N}",
    ]


def test_a_zone_of_the_same_name_elsewhere_is_no_alias() -> None:
    assert {q.district for q in plan(parse("成都市高新区天府大道1700号"))} == {""}
    assert {q.district for q in plan(parse("慈溪市高新区新兴大道1号"))} == {"慈溪市", ""}


def test_a_dissolved_district_is_read_as_its_successor() -> None:
    assert f"building {N}鄞州区中山东路238号" in shown(parse("宁波市江东区中山东路238号"))


def test_the_corrected_town_brings_its_own_district() -> None:
    corrected = [q for q in plan(parse("宁波市道林镇林西路111号")) if q.corrected]
    assert {(q.district, q.town) for q in corrected} == {("慈溪市", "逍林镇")}


def test_many_numbers_leave_room_for_coarse_questions() -> None:
    address = Address(
        original="", text="", province="浙江省", city="宁波市", codes=("330200",),
        streets=(Street("中山路", tuple(map(str, range(1, 100)))),),
    )  # fmt: skip
    questions = plan(address)
    assert len(questions) == MAX_QUESTIONS
    assert [q.best for q in questions[-2:]] == [Precision.STREET, Precision.CITY]
    assert questions[0].number == "1"
    assert len(plan(address, limit=3)) == 3


def test_what_no_rule_knows_is_asked_whole() -> None:
    assert shown(parse("宁波市12345")) == [f"building {N}12345", f"city {N}"]
    assert plan(parse("")) == ()
