"""Settings: every variable good and bad, and nothing unknown or half read."""

from __future__ import annotations

from pathlib import Path

import pytest

from mapsvc.config import Settings, rows, variable
from mapsvc.errors import SettingError
from mapsvc.model import Datum


def test_the_defaults_need_nothing() -> None:
    settings = Settings.from_environment({"PATH": "/bin", "HOME": "/"})
    assert settings == Settings()
    assert (settings.host, settings.port, settings.tiles) == ("127.0.0.1", 8000, "none")
    assert settings.store_url == "sqlite:///instance/mapsvc.sqlite3"


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("MAPSVC_PORT", " 9000 ", "port", 9000),
        ("MAPSVC_PORT", "", "port", 8000),
        ("MAPSVC_DATA_DIR", "/srv/x", "data_dir", Path("/srv/x")),
        ("MAPSVC_OFFLINE", "TRUE", "offline", True),
        ("MAPSVC_OFFLINE", "0", "offline", False),
        ("MAPSVC_GEOCODERS", "curated", "geocoders", ("curated",)),
        ("MAPSVC_TILES", "osm", "tiles", "osm"),
        ("MAPSVC_TILES_DATUM", "GCJ-02", "tiles_datum", Datum.GCJ02),
        ("MAPSVC_EMBED_ORIGINS", "*", "embed_origins", ("*",)),
        ("MAPSVC_EMBED_ORIGINS", "none", "embed_origins", ("none",)),
        (
            "MAPSVC_EMBED_ORIGINS",
            "https://a.example, https://*.b.example:8443",
            "embed_origins",
            ("https://a.example", "https://*.b.example:8443"),
        ),
        (
            "MAPSVC_PUBLIC_URL",
            "https://map.example.org/x/",
            "public_url",
            "https://map.example.org/x",
        ),
        (
            "MAPSVC_TRUSTED_HOSTS",
            "a.example b.example",
            "trusted_hosts",
            ("a.example", "b.example"),
        ),
        (
            "MAPSVC_TRUSTED_HOSTS",
            ".Example.org 10.0.0.7 ::1",
            "trusted_hosts",
            (".Example.org", "10.0.0.7", "::1"),
        ),
    ],
)
def test_good_values(name: str, text: str, field: str, value: object) -> None:
    assert getattr(Settings.from_environment({name: text}), field) == value


