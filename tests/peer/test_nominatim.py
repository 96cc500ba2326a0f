"""A real Nominatim is asked rightly, and what it said is the same again without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mapsvc.errors import ProviderUnavailable
from mapsvc.geocoding.tape import Replayer
from mapsvc.model import Geocode, Placement, Precision
from mapsvc.resources import resource
from mapsvc.store import open_store
from tests.integration.providers.conftest import provider_at
from tests.integration.providers.real import ANSWERS, TAPE, UNKNOWN, URL, first_question
from tests.peer import nominatim
from tests.peer.asking import At

EXTRA = """名称,地址
北京支行,北京市东城区王府井大街138号
火星支行,火星市月亮路1号
"""
PLACED = {
    "宁波市河清北路295号": "street",
    "宁波市鄞州区首南街道天银路1号": "town",
    "慈溪市道林镇林西路111号": "building",
    "宁波市鄞州区首南街道泰康中路500号及泰聚巷18号": "building",
    "余姚市大黄桥路2号": "building",
    "宁波市鄞州区海晏北路455号": "interpolated",
    "宁波杭州湾新区滨海二路879号、881号": "building",
    "宁海县跃龙街道学勉路1号金融中心2号楼": "town",
    "宁波市鄞州区天童北路933号": "building",
    "宁波市海曙区灵桥路473号": "building",
    "宁波市海曙区解放南路188号": "street",
    "宁波市高新区聚贤路815号": "building",
    "宁波市海曙区中山西路166-168号": "building",
    "宁波市高新区文康路128号,扬帆路555号": "building",
    "宁波市鄞州区四明西路154、156、158号": "building",
    "北京市东城区王府井大街138号": "building",
    "火星市月亮路1号": None,
}
"""Every address of the shipped list and of `EXTRA`, and how exactly it comes to be placed."""


@pytest.mark.parametrize(("address", "precision", "position"), ANSWERS)
def test_what_it_finds(
    address: str, precision: Precision, position: tuple[float, float], server: str
) -> None:
    found = provider_at("nominatim", server).ask(first_question(address))
    assert found.precision is precision
    assert found.point is not None
    assert (found.point.lon, found.point.lat) == pytest.approx(position, abs=1e-6)


@pytest.mark.parametrize("address", UNKNOWN)
def test_what_it_does_not_know(address: str, server: str) -> None:
    found = provider_at("nominatim", server).ask(first_question(address))
    assert not found.found
    assert found.answer == []


def test_the_tape_holds_what_it_says_today(server: str) -> None:
    real = provider_at("nominatim", URL, At(server))
    taped = provider_at("nominatim", URL, Replayer(TAPE))
    for address in (*(row[0] for row in ANSWERS), *UNKNOWN):
        question = first_question(address)
        assert _without_chance(taped.ask(question)) == _without_chance(real.ask(question))


def _without_chance(geocode: Geocode) -> Geocode:
    """Without what differs from import to import, and without the time."""
    answer = [{**result, "place_id": 0} for result in geocode.answer]
    return replace(geocode, answer=answer, located_at=datetime(2026, 1, 1, tzinfo=UTC))


def test_the_same_comes_out_of_the_replay(database: Path, tmp_path: Path) -> None:
    """Import, geocode, cache export; the server stops; cache import elsewhere, geocode offline."""
    extra, cache = tmp_path / "extra.csv", tmp_path / "cache.jsonl"
    extra.write_text(EXTRA, encoding="utf-8")
    with nominatim.serve(database) as server:
        first = Instance(tmp_path / "first", server)
        first.import_lists(extra)
        result = first.json("geocode", code=1)
        first.run("cache", "export", str(cache))
    assert first.precisions() == PLACED
    assert [failed["address"] for failed in result["failed"]] == ["火星市月亮路1号"]
    assert result["troubles"] == {}
    asked = [line for line in cache.read_text("utf-8").splitlines() if '"nominatim"' in line]
    assert result["requests"] == {"nominatim": len(asked)}
    assert first.json("geocode", code=1)["requests"] == {}
    first.run("cache", "verify")

    with pytest.raises(ProviderUnavailable):
        provider_at("nominatim", server).ask(first_question("宁波市"))
    second = Instance(tmp_path / "second", server)
    second.import_lists(extra)
    assert second.json("geocode", "--offline", code=1)["placed"] == 0
    second.run("cache", "import", str(cache))
    replayed = second.json("geocode", "--offline", code=1)
    assert (replayed["requests"], replayed["placed"]) == ({}, len(PLACED) - 1)
    assert second.run("export") == first.run("export")
    assert second.run("cache", "export") == cache.read_bytes()
    assert second.placements() == first.placements()


class Instance:
    """An installation with a store of its own, used by its command line."""

    def __init__(self, folder: Path, server: str) -> None:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("MAPSVC_")}
        self._store = f"sqlite:///{folder}/mapsvc.sqlite3"
        self._environment: Mapping[str, str] = kept | {
            "MAPSVC_DATA_DIR": str(folder),
            "MAPSVC_GEOCODERS": "nominatim",
            "MAPSVC_NOMINATIM_URL": server,
            "MAPSVC_NOMINATIM_RATE": "1000",
        }

    def run(self, *arguments: str, code: int = 0) -> bytes:
        """What a command prints."""
        done = subprocess.run(
            [sys.executable, "-m", "mapsvc", *arguments],
            env=self._environment,
            capture_output=True,
            timeout=300,
        )
        assert done.returncode == code, done.stderr.decode()
        return done.stdout

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code))

    def import_lists(self, extra: Path) -> None:
        self.run("import", str(resource("data/lists/ningbo-2021.txt")))
        self.run("import", str(extra), "--list", "extra")

    def precisions(self) -> dict[str, str | None]:
        features = json.loads(self.run("export"))["features"]
        return {f["properties"]["address"]: f["properties"]["precision"] for f in features}

    def placements(self) -> Mapping[str, Placement]:
        store = open_store(self._store)
        try:
            return store.placements()
        finally:
            store.close()
