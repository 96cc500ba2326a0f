"""Records that are read by column give what they give one by one."""

from __future__ import annotations

import csv
import gc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsvc.errors import ListFileError
from mapsvc.lists import Limits
from mapsvc.lists import table as tables
from mapsvc.lists.garbage import no_cycle_search
from mapsvc.lists.headings import columns_of
from mapsvc.lists.positions import PositionReader
from mapsvc.lists.rows import Fault, Notes
from mapsvc.lists.table import Record, TableReader
from mapsvc.lists.text import csv_records, physical_lines, refuse_long_lines
from mapsvc.model import Datum

HEADINGS = (
    *("id", "name", "address", "bank", "phone", "hours", "lon", "lat", "datum"),
    *("services", "award"),
)

CELLS = {
    "id": ["", "", "a-1", "a-2", " a-3 ", ".x", "é", "x" * 65],
    "name": [
        "工行甲支行",
        "工行乙支行",
        "工行（丙）支行",
        " 工行甲支行",
        "",
        "\u200b",
        "行" * 9,
        "注:无",
    ],
    "address": ["中山路1号", "中山路２号", "路1号、2号", "路\n3号", "", " \u3000", "路" * 9],
    "bank": ["", "icbc", "工商银行", "某行", "ICBC ", "行" * 9],
    "phone": ["", "0574-1", "1" * 9],
    "hours": ["", "24/7", "全天", "9:00", "9" * 9],
    "services": ["", "停车", "ATM|wifi", "无", "游泳", "停车、停车场、x"],
    "award": ["", "五星", "星" * 9],
    "lon": ["121.5", "121.5", "", " ", "１２１.5", "29.8", "nan", "inf", "0", "139.7", "x", "181"],
    "lat": ["29.8", "29.8", "", "29.8 ", "121.5", "-nan", "0", "35.6", "1e400", "91"],
    "datum": ["gcj02", "gcj02", "", "WGS-84", "nad27"],
}
"""Of each column, cells that are right, odd and wrong."""

ODD = [(HEADINGS.index(heading), cell) for heading, cells in CELLS.items() for cell in cells]


@st.composite
def tables_of_records(draw: st.DrawFn) -> list[list[str]]:
    """Sound records, a few of which share an id or all of their cells, with a few odd cells."""
    records = [
        [
            f"b-{n % 60}",
            f"工行{n}支行",
            f"路{n}号",
            "建行",
            "",
            "",
            "121.5",
            "29.8",
            "gcj02",
            "",
            "",
        ]
        for n in draw(st.lists(st.integers(0, 99), max_size=12))
    ]
    odd = st.tuples(st.integers(0, 11), st.sampled_from(ODD))
    for number, (at, cell) in draw(st.lists(odd, max_size=3)):
        if number < len(records):
            records[number][at] = cell
    short = st.lists(st.sampled_from(["", "", " ", "工行甲支行"]), max_size=11)
    for record in draw(st.lists(short, max_size=1)):
        records.insert(draw(st.integers(0, 11)), record)
    return records


