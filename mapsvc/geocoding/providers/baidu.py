"""Baidu (百度), geocoding v3, on geopy's BaiduV3 with its faults repaired.

geopy's own returns BD-09 as if it were WGS-84, gives the level as the address, fails with
``exactly_one=False``, returns reverse addresses as bytes, and logs the key. Documentation:
lbsyun.baidu.com/faq/api?title=webapi/guide/webservice-geocoding-base.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import md5
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from geopy.geocoders import BaiduV3
from geopy.geocoders.base import DEFAULT_SENTINEL
from geopy.location import Location

from mapsvc.address.normalise import canonical
from mapsvc.address.plan import Question
from mapsvc.config import ProviderSettings
from mapsvc.errors import BadAnswer, InvalidValue
from mapsvc.geo.datum import convert
from mapsvc.geocoding.faults import fault
from mapsvc.geocoding.providers.base import ProviderGeocoder, with_parameters
from mapsvc.geocoding.transport import Transport
from mapsvc.model import Datum, Point


class Baidu(ProviderGeocoder, BaiduV3):  # type: ignore[misc]  # geopy ships no types
    """Asked with the whole address and for GCJ-02, which loses less than BD-09."""

    name = "baidu"
    path = "/geocoding/v3/"
    needs_key = True

    def __init__(self, settings: ProviderSettings, transport: Transport, **options: Any) -> None:
        super().__init__(settings, transport, api_key=None, **options)

    def phrase(self, question: Question) -> tuple[str, Mapping[str, str]]:
        return canonical(question.text), {"city": question.city} if question.city else {}

    def parameters(self, query: str, options: Mapping[str, str]) -> dict[str, str]:
        return {"address": query, **options, "output": "json", "ret_coordtype": "gcj02ll"}

    def signed(self, url: str) -> str:
        url = with_parameters(url, ak=self.settings.key)
        if not self.settings.secret:
            return url
        return with_parameters(url, sn=signature(url, self.settings.secret))

    def reverse(
        self, query: Any, *, exactly_one: bool = True, timeout: Any = DEFAULT_SENTINEL
    ) -> Any:
        """As geopy's: the address at a WGS-84 position (latitude, longitude), or None.

        Raises:
            ProviderError: no usable answer.
        """
        parameters = {
            "location": self._coerce_point_to_string(query),
            "coordtype": "wgs84ll",
            "ret_coordtype": "gcj02ll",
            "output": "json",
        }
        url = f"{self.settings.url}{self.reverse_path}?{urlencode(parameters)}"
        location = self._call_geocoder(url, self._reverse_location, timeout=timeout)
        return location if exactly_one or location is None else [location]

    def _reverse_location(self, answer: Any) -> Location | None:
        error = fault(self.name, answer)
        if error is not None:
            raise error
        try:
            result = answer["result"]
            native = Point(result["location"]["lng"], result["location"]["lat"], Datum.GCJ02)
            address = result["formatted_address"]
        except (KeyError, TypeError, InvalidValue):
            raise BadAnswer(self.name, "the answer is malformed: no address and place") from None
        point = convert(native, Datum.WGS84)
        return Location(address, (point.lat, point.lon), answer) if address else None


def signature(url: str, secret: str) -> str:
    """MD5 of path and query as they are sent, with the secret at their end, encoded once more."""
    parts = urlsplit(url)
    text = quote_plus(f"{parts.path}?{parts.query}{secret}")
    return md5(text.encode(), usedforsecurity=False).hexdigest()
