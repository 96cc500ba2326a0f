from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
from flask.testing import FlaskClient

from mapsvc.config import Settings
from mapsvc.model import Datum
from mapsvc.snapshot import Snapshot
from mapsvc.web import caching
from mapsvc.web.caching import CompressedAnswers, build_digest
from tests.integration.conftest import hostile_contents, make_app
from tests.readings import snapshot_of

PATHS = [
    "/api/v1/branches",
    "/api/v1/branches?limit=2&offset=3",
    "/api/v1/nearest?lat=29.9&lon=121.6",
    "/api/v1/districts",
    "/api/v1/districts/330212",
    "/api/v1/locate?lat=29.8177&lon=121.544",
    "/api/v1/openapi.json",
    "/api/docs",
]


@pytest.mark.parametrize("coding", ["identity", "gzip", "br", "zstd"])
@pytest.mark.parametrize("path", PATHS)
def test_what_is_current_is_not_sent_again(client: FlaskClient, path: str, coding: str) -> None:
    accept = {"Accept-Encoding": coding}
    first = client.get(path, headers=accept)
    assert first.status_code == 200
    control = "no-cache" if path == "/api/docs" else "public, no-cache"
    assert first.headers["Cache-Control"] == control
    etag = first.headers["ETag"]
    assert etag.startswith('W/"')
    for condition in (etag, etag.removeprefix("W/"), f'"x", {etag}', "*"):
        again = client.get(path, headers={**accept, "If-None-Match": condition})
        assert again.status_code == 304
        assert again.data == b""
        assert again.headers["ETag"] == etag
        assert again.headers["Cache-Control"] == control
        assert "Accept-Encoding" in again.headers["Vary"]
        assert "Content-Type" not in again.headers
        assert "Content-Encoding" not in again.headers
    other = client.get(path, headers={**accept, "If-None-Match": '"x"'})
    assert other.status_code == 200


def test_nothing_is_rendered_for_a_304(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    etag = client.get("/api/v1/branches").headers["ETag"]

    def fail(*_: Any) -> Any:
        raise AssertionError("rendered")

    monkeypatch.setattr("mapsvc.web.geojson.collection", fail)
    assert client.get("/api/v1/branches").status_code == 500
    again = client.get("/api/v1/branches", headers={"If-None-Match": etag})
    assert again.status_code == 304


def test_each_address_revision_and_build_has_its_own_etag() -> None:
    contents = hostile_contents()
    apps = [
        make_app(snapshot_of(contents)),
        make_app(snapshot_of(replace(contents, revision=8))),
        make_app(snapshot_of(replace(contents, changed_at=None))),
        make_app(snapshot_of(contents), title="Another title"),
        make_app(
            snapshot_of(contents), public_url="https://example.org", trusted_hosts=("localhost",)
        ),
    ]
    paths = [PATHS[0], PATHS[1], "/api/v1/branches?offset=3&limit=2", PATHS[3], PATHS[4]]
    etags = [app.test_client().get(path).headers["ETag"] for app in apps for path in paths]
    assert len(set(etags)) == len(apps) * len(paths)
    same = make_app(snapshot_of(contents)).test_client()
    assert same.get(paths[0]).headers["ETag"] == etags[0]


def test_each_mount_point_has_its_own_etag(snapshot: Snapshot) -> None:
    client = make_app(snapshot, proxy_hops=1).test_client()
    here = client.get("/api/v1/branches").headers["ETag"]
    there = client.get("/api/v1/branches", headers={"X-Forwarded-Prefix": "/maps"})
    assert there.headers["ETag"] != here


def test_only_good_answers_are_kept(snapshot: Snapshot) -> None:
    app = make_app(snapshot)

    @app.get("/api/v1/missing")
    @caching.cached(caching.API)
    def missing() -> tuple[str, int]:
        return "nothing", 404

    response = app.test_client().get("/api/v1/missing", headers={"If-None-Match": "*"})
    assert response.status_code == 404
    assert "ETag" not in response.headers
    assert "Cache-Control" not in response.headers


def test_what_does_not_show_does_not_change_the_build() -> None:
    plain = build_digest(Settings())
    assert build_digest(Settings(port=1, workers=9, database_url="x", offline=True)) == plain
    assert build_digest(Settings(tiles_datum=Datum.GCJ02)) != plain


def test_problems_are_not_kept(client: FlaskClient) -> None:
    for path in ("/api/v1/branches?x=1", "/api/v1/branches/nowhere", "/api/v1/locate?lat=0&lon=0"):
        response = client.get(path, headers={"If-None-Match": "*"})
        assert response.status_code in (400, 404)
        assert response.headers["Cache-Control"] == "no-store"
        assert "ETag" not in response.headers


@pytest.mark.parametrize("path", PATHS[:1] + PATHS[3:4])
def test_compressed_answers_say_the_same(client: FlaskClient, path: str) -> None:
    plain = client.get(path).data
    for coding, expand in (("gzip", gzip.decompress), ("br", brotli.decompress)):
        for _ in range(2):  # the second one comes from the cache
            response = client.get(path, headers={"Accept-Encoding": coding})
            assert response.headers["Content-Encoding"] == coding
            assert response.content_length == len(response.data) < len(plain) / 2
            assert expand(response.data) == plain
    response = client.get(path, headers={"Accept-Encoding": "zstd, br"})
    assert response.headers["Content-Encoding"] == "zstd"


def test_an_answer_is_compressed_once(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    path = "/api/v1/branches?limit=7"
    first = client.get(path, headers={"Accept-Encoding": "br"})
    monkeypatch.setattr("flask_compress.flask_compress._compress_data", None)
    assert client.get(path, headers={"Accept-Encoding": "br"}).data == first.data


@pytest.mark.parametrize("path", PATHS)
def test_head_is_get_without_a_body(client: FlaskClient, path: str) -> None:
    get, head = client.get(path), client.head(path)
    assert head.status_code == 200
    assert head.data == b""
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control"):
        assert head.headers[name] == get.headers[name]


def test_compressed_answers_are_bounded_and_the_oldest_go_first() -> None:
    kept = CompressedAnswers(max_bytes=10)
    kept.set("br;a", b"12345")
    kept.set("br;b", b"12345")
    assert kept.get("br;a") == b"12345"
    kept.set("br;c", b"123")
    assert (kept.get("br;a"), kept.get("br;b"), kept.get("br;c")) == (b"12345", None, b"123")
    kept.set("br;d", b"x" * 11)
    kept.set("br;", b"no ETag")
    assert (kept.get("br;d"), kept.get("br;")) == (None, None)


def test_a_page_varies_with_its_language(snapshot: Snapshot) -> None:
    app = make_app(snapshot)
    language = ["zh"]

    @app.get("/page")
    @caching.cached(caching.PAGE, vary="Accept-Language", variant=lambda: language[0])
    def page() -> str:
        return language[0] * 500

    client = app.test_client()
    first = client.get("/page", headers={"Accept-Encoding": "gzip"})
    assert first.headers["Cache-Control"] == "no-cache"
    assert first.headers["Vary"] == "Accept-Language, Accept-Encoding"
    language[0] = "en"
    condition = {"If-None-Match": first.headers["ETag"], "Accept-Encoding": "gzip"}
    second = client.get("/page", headers=condition)
    assert second.status_code == 200
    assert gzip.decompress(second.data) == b"en" * 500
