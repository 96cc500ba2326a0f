"""Workbooks: what a cell becomes, which sheet is read, and what a hostile file can do."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from mapsvc.errors import ListFileError
from mapsvc.lists import Limits, ListFile, Note, Rejection, read_list
from mapsvc.lists import workbook as workbook_module
from mapsvc.model import Datum, Point
from tests.unit.sheets import Cell, Raw, sheet_xml, write_ods, write_xlsx

HEAD: list[Cell] = ["网点名称", "地址", "电话", "营业时间"]
ROW: list[Cell] = ["工商银行甲支行", "宁波市中山路1号", None, None]


def _book(tmp_path: Path, *rows: Sequence[Cell], name: str = "list.xlsx") -> Path:
    return write_xlsx(tmp_path / name, {"表1": sheet_xml(rows)})


def _error(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(ListFileError) as caught:
        read_list(path, limits=limits or Limits())
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert text.isprintable()
    return text


@pytest.mark.parametrize("name", ["list.xlsx", "list.csv", "list"])
def test_a_workbook_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    file = read_list(_book(tmp_path, ["2021年名单"], [], HEAD, ROW, ["备注:完"], name=name))
    assert (file.format, file.encoding, file.title, file.year) == ("xlsx", None, "2021年名单", 2021)
    assert [(row.line, row.name, row.address, row.bank) for row in file.rows] == [
        (4, "工商银行甲支行", "宁波市中山路1号", "icbc")
    ]
    assert file.remarks == ("备注:完",)
    assert (file.notes, file.rejected) == ((), ())


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (57488888888.0, "57488888888"),
        (Raw('<c r="{ref}"><v>5.7488888888E10</v></c>'), "57488888888"),
        (0.5, "0.5"),
        (-3, "-3"),
        (1e300, "1e+300"),
        (True, "TRUE"),
        (Raw('<c r="{ref}" s="1"><v>44562</v></c>'), "2022-01-01"),
        (Raw('<c r="{ref}" s="2"><v>0.375</v></c>'), "09:00"),
        (Raw('<c r="{ref}" t="e"><v>#N/A</v></c>'), "#N/A"),
        (Raw('<c t="e" r="{ref}"><f>1/0</f><v>#DIV/0!</v></c>'), "#DIV/0!"),
        (Raw('<c r="{ref}" t="str"><f>A1</f><v>计算</v></c>'), "计算"),
        (Raw('<c r="{ref}" s="1"/>'), ""),
        ("<script>${x}{{7*7}}`\"'\u202e", "<script>${x}{{7*7}}`\"'\u202e"),
        ("=1+1", "=1+1"),
    ],
)
def test_what_a_cell_becomes(tmp_path: Path, cell: Cell, text: str) -> None:
    file = read_list(_book(tmp_path, HEAD, [*ROW[:2], cell]))
    assert file.rejected == ()
    assert file.rows[0].phone == text


def test_an_error_as_name_is_seen(tmp_path: Path) -> None:
    cell = Raw('<c r="{ref}" t="e"><v>#REF!</v></c>')
    file = read_list(_book(tmp_path, HEAD, ["行", cell], ROW))
    assert [row.address for row in file.rows] == ["#REF!", "宁波市中山路1号"]


def test_nul_in_a_cell(tmp_path: Path) -> None:
    file = read_list(_book(tmp_path, HEAD, ["行_x0000_", "路"], ["\\u0000", "路"]))
    assert [row.name for row in file.rows] == ["行␀", "\\u0000"]
    assert file.notes == (Note(2, "a NUL character is kept as ␀"),)


def test_positions(tmp_path: Path) -> None:
    path = _book(
        tmp_path,
        ["name", "address", "lat", "lon"],
        ["行1", "路1", 29.86, 121.5],
        ["行2", "路2", "29.5", 121],
        ["行3", "路3", 121.5, 29.8],
    )
    file = read_list(path, datum=Datum.GCJ02)
    assert [row.point for row in file.rows] == [
        Point(121.5, 29.86, Datum.GCJ02),
        Point(121, 29.5, Datum.GCJ02),
    ]
    assert "are lat and lon swapped?" in file.rejected[0].reason
    assert "pass --datum" in _error(path)


def test_two_columns_without_headings(tmp_path: Path) -> None:
    file = read_list(_book(tmp_path, ["名单"], ROW, ["农业银行乙支行", "宁波市中山路2号", "x"]))
    assert (file.title, len(file.rows)) == ("名单", 1)
    assert file.rejected == (Rejection(3, "—", "'x'", "3 cells under name and address"),)


def test_the_first_visible_sheet_with_content_is_read(tmp_path: Path) -> None:
    sheets = {
        "隐藏": sheet_xml([HEAD, ["隐", "藏"]]),
        "空": sheet_xml([]),
        "名单": sheet_xml({5: HEAD, 9: [Raw('<c r="{ref}" t="e"><v>#N/A</v></c>'), "路"]}),
        "别的": sheet_xml([HEAD, ["别", "的"]]),
    }
    file = read_list(write_xlsx(tmp_path / "a.xlsx", sheets, hidden=frozenset({"隐藏"})))
    assert [(row.line, row.name) for row in file.rows] == [(9, "#N/A")]
    assert [note.text for note in file.notes] == [
        "only the sheet '名单' was read; other sheets left out: '空', '别的'",
        "only the sheet '名单' was read; hidden sheets left out: '隐藏'",
    ]


def test_columns_that_do_not_begin_at_a(tmp_path: Path) -> None:
    error = Raw('<c r="{ref}" t="e"><v>#N/A</v></c>')
    file = read_list(_book(tmp_path, [None, None, *HEAD], [None, None, "行", "路", error]))
    assert (file.rows[0].name, file.rows[0].phone) == ("行", "#N/A")


def test_ods(tmp_path: Path) -> None:
    file = read_list(write_ods(tmp_path / "a.ods", [["名称", "地址"], ["工商银行", "路1号"]]))
    assert (file.format, file.rows[0].line, file.rows[0].name) == ("ods", 2, "工商银行")


def test_xls() -> None:
    file = read_list(Path(__file__).with_name("old-excel.xls"))
    assert file.format == "xls"
    assert file.rows == (
        (2, None, "工商银行甲支行", "宁波市中山路1号", "icbc", "57488888888", "", None, (), ""),
    )


def _zip(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def test_what_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    assert "a zip archive, but no workbook" in _error(_zip(path, {"a.txt": b"x"}))
    assert "a Word document" in _error(_zip(path, {"word/document.xml": b"x"}))
    assert "a presentation" in _error(_zip(path, {"ppt/presentation.xml": b"x"}))
    assert "cannot be read" in _error(_zip(path, {"xl/workbook.xml": b"<x"}))
    assert "no visible sheet" in _error(_book(tmp_path))
    assert "no rows of branches" in _error(_book(tmp_path, HEAD))
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    assert "damaged or cut off" in _error(path)
    good = _book(tmp_path, HEAD, ROW).read_bytes()
    path.write_bytes(good[: len(good) // 2])
    assert "damaged or cut off" in _error(path)
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    path.write_bytes(ole + "EncryptedPackage".encode("utf-16-le"))
    assert "encrypted with a password" in _error(path)
    path.write_bytes(ole)
    assert "cannot be read" in _error(path)
    assert "there is no column for address" in _error(_book(tmp_path, ["名称", "电话"], ["a", 1]))


def test_flipped_bits_end_in_a_message_or_in_rows(tmp_path: Path) -> None:
    good = _book(tmp_path, HEAD, ROW).read_bytes()
    path = tmp_path / "flipped.xlsx"
    for at in range(0, len(good), max(1, len(good) // 12)):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0x41]) + good[at + 1 :])
        with suppress(ListFileError):  # which is as good an answer as rows are
            read_list(path)


FAR: dict[int, list[Cell]] = {1: HEAD, 2: ROW, 1_048_576: [Raw('<c r="XFD1048576"><v>1</v></c>')]}


def test_a_cell_in_the_farthest_corner(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "far.xlsx", {"a": sheet_xml(FAR)})
    message = _error(path)
    assert "reaches to column XFD and row 1,048,576, 17,179,869,184 cells" in message
    assert "a lone cell lies far from the others" in message


def test_an_empty_cell_in_the_farthest_corner_is_nothing(tmp_path: Path) -> None:
    rows: dict[int, list[Cell]] = FAR | {1_048_576: [Raw('<c r="XFD1048576" s="1"/>')]}
    assert len(read_list(write_xlsx(tmp_path / "far.xlsx", {"a": sheet_xml(rows)})).rows) == 1


def test_a_far_cell_that_the_look_ahead_misses_ends_the_child_only(tmp_path: Path) -> None:
    # A cell may leave out its reference; then the row's number and its place tell where it is.
    # References in lower case are found by neither rule of the look-ahead.
    far = sheet_xml(FAR).replace('r="XFD1048576"', "r='XFD1048576'")
    message = _error(write_xlsx(tmp_path / "far.xlsx", {"a": far}))
    assert "reading the workbook was stopped" in message


def test_zip_bombs(tmp_path: Path) -> None:
    zeros = bytes(2**20)
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as part:
            for _ in range(400):
                part.write(zeros)
    assert path.stat().st_size < 2**20
    assert "unpacks to 419,430,404 bytes; at most 314,572,800" in _error(path)
    assert "times its size: a zip bomb" in _error(path, Limits(unpacked_bytes=2**30))
    assert "parts; at most 10,000" in _error(
        _zip(path, {f"xl/{i}": b"" for i in range(10_001)} | {"xl/workbook.xml": b""})
    )


def test_a_zip_that_lies_about_its_sizes(tmp_path: Path) -> None:
    body = sheet_xml([HEAD, ROW]).replace("</worksheet>", " " * 50_000_000 + "</worksheet>")
    data = bytearray(write_xlsx(tmp_path / "a.xlsx", {"a": body}).read_bytes())
    size = len(body.encode()).to_bytes(4, "little")
    assert data.count(size) >= 1
    path = tmp_path / "lie.xlsx"
    path.write_bytes(data.replace(size, (100).to_bytes(4, "little")))
    _error(path)


def test_limits_of_the_child(tmp_path: Path) -> None:
    path = _book(tmp_path, HEAD, *([f"行{i}", "路", "x" * 200] for i in range(300)))
    assert len(read_list(path).rows) == 300
    assert "more than 110 rows" in _error(path, Limits(rows=10))
    assert "more than 250 rows" in _error(path, Limits(rows=250))
    assert "row 2: a cell has more than 100 characters" in _error(path, Limits(cell_chars=100))
    assert "unpacks to" in _error(path, Limits(unpacked_bytes=1000))
    assert "0.001 seconds" in _error(path, Limits(seconds=0.001))
    assert "needs more than 1,048,576 bytes" in _error(path, Limits(memory_bytes=2**20))


def test_shared_strings_that_multiply(tmp_path: Path) -> None:
    cells = "".join(f'<row r="{i}"><c r="A{i}" t="s"><v>0</v></c></row>' for i in range(1, 20_000))
    sheet = sheet_xml([]).replace("<sheetData>", f"<sheetData>{cells}")
    path = write_xlsx(tmp_path / "a.xlsx", {"a": sheet})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", f"<sst><si><t>{'x' * 90_000}</t></si></sst>")
    assert "reading the workbook was stopped" in _error(path)


MEASURE = """
import json, resource, sys, time
from mapsvc.errors import ListFileError
from mapsvc.lists import read_list
start = time.monotonic()
try:
    file = read_list(sys.argv[1])
    result = f"{len(file.rows)} rows"
