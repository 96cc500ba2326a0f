"""Keys and secrets are in no error, no representation, no log record, no cache and no tape."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from mapsvc.config import NETWORK_PROVIDERS, Settings
from mapsvc.errors import ProviderError, SettingError
from mapsvc.geocoding.providers import GEOCODERS, build
from mapsvc.geocoding.record import to_json
from mapsvc.geocoding.tape import NotOnTape, Recorder, Replayer
from mapsvc.geocoding.transport import Http
from tests.integration.providers.answers import GOOD, QUESTION
from tests.integration.providers.conftest import KEY, SECRET, provider_at
from tests.integration.providers.stub import Script, Stub, plain

FORMS = [
    form for text in (KEY, SECRET) for form in (text, quote(text), quote_plus(text), text[:20])
]

KEYLESS = ("nominatim", "photon", "addok")


def is_clean(text: str) -> bool:
    return not any(form in text for form in FORMS)


def echo(connection: Any) -> None:
    """An answer that repeats the key, as some gateways do."""
    body = f'{{"status": 403, "infocode": "10001", "info": "{KEY} {quote_plus(KEY)}"}}'
    plain(body.encode(), 403)(connection)


FAILURES: dict[str, Script] = {
    "echo": echo,
    "echo in HTML": plain(f"<p>{KEY}</p>".encode()),
    "echo in text": plain(f"{KEY}".encode()),
    "redirect": plain(
        b"", 302, {"Location": f"http://{KEY[:16]}@h.example/{quote(KEY)}?key={KEY}"}
    ),
    "hangs up": lambda connection: None,
    "unavailable": plain(quote(KEY).encode(), 503),
}


@pytest.mark.parametrize("name", GEOCODERS)
@pytest.mark.parametrize("script", FAILURES.values(), ids=FAILURES)
def test_errors_and_logs(
    name: str, script: Script, stub: Stub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stub.scripts.append(script)
    provider: Any = provider_at(name, stub.url, secret=SECRET)
    calls: list[Callable[[], object]] = [
        lambda: provider.ask(QUESTION),
        lambda: provider.geocode("宁波"),
    ]
    for call in calls:
        with pytest.raises(ProviderError) as caught:
            call()
        text = "".join(traceback.format_exception(caught.value))
        assert is_clean(text + repr(caught.value) + repr(vars(caught.value)))
    assert is_clean(caplog.text + "".join(str(vars(record)) for record in caplog.records))


@pytest.mark.parametrize("name", GEOCODERS)
def test_answers(name: str, stub: Stub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    stub.says(GOOD[name])
    provider: Any = provider_at(name, stub.url, secret=SECRET)
    found = provider.ask(QUESTION)
    assert is_clean(to_json(found) + repr(found) + repr(provider) + repr(provider.settings))
    provider.geocode("宁波")
    assert is_clean(caplog.text)


@pytest.mark.parametrize("name", ["baidu", "pelias"])
def test_geopys_own_log_of_reverse(name: str, stub: Stub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    stub.says({"status": 0, "features": []})
    provider: Any = provider_at(name, stub.url, secret=SECRET)
    if name == "pelias":
        assert provider.reverse((29.8, 121.5)) is None
        assert "Pelias.reverse" in caplog.text
    else:
        with pytest.raises(ProviderError):
            provider.reverse((29.8, 121.5))
    assert KEY in stub.requests[0].parameters.values()
    assert is_clean(caplog.text)


def test_an_answer_that_repeats_the_key_is_kept_without_it(stub: Stub) -> None:
    stub.says({**GOOD["amap"], "info": f"for {KEY}"})
    found = provider_at("amap", stub.url).ask(QUESTION)
    assert found.answer["info"] == "for ***"


def test_settings() -> None:
    own = replace(NETWORK_PROVIDERS["amap"], key=KEY, secret=SECRET)
    settings = Settings(providers={"amap": own}, tianditu_key=KEY, database_url=SECRET)
    assert is_clean(repr(settings))


@pytest.mark.parametrize(
    "environment",
    [
        {"MAPSVC_AMPA_KEY": KEY},
        {"MAPSVC_AMAP_URL": f"https://u:{KEY}@h.example"},
        {"MAPSVC_AMAP_URL": f"https://u:{KEY[:16]}@h.example"},
        {"MAPSVC_AMAP_URL": f"https://h.example/?key={KEY}"},
        {"MAPSVC_AMAP_KEY": KEY, "MAPSVC_AMAP_RATE": "fast"},
    ],
)
def test_errors_of_settings(environment: dict[str, str]) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.from_environment(environment)
    assert is_clean(repr(caught.value) + str(vars(caught.value)))


@pytest.mark.parametrize("name", GEOCODERS)
def test_tapes(name: str, stub: Stub, tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    recorder = Recorder(Http(), tape)
    stub.says(GOOD[name])
    # One that gets no key cannot repeat it.
    stub.scripts.append(plain(b"", 503) if name in KEYLESS else echo)
    # Tianditu's secret is a key that is sent instead of the other one.
    provider = provider_at(name, stub.url, recorder, secret="" if name == "tianditu" else SECRET)
    recorded = provider.ask(QUESTION)
    with pytest.raises(ProviderError):
        provider.ask(QUESTION)
    assert is_clean(tape.read_text("utf-8"))
    asked = len(stub.requests)

    own = {"key": "another-key-than-before", "secret": ""}
    other_key = provider_at(name, stub.url, Replayer(tape), **own)
    replayed = other_key.ask(QUESTION)
    assert replayed.point == recorded.point
    assert replayed.answer == recorded.answer
    with pytest.raises(ProviderError):
        other_key.ask(QUESTION)
    assert len(stub.requests) == asked
    elsewhere = replace(QUESTION, text="杭州", street="", city="杭州市", district="")
    with pytest.raises(NotOnTape, match=r"not on the tape 'tape\.jsonl': http") as caught:
        other_key.ask(elsewhere)
    assert "another-key" not in str(caught.value)


def test_build_does_not_show_what_it_misses() -> None:
    settings = Settings(geocoders=("amap",), tianditu_key=KEY)
    with pytest.raises(SettingError) as caught:
        build(settings)
    assert is_clean(str(caught.value))
