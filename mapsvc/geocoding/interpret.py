"""From a provider's raw answer to a `Geocode`: one place for all, and pure.

Everything comes from the answer and the question's own text, so that the same Geocode can be made
again from what the cache keeps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mapsvc.address.normalise import NORMALISER_VERSION, canonical
from mapsvc.address.numbers import asked
from mapsvc.errors import BadAnswer, InvalidValue, shown
from mapsvc.geo.datum import convert
from mapsvc.geocoding.answers import DIGITS, NATIVE, Candidate, Malformed, Native
from mapsvc.geocoding.faults import fault
from mapsvc.model import Datum, Geocode, Point, Precision

_CHINA = (73.0, 3.0, 136.0, 54.0)
"""West, south, east, north in degrees: all of China with its seas, in any datum."""
_WITHOUT_DISTRICTS = frozenset({"441900", "442000", "460400", "620200"})
"""Cities (东莞, 中山, 儋州, 嘉峪关) that have no districts: their own code is the official one."""


def interpret(
    provider: str,
    answer: Any,
    *,
    query: str,
    options: Mapping[str, Any],
    located_at: datetime,
) -> Geocode:
    """The Geocode that a raw answer is.

    Args:
        provider: a name in `mapsvc.geocoding.answers.NATIVE`.
        answer: the provider's JSON, without secrets.
        query: the canonical query; of several candidates the one is taken whose district and
            city it names, and the first of equals.
        options: the request options that changed the answer.
        located_at: when the provider answered, with its zone.

    Returns:
        Found, with point, native point, precision, radius and official district code; or not
        found, without them. What is coarser than a city counts as not found.

    Raises:
        ProviderError: the answer is an error of the provider.
        BadAnswer: the answer is malformed, or its position is impossible.
    """
    record: dict[str, Any] = {
        "provider": provider,
        "query": query,
        "options": dict(options),
        "located_at": located_at,
        "normaliser": NORMALISER_VERSION,
        "answer": answer,
    }
    chosen = best_candidate(provider, answer, query)
    if chosen is None or chosen.precision is None:
        return Geocode(**record)
    native = _position(provider, NATIVE[provider], chosen)
    precision = _precision(chosen, canonical(query))
    radius_m = chosen.radius_m
    if radius_m is None or precision is not chosen.precision:
        radius_m = max(radius_m or 0.0, precision.default_radius_m)
    return Geocode(
        **record,
        point=convert(native, Datum.WGS84),
        native=native,
        precision=precision,
        radius_m=radius_m,
        district=_district(chosen.adcode),
    )


def best_candidate(provider: str, answer: Any, query: str) -> Candidate | None:
    """The candidate that fits the query's district and city best, or None where there is none.

    Raises:
        ProviderError: as `interpret`.
    """
    error = fault(provider, answer)
    if error is not None:
        raise error
    try:
        candidates = NATIVE[provider].candidates(answer)
    except Malformed as malformed:
        raise BadAnswer(provider, f"the answer is malformed: {malformed}") from None
    text = canonical(query)
    return max(candidates, key=lambda c: _fit(c, text), default=None)  # the first of equals


def _fit(candidate: Candidate, query: str) -> int:
    names = (candidate.city, candidate.district)
    return sum(2**i for i, name in enumerate(names) if name and canonical(name) in query)


def _precision(candidate: Candidate, query: str) -> Precision:
    """The candidate's precision, less where it is another place than the one asked for."""
    precision = candidate.precision or Precision.CITY
    if precision is not Precision.BUILDING:
        return precision
    if candidate.is_poi and not (candidate.district and canonical(candidate.district) in query):
        return Precision.STREET
    found, named = _numbers(candidate.number), set(DIGITS.findall(query))
    if found and named and not found & named:
        return Precision.INTERPOLATED  # a neighbour's number
    return precision


def _numbers(written: str) -> set[str]:
    """The house numbers that ``154;156-158号`` has: 154, 156 and 158; of 12-5 and 12弄5 only 12."""
    numbers = (number.removesuffix("号") for number in canonical(written).split(","))
    each = (DIGITS.search(one) for number in numbers for one, _ in asked(number))
    return {first[0] for first in each if first}


def _position(provider: str, native: Native, candidate: Candidate) -> Point:
    lon, lat = _degrees(candidate.lon), _degrees(candidate.lat)
    given = shown((candidate.lon, candidate.lat))
    try:
        point = Point(lon, lat, native.datum)
    except InvalidValue:
        raise BadAnswer(provider, f"longitude and latitude {given} are no position") from None
    west, south, east, north = _CHINA
    inside = west <= lon <= east and south <= lat <= north
    if (native.in_china and not inside) or (lon, lat) == (0, 0):
        raise BadAnswer(provider, f"the position (longitude, latitude) {given} is not in China")
    return point


def _degrees(value: Any) -> float:
    """A coordinate, which some providers write as text; NaN for what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def _district(adcode: str) -> str | None:
    """An official code of a district; None for the code of a city or province, or no code."""
    is_code = len(adcode) == 6 and adcode.isascii() and adcode.isdigit()
    if not is_code or (adcode.endswith("00") and adcode not in _WITHOUT_DISTRICTS):
        return None
    return adcode
