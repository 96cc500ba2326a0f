"""The background map: each choice in its datum, and a key that cannot leave its place."""

from __future__ import annotations

import pytest

from mapsvc.config import Settings
from mapsvc.model import Datum
from mapsvc.web.tiles import tile_source

OWN = "https://tiles.example.org/{z}/{x}/{y}.png"


@pytest.mark.parametrize(
    ("settings", "datum", "layers"),
    [
        (Settings(tiles="osm"), Datum.WGS84, 1),
        (Settings(tiles="tianditu", tianditu_key="k"), Datum.WGS84, 2),
        (Settings(tiles="amap"), Datum.GCJ02, 1),
        (Settings(tiles=OWN), Datum.WGS84, 1),
        (Settings(tiles=OWN, tiles_datum=Datum.GCJ02), Datum.GCJ02, 1),
        (Settings(tiles=OWN, tiles_datum=Datum.BD09), Datum.BD09, 1),
    ],
)
def test_datum_and_layers(settings: Settings, datum: Datum, layers: int) -> None:
    source = tile_source(settings)
    assert source is not None
    assert source.datum is datum
    assert len(source.layers) == layers
    assert all("{z}" in layer.url and "{x}" in layer.url for layer in source.layers)


def test_no_tiles_by_default() -> None:
    assert tile_source(Settings()) is None


def test_a_key_is_a_value_only() -> None:
    source = tile_source(Settings(tiles="tianditu", tianditu_key="a&layer=x {s}"))
    assert source is not None
    assert source.layers[0].url.endswith("&tk=a%26layer%3Dx%20%7Bs%7D")
