"""The settings of geocoders: every variable, its default, what cannot be used."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from mapsvc.config import (
    NETWORK_PROVIDERS,
    PROVIDERS,
    ProviderSettings,
    Settings,
    rows,
    variable,
)
from mapsvc.errors import SettingError
from mapsvc.geocoding.answers import NATIVE
from mapsvc.geocoding.providers import GEOCODERS


def test_one_list_of_names() -> None:
    assert set(GEOCODERS) == set(NETWORK_PROVIDERS) == set(NATIVE)
    assert ("curated", *NETWORK_PROVIDERS) == PROVIDERS


@pytest.mark.parametrize(
    ("name", "text", "provider", "field", "value"),
    [
        ("MAPSVC_AMAP_KEY", " abc\n", "amap", "key", "abc"),
        ("MAPSVC_AMAP_SECRET", "s", "amap", "secret", "s"),
        ("MAPSVC_NOMINATIM_URL", "http://127.0.0.1:8089/", "nominatim", "url", "http://127.0.0.1:8089"),
        ("MAPSVC_NOMINATIM_RATE", "0.5", "nominatim", "rate", 0.5),
        ("MAPSVC_NOMINATIM_RATE", "", "nominatim", "rate", 1.0),
        ("MAPSVC_BAIDU_QUOTA", "300", "baidu", "quota", 300),
        ("MAPSVC_PELIAS_TIMEOUT", "2.5", "pelias", "timeout", 2.5),
        ("MAPSVC_TENCENT_MAY_STORE", "1", "tencent", "may_store", True),
        ("MAPSVC_NOMINATIM_MAY_STORE", "off", "nominatim", "may_store", False),
        ("MAPSVC_TIANDITU_MAX_AGE_DAYS", "30", "tianditu", "max_age_days", 30),
        ("MAPSVC_TIANDITU_KEY", "k", "tianditu", "key", "k"),
    ],
)  # fmt: skip
def test_good_values(name: str, text: str, provider: str, field: str, value: Any) -> None:
    settings = Settings.from_environment({name: text})
    assert getattr(settings.providers[provider], field) == value
    others = {p: s for p, s in settings.providers.items() if p != provider}
    assert others == {p: s for p, s in NETWORK_PROVIDERS.items() if p != provider}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MAPSVC_AMAP_RATE", "0"),
        ("MAPSVC_AMAP_RATE", "nan"),
        ("MAPSVC_AMAP_RATE", "inf"),
        ("MAPSVC_AMAP_RATE", "fast"),
        ("MAPSVC_AMAP_QUOTA", "-1"),
        ("MAPSVC_AMAP_QUOTA", "1.5"),
        ("MAPSVC_AMAP_TIMEOUT", "0"),
        ("MAPSVC_AMAP_TIMEOUT", "301"),
        ("MAPSVC_AMAP_MAY_STORE", "perhaps"),
        ("MAPSVC_AMAP_MAX_AGE_DAYS", "-1"),
        ("MAPSVC_AMAP_URL", "restapi.amap.com"),
        ("MAPSVC_AMAP_URL", "ftp://restapi.amap.com"),
        ("MAPSVC_AMAP_URL", "https://user:pass@restapi.amap.com"),
        ("MAPSVC_AMAP_URL", "https://restapi.amap.com/?key=1"),
        ("MAPSVC_AMAP_TOKEN", "x"),
        ("MAPSVC_GOOGLE_KEY", "x"),
        ("MAPSVC_CURATED_URL", "x"),
        ("MAPSVC_PROVIDERS", "x"),
    ],
)
def test_bad_values(name: str, text: str) -> None:
    with pytest.raises(SettingError, match=f"{name}: .* is not ") as caught:
        Settings.from_environment({name: text})
    assert caught.value.name == name


def test_the_order_of_asking_names_each_once() -> None:
    text = "amap, curated nominatim,amap"
    settings = Settings.from_environment({"MAPSVC_GEOCODERS": text})
    assert settings.geocoders == ("amap", "curated", "nominatim")


@pytest.mark.parametrize("name", NETWORK_PROVIDERS)
def test_nothing_is_stored_before_terms_are_accepted(name: str) -> None:
    own = Settings().providers[name]
    assert own.may_store is (name in ("nominatim", "photon", "pelias", "addok"))
    assert own.max_age_days == 0
    assert not own.key


def test_the_public_nominatim_is_asked_once_a_second() -> None:
    own = NETWORK_PROVIDERS["nominatim"]
    assert (own.url, own.rate) == ("https://nominatim.openstreetmap.org", 1.0)


def test_tianditus_key_serves_tiles_and_geocoder() -> None:
    settings = Settings.from_environment({"MAPSVC_TIANDITU_KEY": "k"})
    assert settings.tianditu_key == settings.providers["tianditu"].key == "k"


def test_rows_list_every_variable_once() -> None:
    listed = list(rows(Settings.from_environment({"MAPSVC_AMAP_KEY": "k"})))
    names = [row.variable for row in listed]
    assert len(names) == len(set(names))
    for provider in NETWORK_PROVIDERS:
        for f in fields(ProviderSettings):
            assert variable(f"{provider}_{f.name}") in names
    assert {"MAPSVC_PORT", "MAPSVC_GEOCODERS", "MAPSVC_OFFLINE"} <= set(names)
    key = next(row for row in listed if row.variable == "MAPSVC_AMAP_KEY")
    assert (key.value, key.secret) == ("k", True)
    assert all(row.help for row in listed)
    assert all(row.secret for row in listed if row.variable.endswith(("_KEY", "_SECRET")))


def test_every_listed_variable_can_be_set() -> None:
    for row in rows(Settings()):
        Settings.from_environment({row.variable: ""})
