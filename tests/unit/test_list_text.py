"""Announcement text, files' kinds and encodings."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsvc.errors import ListFileError
from mapsvc.lists import Limits, ListFile, Note, Rejection, read_list
from mapsvc.lists.banks import banks
from mapsvc.lists.encoding import decode
from mapsvc.resources import resource

TITLE = "2021年银行业营业网点文明规范服务千佳示范单位"
LINES = [
    TITLE,
    "",
    "工商银行宁波新城支行营业部\t宁波市河清北路295号",
    "建设银行余姚支行营业部\t余姚市大黄桥路2号",
    "",
    "备注:以上排名不分先后",
]
TEXT = "\n".join(LINES) + "\n"


def _read(tmp_path: Path, content: str | bytes, name: str = "list.txt") -> ListFile:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_list(path)


def _error(tmp_path: Path, content: str | bytes, name: str = "list.txt") -> str:
    with pytest.raises(ListFileError) as caught:
        _read(tmp_path, content, name)
    text = str(caught.value)
    assert text.startswith(f"{tmp_path / name}: ")
    assert text.isprintable()
    return text


def test_the_shipped_list() -> None:
    path = resource("data/lists/ningbo-2021.txt")
    file = read_list(path)
    assert file.title == TITLE
    assert file.year == 2021
    assert file.remarks == ("备注:以上排名不分先后",)
    assert file.rejected == ()
    assert file.notes == ()
    assert (file.format, file.encoding) == ("announcement", "utf-8")
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [row.line for row in file.rows] == list(range(3, 18))
    assert file.rows[0].name == "工商银行宁波新城支行营业部"
    assert file.rows[-1].address == "宁波市鄞州区四明西路154、156、158号"
    assert [row.bank for row in file.rows] == (
        [
            "icbc",
            "icbc",
            "abc",
            "ccb",
            "ccb",
            "bocom",
            "bocom",
            "bocom",
            "spdb",
            "cgb",
            "ceb",
            "cmbc",
            "cmbc",
            "czb",
            "zjtlcb",
        ]
    )


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "utf-8"),
        (TEXT.encode("gb18030"), "gb18030"),
        (TEXT.encode("gbk"), "gb18030"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "utf-16-le"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-32"), "utf-32-le"),
    ],
)
def test_encodings(tmp_path: Path, content: bytes, encoding: str) -> None:
    file = _read(tmp_path, content)
    assert file.encoding == encoding
    assert file.title == TITLE
    assert [row.address for row in file.rows] == ["宁波市河清北路295号", "余姚市大黄桥路2号"]


def test_the_encoding_changes_no_row(tmp_path: Path) -> None:
    assert _read(tmp_path, TEXT.encode("gb18030")).rows == _read(tmp_path, TEXT).rows


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            [LINES[0].encode(), LINES[2].encode(), LINES[3].encode("gbk")],
            "line 1 is UTF-8, line 3 is not",
        ),
        ([LINES[0].encode("gbk"), LINES[2].encode("gbk"), LINES[3].encode()], "line 3 is UTF-8"),
        (
            [b"name\taddress", "工商银行支行\t".encode() + "宁波市中山路1号".encode("gbk")],
            "line 2 is UTF-8 in one cell and not in another",
        ),
        (
            [b"\xef\xbb\xbf" + LINES[2].encode(), LINES[3].encode("gbk")],
            "line 2 is not UTF-8, although the file's byte order mark says so",
        ),
    ],
)
def test_mixed_encodings_are_named_by_line(
    tmp_path: Path, parts: list[bytes], message: str
) -> None:
    assert message in _error(tmp_path, b"\r\n".join(parts))


def test_no_chinese_name_in_gb18030_is_taken_for_utf8() -> None:
    words = [w for b in banks().values() for w in (b.name, b.short, *b.aliases)]
    words += resource("data/lists/ningbo-2021.txt").read_text("utf-8").split()
    words += ["濉溪县淮海路", "鋬扛镱颗", "嵊州", "亳州谯城", "漯河", "衢州", "泸州江阳"]
    for word in words:
        for end in ("支行", "路1号", ""):
            text = f"{word}{end},{word}\n中国银行\n"
            assert decode(text.encode("gb18030")) == (text, "gb18030")


def test_cells_that_are_valid_in_both_encodings_decide_nothing() -> None:
    # 泰隆 in GB18030 is CC A9 C2 A1: two valid characters of UTF-8. The cell before it holds, out
    # of step, the bytes of two Chinese characters in UTF-8, so that the cells are looked at.
    data = b"\xb0\xe4\xb0\xa1\xe4\xa1\xb0\xa1,\xcc\xa9\xc2\xa1\n"
    assert decode(data) == ("颁啊洹啊,泰隆\n", "gb18030")


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=4))
def test_utf8_is_never_read_as_something_else(text: str) -> None:
    assert decode(text.encode()) == (text, "utf-8")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b" \n\t\n", "nothing but white space"),
        (b"\xef\xbb\xbf", "nothing but white space"),
        (TITLE.encode(), "neither a row of headings nor a line with a name, a tab"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "a picture (PNG)"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a picture (JPEG)"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x1f\x8b\x08\x00", "a gzip archive"),
        (b"<!DOCTYPE html><table>", "an HTML or XML page"),
        (b"\xef\xbb\xbf<html>", "an HTML or XML page"),
        (bytes(1000), "no text"),
        (bytes(range(256)) * 8, "neither UTF-8 nor GB18030"),
        ("名称\t地址\n工行\t路".encode("utf-16-le"), "UTF-16 without a byte order mark"),
        (b"\xff\xfe" + b"\x00\xd8\x41\x00" * 4, "is not UTF-16-LE"),
        ("工行支行\t宁波路1号\n".encode() + b"x\xff\xffy\tz\n", "line 1 is UTF-8, line 2 is not"),
        (b"name\tx\xff\xff\n", "line 1: byte 0xff is neither UTF-8 nor GB18030"),
    ],
)
def test_files_that_are_no_lists(tmp_path: Path, content: bytes, message: str) -> None:
    assert message in _error(tmp_path, content)


@pytest.mark.parametrize("name", ["list.xlsx", "list.csv", "list", "list.png"])
def test_the_content_decides_and_not_the_extension(tmp_path: Path, name: str) -> None:
    assert _read(tmp_path, TEXT, name).format == "announcement"
    assert "a picture (PNG)" in _error(tmp_path, b"\x89PNG\r\n\x1a\n" + bytes(64), name)


def test_paths_that_are_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ListFileError, match=r"none\.txt: there is no such file"):
        read_list(tmp_path / "none.txt")
    with pytest.raises(ListFileError, match="a directory"):
        read_list(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ListFileError, match="a device or a pipe"):
        read_list(tmp_path / "pipe")
    with pytest.raises(ListFileError, match="a device or a pipe"):
        read_list("/dev/zero")
    with pytest.raises(ListFileError, match=r"^a\\u0000b: "):
        read_list("a\0b")
    with pytest.raises(ListFileError, match="cannot be read: File name too long"):
        read_list("x" * 5000)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "list.txt").write_text(TEXT, encoding="utf-8")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ListFileError, match="cannot be read: Permission denied"):
        read_list(tmp_path / "list.txt")


def test_size_limits(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text(TEXT, encoding="utf-8")
    with pytest.raises(ListFileError, match="larger than 10 bytes"):
        read_list(path, limits=Limits(file_bytes=10))
    with pytest.raises(ListFileError, match="more than 1 rows"):
        read_list(path, limits=Limits(rows=1))
    with pytest.raises(ListFileError, match="a line has 26 characters, and a list's at most 20"):
        read_list(path, limits=Limits(line_chars=20))
    assert len(read_list(path, limits=Limits(rows=2)).rows) == 2


@pytest.mark.parametrize(
    "line",
    [
        "工商银行支行\t宁波市中山路1号",
        "工商银行支行\t\t\t宁波市中山路1号",
        "  工商银行支行 \t 宁波市中山路1号\t",
        "\t工商银行支行\t宁波市中山路1号\r",
        "　工商银行支行　\t　宁波市中山路1号　",
    ],
)
def test_tabs_and_spaces_around(tmp_path: Path, line: str) -> None:
    row = _read(tmp_path, f"标题\n{line}\n").rows[0]
    assert (row.line, row.name, row.address) == (2, "工商银行支行", "宁波市中山路1号")


def test_announcement_lines_that_are_no_rows(tmp_path: Path) -> None:
    file = _read(
        tmp_path,
        "二〇二二年名单\n第二行\n"
        "工商银行甲支行\t宁波市中山路1号\n"
        "工商银行乙支行 宁波市中山路2号\n"
        "工商银行丙支行\t宁波市中山路3号\t多余\n"
        "工商银行丁支行\t\n"
        "工商银行 甲支行\t宁波市中山路１号\n"
        "注：完\n",
    )
    assert (file.title, file.year) == ("二〇二二年名单", 2022)
    assert file.remarks == ("第二行", "注：完")
    assert len(file.rows) == 1
    assert file.rejected == (
        Rejection(
            4, "—", "'工商银行乙支行 宁波市中山路2号'", "no tab between a name and an address"
        ),
        Rejection(5, "—", "'多余'", "3 cells under name and address"),
        Rejection(6, "—", "'工商银行丁支行'", "no tab between a name and an address"),
        Rejection(7, "name", "'工商银行 甲支行'", "the same name and address as in line 3"),
    )


STRANGE = [
    "{{7*7}}支行",
    "{% include 'x' %}",
    "<script>alert(1)</script>",
    "${jndi:ldap://x}",
    "`id`",
    "\"'quoted'\" 'name\"",
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@x",
    "a\x01b\x1b[31mc",
    "\u202e行支\u202c支行",
    "🏦支行",
    "a\u2028b\x85c\x0bd",
    "\\n\\u0000",
    "x" * 500,
]


@pytest.mark.parametrize("text", STRANGE)
def test_strange_text_is_kept_exactly(tmp_path: Path, text: str) -> None:
    file = _read(tmp_path, f"名单\n{text}\t地址{text[:400]}1号\n")
    assert file.rejected == ()
    assert file.notes == ()
    assert [(row.name, row.address) for row in file.rows] == [(text, f"地址{text[:400]}1号")]


def test_all_strange_texts_in_one_file(tmp_path: Path) -> None:
    lines = "".join(f"{text}\t{text}\n" for text in STRANGE)
    assert [row.name for row in _read(tmp_path, lines).rows] == STRANGE


def test_nul_is_shown_and_noted(tmp_path: Path) -> None:
    file = _read(tmp_path, "名单\n工商银行\0支行\t宁波市中山路1号\n")
    assert file.rows[0].name == "工商银行␀支行"
    assert file.notes == (Note(2, "a NUL character is kept as ␀"),)


def test_many_notes_are_summed_up(tmp_path: Path) -> None:
    file = _read(tmp_path, "".join(f"银行\0{i}\t路{i}号\n" for i in range(100)))
    assert len(file.rows) == 100
    assert len(file.notes) == 21
    assert file.notes[-1] == Note(None, "… and 80 more rows: NUL is kept as ␀")


def test_too_long_is_rejected_with_its_length(tmp_path: Path) -> None:
    file = _read(tmp_path, f"名单\n{'行' * 501}\t路1号\n工商银行\t{'路' * 100_000}\n")
    assert [(r.line, r.column, r.reason) for r in file.rejected] == [
        (2, "name", "501 characters; at most 500"),
        (3, "address", "100,000 characters; at most 500"),
    ]
    assert all(len(rejection.value) <= 80 for rejection in file.rejected)


def test_rejected_values_are_safe_to_print(tmp_path: Path) -> None:
    file = _read(tmp_path, "工商银行\t路1号\n\x1b]0;x\x07\u202ename\n")
    assert file.rejected[0].value.isprintable()


SWAPPED = [f"宁波市鄞州区中山路{i}号\t工商银行宁波第{i}支行" for i in range(1, 30)]


def test_swapped_columns(tmp_path: Path) -> None:
    message = "names and addresses seem to be swapped"
    shipped = resource("data/lists/ningbo-2021.txt").read_text("utf-8").splitlines()
    swapped = ["\t".join(reversed(line.split("\t"))) for line in shipped]
    assert message in _error(tmp_path, "\n".join(swapped))
    assert "the first in line 1;" in _error(tmp_path, "\n".join(SWAPPED))
    assert message in _error(tmp_path, SWAPPED[0])
    assert message in _error(tmp_path, "地址,名称\n工商银行支行,宁波市中山路1号\n")


@pytest.mark.parametrize(
    "lines",
    [
        SWAPPED[:10] + [f"工商银行宁波第{i}支行\t宁波市中山路{i}号" for i in range(100, 105)],
        SWAPPED[:5] + [f"工商银行宁波第{i}支行\t宁波市中山路{i}号" for i in range(100, 110)],
        ["中山路支行\t建设银行大楼"],
        ["中山路\t银行大厦1号"],
        ["江东支行\t银行街5号", "路\t银行", "a\tb", "1\t2"],
        ["天一广场网点\t中国银行大厦一楼", "老街网点\t工商银行大厦", "新街\t农业银行大厦二楼"],
        ["{{7*7}}\t{{7*7}}", "${x}\t<b>"],
    ],
)
def test_odd_data_is_not_called_swapped(tmp_path: Path, lines: list[str]) -> None:
    assert len(_read(tmp_path, "\n".join(lines)).rows) == len(lines)


def test_unknown_headings_over_two_columns_are_not_taken_for_a_branch(tmp_path: Path) -> None:
    text = "站点\t位置\n工商银行甲支行\t宁波市中山路1号\n工商银行乙支行\t宁波市中山路2号\n"
    message = _error(tmp_path, text)
    assert "found: '站点', '位置'; understood, among others: name: 网点名称" in message


def _assert_rows_or_message(path: Path) -> None:
    message = ""
    try:
        file = read_list(path)
        assert file.rows or file.rejected
    except ListFileError as error:
        message = str(error)
    assert message.isprintable()


@settings(deadline=None)  # a busy machine is no failure
@given(st.binary(max_size=300))
def test_any_bytes_give_rows_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    if content.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        return  # a child process for each would take long; tested apart
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    _assert_rows_or_message(path)


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(alphabet="名称地址,;\t\n\r\"'工行路1号备注:\0 {}"))
def test_any_text_gives_rows_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "anytext"
    path.write_text("名称,地址\n" + text, encoding="utf-8", newline="")
    _assert_rows_or_message(path)


def test_a_title_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("题" * 501 + "\n\n甲支行\t甲路1号\n", encoding="utf-8")
    with pytest.raises(ListFileError, match="the title line has 501 characters; 500 are allowed"):
        read_list(path)
