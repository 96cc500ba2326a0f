"""AMap (高德), web service geocoding v3: GCJ-02, official district codes.

Documentation: lbs.amap.com/api/webservice/guide/api/georegeo; the signature is described in
lbs.amap.com/faq/quota-key/key/41181.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import md5
from urllib.parse import parse_qsl, urlsplit

from mapsvc.address.normalise import canonical
from mapsvc.address.plan import Question
from mapsvc.geocoding.providers.base import ProviderGeocoder, with_parameters


class AMap(ProviderGeocoder):
    """Asked with the whole address; ``city`` keeps it from finding the street elsewhere."""

    name = "amap"
    path = "/v3/geocode/geo"
    needs_key = True

    def phrase(self, question: Question) -> tuple[str, Mapping[str, str]]:
        return canonical(question.text), {"city": question.city} if question.city else {}

    def parameters(self, query: str, options: Mapping[str, str]) -> dict[str, str]:
        return {"address": query, **options, "output": "JSON"}

    def signed(self, url: str) -> str:
        url = with_parameters(url, key=self.settings.key)
        if not self.settings.secret:
            return url
        return with_parameters(url, sig=signature(url, self.settings.secret))


def signature(url: str, secret: str) -> str:
    """MD5 of the unencoded parameters, sorted by name, with the secret at their end."""
    pairs = sorted(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    text = "&".join(f"{name}={value}" for name, value in pairs) + secret
    return md5(text.encode(), usedforsecurity=False).hexdigest()
