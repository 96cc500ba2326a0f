"""Views of embedded maps: whose are counted, where they are kept, how they are told."""

from __future__ import annotations

import json
import logging
import threading
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from mapsvc.cli import main
from mapsvc.errors import StoreError
from mapsvc.hours import CHINA
from mapsvc.store import open_store
from mapsvc.web import clock
from mapsvc.web.embeds import (
    KEPT_DAYS,
    MAX_NEW,
    MAX_REGULARS,
    OTHERS,
    VIEWS,
    Recording,
    Views,
    origin_of,
)
from mapsvc.web.metrics import DAYS, MAX_ORIGINS, READER, ViewReader
from tests.embedding import SITE, client_of

BANK = "https://bank.example"
FRAME = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}
TODAY = clock.minute().date()


@pytest.fixture
def client() -> FlaskClient:
    return client_of()


def views_of(app: Flask) -> Views:
    views: Views = app.extensions[VIEWS]
    return views


def origins(client: FlaskClient) -> dict[str, int]:
    return {origin: count for (_, origin), count in views_of(client.application).take().items()}


@pytest.mark.parametrize(
    ("headers", "counted"),
    [
        (FRAME | {"Referer": f"{BANK}/"}, {BANK: 1}),
        (FRAME | {"Referer": f"{BANK}/account?id=4711"}, {BANK: 1}),
        (FRAME | {"Referer": "https://BANK.example:8443/x"}, {"https://bank.example:8443": 1}),
        (FRAME | {"Referer": "http://[2001:db8::1]:80/"}, {"http://[2001:db8::1]": 1}),
        (FRAME, {"unknown": 1}),
        (FRAME | {"Referer": "about:srcdoc"}, {"unknown": 1}),
        (FRAME | {"Referer": "https://user:pass@bank.example/"}, {"unknown": 1}),
        (FRAME | {"Referer": 'https://a"b\\c\nx/'.replace("\n", "")}, {"unknown": 1}),
        (FRAME | {"Referer": "https://" + "a" * 300}, {"unknown": 1}),
        (FRAME | {"Referer": "https://[x"}, {"unknown": 1}),
        ({"Referer": f"{BANK}/"}, {BANK: 1}),
        ({}, {}),
        (FRAME | {"Referer": f"{SITE}/embed"}, {}),
        (FRAME | {"Referer": "http://localhost/embed/builder"}, {}),
        (FRAME | {"Sec-Fetch-Site": "same-origin"}, {}),
        ({"Sec-Fetch-Dest": "document", "Referer": f"{BANK}/"}, {}),
        ({"Sec-Fetch-Dest": "empty", "Referer": f"{BANK}/"}, {}),
    ],
)
def test_whose_views_are_counted(
    client: FlaskClient, headers: dict[str, str], counted: dict[str, int]
) -> None:
    client.get("/embed", headers=headers)
    assert origins(client) == counted


