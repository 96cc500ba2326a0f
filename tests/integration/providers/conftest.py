"""A stub server, and a provider that asks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from mapsvc.config import NETWORK_PROVIDERS, Settings
from mapsvc.geocoding.providers import Provider, build
from mapsvc.geocoding.transport import Transport
from tests.integration.providers.stub import Stub

KEY = "0123456789abcdefKEY/+=%89abcdef0123"
SECRET = "fedcba9876543210SECRETfedcba98765432"


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub() as server:
        yield server


def provider_at(
    name: str, url: str, transport: Transport | None = None, **changes: Any
) -> Provider:
    own = replace(NETWORK_PROVIDERS[name], **{"url": url, "key": KEY, "timeout": 5.0, **changes})
    settings = Settings(
        geocoders=(name,),
        contact="maps@example.org",
        providers={**NETWORK_PROVIDERS, name: own},
    )
    return build(settings, transport)[name]