except ListFileError as error:
    result = str(error)
print(json.dumps([
    result, time.monotonic() - start,
    resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024,
    # its own peak since it was started; ru_maxrss would count the memory of its parent, too
    int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) * 1024,
]))
"""


def _measured(path: Path) -> tuple[str, float, int, int]:
    """What reading gave, its seconds, and the peak resident bytes of child and parent."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)],
        capture_output=True, check=True, timeout=120, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    result, seconds, child, parent = json.loads(done.stdout)
    return result, seconds, child, parent


def test_hostile_workbooks_cost_little(tmp_path: Path) -> None:
    far = write_xlsx(tmp_path / "far.xlsx", {"a": sheet_xml(FAR)})
    missed = sheet_xml(FAR).replace('r="XFD1048576"', "r='XFD1048576'")
    aborts = write_xlsx(tmp_path / "aborts.xlsx", {"a": missed})
    bomb = _zip(tmp_path / "bomb.xlsx", {"xl/workbook.xml": b"", "x": bytes(350 * 2**20)})
    for path in (far, aborts, bomb):
        result, seconds, child, parent = _measured(path)
        assert str(path) in result
        assert seconds < 20
        assert child < 200 * 2**20
        assert parent < 200 * 2**20


def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [HEAD]
    rows.extend(
        [f"工商银行第{i}支行", f"宁波市中山路{i}号", 57400000000 + i] for i in range(100_000)
    )
    path = write_xlsx(tmp_path / "big.xlsx", {"a": sheet_xml(rows)})
    result, seconds, child, _ = _measured(path)
    assert result == "100000 rows"
    assert seconds < 60
    assert child < Limits().memory_bytes


