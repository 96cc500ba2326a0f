"""Tianditu (天地图), geocoder: CGCS2000, neither district nor house number in its answers.

Documentation: lbs.tianditu.gov.cn/server/geocodinginterface.html. Its key must be of the kind
服务端 (server); the kind is told from the User-Agent, so ours must not look like a browser's.
The tiles want a key of the kind 浏览器端, which visitors see. Whoever uses both sets that one as
``MAPSVC_TIANDITU_KEY`` and the server's, which nobody sees, as ``MAPSVC_TIANDITU_SECRET``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from mapsvc.geocoding.providers.base import ProviderGeocoder, with_parameters


class Tianditu(ProviderGeocoder):
    """Asked with the whole address."""

    name = "tianditu"
    path = "/geocoder"
    needs_key = True

    def parameters(self, query: str, options: Mapping[str, str]) -> dict[str, str]:
        question = json.dumps({"keyWord": query}, ensure_ascii=False, separators=(",", ":"))
        return {"ds": question, **options}

    def signed(self, url: str) -> str:
        return with_parameters(url, tk=self.settings.secret or self.settings.key)
