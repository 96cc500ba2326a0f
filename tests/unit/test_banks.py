"""The table of banks, and finding a bank from a branch's name."""

import csv
from dataclasses import FrozenInstanceError

import pytest

from mapsvc.address.normalise import canonical
from mapsvc.lists.banks import banks, find_bank
from mapsvc.resources import resource

NAMES = [
    # the 15 of the announcement
    ("工商银行宁波新城支行营业部", "icbc"),
    ("工商银行宁波鄞州分行营业部", "icbc"),
    ("农业银行慈溪道林支行", "abc"),
    ("建设银行宁波鄞州支行营业部", "ccb"),
    ("建设银行余姚支行营业部", "ccb"),
    ("交通银行宁波分行营业部", "bocom"),
    ("交通银行宁波杭州湾新区支行", "bocom"),
    ("交通银行宁波宁海支行", "bocom"),
    ("浦发银行宁波鄞州支行", "spdb"),
    ("广发银行宁波海曙支行", "cgb"),
    ("光大银行宁波海曙支行", "ceb"),
    ("民生银行宁波分行营业部", "cmbc"),
    ("民生银行宁波海曙支行", "cmbc"),
    ("浙商银行宁波分行营业部", "czb"),
    ("浙江泰隆商业银行宁波鄞州支行(本级)", "zjtlcb"),
    # one bank's name inside or beside another's
    ("宁波银行股份有限公司海曙支行", "nbcb"),
    ("中国工商银行股份有限公司宁波市分行", "icbc"),
    ("工商银行宁波银行城支行", "icbc"),
    ("北京银行上海分行", "bob"),
    ("上海银行宁波分行", "bosc"),
    ("上海浦东发展银行宁波分行", "spdb"),
    ("浦发硅谷银行", "ssvb"),
    ("上海农商银行徐汇支行", "srcb"),
    ("中国农业发展银行宁波市分行", "adbc"),
    ("农业发展银行宁波市分行", "adbc"),
    ("中国农业银行宁波市分行", "abc"),
    ("农行宁波市分行", "abc"),
    ("泰隆银行宁波分行", "zjtlcb"),
    ("中国民生银行宁波分行", "cmbc"),
    ("中国银行宁波市分行", "boc"),
    ("中国银行业务处理中心", "boc"),
    ("中行宁波市江北支行", "boc"),
    ("中国邮政储蓄银行宁海县支行", "psbc"),
    ("鄞州银行首南支行", "nbyz"),
    ("宁波慈溪农村商业银行逍林支行", "cxrcb"),
    ("宁波东海银行", "nbdh"),
    ("厦门国际银行福州分行", "xmintb"),
    ("汇丰银行(中国)有限公司宁波分行", "hsbc"),
    ("汇丰银行（中国）有限公司宁波分行", "hsbc"),
    ("东亚银行宁波支行", "bea"),
    # other scripts, widths and spaces
    ("　工商 银行\u200b宁波支行", "icbc"),
    ("ICBC Ningbo Branch", "icbc"),
    ("Bank of China, Ningbo Branch", "boc"),
    ("BANK OF NINGBO", "nbcb"),
    ("ＨＳＢＣ", "hsbc"),
    # none
    ("中国银行业协会", None),
    ("中国银行业监督管理委员会宁波监管局", None),
    ("中国银行间市场交易商协会", None),
    ("中国银行保险监督管理委员会", None),
    ("宁波市银行业协会", None),
    ("宁波银行业协会", None),
    ("慈溪民生村镇银行", None),
    ("某某村镇银行", None),
    ("ABC教育中心", None),
    ("", None),
    ("\u200b", None),
    ("{{7*7}}", None),
]


@pytest.mark.parametrize(("name", "code"), NAMES)
def test_find_bank(name: str, code: str | None) -> None:
    bank = find_bank(name)
    assert (bank.code if bank else None) == code


def test_every_branch_of_the_shipped_list_has_a_bank() -> None:
    text = resource("data/lists/ningbo-2021.txt").read_text(encoding="utf-8")
    names = [line.split("\t")[0] for line in text.splitlines() if "\t" in line]
    assert len(names) == 15
    assert all(find_bank(name) for name in names)


def test_the_table_is_sound() -> None:
    with resource("data/banks.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 60
    assert len({row["code"] for row in rows}) == len(rows)
    for row in rows:
        assert None not in row, f"too many cells: {row}"
        assert all(value is not None and value == value.strip() for value in row.values()), row
        assert all(row[field] for field in ("code", "name", "short", "name_en")), row
        assert row["code"].isascii(), row
        assert row["code"] == row["code"].lower(), row


def test_no_spelling_belongs_to_two_banks() -> None:
    owner: dict[str, str] = {}
    for bank in banks().values():
        for spelling in (bank.name, bank.short, bank.name_en, *bank.aliases):
            key = canonical(spelling)
            assert owner.setdefault(key, bank.code) == bank.code, spelling


def test_every_spelling_finds_its_own_bank() -> None:
    for bank in banks().values():
        for spelling in (bank.name, bank.short, bank.name_en, *bank.aliases):
            assert find_bank(f"{spelling}某支行") == bank, spelling


def test_banks_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        banks()["icbc"].name = "x"  # type: ignore[misc]
    with pytest.raises(TypeError):
        banks()["x"] = banks()["icbc"]  # type: ignore[index]
