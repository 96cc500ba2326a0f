"""Synthetic branches inside real counties: seeded, so that every machine draws the same ones.

A county gets branches by the square root of its area, a district of a city three times as many;
seven of ten lie round a few town centres, the others anywhere, all of them inside the county's
polygons. Banks come by their order in ``data/banks.csv``, the first ones most often. The order is
shuffled once: the first 10,000 of 1,000,000 branches are the 10,000 of a smaller run.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from bench.counties import BUILD, counties
from mapsvc.config import Settings
from mapsvc.lists.banks import banks
from mapsvc.model import (
    Branch,
    BranchList,
    Datum,
    District,
    Placement,
    Point,
    Precision,
    ReviewCode,
    ReviewReason,
)
from mapsvc.service.shipped import load_shipped
from mapsvc.store import open_store

MOST = 1_000_000
_AT = datetime(2026, 1, 1, tzinfo=UTC)
LIST = BranchList("synthetic", "合成网点名单", 2026, "synthetic.csv", _AT)

_SEED = 20211119
_DENSER = {"区": 3.0, "市": 1.5}
_IN_TOWNS = 0.7
_ROADS = [
    name + kind
    for kind in ("路", "街", "大道", "东路", "西路", "南路", "北路", "中路")
    for name in (
        "人民", "解放", "中山", "建设", "和平", "新华", "文化", "胜利", "幸福", "光明", "长江",
        "黄河", "朝阳", "青年", "迎宾", "滨河", "兴业", "学府", "公园", "车站", "工业", "科技",
        "银河", "锦绣", "平安", "友谊", "团结", "振兴", "富民", "望江",
    )
]  # fmt: skip
_PRECISIONS = (
    (Precision.BUILDING, 120.0, ()),
    (Precision.INTERPOLATED, 300.0, ()),
    (
        Precision.STREET,
        1_200.0,
        (ReviewReason(ReviewCode.LOW_PRECISION, {"precision": "street", "radius_m": 1_200.0}),),
    ),
)


def positions(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Longitudes and latitudes (WGS-84 degrees) of the first ``n`` branches; county rows, too."""
    drawn = _drawn()
    return drawn["lon"][:n], drawn["lat"][:n], drawn["county"][:n].astype(np.int64)


def branches(n: int) -> Iterator[tuple[Branch, Placement]]:
    """The first ``n`` branches with their placements."""
    drawn, known = _drawn(), list(banks().values())
    chances = 1 / (np.arange(len(known)) + 3.0)
    chance = np.random.default_rng(_SEED + 1)
    bank_rows = chance.choice(len(known), MOST, p=chances / chances.sum())[:n]
    precisions = chance.choice(3, MOST, p=[0.8, 0.12, 0.08])[:n]
    regions = [_region(county) for county in counties()]
    columns = (drawn["lon"], drawn["lat"], drawn["county"], drawn["number"])
    rows = zip(*(islice(column.tolist(), n) for column in columns), strict=True)
    for (lon, lat, county, number), bank_row, precision in zip(
        rows, bank_rows.tolist(), precisions.tolist(), strict=True
    ):
        district, bank = counties()[county], known[bank_row]
        house, road = divmod(number, len(_ROADS))
        street = _ROADS[road]
        name = f"{bank.short}{district.name}{street}{'支行' if house % 4 else '储蓄所'}"
        address = f"{regions[county]}{street}{house * 7 + road % 7 + 1}号"
        digest = hashlib.sha256(f"{name}\n{address}".encode()).hexdigest()[:10]
        branch = Branch(
            id=f"{bank.code}-{digest}",
            name=name,
            address=address,
            bank=bank.code,
            phone=f"0{county % 900 + 100}-8{number * 7919 % 10_000_000:07d}",
            hours="周一至周五 09:00-17:00",
            point=Point(lon, lat),
        )
        finest, radius_m, reasons = _PRECISIONS[precision]
        yield (
            branch,
            Placement(
                branch_id=branch.id,
                point=branch.point,
                precision=finest,
                radius_m=radius_m,
                provider="curated",
                located_at=_AT,
                district=district.code,
                address=address,
                reasons=reasons,
            ),
        )


