"""Tencent (腾讯位置服务), WebService geocoder v1: GCJ-02, official district codes.

Documentation: lbs.qq.com/service/webService/webServiceGuide/address/Geocoder; the signature is
described in lbs.qq.com/faq/serverFaq/webServiceKey.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import md5
from urllib.parse import parse_qsl, urlsplit

from mapsvc.geocoding.providers.base import ProviderGeocoder, with_parameters


class Tencent(ProviderGeocoder):
    """Asked with the whole address, which must name the city."""

    name = "tencent"
    path = "/ws/geocoder/v1/"
    needs_key = True

    def parameters(self, query: str, options: Mapping[str, str]) -> dict[str, str]:
        return {"address": query, **options}

    def signed(self, url: str) -> str:
        url = with_parameters(url, key=self.settings.key)
        if not self.settings.secret:
            return url
        return with_parameters(url, sig=signature(url, self.path, self.settings.secret))


def signature(url: str, path: str, secret: str) -> str:
    """MD5 of the path and the unencoded parameters, sorted by name, with the secret at the end."""
    pairs = sorted(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    text = f"{path}?" + "&".join(f"{name}={value}" for name, value in pairs) + secret
    return md5(text.encode(), usedforsecurity=False).hexdigest()
