"""Nominatim, the public server or an own one, on geopy's class.

It does not split unspaced Chinese addresses, so it gets them in words, and house numbers as it
finds them: both tried on a real one (tests/peer). The public server's usage policy: one request a
second over all workers, an own User-Agent with a contact, attribution
(operations.osmfoundation.org/policies/nominatim).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import geopy.geocoders

from mapsvc.address.grammar import VILLAGE
from mapsvc.address.normalise import canonical
from mapsvc.address.numbers import spoken
from mapsvc.address.plan import Question
from mapsvc.config import ProviderSettings
from mapsvc.geocoding.providers.base import ProviderGeocoder, domain, spaced
from mapsvc.geocoding.transport import Transport

PUBLIC_HOST = "nominatim.openstreetmap.org"


class Nominatim(ProviderGeocoder, geopy.geocoders.Nominatim):  # type: ignore[misc]
    """Asked in words, for some results in China, of which the best fitting is taken."""

    name = "nominatim"
    path = "/search"

    def __init__(self, settings: ProviderSettings, transport: Transport, **options: Any) -> None:
        super().__init__(settings, transport, domain=domain(settings), **options)

    def phrase(self, question: Question) -> tuple[str, Mapping[str, str]]:
        return canonical(question.text), {"q": words(question)}

    def parameters(self, query: str, options: Mapping[str, str]) -> dict[str, str]:
        return {
            "q": query,
            **options,
            "format": "jsonv2",
            "limit": "5",
            "addressdetails": "1",
            "countrycodes": "cn",
            "accept-language": "zh",
        }


def words(question: Question) -> str:
    """The question in words, a village without its district.

    To Nominatim a village and the district of a tagged city are of one rank, and neither lies in
    the other. A village of the same name elsewhere in the city shows by the district's polygon.

    >>> from mapsvc.model import Precision
    >>> house = {"best": Precision.BUILDING, "city": "宁波市", "district": "鄞州区", "number": "12"}
    >>> words(Question(text="…", street="下应村", **house))
    '宁波市 下应村 12'
    >>> words(Question(text="…", street="天童北路", **house))
    '宁波市 鄞州区 天童北路 12'
    """
    if question.city and VILLAGE.fullmatch(question.street):
        question = replace(question, district="", zone="")
    return spaced(question, house_number)


def house_number(number: str) -> str:
    """A house number as Nominatim finds it.

    ``933`` finds what is tagged 933, 933号, 931-933 or 931;933; ``933号`` would find 933号 alone.
    A number in a lane is found only as it is tagged, which is as it is spoken.

    >>> house_number("933"), house_number("1234弄56"), house_number("18号附3")
    ('933', '1234弄56号', '18号附3')
    """
    return spoken(number) if "弄" in number or "巷" in number else number