def test_the_child_sees_no_settings_and_no_web_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "child.py"
    original = workbook_module._CHILD.read_text(encoding="utf-8")
    script.write_text(
        original.replace(
            "output.write('{\"end\":true}\\n')",
            "import os\n        output.write(json.dumps({'error': json.dumps("
            "[sorted(os.environ), sorted(m.split('.')[0] for m in sys.modules), os.getcwd()])}))",
        ),
        encoding="utf-8",
    )
    monkeypatch.setattr(workbook_module, "_CHILD", script)
    monkeypatch.setenv("MAPSVC_AMAP_KEY", "secret")
    message = _error(_book(tmp_path, HEAD, ROW))
    environment, modules, folder = json.loads(message[message.index(": ") + 2 :])
    assert set(environment) <= {"LC_ALL", "RUST_BACKTRACE"}
    assert not {"flask", "werkzeug", "sqlalchemy", "mapsvc", "numpy"} & set(modules)
    assert "python_calamine" in modules
    assert folder == "/"


def test_the_child_is_gone_when_its_reader_gives_up(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [HEAD]
    rows.extend([f"行{i}", "路"] for i in range(50_000))
    path = write_xlsx(tmp_path / "a.xlsx", {"a": sheet_xml(rows)})
    start = time.monotonic()
    _error(path, Limits(rows=10))
    assert time.monotonic() - start < 20
    found: ListFile = read_list(_book(tmp_path, HEAD, ROW))
    assert len(found.rows) == 1