def _outcome(
    columns: tuple[str, ...], batch: list[list[str]], datum: Datum | None, rows: int, size: int
) -> object:
    notes = Notes()
    limits = Limits(rows=rows, text_chars=8)
    reader = TableReader(columns_of(columns), limits=limits, datum=datum, notes=notes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "_BATCH", size)
        patch.setattr(tables, "_FEW", max(1, size // 2))
        if size == 1:
            patch.setattr(TableReader, "_read_by_column", lambda *_: False)
        try:
            reader.read(enumerate(batch, start=2))
        except ListFileError as error:
            return str(error)
    return reader.rows, reader.rejected, reader.remarks, notes.done()


@settings(max_examples=500)
@given(
    tables_of_records(),
    st.sets(st.sampled_from(["id", "bank", "phone", "hours", "datum", "services", "award"])),
    st.booleans(),
    st.sampled_from([None, Datum.BD09]),
    st.sampled_from([3, 100]),
    st.integers(1, 5),
)
def test_by_column_as_one_by_one(
    batch: list[list[str]],
    left_out: set[str],
    without_positions: bool,
    datum: Datum | None,
    rows: int,
    size: int,
) -> None:
    out = left_out | ({"lon", "lat", "datum"} if without_positions else set())
    kept = [at for at, heading in enumerate(HEADINGS) if heading not in out]
    columns = tuple(HEADINGS[at] for at in kept)
    cut = [[c[at] for at in kept] if len(c) == len(HEADINGS) else c for c in batch]
    expected = _outcome(columns, cut, datum, rows, size=1)
    # 2 and up: by column where that is possible
    assert _outcome(columns, cut, datum, rows, size=size + 1) == expected


def test_a_sound_batch_is_read_by_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TableReader, "_row", lambda *_: pytest.fail("read one by one"))
    columns = columns_of(HEADINGS)
    reader = TableReader(columns, limits=Limits(), datum=None, notes=Notes())
    sound = ["", "", "路1号、2号", "icbc", "", "9:00-17:00", "121.5", "29.8", "gcj02", "", ""]
    reader.read((n, [f"b-{n}", f"工行（{n}）", *sound[2:]]) for n in range(2_500))
    assert len(reader.rows) == 2_500
    assert not reader.rejected


@pytest.mark.parametrize(("lat", "lon"), [("nan", "121.5"), ("29.8", "-nan"), ("inf", "121.5")])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_what_is_no_number_is_found_wherever_it_stands(at: int, lat: str, lon: str) -> None:
    reader = PositionReader(has_datums=True, datum=None)
    lats, lons, datums = ["29.8"] * 3, ["121.5"] * 3, ["gcj02"] * 3
    assert len(reader.read_all(lats, lons, datums)) == 3  # now the datum is known
    lats[at], lons[at] = lat, lon
    with pytest.raises(Fault):
        reader.read_all(lats, lons, datums)


def test_records_before_an_error_are_checked_first() -> None:
    def broken() -> Iterator[Record]:
        yield 2, ["工行甲支行", "中山路1号", "29.8", "121.5"]
        raise ListFileError("line 3: a quotation mark is missing")

    columns = columns_of(("name", "address", "lat", "lon"))
    reader = TableReader(columns, limits=Limits(), datum=None, notes=Notes())
    with pytest.raises(ListFileError, match="datum is unknown"):
        reader.read(broken())


@given(st.text("ab中, ;\t\r\n␀\x0b\x1c\u2028", max_size=40), st.sampled_from("\t,;"))
def test_lines_without_quotation_marks_are_what_csv_makes_of_them(text: str, mark: str) -> None:
    reader = csv.reader(physical_lines(text), delimiter=mark, strict=True)
    expected = [(reader.line_num, cells) for cells in reader]
    assert list(csv_records(text, mark, Limits(cell_chars=3))) == expected


def test_a_cell_beyond_what_csv_takes_is_refused_with_its_line() -> None:
    text = "a,b\n" + "x" * (csv.field_size_limit() + 1) + ",b\n"
    for whole in (text, text + '"q"\n'):
        with pytest.raises(ListFileError, match="line 2: field larger than field limit"):
            list(csv_records(whole, ",", Limits()))


@given(st.text("ab\r\n", max_size=60), st.integers(2, 12))
def test_a_line_too_long_is_found_wherever_it_stands(text: str, most: int) -> None:
    longest = max(map(len, physical_lines(text)), default=0)
    if longest <= most:
        refuse_long_lines(text, Limits(line_chars=most))
    else:
        with pytest.raises(ListFileError, match=f"a line has {longest} characters"):
            refuse_long_lines(text, Limits(line_chars=most))


def test_the_search_for_cycles_goes_on_as_before() -> None:
    with no_cycle_search():
        assert not gc.isenabled()
        with pytest.raises(KeyError), no_cycle_search():
            raise KeyError
        assert not gc.isenabled()
    assert gc.isenabled()
