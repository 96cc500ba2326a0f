"""CSV: dialects, headings, checks of every column."""

from __future__ import annotations

from pathlib import Path

import pytest

from mapsvc.errors import ListFileError
from mapsvc.lists import Limits, ListFile, Note, Rejection, read_list
from mapsvc.lists.headings import HEADINGS, field_of
from mapsvc.model import Datum, Point

HEAD = "name,address,lat,lon,datum\n"
ROW = "工商银行甲支行,宁波市中山路1号"


def _read(tmp_path: Path, content: str, datum: Datum | None = None) -> ListFile:
    path = tmp_path / "list.csv"
    path.write_text(content, encoding="utf-8", newline="")
    return read_list(path, datum=datum)


def _error(tmp_path: Path, content: str) -> str:
    with pytest.raises(ListFileError) as caught:
        _read(tmp_path, content)
    return str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        f"name,address\n{ROW}\n",
        f"name,address\r\n{ROW}",
        f"name,address\r{ROW}\r",
        "name;address\n工商银行甲支行;宁波市中山路1号\n",
        "name\taddress\n工商银行甲支行\t宁波市中山路1号\n",
        "sep=;\nname;address\n工商银行甲支行;宁波市中山路1号\n",
        f"2021年名单,,\n\n名称,地址,\n{ROW},\n",
        f"2021年名单\n名称,地址\n{ROW}\n备注:以上排名不分先后\n",
        "地址,网点名称（必填）,备注\n宁波市中山路1号,工商银行甲支行,x\n",
        "序号,NAME,Full_Address\n1,工商银行甲支行,宁波市中山路1号\n",
        '"名 称","详细地址*"\n"工商银行甲支行","宁波市中山路1号"\n',
        ROW + "\n",
        "2021年名单\n" + ROW + "\n备注:x",
        ROW.replace(",", ";"),
        f"\ufeffname,address\n{ROW}\n",
    ],
)
def test_dialects_and_headings(tmp_path: Path, content: str) -> None:
    file = _read(tmp_path, content)
    assert file.format == "csv"
    assert file.rejected == ()
    assert [(row.name, row.address, row.bank, row.id) for row in file.rows] == [
        ("工商银行甲支行", "宁波市中山路1号", "icbc", None)
    ]
    if "2021年" in content:
        assert (file.title, file.year) == ("2021年名单", 2021)
    assert file.remarks == (
        ("备注:" + content.split("备注:")[1].strip(),) if "备注:" in content else ()
    )


def test_every_heading_is_understood_and_none_means_two_fields() -> None:
    seen: dict[str, str] = {}
    for field, headings in HEADINGS.items():
        for heading in headings:
            assert field_of(heading) == field, heading
            assert field_of(f" {heading.upper()} ") == field, heading
            assert seen.setdefault(heading, field) == field
    assert field_of("备注") is None
    assert field_of("") is None


def test_all_columns(tmp_path: Path) -> None:
    file = _read(
        tmp_path,
        "网点编号,银行,网点名称,地址,经度,纬度,坐标系,联系电话,营业时间,服务项目,荣誉\n"
        "NB-01.a_2,建行,某支行,宁波市中山路1号,121.5,29.86,高德,0574-1,周一至周五9:00-17:00,"
        "停车、ATM,五星级网点\n"
        "NB-02,icbc,某二支行,宁波市中山路2号,,,,,无,-,\n"
        "NB-03,未知行,工商银行三支行,宁波市中山路3号,１２１．５,２９．８６,WGS-84,,,,\n"
        ",,外国支行,Paris,2.35,48.85,wgs84,,,,\n",
    )
    assert file.rejected == ()
    first, second, third, fourth = file.rows
    assert first == (
        2, "NB-01.a_2", "某支行", "宁波市中山路1号", "ccb", "0574-1",
        "Mo-Fr 09:00-17:00", Point(121.5, 29.86, Datum.GCJ02), ("atm", "parking"), "五星级网点",
    )  # fmt: skip
    assert (second.hours, second.services, second.award) == ("", (), "")
    assert (second.bank, second.point, second.phone) == ("icbc", None, "")
    assert (third.bank, third.point) == ("icbc", Point(121.5, 29.86))
    assert (fourth.id, fourth.bank, fourth.point) == (None, None, Point(2.35, 48.85))
    assert file.notes == (Note(4, "unknown bank '未知行': not used"),)


def test_physical_line_numbers_with_line_breaks_in_cells(tmp_path: Path) -> None:
    file = _read(
        tmp_path,
        'name,address,phone\r\n"工商银行\n甲支行",宁波市中山路1号,"一\r\n二\r三"\r\n\r\n'
        '农业银行乙支行,宁波市中山路2号,\r\n"x\ny",,\r\n建设银行丙支行,宁波市中山路3号,\r\n',
    )
    assert [(row.line, row.name) for row in file.rows] == [
        (2, "工商银行\n甲支行"),
        (7, "农业银行乙支行"),
        (10, "建设银行丙支行"),
    ]
    assert file.rows[0].phone == "一\r\n二\r三"
    assert [rejection.line for rejection in file.rejected] == [8]


