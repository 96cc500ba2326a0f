"""Records the tape of a real Nominatim anew: python -m tests.peer."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mapsvc.geocoding.tape import Recorder
from tests.integration.providers.conftest import provider_at
from tests.integration.providers.real import ANSWERS, TAPE, UNKNOWN, URL, first_question
from tests.peer import ningbo, nominatim
from tests.peer.asking import At


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ningbo.write(folder / "ningbo.osm")
        database = nominatim.load(folder / "ningbo.osm", folder)
        draft = folder / TAPE.name
        with nominatim.serve(database) as server:
            provider = provider_at("nominatim", URL, Recorder(At(server), draft))
            for address in dict.fromkeys((*(row[0] for row in ANSWERS), *UNKNOWN)):
                provider.ask(first_question(address))
        TAPE.write_bytes(draft.read_bytes())


if __name__ == "__main__":
    main()
