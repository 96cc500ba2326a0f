"""Branches as a map marks them: in the datum of its tiles, with what a popup says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from flask import url_for

from mapsvc.geo.datum import convert_arrays
from mapsvc.lists.banks import banks
from mapsvc.model import Datum, Precision
from mapsvc.web import words
from mapsvc.web.badges import UNKNOWN, badges
from mapsvc.web.branches import bank_name
from mapsvc.web.display import shown

_DECIMALS = 5
"""Of a degree: 1 m."""

Said = dict[tuple[str | None, float | None], str]


def marks(features: Sequence[bytes], datum: Datum) -> list[dict[str, Any]]:
    """The marks of the branches that have a place.

    Args:
        features: branches, as serialised GeoJSON features.
        datum: of the positions that are given.
    """
    placed = [branch for branch in map(json.loads, features) if branch["geometry"]]
    at = np.array([branch["geometry"]["coordinates"] for branch in placed]).reshape(-1, 2)
    shifted = np.column_stack(convert_arrays(at[:, 0], at[:, 1], Datum.WGS84, datum))
    positions = shifted.round(_DECIMALS).tolist()
    said: Said = {}
    return [
        _mark(branch["properties"], position, said)
        for branch, position in zip(placed, positions, strict=True)
    ]


def _mark(facts: dict[str, Any], at: list[float], said: Said) -> dict[str, Any]:
    bank = banks().get(facts["bank"] or "")
    precision = Precision(facts["precision"]) if facts["precision"] else None
    how = facts["precision"], facts["radius_m"]
    if how not in said:  # there are few, and each takes as long as all the rest
        said[how] = words.precision(precision, facts["radius_m"])
    exact = precision is None or not precision.is_approximate
    return {
        "id": facts["id"],
        "name": shown(facts["name"]),
        "bank": bank_name(bank) if bank else "",
        "badge": badges()[bank.code] if bank else UNKNOWN,
        "address": shown(facts["address"]),
        "at": at,
        "radius_m": None if exact else facts["radius_m"],
        "precision": said[how],
        "url": url_for("locator.branch", branch_id=facts["id"]),
    }