def test_an_own_tile_address() -> None:
    url = "https://tiles.example.org/{z}/{x}/{y}.png"
    assert Settings.from_environment({"MAPSVC_TILES": url}).tiles == url


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MAPSVC_PORT", "0"),
        ("MAPSVC_PORT", "65536"),
        ("MAPSVC_PORT", "http"),
        ("MAPSVC_WORKERS", "-1"),
        ("MAPSVC_OFFLINE", "perhaps"),
        ("MAPSVC_GEOCODERS", "google"),
        ("MAPSVC_GEOCODERS", ", ,"),
        ("MAPSVC_TILES", "mapbox"),
        ("MAPSVC_TILES", "https://tiles.example.org/{z}/{x}.png"),
        ("MAPSVC_TILES", "javascript:{x}{y}{z}"),
        ("MAPSVC_TILES_DATUM", "nad27"),
        ("MAPSVC_EMBED_ORIGINS", "example.org"),
        ("MAPSVC_EMBED_ORIGINS", "https://a.example *"),
        ("MAPSVC_EMBED_ORIGINS", "https://a.example/path"),
        ("MAPSVC_EMBED_ORIGINS", "https://a.example; script-src *"),
        ("MAPSVC_PUBLIC_URL", "map.example.org"),
        ("MAPSVC_PUBLIC_URL", "https://map.example.org/?x=1"),
        ("MAPSVC_TRUSTED_HOSTS", "http://map.example.org"),
        ("MAPSVC_TRUSTED_HOSTS", "map.example.org:8000"),
        ("MAPSVC_TRUSTED_HOSTS", "map.example.org/x"),
        ("MAPSVC_PROT", "9000"),
    ],
)
def test_bad_values_name_the_variable_and_what_is_allowed(name: str, text: str) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.from_environment({name: text})
    assert caught.value.name == name
    assert f"{name}: " in str(caught.value)
    assert " is not " in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MAPSVC_PUBLIC_URL", "http://[x"),
        ("MAPSVC_PUBLIC_URL", "http://h:99999"),
        ("MAPSVC_PUBLIC_URL", "http://h:0"),
        ("MAPSVC_PUBLIC_URL", "http://u:GEHEIM@h"),
        ("MAPSVC_PUBLIC_URL", "http://u:GE[HEIM@h"),
        ("MAPSVC_PUBLIC_URL", "http://h/?key=GEHEIM"),
        ("MAPSVC_PELIAS_URL", "http://[x"),
        ("MAPSVC_PELIAS_URL", "http://h:99999"),
        ("MAPSVC_PELIAS_URL", "http://u:GE[HEIM@h"),
        ("MAPSVC_PELIAS_URL", "http://[x?key=GEHEIM"),
        ("MAPSVC_AMAP_URL", "http://[x"),
        ("MAPSVC_TILES", "http://[x/{z}{x}{y}"),
        ("MAPSVC_TILES", "http://h:99999/{z}{x}{y}"),
        ("MAPSVC_TILES", "http://:80/{z}{x}{y}"),
        ("MAPSVC_TILES", "http://u:GE[HEIM@h/{z}{x}{y}"),
        ("MAPSVC_TILES", "http://h/{z}{x}?key=GEHEIM"),
        ("MAPSVC_EMBED_ORIGINS", "http://[x"),
        ("MAPSVC_EMBED_ORIGINS", "http://h:99999"),
        ("MAPSVC_EMBED_ORIGINS", "http://u:GEHEIM@h"),
        ("MAPSVC_TRUSTED_HOSTS", "[x"),
        ("MAPSVC_TRUSTED_HOSTS", "[::1"),
        ("MAPSVC_TRUSTED_HOSTS", "::1]"),
        ("MAPSVC_TRUSTED_HOSTS", ":"),
        ("MAPSVC_TRUSTED_HOSTS", "u:GEHEIM@h"),
        ("MAPSVC_REDIS_URL", "redis://[x"),
        ("MAPSVC_REDIS_URL", "redis://:GE[HEIM@h:1/0"),
        ("MAPSVC_REDIS_URL", "redis://:GE/HEIM@h:1/0"),
        ("MAPSVC_REDIS_URL", "redis://:GEHEIM@127.0.0.1:99999/0"),
        ("MAPSVC_REDIS_URL", "redis://:GEHEIM@127.0.0.1:x/0"),
        ("MAPSVC_REDIS_URL", "redis://:GEHEIM@h:1/0?socket_timeout=GEHEIM"),
        ("MAPSVC_REDIS_URL", "redis://:GEHEIM@h:1/0?GEHEIM=1"),
        ("MAPSVC_REDIS_URL", "rediss://:GEHEIM@h:1/0?ssl_cert_reqs=GEHEIM"),
        ("MAPSVC_REDIS_URL", "redis://:GEHEIM@h:1/0?protocol=9"),
    ],
)
def test_addresses_that_cannot_be_taken_apart_are_refused_without_their_secrets(
    name: str, text: str
) -> None:
    with pytest.raises(SettingError, match=rf"^{name}: .* is not ") as caught:
        Settings.from_environment({name: text})
    assert "GE" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MAPSVC_PUBLIC_URL", "http://[::1]:8000"),
        ("MAPSVC_PUBLIC_URL", "https://map.example.org/@here"),
        ("MAPSVC_PELIAS_URL", "http://[2001:db8::1]:4000/v1"),
        ("MAPSVC_TILES", "https://{s}.example.org:8443/{z}/{x}/{y}{r}.png?key=k"),
        ("MAPSVC_REDIS_URL", "redis://127.0.0.1"),
        ("MAPSVC_REDIS_URL", "redis://user:ge%40%2F%5Bheim@[::1]:6379/2?socket_timeout=2"),
        ("MAPSVC_REDIS_URL", "rediss://:p@redis_1.example:6380/0?ssl_cert_reqs=none"),
        ("MAPSVC_REDIS_URL", "unix:///run/redis/redis.sock?db=2"),
    ],
)
def test_addresses_of_every_good_kind_are_taken(name: str, text: str) -> None:
    settings = Settings.from_environment({name: text})
    assert text in {row.value for row in rows(settings) if row.variable == name}


def test_tianditu_needs_its_key() -> None:
    with pytest.raises(SettingError, match="MAPSVC_TIANDITU_KEY"):
        Settings.from_environment({"MAPSVC_TILES": "tianditu"})
    with_key = {"MAPSVC_TILES": "tianditu", "MAPSVC_TIANDITU_KEY": "k"}
    assert Settings.from_environment(with_key).tianditu_key == "k"


def test_variable_names() -> None:
    assert variable("tiles_review_number") == "MAPSVC_TILES_REVIEW_NUMBER"
