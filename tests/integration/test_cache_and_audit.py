"""The cache held against itself, and the doubts that an audit shows."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

from mapsvc import service
from mapsvc.cli import main
from mapsvc.config import NETWORK_PROVIDERS, Settings
from mapsvc.geocoding.interpret import interpret
from mapsvc.geocoding.record import to_json
from mapsvc.model import Geocode, Point, Precision, ReviewCode, ReviewReason
from mapsvc.resources import resource
from mapsvc.service import Fault, describe
from mapsvc.store import open_store
from mapsvc.store.base import Store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AMAP: dict[str, Any] = {
    "status": "1",
    "infocode": "10000",
    "geocodes": [
        {
            "formatted_address": "浙江省宁波市鄞州区天童北路933号",
            "city": "宁波市",
            "district": "鄞州区",
            "adcode": "330212",
            "location": "121.554400,29.833700",
            "level": "门牌号",
        }
    ],
}


def answered(query: str = "浙江省宁波市鄞州区天童北路933号") -> Geocode:
    return interpret("amap", AMAP, query=query, options={}, located_at=NOW)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    for name in os.environ:
        if name.startswith("MAPSVC_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MAPSVC_DATA_DIR", str(tmp_path))
    opened = open_store(f"sqlite:///{tmp_path}/mapsvc.sqlite3")
    service.seed(opened)
    yield opened
    opened.close()


def put(store: Store, *geocodes: Geocode) -> None:
    with store.write() as writer:
        writer.put_geocodes(geocodes)


def faults(store: Store, settings: Settings | None = None) -> list[tuple[Fault, str]]:
    found = service.verify_cache(store, settings or Settings(), NOW)
    return [(finding.fault, finding.detail) for finding in found]


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == code, result.output
    return result


def test_the_shipped_cache_is_without_fault(store: Store) -> None:
    assert faults(store) == []
    assert "0 faults" in run("cache", "verify").output


def test_a_sound_answer_of_a_provider_is_without_fault(store: Store) -> None:
    put(store, answered())
    assert faults(store) == []


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"point": Point(121.6, 29.9)}, "point: the record says"),
        ({"precision": Precision.STREET}, "precision: the record says street"),
        ({"radius_m": 5.0}, "radius_m"),
        ({"district": "330203"}, "district"),
        ({"answer": {"status": "0", "infocode": "10001"}}, "amap: "),
        ({"answer": {"nonsense": 1}}, "amap: "),
    ],
)
def test_a_record_that_its_answer_contradicts(
    store: Store, change: dict[str, Any], detail: str
) -> None:
    put(store, replace(answered(), **change))
    ((fault, said),) = faults(store)
    assert fault is Fault.MISMATCH
    assert detail in said


def test_an_answer_without_provenance(store: Store) -> None:
    put(store, replace(answered(), answer=None))
    assert [fault for fault, _ in faults(store)] == [Fault.NO_PROVENANCE]


def test_answers_whose_time_is_over(store: Store) -> None:
    old = replace(answered(), located_at=NOW - timedelta(days=31))
    missing = Geocode("nominatim", "火星路", NOW - timedelta(days=31), answer=[])
    put(store, old, missing)
    assert [fault for fault, _ in faults(store)] == [Fault.EXPIRED]
    own = replace(NETWORK_PROVIDERS["amap"], max_age_days=30)
    settings = Settings(providers={**NETWORK_PROVIDERS, "amap": own}, not_found_max_age_days=0)
    assert [fault for fault, _ in faults(store, settings)] == [Fault.EXPIRED]
    assert service.prune_cache(store, settings, NOW) == 1
    assert service.prune_cache(store, Settings(), NOW) == 1
    assert {answer.provider for answer in store.geocodes()} == {"curated"}
    assert len(list(store.geocodes())) == 15


@pytest.mark.parametrize(
    ("sql", "detail"),
    [
        ("UPDATE geocodes SET record = '{' WHERE provider = 'amap'", "is not JSON"),
        ("UPDATE geocodes SET query = 'x' WHERE provider = 'amap'", "another key"),
        ("UPDATE geocodes SET record = record || ' ' WHERE provider = 'amap'", "canonical form"),
    ],
)
def test_damage_in_the_database_is_found(
    store: Store, tmp_path: Path, sql: str, detail: str
) -> None:
    put(store, answered())
    engine = create_engine(f"sqlite:///{tmp_path}/mapsvc.sqlite3")
    with engine.begin() as connection:
        connection.execute(text(sql))
    engine.dispose()
    ((fault, said),) = faults(store)
    assert fault is Fault.CORRUPT
    assert detail in said
    output = run("cache", "verify", code=1).output
    assert "corrupt" in output
    assert "1 faults" in output


def test_stats_count_by_provider_and_precision(store: Store) -> None:
    put(store, answered(), Geocode("amap", "火星路", NOW, answer={"status": "1"}))
    rows = json.loads(run("cache", "stats", "--json").output)
    counts = {(row["provider"], row["precision"]): row["answers"] for row in rows}
    assert counts["amap", "building"] == counts["amap", "not found"] == 1
    assert counts["curated", "town"] == 3


def test_the_audit_doubts_what_the_facts_doubt(store: Store) -> None:
    rows = {row.branch.name: row for row in service.audit(store)}
    assert len(rows) == 15
    doubts = {
        name: {reason.code for reason in row.reasons} for name, row in rows.items() if row.reasons
    }
    assert ReviewCode.UNKNOWN_TOWN in doubts["农业银行慈溪道林支行"]
    town = [
        name
        for name, row in rows.items()
        if row.placement and row.placement.precision is Precision.TOWN
    ]
    assert town == ["工商银行宁波鄞州分行营业部", "农业银行慈溪道林支行", "交通银行宁波宁海支行"]
    assert all(ReviewCode.LOW_PRECISION in doubts[name] for name in town)
    in_zones = [
        row
        for row in rows.values()
        if "高新区" in row.branch.address or "新区" in row.branch.address
    ]
    assert len(in_zones) == 3
    for row in in_zones:
        assert ReviewCode.ZONE_ALIAS not in {reason.code for reason in row.reasons}
        assert ReviewCode.DISTRICT_MISMATCH not in {reason.code for reason in row.reasons}


def test_the_audit_as_text_json_and_csv(store: Store) -> None:
    printed = run("audit").output
    assert "! unknown_town: there is no 道林镇; 逍林镇 (330282111) may be meant" in printed
    assert printed.endswith("15 branches, 6 with doubts\n")
    answers = json.loads(run("audit", "--json").output)
    (unknown,) = (d for a in answers for d in a["doubts"] if d["code"] == "unknown_town")
    assert unknown == {
        "code": "unknown_town",
        "town": "道林镇",
        "nearest": "逍林镇",
        "nearest_code": "330282111",
    }
    table = run("audit", "--csv", "--list", "ningbo-2021").output
    rows = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))))
    assert len(rows) == 15
    assert sum(bool(row["doubts"]) for row in rows) == 6
    assert "no list 'none'" in run("audit", "--list", "none", code=2).output


def test_the_published_address_is_never_edited(store: Store) -> None:
    published = resource("data/lists/ningbo-2021.txt").read_text(encoding="utf-8")
    for branch in store.branches():
        assert f"{branch.name}\t{branch.address}" in published


@pytest.mark.parametrize(
    ("code", "detail", "phrase"),
    [
        (ReviewCode.PROVIDERS_DISAGREE, {"distance_m": 1240, "providers": ["nominatim", "amap"]},
         "providers_disagree: 1,240 m between nominatim and amap"),
        (ReviewCode.NUMBERS_FAR_APART, {"distance_m": 900, "numbers": ["甲路1号", "乙路5号"]},
         "numbers_far_apart: 900 m between 甲路1号 and 乙路5号"),
        (ReviewCode.DISTRICT_MISMATCH, {"stated": ["330203"], "located": "330212"},
         "district_mismatch: stated 330203, lies in 330212"),
        (ReviewCode.ZONE_ALIAS, {"zone": "高新区", "districts": ["330212"], "located": "330203"},
         "zone_alias: 高新区 may be 330212, lies in 330203"),
        (ReviewCode.UNKNOWN_TOWN, {"town": "某镇", "nearest": None, "nearest_code": None},
         "unknown_town: there is no 某镇"),
        (ReviewCode.ADDRESS_CHANGED, {"from": "甲路1号"}, "address_changed: was 甲路1号"),
        (ReviewCode.NOT_FOUND, {"asked": ["amap", "tencent"]}, "not_found: asked amap, tencent"),
        (ReviewCode.NOT_FOUND, {}, "not_found"),
    ],
)  # fmt: skip
def test_every_doubt_in_words(code: ReviewCode, detail: dict[str, Any], phrase: str) -> None:
    assert describe(ReviewReason(code, detail)) == phrase


def test_a_query_as_a_person_writes_it_is_found(store: Store, tmp_path: Path) -> None:
    written = replace(
        answered(), provider="curated", query="宁波市 鄞州区 火星路１号", evidence="seen"
    )
    path = tmp_path / "mine.jsonl"
    path.write_text(to_json(written), encoding="utf-8")
    run("cache", "import", str(path))
    assert "宁波市鄞州区火星路1号" in {answer.query for answer in store.geocodes()}
    put(store, written)  # past the import
    assert [fault for fault, _ in faults(store)] == [Fault.CORRUPT]


def test_one_damaged_answer_stops_nobody_else(store: Store, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/mapsvc.sqlite3")
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE geocodes SET record = '{bad' WHERE query LIKE '%天童北路%'")
        )
    engine.dispose()
    output = run("geocode", "--offline", code=1).output
    assert "placed: 15" in output, "the damaged one keeps its place"
    assert "the cached answer of curated to '宁波市鄞州区天童北路933号' is damaged" in output
    assert "cache verify" in run("cache", "stats", code=1).output
    assert "cache verify" in run("cache", "export", code=1).output
    run("doctor")
    run("cache", "import", str(resource("data/geocache.jsonl")))
    assert "placed: 15 (0 new" in run("geocode", "--offline").output
