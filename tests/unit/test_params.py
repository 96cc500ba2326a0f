from __future__ import annotations

from contextlib import suppress
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsvc.model import BBox, Datum, Point
from mapsvc.web.params import (
    BranchesParams,
    FilterParams,
    GeometryParams,
    NearestParams,
    NoParams,
    PointParams,
)
from mapsvc.web.query import InvalidParameters, _pairs, parse

POINT = b"lat=29.9&lon=121.6"


def faults(wanted: type, query: bytes, *, lenient: bool = False) -> dict[str, str]:
    """What is wrong with a query: parameter → message."""
    with pytest.raises(InvalidParameters) as caught:
        parse(wanted, query, lenient=lenient)
    return {error.name: str(error) for error in caught.value.errors}


def test_defaults() -> None:
    assert parse(BranchesParams, b"") == BranchesParams(limit=100, offset=0)
    assert parse(NearestParams, POINT).limit == 10
    assert parse(PointParams, POINT).datum is Datum.WGS84
    assert parse(GeometryParams, b"").geometry == "drawing"


@pytest.mark.parametrize(
    ("query", "point"),
    [
        (POINT, Point(121.6, 29.9)),
        (POINT + b"&datum=gcj02", Point(121.6, 29.9, Datum.GCJ02)),
        (b"lon=-180&lat=-90", Point(-180, -90)),
        (b"lon=%2B1.5e2&lat=.5", Point(150, 0.5)),
        (b"lon=1e-7&lat=5.", Point(1e-7, 5)),
        (b"lon=-0&lat=007", Point(0, 7)),
    ],
)
def test_points(query: bytes, point: Point) -> None:
    assert parse(PointParams, query).point == point


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "nan", "NaN", "inf", "-Infinity", "1e999", "-1e999", "1_0", "0x1p3", "0x10"),
        *(
            "١٢",
            "１２",
            "1,5",
            " 1",
            "1 ",
            "1\n",
            "1\0",
            "--1",
            "+",
            ".",
            "e5",
            "1e",
            "91",
            "-90.0001",
        ),
        *("29°", "29.9N", "1" * 26, "1" * 5000, "0." + "1" * 26, "1e0000", "½", "true", "null"),
    ],
)
def test_texts_that_are_no_latitude(text: str) -> None:
    found = faults(PointParams, b"lon=1&lat=" + quote(text).encode())
    assert list(found) == ["lat"]
    assert found["lat"].endswith(" is not a number from -90 to 90")
    assert len(found["lat"]) < 150


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "-1",
        "1001",
        "1.0",
        "1e2",
        "+5",
        " 5",
        "5 ",
        "٥",
        "５",
        "0x5",
        "1_0",
        "9" * 400,
        "ten",
    ],
)
def test_texts_that_are_no_limit(text: str) -> None:
    found = faults(BranchesParams, b"limit=" + quote(text).encode())
    assert list(found) == ["limit"]
    assert found["limit"].endswith(" is not a whole number from 1 to 1000")


def test_limit_and_offset() -> None:
    wanted = parse(BranchesParams, b"limit=1000&offset=1000000000")
    assert (wanted.limit, wanted.offset) == (1000, 1_000_000_000)
    assert list(faults(BranchesParams, b"offset=1000000001")) == ["offset"]


@pytest.mark.parametrize("text", ["", "WGS84", "GCJ-02", "wgs84 ", "高德", "epsg:4326"])
def test_texts_that_are_no_datum(text: str) -> None:
    found = faults(PointParams, POINT + b"&datum=" + quote(text).encode())
    assert list(found) == ["datum"]
    assert found["datum"].endswith(" is not one of wgs84, gcj02, bd09")


@pytest.mark.parametrize("text", ["", "   ", "a\0", "\n", "\x1b[31m", "a\x85", "x" * 101])
def test_texts_that_cannot_be_sought(text: str) -> None:
    assert list(faults(BranchesParams, b"q=" + quote(text).encode())) == ["q"]


