"""What the program really does, found out by doing it: for the documentation to be held against."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from flask import Flask
from shapely import box

from mapsvc import service
from mapsvc.address.plan import Question
from mapsvc.config import Settings
from mapsvc.geocoding.placing import Placer
from mapsvc.geocoding.quality import Answer
from mapsvc.model import Branch, Datum, District, Geocode, Point, Precision
from mapsvc.snapshot import Snapshot
from mapsvc.store import open_store
from mapsvc.store.base import Contents
from mapsvc.web import create_app
from tests.readings import snapshot_of

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@cache
def empty_app() -> Flask:
    contents = Contents(0, None, (), (), {}, {}, ())

    class Source:
        def current(self) -> Snapshot:
            return snapshot_of(contents)

    return create_app(Settings(), Source())


@cache
def produced_reasons() -> dict[str, set[str]]:
    """Every review reason with its figures, as branches that deserve them get them."""
    west, east = box(121.2, 29.7, 121.5, 30.0), box(121.5, 29.7, 121.8, 30.0)
    placer = Placer(
        [
            District("330203", "海曙区", "宁波市", "浙江省", west, west),
            District("330212", "鄞州区", "宁波市", "浙江省", east, east),
        ]
    )

    def place(address: str, *answers: Answer) -> list[tuple[str, set[str]]]:
        placement = placer.place(Branch("b", "甲支行", address), answers)
        return [(reason.code.value, set(reason.detail)) for reason in placement.reasons]

    found = [
        *place("宁波市海曙区中山西路1号", answer(precision=Precision.STREET)),
        *place("宁波市杭州湾新区", answer(lon=100.0)),
        *place("慈溪市道林镇林西路1号", answer(corrected="道林镇 → 逍林镇")),
        *place(
            "宁波市鄞州区甲路1号、9号",
            answer(number="1"),
            answer(number="9", lon=121.7),
            answer(provider="baidu", lon=121.7, lat=29.9),
        ),
        *place("宁波市鄞州区甲路1号", Answer(Geocode(provider="amap", query="x", located_at=NOW))),
        *changed_address(),
    ]
    return dict(found)


def answer(
    *,
    provider: str = "amap",
    lon: float = 121.51,
    lat: float = 29.85,
    precision: Precision = Precision.BUILDING,
    number: str = "",
    corrected: str = "",
) -> Answer:
    point = Point(lon, lat)
    geocode = Geocode(
        provider=provider, query=number or "x", located_at=NOW, point=point, precision=precision
    )
    question = Question(text="x", best=precision, street="甲路", number=number, corrected=corrected)
    return Answer(geocode, question)


def changed_address() -> Iterator[tuple[str, set[str]]]:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/mapsvc.sqlite3")
        path = Path(folder, "list.csv")
        for address in ("甲路1号", "乙路2号"):
            path.write_text(f"id,name,address,lat,lon\na,甲支行,{address},29.8,121.6\n", "utf-8")
            service.import_list(store, path, datum=Datum.WGS84)
            if address == "甲路1号":
                service.geocode(store, Settings(), offline=True)
        for reason in store.placements()["a"].reasons:
            yield reason.code.value, set(reason.detail)
        store.close()
