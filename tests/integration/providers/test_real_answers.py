"""What a real Nominatim answered, played from a tape: asked as it finds, and read rightly."""

from __future__ import annotations

import pytest

from mapsvc.geocoding.tape import Replayer
from mapsvc.model import Precision
from tests.integration.providers.conftest import provider_at
from tests.integration.providers.real import ANSWERS, TAPE, UNKNOWN, URL, first_question


@pytest.mark.parametrize(("address", "precision", "position"), ANSWERS)
def test_what_it_found(address: str, precision: Precision, position: tuple[float, float]) -> None:
    found = provider_at("nominatim", URL, Replayer(TAPE)).ask(first_question(address))
    assert found.precision is precision
    assert found.point is not None
    assert (found.point.lon, found.point.lat) == pytest.approx(position, abs=1e-6)


@pytest.mark.parametrize("address", UNKNOWN)
def test_what_it_did_not_find(address: str) -> None:
    found = provider_at("nominatim", URL, Replayer(TAPE)).ask(first_question(address))
    assert not found.found
    assert found.answer == []