@pytest.mark.parametrize(
    "text", ["中国银行", "{{7*7}}", "\u202e", "a&b=c", "'\"", "x" * 100, "+ %"]
)
def test_texts_that_can_be_sought(text: str) -> None:
    query = parse(BranchesParams, b"q=" + quote(text, safe="").encode()).query
    assert query.q == text


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("121,29,122,30", BBox(121, 29, 122, 30)),
        ("170,-10,-170,10", BBox(170, -10, -170, 10)),
        ("-180,-90,180,90", BBox(-180, -90, 180, 90)),
        ("1,2,1,2", BBox(1, 2, 1, 2)),
    ],
)
def test_boxes(text: str, box: BBox) -> None:
    assert parse(BranchesParams, f"bbox={text}".encode()).query.bbox == box
    assert parse(BranchesParams, f"bbox={quote(text, safe='')}".encode()).query.bbox == box


@pytest.mark.parametrize(
    "text",
    [
        *("", "1,2,3", "1,2,3,4,5", "1,2,3,", "1;2;3;4", "a,b,c,d", "1,nan,3,4", "1, 2, 3, 4"),
        *("29,121,30,122", "121,30,122,29", "181,0,182,1", "0,0,0,1e999", "," * 5000),
    ],
)
def test_texts_that_are_no_box(text: str) -> None:
    found = faults(BranchesParams, b"bbox=" + text.encode())
    assert list(found) == ["bbox"]
    assert "west,south,east,north" in found["bbox"]


def test_everything_wrong_is_told_at_once() -> None:
    found = faults(NearestParams, b"lat=x&limit=0&limt=5&datum=utm&list=a&list=b")
    assert list(found) == ["limt", "lat", "lon", "datum", "list", "limit"]
    assert found["limt"].startswith("limt: no such parameter; there are: lat, lon, datum, list,")
    assert found["lon"] == "lon: is missing; it is a number from -180 to 180"
    assert found["list"] == "list: given 2 times; once is allowed"


def test_an_endpoint_without_parameters_says_so() -> None:
    assert faults(NoParams, b"x=1")["x"] == "x: no such parameter; there are: none"


def test_names_are_exact() -> None:
    assert list(faults(BranchesParams, b"Limit=5&limit%00=5&%20q=x")) == ["Limit", "limit\0", " q"]


@pytest.mark.parametrize("query", [b"q=%ff", b"q=\xff", b"q=%ed%a0%80", b"&".join([b"q=1"] * 101)])
def test_queries_that_cannot_be_read(query: bytes) -> None:
    assert list(faults(BranchesParams, query)) == ["query"]


def test_the_errors_are_bounded() -> None:
    query = "&".join(f"x{i}=1" for i in range(100)).encode()
    assert len(faults(BranchesParams, query)) == 20


def test_pages_pass_over_what_forms_and_campaigns_add() -> None:
    wanted = parse(FilterParams, b"list=&bank=icbc&utm_source=x&utm_source=y&q=", lenient=True)
    assert wanted == FilterParams(bank="icbc")
    assert list(faults(FilterParams, b"bank=%00", lenient=True)) == ["bank"]
    assert list(faults(FilterParams, b"bank=a&bank=b", lenient=True)) == ["bank"]


@given(st.binary(max_size=60))
def test_no_query_does_anything_else_than_parse_or_be_refused(query: bytes) -> None:
    for wanted in (BranchesParams, NearestParams, GeometryParams):
        with suppress(InvalidParameters):
            parse(wanted, query)


@given(st.text("a=&%+2C;,é\0 ", max_size=30) | st.text(max_size=20))
def test_pairs_are_read_as_the_standard_library_reads_them(query: str) -> None:
    try:
        expected = parse_qsl(query, keep_blank_values=True, errors="strict")
    except ValueError:
        with pytest.raises(InvalidParameters):
            _pairs(query.encode())
    else:
        assert _pairs(query.encode()) == expected


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_every_coordinate_that_is_written_is_read_exactly(lat: float, lon: float) -> None:
    point = parse(PointParams, f"lat={lat!r}&lon={lon!r}".encode()).point
    assert (point.lat, point.lon) == (lat, lon)
