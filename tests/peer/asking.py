"""The real Nominatim under the address that the tape knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mapsvc.geocoding.transport import Http, Reply
from tests.integration.providers.real import URL


@dataclass(frozen=True)
class At:
    """Sends what is meant for the address on the tape to the running server."""

    server: str

    def get(
        self, url: str, *, provider: str, headers: Mapping[str, str], timeout_s: float
    ) -> Reply:
        """As `mapsvc.geocoding.transport.Transport.get`."""
        there = url.replace(URL, self.server, 1)
        return Http().get(there, provider=provider, headers=headers, timeout_s=timeout_s)
