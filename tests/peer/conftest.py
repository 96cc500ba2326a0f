"""One real Nominatim for the whole run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peer import ningbo, nominatim


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Nominatim database of a little of Ningbo."""
    folder = tmp_path_factory.mktemp("nominatim")
    ningbo.write(folder / "ningbo.osm")
    return nominatim.load(folder / "ningbo.osm", folder)


@pytest.fixture(scope="session")
def server(database: Path) -> Iterator[str]:
    """The address of a Nominatim that runs."""
    with nominatim.serve(database) as url:
        yield url