def csv_file(n: int) -> Path:
    """The first ``n`` branches as a list file: UTF-8, positions in WGS-84."""
    path = BUILD / f"branches-{n}.csv"
    if not path.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["name", "address", "bank", "phone", "hours", "lon", "lat", "datum"])
            for branch, _ in branches(n):
                assert branch.point is not None
                where = (branch.point.lon, branch.point.lat, Datum.WGS84.value)
                bank = banks()[branch.bank or ""].name
                writer.writerow(
                    [branch.name, branch.address, bank, branch.phone, branch.hours, *where]
                )
        part.replace(path)
    return path


def store(n: int) -> Path:
    """A data folder whose SQLite store holds all counties and the first ``n`` branches.

    Copy it before writing to it: it is kept for the next run.
    """
    folder = BUILD / f"store-{n}"
    if not folder.exists():
        part = BUILD / f"store-{n}.part"
        part.mkdir(parents=True, exist_ok=True)
        (part / "mapsvc.sqlite3").unlink(missing_ok=True)
        opened = open_store(f"sqlite:///{part / 'mapsvc.sqlite3'}")
        load_shipped(opened, Settings())  # or the first start would, and place all anew
        with opened.write() as writer:
            writer.put_districts(counties())
            writer.put_list(LIST, [branch for branch, _ in branches(n)])
            writer.put_placements(placement for _, placement in branches(n))
        opened.close()
        part.rename(folder)
    return folder


@cache
def _drawn() -> dict[str, NDArray[Any]]:
    path = BUILD / "positions.npz"
    if not path.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        part = path.with_name("positions.part.npz")
        np.savez(part, allow_pickle=False, **_draw())
        part.replace(path)
    with np.load(path) as kept:
        return {name: kept[name] for name in kept.files}


def _draw() -> dict[str, NDArray[Any]]:
    """All positions, their counties, and each one's number within its county."""
    chance = np.random.default_rng(_SEED)
    geometries = [county.geometry for county in counties()]
    weights = np.sqrt(shapely.area(geometries))
    weights *= [_DENSER.get(county.name[-1], 1.0) for county in counties()]
    weights *= chance.lognormal(0.0, 0.4, len(weights))
    numbers = chance.multinomial(MOST, weights / weights.sum())
    xy = np.concatenate(
        [_inside(geometry, int(n), chance) for geometry, n in zip(geometries, numbers, strict=True)]
    )
    order = chance.permutation(MOST)
    return {
        "lon": xy[order, 0],
        "lat": xy[order, 1],
        "county": np.repeat(np.arange(len(numbers)), numbers).astype(np.int16)[order],
        "number": np.concatenate([np.arange(n) for n in numbers]).astype(np.int32)[order],
    }


def _inside(geometry: BaseGeometry, n: int, chance: np.random.Generator) -> NDArray[np.float64]:
    """``n`` positions (n, 2) in a polygon, to 7 decimals, a centimetre."""
    shapely.prepare(geometry)
    west, south, east, north = geometry.bounds
    anywhere = _kept(geometry, lambda m: chance.uniform((west, south), (east, north), (m, 2)), n)
    towns = anywhere[: 1 + int(chance.integers(6))]
    spread = 0.04 * np.sqrt((east - west) * (north - south))

    def in_town(m: int) -> NDArray[np.float64]:
        centres = towns[chance.integers(len(towns), size=m)]
        return centres + chance.normal(0.0, spread, (m, 2))

    crowded = _kept(geometry, in_town, round(n * _IN_TOWNS))
    return np.concatenate([crowded, anywhere])[:n]


def _kept(
    geometry: BaseGeometry, draw: Callable[[int], NDArray[np.float64]], n: int
) -> NDArray[np.float64]:
    """Draw until ``n`` positions are inside."""
    found: list[NDArray[np.float64]] = [np.empty((0, 2))]
    while sum(map(len, found)) < n:
        tried = np.round(draw(4 * n + 16), 7)
        found.append(tried[shapely.contains_xy(geometry, tried[:, 0], tried[:, 1])])
    return np.concatenate(found)[:n]


def _region(district: District) -> str:
    """``浙江省宁波市鄞州区``; a municipality's name once."""
    return "".join(dict.fromkeys((district.province, district.city, district.name)))
