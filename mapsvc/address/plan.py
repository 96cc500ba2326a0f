"""The questions that an address becomes for the geocoders, from exact to coarse."""

from __future__ import annotations

from dataclasses import dataclass

from mapsvc.model import Precision


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to a geocoder: the whole text, and its parts for those that want them."""

    text: str
    """The whole question as one canonical string, such as 浙江省宁波市鄞州区天童北路933号."""
    best: Precision
    """The precision that an answer to it can have at best."""
    province: str = ""
    city: str = ""
    district: str = ""
    town: str = ""
    street: str = ""
    """The street without the number; for a village the village."""
    number: str = ""
    """The house number without 号."""
    corrected: str = ""
    """How the text was corrected, such as 道林镇 → 逍林镇."""
