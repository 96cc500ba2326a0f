"""The cache's text form: canonical, loss-free, and strict in what it takes back."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsvc.address.normalise import NORMALISER_VERSION, canonical
from mapsvc.errors import GeocodingError, InvalidValue
from mapsvc.geocoding.record import export_lines, from_json, read_file, to_json
from mapsvc.model import Datum, Geocode, Point, Precision
from mapsvc.resources import resource

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
named = texts.filter(bool)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
lons, lats = st.floats(-180, 180), st.floats(-90, 90)
times = st.datetimes(
    datetime(1990, 1, 1),
    datetime(2100, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))]),
)


@st.composite
def geocodes(draw: st.DrawFn) -> Geocode:
    found = draw(st.booleans())
    return Geocode(
        provider=draw(named),
        query=draw(named),
        located_at=draw(times),
        point=Point(draw(lons), draw(lats)) if found else None,
        native=Point(draw(lons), draw(lats), draw(st.sampled_from(Datum))) if found else None,
        precision=draw(st.sampled_from(Precision)) if found else None,
        radius_m=draw(st.floats(0, 1e6)) if found else None,
        district=draw(st.none() | st.just("330212")),
        evidence=draw(texts),
        options=draw(st.dictionaries(texts, texts, max_size=3)),
        normaliser=draw(st.integers(1, 9)),
        answer=draw(json_values),
    )


@given(geocodes())
def test_nothing_is_lost(geocode: Geocode) -> None:
    line = to_json(geocode)
    assert from_json(line) == geocode
    assert to_json(from_json(line)) == line
    assert "\n" not in line


@given(
    st.lists(geocodes(), max_size=4).flatmap(lambda g: st.tuples(st.just(g), st.permutations(g)))
)
def test_an_export_does_not_depend_on_the_order(both: tuple[list[Geocode], list[Geocode]]) -> None:
    assert export_lines(both[0]) == export_lines(both[1])


def good() -> dict[str, Any]:
    return {
        "provider": "curated",
        "query": "宁波市",
        "located_at": "2026-11-22T00:00:00+00:00",
        "lon": 121.5,
        "lat": 29.8,
        "precision": "building",
    }


def test_the_shortest_record() -> None:
    geocode = from_json(json.dumps(good()))
    assert geocode.point == Point(121.5, 29.8)
    assert (geocode.options, geocode.evidence, geocode.normaliser) == ({}, "", 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"provider": ""}, "provider"),
        ({"query": 7}, "query"),
        ({"located_at": "yesterday"}, "located_at"),
        ({"located_at": "2026-11-22T00:00:00"}, "located_at"),
        ({"lat": None}, "lat"),
        ({"lat": 121.5, "lon": 29.8}, "lat"),
        ({"lat": "29.8"}, "lat"),
        ({"lon": float("nan")}, "lon"),
        ({"precision": None}, "precision"),
        ({"precision": "roof"}, "precision"),
        ({"radius_m": -1}, "radius_m"),
        ({"radius_m": "300"}, "radius_m"),
        ({"native": {"lon": 1}}, "native"),
        ({"native": {"lon": 1, "lat": 2, "datum": "mars"}}, "native.datum"),
        ({"options": ["x"]}, "options"),
        ({"normaliser": "1"}, "normaliser"),
        ({"district": 330212}, "district"),
        ({"evidence": 5}, "evidence"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_wrong_records_name_the_field(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        from_json(json.dumps(good() | change))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", "[" * 100_000])
def test_what_is_no_record(text: str) -> None:
    with pytest.raises(InvalidValue, match="cache record"):
        from_json(text)


def test_a_wrong_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cache.jsonl"
    path.write_text(f"{json.dumps(good())}\n\n{{}}\n", encoding="utf-8")
    with pytest.raises(GeocodingError, match=r"cache\.jsonl, line 3: .*it lacks"):
        list(read_file(path))


@pytest.mark.parametrize(
    "change",
    [
        '"answer":NaN',
        '"options":{"x":Infinity}',
        '"normaliser":1000000000000000000000000000000',
        '"normaliser":0',
        '"evidence":"\\ud800"',
        '"answer":{"\\udfff":1}',
    ],
)
def test_what_python_reads_and_json_cannot_hold(tmp_path: Path, change: str) -> None:
    path = tmp_path / "cache.jsonl"
    path.write_text(json.dumps(good())[:-1] + f",{change}}}", encoding="utf-8")
    with pytest.raises(GeocodingError, match=r"cache\.jsonl, line 1: "):
        read_file(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(GeocodingError, match=r"none\.jsonl: there is no such file"):
        list(read_file(tmp_path / "none.jsonl"))
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(GeocodingError, match="a device or a pipe"):
        read_file(tmp_path / "pipe.jsonl")
    with pytest.raises(GeocodingError, match="a device or a pipe"):
        read_file(Path("/dev/zero"))
    (tmp_path / "gbk.jsonl").write_bytes("宁波".encode("gb18030"))
    with pytest.raises(GeocodingError, match="cannot be read"):
        list(read_file(tmp_path / "gbk.jsonl"))


def test_the_shipped_cache_is_canonical_and_answers_the_shipped_list() -> None:
    path = resource("data/geocache.jsonl")
    answers = list(read_file(path))
    assert path.read_text(encoding="utf-8").splitlines() == export_lines(answers)
    listed = resource("data/lists/ningbo-2021.txt").read_text(encoding="utf-8").splitlines()
    addresses = {canonical(line.split("\t")[1]) for line in listed if "\t" in line}
    assert {answer.query for answer in answers} == addresses
    assert {(a.provider, a.normaliser, a.found) for a in answers} == {
        ("curated", NORMALISER_VERSION, True)
    }
    assert all(a.evidence and a.radius_m and a.district and a.native for a in answers)
    count = [a.precision for a in answers].count
    assert (count(Precision.BUILDING), count(Precision.TOWN)) == (1, 3)