def test_what_has_not_changed_counts_and_what_shows_nothing_does_not(client: FlaskClient) -> None:
    headers = FRAME | {"Referer": f"{BANK}/"}
    first = client.get("/embed", headers=headers)
    again = client.get("/embed", headers=headers | {"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    client.head("/embed", headers=headers)
    for path in (
        "//embed",
        "/embed?zoom=99",
        "/embed?branch=nobody",
        "/embed/v1.js",
        "/",
        "/embed/look.css",
    ):
        client.get(path, headers=headers)
    assert origins(client) == {BANK: 2}


def test_only_who_may_frame_is_counted() -> None:
    client = client_of(embed_origins=(BANK, "https://*.bank.example:8443"))
    for origin in (BANK, "https://evil.example", "https://www.bank.example",
                   "https://www.bank.example:8443", "https://a.b.bank.example:8443"):  # fmt: skip
        client.get("/embed", headers=FRAME | {"Referer": f"{origin}/"})
    assert origins(client) == {
        BANK: 1,
        "https://www.bank.example:8443": 1,
        "https://a.b.bank.example:8443": 1,
    }


def test_one_setting_switches_it_off() -> None:
    client = client_of(embed_stats=False)
    assert client.get("/embed", headers=FRAME | {"Referer": f"{BANK}/"}).status_code == 200
    assert VIEWS not in client.application.extensions
    assert "embed_views" not in client.get("/metrics").text


def test_forged_origins_fill_nothing() -> None:
    views = Views(today=lambda: date(2026, 11, 22))
    for number in range(MAX_NEW + 50):
        views.count(f"https://o{number}.example")
    views.count("https://o0.example")
    counted = views.take()
    assert len(counted) == MAX_NEW + 1
    assert counted["2026-11-22", OTHERS] == 50
    assert counted["2026-11-22", "https://o0.example"] == 2


def forge(views: Views, name: str) -> None:
    for number in range(MAX_NEW + 50):
        views.count(f"https://{name}{number}.example")


def test_forged_origins_hide_no_known_one(url: str) -> None:
    """Neither those of earlier days nor those that the settings name, in no worker."""
    named = "https://named.example"
    today, before = TODAY.isoformat(), (TODAY - timedelta(days=3)).isoformat()
    with closing(open_store(url)) as store:
        store.add_views({(before, BANK): 1})
        for worker in ("a", "b", "c"):
            views = Views(("https://*.example", named, BANK) if worker == "c" else ("*", named))
            recording = Recording(views, lambda: store)
            recording.record()
            forge(views, worker)
            views.count(BANK)
            views.count(named)
            recording.record()
        kept = {origin: count for _, origin, count in store.views(today)}
    assert kept[BANK] == kept[named] == 3
    assert len(kept) == MAX_NEW + 3
    assert kept[OTHERS] == 3 * (MAX_NEW + 50) - MAX_NEW
    assert sum(kept.values()) == 3 * (MAX_NEW + 52)


def test_who_is_there_on_most_days_is_regular(url: str) -> None:
    days = [(TODAY - timedelta(days=back)).isoformat() for back in range(40)]
    with closing(open_store(url)) as store:
        store.add_views({(day, BANK): 1 for day in days[1:6]})
        store.add_views({(days[1], f"https://o{n}.example"): 99 for n in range(MAX_REGULARS)})
        store.add_views({(days[0], "https://new.example"): 9, (days[39], "https://old.example"): 9})
        found = store.frequent_origins(days[30], days[0], MAX_REGULARS)
    assert found[0] == BANK
    assert len(found) == MAX_REGULARS
    assert not {"https://new.example", "https://old.example"} & set(found)


@pytest.mark.parametrize(
    ("referrer", "origin"),
    [
        ("https://bank.example:443/x", "https://bank.example"),
        ("http://bank.example:80", "http://bank.example"),
        ("http://bank.example:443", "http://bank.example:443"),
        ("https://a_b.bank-1.example", "https://a_b.bank-1.example"),
        ("https://...", ""),
        ("https://-", ""),
        ("https://-a.example", ""),
        ("https://a..example", ""),
        ("https://bank.example:99999", ""),
        ("https://bank.example:0", ""),
        ("https://bank.example:x", ""),
        ("https://" + "a" * 64 + ".example", ""),
        ("https://" + "a." * 127 + "example", ""),
        ("https://[::1]", "https://[::1]"),
        ("https://[v1.x]", ""),
        ("ftp://bank.example", ""),
    ],
)
def test_an_origin_is_that_of_a_host(referrer: str, origin: str) -> None:
    assert origin_of(referrer) == origin


def test_a_day_is_china_s(monkeypatch: pytest.MonkeyPatch) -> None:
    late = datetime(2026, 11, 22, 17, 0, tzinfo=UTC).astimezone(CHINA)
    monkeypatch.setattr("mapsvc.web.embeds.minute", lambda: late)
    views = Views()
    views.count(BANK)
    assert views.take() == {("2026-11-23", BANK): 1}


def test_nothing_is_lost_between_threads() -> None:
    views, taken = Views(), []

    def count() -> None:
        for _ in range(5_000):
            views.count(BANK)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        taken.append(views.take())
    taken.append(views.take())
    assert sum(count for counts in taken for count in counts.values()) == 20_000


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        found: str = request.getfixturevalue("postgres_url")
        return found
    return f"sqlite:///{tmp_path}/mapsvc.sqlite3"


def test_the_store_adds_up_and_forgets(url: str) -> None:
    with closing(open_store(url)) as store:
        store.add_views({("2026-11-21", BANK): 2, ("2025-01-01", BANK): 9})
        store.add_views({("2026-11-21", BANK): 3, ("2026-11-22", "unknown"): 1}, "2025-06-01")
        kept = (("2026-11-21", BANK, 5), ("2026-11-22", "unknown", 1))
        assert store.views() == kept
        assert store.views("2026-11-22") == kept[1:]
        assert store.revision() == 0
    with closing(open_store(url)) as store:
        assert store.views() == kept


def test_workers_meet_in_the_store_and_in_metrics(url: str, client: FlaskClient) -> None:
    with closing(open_store(url)) as store:
        other = Views()
        other.count(BANK)
        Recording(other, lambda: store).record()
        old = (TODAY - timedelta(days=KEPT_DAYS + 1)).isoformat()
        early = (TODAY - timedelta(days=DAYS)).isoformat()
        store.add_views({(old, "https://gone.example"): 1, (early, BANK): 4})
        for _ in range(2):
            client.get("/embed", headers=FRAME | {"Referer": f"{BANK}/"})
        recording = Recording(views_of(client.application), lambda: store)
        client.application.extensions[READER] = ViewReader(recording.kept)
        assert "embed_views_per_day{" not in client.get("/metrics").text  # not told yet
        recording.record()
        client.application.extensions[READER] = ViewReader(recording.kept)
        response = client.get("/metrics")
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        lines = response.text.splitlines()
        day = f'mapsvc_embed_views_per_day{{day="{TODAY}",origin="{BANK}"}} 3'
        assert [line for line in lines if line.startswith("mapsvc_embed_views_per_day")] == [day]
        assert "gone.example" not in response.text
        assert "mapsvc_branches 15" in lines
        assert "# TYPE mapsvc_embed_views_per_day gauge" in lines


def test_metrics_are_what_prometheus_reads(client: FlaskClient) -> None:
    rows = [("2026-11-22", 'https://"\\.example', 3)]
    client.application.extensions[READER] = ViewReader(lambda _: rows)
    names = set()
    for line in client.get("/metrics").text.splitlines():
        if line.startswith("# TYPE "):
            names.add(line.split()[2])
        elif not line.startswith("#"):
            assert line.partition("{")[0].split()[0] in names
            assert line.rpartition(" ")[2].isdigit()
    assert r'origin="https://\"\\.example"' in client.get("/metrics").text


def test_metrics_read_the_store_now_and_then_and_survive_it(client: FlaskClient) -> None:
    asked: list[float] = []
    clock_s = [0.0]

    def read(since: str) -> list[tuple[str, str, int]]:
        assert since == (TODAY - timedelta(days=DAYS - 1)).isoformat()
        asked.append(clock_s[0])
        if clock_s[0] > 100:
            raise StoreError("down")
        return []

    client.application.extensions[READER] = ViewReader(read, now=lambda: clock_s[0])
    for now in (0.0, 5.0, 29.9, 30.0, 200.0):
        clock_s[0] = now
        assert client.get("/metrics").status_code == 200
    assert asked == [0.0, 30.0, 200.0]


def test_metrics_have_a_bounded_number_of_lines(client: FlaskClient) -> None:
    days = [(TODAY - timedelta(days=back)).isoformat() for back in range(DAYS)]
    rows = [(day, f"https://o{n}.example", 1) for n in range(1_000) for day in days]
    rows += [(days[0], BANK, 8)]
    client.application.extensions[READER] = ViewReader(lambda _: rows)
    told = [line for line in client.get("/metrics").text.splitlines() if "views_per_day{" in line]
    assert len(told) == (MAX_ORIGINS - 1) * DAYS + 1 + DAYS
    assert f'mapsvc_embed_views_per_day{{day="{days[0]}",origin="{BANK}"}} 8' in told
    assert sum(int(line.rpartition(" ")[2]) for line in told) == sum(row[2] for row in rows)


def test_a_store_that_is_down_costs_no_view(caplog: pytest.LogCaptureFixture) -> None:
    class Down:
        is_down = True
        told: dict[tuple[str, str], int]

        def add_views(self, views: Any, _before: str, _limit: Any) -> None:
            if self.is_down:
                raise StoreError("locked")
            self.told = dict(views)

        def views(self, _since: str) -> tuple[()]:
            return ()

        def frequent_origins(self, *_: Any) -> tuple[()]:
            return ()

    views, store = Views(), Down()
    recording = Recording(views, lambda: store)
    with caplog.at_level(logging.WARNING):
        views.count(BANK)
        waits = [recording.step() for _ in range(3)]
        views.count(BANK)
    assert waits == sorted(waits)
    assert waits[-1] <= 300
    assert len(caplog.records) == 1
    store.is_down = False
    recording.step()
    assert store.told == {(TODAY.isoformat(), BANK): 2}


def test_the_command_shows_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAPSVC_DATA_DIR", str(tmp_path))
    early = (TODAY - timedelta(days=40)).isoformat()
    with closing(open_store(f"sqlite:///{tmp_path}/mapsvc.sqlite3")) as store:
        store.add_views({(TODAY.isoformat(), BANK): 3, (TODAY.isoformat(), "unknown"): 5})
        store.add_views({(early, BANK): 9})
    result = CliRunner().invoke(main, ["embeds"])
    assert result.exit_code == 0
    assert result.stdout.split() == [
        "day", "origin", "views", TODAY.isoformat(), "unknown", "5", TODAY.isoformat(), BANK, "3",
    ]  # fmt: skip
    result = CliRunner().invoke(main, ["embeds", "--days", "60", "--json"])
    assert json.loads(result.stdout)[-1] == {"day": early, "origin": BANK, "views": 9}
    assert CliRunner().invoke(main, ["embeds", "--days", "0"]).exit_code == 2