@pytest.mark.parametrize(
    ("cells", "column", "value", "reason"),
    [
        (",宁波市中山路1号", "name", "''", "a branch needs name; the cell is empty"),
        ("工商银行, ", "address", "''", "a branch needs address; the cell is empty"),
        ("\u200b\u202e,路", "name", "'\\u200b\\u202e'", "there is nothing in it that can be seen"),
        ("行,\u3164", "address", "'\u3164'", "there is nothing in it that can be seen"),
        ("行,路,nan,121.5,wgs84", "lat", "nan", "not a number from -90 to 90"),
        ("行,路,29.8,NaN,wgs84", "lon", "nan", "not a number from -180 to 180"),
        ("行,路,inf,121.5,wgs84", "lat", "inf", "not a number from -90 to 90"),
        ("行,路,29.8,-inf,wgs84", "lon", "-inf", "not a number from -180 to 180"),
        ("行,路,29.8,1e999,wgs84", "lon", "inf", "not a number from -180 to 180"),
        ("行,路,29.8,181,wgs84", "lon", "181.0", "not a number from -180 to 180"),
        ("行,路,-91,121,wgs84", "lat", "-91.0", "not a number from -90 to 90"),
        (
            "行,路,121.5,29.8,wgs84", "lat", "121.5",
            "not a number from -90 to 90; are lat and lon swapped?",
        ),
        (
            "行,路,85.2,44.1,wgs84", "lat", "85.2",
            "outside China with lon 44.1, inside when swapped; are lat and lon swapped?",
        ),
        ("行,路,0,0,wgs84", "lat", "0.0", "lat 0 and lon 0 stand for an unknown position"),
        ("行,路,29.8,,wgs84", "lon", "''", "lat and lon go together; this one is empty"),
        ("行,路,,121.5,wgs84", "lat", "''", "lat and lon go together; this one is empty"),
        ("行,路,29°51',121.5,wgs84", "lat", '"29°51\'"', "not a number of decimal degrees"),
        ("行,路,29.8,121.5,mars", "datum", "'mars'", "not one of wgs84, gcj02, bd09"),
        (
            "行,路,29.8,121.5,", "datum", "''",
            "a position needs its datum: wgs84, gcj02 or bd09",
        ),
        (",".join(["行"] * 40), "—", "'行'", "40 cells under 5 headings"),
        ("工商银行 甲支行,宁波市中山路１号", "name", "'工商银行 甲支行'",
         "the same name and address as in line 2"),
    ],
)  # fmt: skip
def test_rejected_rows(tmp_path: Path, cells: str, column: str, value: str, reason: str) -> None:
    file = _read(tmp_path, f"{HEAD}{ROW},,,\n{cells}\n农业银行,路2号,,,\n")
    assert file.rejected == (Rejection(3, column, value, reason),)
    assert [row.line for row in file.rows] == [2, 4]


def test_the_heading_is_named_as_the_file_writes_it(tmp_path: Path) -> None:
    file = _read(tmp_path, "网点名称,详细地址,纬度,经度,坐标系\n行,路,91,121,wgs84\n,路,,,\n")
    assert [rejection.column for rejection in file.rejected] == ["纬度", "网点名称"]


def test_rows_shorter_and_longer_than_the_headings(tmp_path: Path) -> None:
    file = _read(tmp_path, f"{HEAD}{ROW}\n农业银行,路2号,,,,,, ,\n,,,\n\n")
    assert file.rejected == ()
    assert [row.line for row in file.rows] == [2, 3]


@pytest.mark.parametrize("bad", [".x", "a/b", "../x", "a b", "x" * 65, "编号", "a\u0301"])
def test_bad_ids(tmp_path: Path, bad: str) -> None:
    file = _read(tmp_path, f"id,name,address\n{bad},行,路\n")
    assert file.rows == ()
    assert "an id is up to 64 letters" in file.rejected[0].reason


def test_duplicate_ids_and_rows(tmp_path: Path) -> None:
    file = _read(
        tmp_path, "id,name,address\na,行1,路1\na,行2,路2\nb,行1,路1\nA,行3,路3\na,行4,路4\n"
    )
    assert [(r.line, r.column, r.reason) for r in file.rejected] == [
        (3, "id", "the same id as in line 2"),
        (4, "name", "the same name and address as in line 2"),
        (6, "id", "the same id as in line 2"),
    ]
    assert [row.id for row in file.rows] == ["a", "A"]


