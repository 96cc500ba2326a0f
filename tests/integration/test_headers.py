from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mapsvc.config import Settings
from mapsvc.errors import StoreError
from mapsvc.snapshot import Snapshot
from mapsvc.web import create_app, health
from mapsvc.web.assets import read_manifest
from mapsvc.web.guard import is_trusted, trusted_hosts
from mapsvc.web.headers import content_security_policy, tile_sources
from tests.integration.conftest import hostile_contents, make_app
from tests.readings import snapshot_of


def policy(response: TestResponse) -> dict[str, str]:
    directives = response.headers["Content-Security-Policy"].split("; ")
    return {name: value for name, _, value in (d.partition(" ") for d in directives)}


@pytest.mark.parametrize(
    "path",
    [
        *("/api/v1/branches", "/api/v1/branches?x=1", "/api/v1/nothing", "/api/docs"),
        *("/healthz", "/nothing"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_security_headers_are_on_every_answer(client: FlaskClient, path: str, method: str) -> None:
    headers = client.open(path, method=method).headers
    for name in ("X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy"):
        assert len(headers.getlist(name)) == 1
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Permissions-Policy"] == "geolocation=(self)"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    is_api = path.startswith("/api/")
    assert headers["Cross-Origin-Resource-Policy"] == ("cross-origin" if is_api else "same-origin")
    assert headers.get("Access-Control-Allow-Origin") == ("*" if is_api else None)
    assert "Server" not in headers
    assert "Set-Cookie" not in headers


def test_the_policy_allows_own_files_only(client: FlaskClient) -> None:
    assert policy(client.get("/api/docs")) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "worker-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }


@pytest.mark.parametrize(
    ("settings", "sources"),
    [
        (Settings(), []),
        (Settings(tiles="osm"), ["https://tile.openstreetmap.org"]),
        (
            Settings(tiles="tianditu", tianditu_key="k"),
            [f"https://t{i}.tianditu.gov.cn" for i in range(8)],
        ),
        (Settings(tiles="amap"), [f"https://webrd0{i}.is.autonavi.com" for i in (1, 2, 3, 4)]),
        (Settings(tiles="http://127.0.0.1:8081/{z}/{x}/{y}.png"), ["http://127.0.0.1:8081"]),
        (
            Settings(tiles="https://{s}.t.example/{z}/{x}/{y}"),
            [f"https://{s}.t.example" for s in "abc"],
        ),
        (
            Settings(tiles="https://t{s}.t.example:444/{z}/{x}/{y}"),
            [f"https://t{s}.t.example:444" for s in "abc"],
        ),
    ],
)
def test_images_may_come_from_the_tile_servers(settings: Settings, sources: list[str]) -> None:
    assert tile_sources(settings) == sources
    images = " ".join(["img-src 'self' data:", *sources])
    assert images in content_security_policy(settings).split("; ")


@pytest.mark.parametrize(
    ("origins", "ancestors"),
    [
        (("*",), "*"),
        (("none",), "'none'"),
        (
            ("https://a.example", "https://*.b.example"),
            "'self' https://a.example https://*.b.example",
        ),
    ],
)
def test_only_embeds_may_be_framed(
    snapshot: Snapshot, origins: tuple[str, ...], ancestors: str
) -> None:
    client = make_app(snapshot, embed_origins=origins).test_client()
    embed = client.get("/embed")
    assert policy(embed)["frame-ancestors"] == ancestors
    assert embed.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert policy(client.get("/embed?zoom=99"))["frame-ancestors"] == ancestors
    others = ("/api/docs", "/embedded", "/embed/builder", "/embed/look.css", "/embed/v1.js", "/")
    for path in (*others, "/oembed", "/metrics", "/healthz", "/nope"):
        assert policy(client.get(path))["frame-ancestors"] == "'none'"
    file = client.get(f"/static/{read_manifest()['embed.css']}")
    assert policy(file)["frame-ancestors"] == "'none'"
    file.close()


def test_the_builder_alone_frames_and_only_our_own(client: FlaskClient) -> None:
    assert policy(client.get("/embed/builder"))["frame-src"] == "'self'"
    assert "frame-src" not in policy(client.get("/embed"))


@pytest.mark.parametrize("path", ["/embed/v1.js", "/embed/v1.0.0.js", "/oembed?url=x"])
def test_what_other_sites_load_may_be_read_there(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize("path", ["/api/v1/branches", "/api/v1/branches/x", "/api/v1/nearest"])
def test_a_preflight_is_answered(client: FlaskClient, path: str) -> None:
    asked = {
        "Origin": "https://bank.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "if-none-match",
    }
    response = client.options(path, headers=asked)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "GET" in response.headers["Access-Control-Allow-Methods"]
    assert "POST" not in response.headers["Access-Control-Allow-Methods"]
    assert "If-None-Match" in response.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in response.headers


class TestHosts:
    @pytest.mark.parametrize(
        ("settings", "host", "answered"),
        [
            ({}, "localhost", True),
            ({}, "LOCALHOST:8000", True),
            ({}, "localhost.", True),
            ({}, "127.0.0.1:8000", True),
            ({}, "[::1]:8000", True),
            ({}, "[::1]", True),
            ({}, "evil.example", False),
            ({}, "localhost.evil.example", False),
            ({}, "evil.example@localhost", False),
            ({}, "localhost/evil", False),
            ({}, "127.0.0.1.evil.example", False),
            ({}, "[::2]:8000", False),
            ({}, "", False),
            ({"public_url": "https://map.example/x"}, "map.example", True),
            ({"public_url": "https://map.example/x"}, "a.map.example", False),
            ({"public_url": "https://map.example:444"}, "map.example:444", True),
            ({"host": "192.0.2.7"}, "192.0.2.7:8000", True),
            ({"host": "192.0.2.7"}, "192.0.2.8:8000", False),
            ({"host": "2001:db8::7"}, "[2001:db8::7]:8000", True),
            ({"host": "server.example"}, "server.example", False),
            ({"trusted_hosts": ("a.example",)}, "a.example:8000", True),
            ({"trusted_hosts": ("a.example",)}, "localhost", False),
            ({"trusted_hosts": (".example",)}, "a.b.example", True),
            ({"trusted_hosts": (".example",)}, "example", False),
            ({"trusted_hosts": (".example",)}, "badexample", False),
        ],
    )
    def test_only_known_hosts_are_answered(
        self, snapshot: Snapshot, settings: dict[str, str], host: str, answered: bool
    ) -> None:
        client = make_app(snapshot, **settings).test_client()
        response = client.get("/api/v1/branches", headers={"Host": host})
        assert response.status_code == (200 if answered else 400)
        if not answered:
            told = json.loads(response.data)
            assert told["detail"].startswith(f"Host: {host!r} is not ")
            assert response.mimetype == "application/problem+json"
        assert client.get("/nothing", headers={"Host": host}).status_code == (
            404 if answered else 400
        )

    def test_names_of_other_sites(self) -> None:
        assert is_trusted("Map.Example:80", trusted_hosts(Settings(trusted_hosts=("MAP.example",))))

    def test_answers_do_not_repeat_the_host(self, client: FlaskClient) -> None:
        one = client.get("/api/v1/branches", headers={"Host": "localhost:8000"})
        other = client.get("/api/v1/branches", headers={"Host": "127.0.0.1:9"})
        assert one.data == other.data
        assert b"http" not in one.data

    @pytest.mark.parametrize("path", ["/branches//x", "//branches/x", "/api//v1/branches"])
    def test_no_redirect_repeats_the_host(self, snapshot: Snapshot, path: str) -> None:
        client = make_app(snapshot, public_url="https://map.example/x").test_client()
        answer = client.get(path, base_url="http://localhost", headers={"Host": "localhost:9"})
        assert answer.status_code == 404
        assert "Location" not in answer.headers

    @pytest.mark.parametrize(
        ("peer", "is_own"),
        [
            ("127.0.0.1", True),
            ("::1", True),
            ("::ffff:127.0.0.1", True),
            ("192.0.2.1", False),
            ("::ffff:192.0.2.1", False),
            ("", False),
        ],
    )
    def test_a_loopback_host_is_believed_from_this_machine_alone(
        self, snapshot: Snapshot, peer: str, is_own: bool
    ) -> None:
        client = make_app(snapshot).test_client()
        overrides = {"REMOTE_ADDR": peer}
        host = {"Host": "localhost:9"}
        page = client.get("/", headers=host, environ_overrides=overrides)
        assert ("http://localhost:9" in page.text) is is_own
        asked = "/oembed?url=http://localhost:9/"
        answer = client.get(asked, headers=host, environ_overrides=overrides)
        control = "private, max-age=86400" if is_own else "no-store"
        assert answer.headers["Cache-Control"] == control

    def test_forwarding_headers_are_believed_only_from_counted_proxies(
        self, snapshot: Snapshot
    ) -> None:
        forwarded = {
            "Host": "localhost",
            "X-Forwarded-Host": "map.example",
            "X-Forwarded-Prefix": "/maps",
            "X-Forwarded-Proto": "https",
        }
        hosts = ("localhost", "map.example")
        unproxied = make_app(snapshot, trusted_hosts=hosts).test_client()
        plain = unproxied.get("/api/v1/branches", headers=forwarded).get_json(force=True)
        assert plain["links"][0]["href"] == "/api/v1/branches"
        proxied = make_app(snapshot, trusted_hosts=hosts, proxy_hops=1).test_client()
        below = proxied.get("/api/v1/branches", headers=forwarded).get_json(force=True)
        assert below["links"][0]["href"] == "/maps/api/v1/branches"
        foreign = forwarded | {"X-Forwarded-Host": "evil.example"}
        assert proxied.get("/api/v1/branches", headers=foreign).status_code == 400


class TestErrorPages:
    def test_other_paths_get_a_page(self, client: FlaskClient) -> None:
        response = client.get("/nothing/<script>")
        assert response.status_code == 404
        assert response.headers["Cache-Control"] == "no-store"
        assert b"<script>" not in response.data

    def test_a_page_that_fails_shows_nothing_of_it(
        self, snapshot: Snapshot, caplog: pytest.LogCaptureFixture
    ) -> None:
        app = make_app(snapshot)

        def fail() -> str:
            raise RuntimeError("the secret is 42")

        app.add_url_rule("/broken", view_func=fail)
        response = app.test_client().get("/broken")
        assert response.status_code == 500
        assert b"secret" not in response.data
        assert b"Traceback" not in response.data
        assert "the secret is 42" in caplog.text

    def test_an_error_page_that_cannot_be_made_is_plain_text(
        self, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app = make_app(snapshot)
        monkeypatch.setattr("mapsvc.web.errors.render_template", None)
        response = app.test_client().get("/nothing")
        assert (response.status_code, response.mimetype) == (404, "text/plain")
        assert response.data == b"404 Not Found\n"


class TestStaticFiles:
    @pytest.fixture
    def client(
        self, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> FlaskClient:
        for name, content in (
            ("site-3IB2X2LT.css", b"plain"),
            ("site-3IB2X2LT.css.br", b"br"),
            ("site-3IB2X2LT.css.gz", b"gzip"),
            ("manifest.json", b"{}"),
        ):
            (tmp_path / name).write_bytes(content)
        monkeypatch.setattr("mapsvc.web.static.built", lambda _: tmp_path)
        return make_app(snapshot).test_client()

    @pytest.mark.parametrize(
        ("accepted", "content"), [("br, gzip", b"br"), ("gzip", b"gzip"), ("", b"plain")]
    )
    def test_the_compressed_file_of_the_build(
        self, client: FlaskClient, accepted: str, content: bytes
    ) -> None:
        response = client.get(
            "/static/site-3IB2X2LT.css", headers={"Accept-Encoding": accepted}, buffered=True
        )
        assert response.data == content
        assert response.mimetype == "text/css"
        assert response.headers["Vary"] == "Accept-Encoding"

    def test_hashed_names_are_kept_for_ever(self, client: FlaskClient) -> None:
        hashed = client.get("/static/site-3IB2X2LT.css", buffered=True).headers
        assert "immutable" in hashed["Cache-Control"]
        assert hashed["X-Content-Type-Options"] == "nosniff"
        assert hashed["Cross-Origin-Resource-Policy"] == "cross-origin"
        plain = client.get("/static/manifest.json", buffered=True).headers
        assert "immutable" not in plain["Cache-Control"]

    @pytest.mark.parametrize(
        "path", ["", "site-3IB2X2LT.css.map", "../web/static.py", "%2e%2e/%2e%2e/errors.py"]
    )
    def test_nothing_else(self, client: FlaskClient, path: str) -> None:
        assert client.get(f"/static/{path}").status_code == 404

    def test_without_a_build_there_is_none(
        self, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr("mapsvc.web.static.built", lambda _: tmp_path / "nothing")
        assert make_app(snapshot).test_client().get("/static/x.css").status_code == 404


class BrokenSource:
    """A source whose store cannot be read."""

    def current(self) -> Snapshot:
        raise StoreError("the disk at /secret/path is gone")


class TestHealth:
    def test_alive(self, client: FlaskClient, snapshot: Snapshot) -> None:
        response = client.get("/healthz")
        assert response.get_json() == {"status": "ok", "revision": snapshot.revision}
        assert response.headers["Cache-Control"] == "no-store"

    def test_ready_needs_districts_and_the_front_end(
        self, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, tmp_path: object
    ) -> None:
        assert make_app(snapshot).test_client().get("/readyz").get_json() == {"status": "ready"}
        contents = hostile_contents()
        object.__setattr__(contents, "districts", ())
        object.__setattr__(contents, "placements", {})
        monkeypatch.setattr(health, "built", lambda _: tmp_path)
        response = make_app(snapshot_of(contents)).test_client().get("/readyz")
        assert response.status_code == 503
        missing = response.get_json()["missing"]
        assert [what.partition(":")[0] for what in missing] == ["districts", "the built front end"]

    def test_an_unreadable_store(self, caplog: pytest.LogCaptureFixture) -> None:
        client = create_app(Settings(), BrokenSource()).test_client()
        alive = client.get("/healthz")
        assert alive.status_code == 200
        assert alive.get_json() == {"status": "ok", "revision": None}
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert ready.get_json()["missing"][0] == "the store cannot be read"
        told = client.get("/api/v1/branches")
        assert told.status_code == 503
        assert json.loads(told.data)["type"] == "/api/docs#unavailable"
        for response in (ready, told, alive):
            assert b"secret" not in response.data
        assert "/secret/path" in caplog.text