def test_a_rejected_row_is_nobodys_first(tmp_path: Path) -> None:
    file = _read(tmp_path, "id,name,address,lat,lon,datum\na,行1,路1,99,1,wgs84\na,行1,路1,,,\n")
    assert [row.line for row in file.rows] == [3]


def test_a_row_number_is_no_id(tmp_path: Path) -> None:
    for heading in ("序号", "编号", "No."):
        assert _read(tmp_path, f"{heading},name,address\n1,行,路\n").rows[0].id is None


def test_positions_need_a_datum(tmp_path: Path) -> None:
    content = "name,address,lat,lon\n行,路,29.8,121.5\n"
    message = _error(tmp_path, content)
    assert "add a column datum (wgs84, gcj02 or bd09), or pass --datum" in message
    row = _read(tmp_path, content, Datum.BD09).rows[0]
    assert row.point == Point(121.5, 29.8, Datum.BD09)
    assert _read(tmp_path, "name,address,lat,lon\n行,路,,\n").rows[0].point is None
    own = _read(tmp_path, HEAD + "行,路,29.8,121.5,gcj02\n行2,路,29.8,121.5,\n", Datum.WGS84)
    assert [row.point and row.point.datum for row in own.rows] == [Datum.GCJ02, Datum.WGS84]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("名称,网点名称,地址\na,b,c\n", "columns 1 ('名称') and 2 ('网点名称') both mean name"),
        ("name,address,地址\na,b,c\n", "both mean address"),
        ("name,phone\na,b\n", "there is no column for address; found: 'name', 'phone'; underst"),
        ("地址,phone\na,b\n", "there is no column for name; found: '地址', 'phone'"),
        ("a,b,c\n1,2,3\n", "there is no row of headings; found: 'a', 'b', 'c'; understood, among"),
        ("a,b\n1,2\n", "no row of headings; found: 'a', 'b'"),
        ("once upon a time, there was\na, b\n", "there is no row of headings"),
        ("站点,位置\n工商银行甲支行,中山路1号\n农业银行乙支行,中山路2号\n", "seems to be headings"),
        ("name,address,lat\na,b,1\n", "a column for lat and none for lon"),
        ("name,address,经度\na,b,1\n", "a column for lon and none for lat"),
        ("name,address\n", "the file has no rows of branches"),
        ("2021年名单\nname,address\n\n,\n备注:x\n", "the file has no rows of branches"),
        ('name,address\n行,"路\n行2,路2\n', "line 2: unexpected end of data: a quotation mark"),
        ('name,address\n行,"路"x\n', "line 2: ',' expected after '\"'"),
        ('name,address\n行,"' + "路\n" * 70_000, "a quotation mark is missing"),
        ("name,address," + "x," * 199 + "\n行,路\n", "202 columns; at most 200"),
        ("x," * 600_000, "a line has 1,200,000 characters"),
        ("地址,名称\n工商银行甲支行,中山路1号\n农业银行乙支行,中山路2号\n", "seem to be swapped"),
    ],
)
def test_files_refused_as_a_whole(tmp_path: Path, content: str, message: str) -> None:
    text = _error(tmp_path, content)
    assert message in text
    assert text.isprintable()
    assert len(text) < 1500


def test_unknown_columns_are_noted(tmp_path: Path) -> None:
    file = _read(tmp_path, "name,address,备注,\x1b[0m\n行,路,x,y\n")
    assert [note.text for note in file.notes] == [
        "the column '备注' is not used",
        "the column '\\x1b[0m' is not used",
    ]


def test_remarks_below_the_table_are_kept(tmp_path: Path) -> None:
    file = _read(tmp_path, f"name,address\n{ROW}\n注：一,\n说明: 二\n")
    assert file.remarks == ("注：一", "说明: 二")
    assert file.rejected == ()


def test_leading_signs_and_quotes_are_kept(tmp_path: Path) -> None:
    file = _read(tmp_path, 'name,address\n=1+1,"a ""b"" c"\n+2,@x\n-3,\'y\n')
    assert [(row.name, row.address) for row in file.rows] == [
        ("=1+1", 'a "b" c'),
        ("+2", "@x"),
        ("-3", "'y"),
    ]


def test_too_many_rows(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("name,address\n" + "".join(f"行{i},\n" for i in range(11)), encoding="utf-8")
    with pytest.raises(ListFileError, match="more than 10 rows"):
        read_list(path, limits=Limits(rows=10))


def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    rows = "".join(
        f"工商银行宁波第{i}支行,宁波市中山路{i}号,{29 + i / 1e6:.6f},{121 + i / 1e6:.6f},wgs84\n"
        for i in range(100_000)
    )
    file = _read(tmp_path, HEAD + rows)
    assert len(file.rows) == 100_000
    assert file.rejected == ()
    assert file.rows[-1].line == 100_001
    assert file.rows[-1].point == Point(121.099999, 29.099999)
