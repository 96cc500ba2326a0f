from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from flask import Response, redirect, request, session
from werkzeug.test import EnvironBuilder

from mapsvc.web.application import Application


@pytest.fixture
def app() -> Application:
    app = Application(__name__, static_folder=None)
    views: dict[str, Callable[[], Any]] = {
        "bad": lambda: Response(b"bad", 400),
        "bytes": lambda: Response(b"bytes"),
        "text": lambda: "text",
        "many": lambda: Response(["a", "b"]),
        "stream": lambda: Response(iter([b"a", b"b"])),
        "none": lambda: Response(status=204),
        "moved": lambda: redirect("/\u4e2d"),
        "slash/": lambda: "slash",
    }
    for path, view in views.items():
        app.add_url_rule(f"/{path}", path, view)

    @app.before_request
    def remember() -> None:
        adapter = app.create_url_adapter(request)
        if adapter is not None and not app.knows_host(request.environ):
            app.remember_host(request.environ, adapter)

    return app


def ask(app: Application, path: str, method: str = "GET", **headers: str) -> tuple[Any, ...]:
    """Status, headers and the body as the server gets them."""
    environ = EnvironBuilder(path, method=method, headers=list(headers.items())).get_environ()
    started: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], _exc: Any = None) -> Any:
        started.append((status, dict(headers)))

    body: Iterable[bytes] = app(environ, start)
    return (*started[0], body)


@pytest.mark.parametrize(
    ("path", "expected"), [("/bytes", b"bytes"), ("/text", b"text"), ("/bad", b"bad")]
)
def test_a_body_in_memory_goes_out_in_one_piece(
    app: Application, path: str, expected: bytes
) -> None:
    _, headers, body = ask(app, path)
    assert body == [expected]
    assert headers["Content-Length"] == str(len(expected))


@pytest.mark.parametrize(("path", "expected"), [("/many", b"ab"), ("/stream", b"ab")])
def test_other_bodies_go_out_as_ever(app: Application, path: str, expected: bytes) -> None:
    assert b"".join(ask(app, path)[2]) == expected


def test_what_has_no_body_gets_none(app: Application) -> None:
    status, headers, body = ask(app, "/bytes", "HEAD")
    assert (status, headers["Content-Length"], b"".join(body)) == ("200 OK", "5", b"")
    status, headers, body = ask(app, "/none")
    assert (status, b"".join(body)) == ("204 NO CONTENT", b"")
    assert "Content-Length" not in headers


def test_addresses_in_headers_are_encoded(app: Application) -> None:
    assert ask(app, "/moved")[1]["Location"] == "/%E4%B8%AD"


def test_what_was_put_off_until_the_end_is_done(app: Application) -> None:
    done: list[str] = []

    def view() -> Response:
        response = Response(b"x")
        response.call_on_close(lambda: done.append("closed"))
        return response

    app.add_url_rule("/closing", view_func=view)
    ask(app, "/closing")
    assert done == ["closed"]


@pytest.mark.parametrize("host", ["localhost", "LocalHost:80", "a.example:8000", "[::1]:80"])
@pytest.mark.parametrize("query", ["", "a=%C3%A4", "a=\u00e4"])
def test_a_known_host_is_read_as_an_unknown_one(app: Application, host: str, query: str) -> None:
    environ = EnvironBuilder("/slash", headers=[("Host", host)]).get_environ()
    environ["QUERY_STRING"], environ["SCRIPT_NAME"] = query, "/mount"
    redirects = []
    for _ in range(2):
        started: list[Any] = []
        app(dict(environ), lambda status, headers, _=None, s=started: s.append((status, headers)))
        redirects.append(started[0])
    assert redirects[0] == redirects[1]
    assert redirects[0][0].startswith("308 ")


def test_hosts_are_remembered_up_to_a_number(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mapsvc.web.application._MAX_HOSTS", 2)
    for name in ("a", "b", "c"):
        assert ask(app, "/text", Host=f"{name}.example")[0] == "200 OK"
    assert len(app._server_names) == 2


def test_there_is_no_session_to_write_to(app: Application) -> None:
    def view() -> str:
        session["a"] = 1
        return ""

    app.add_url_rule("/writing", view_func=view)
    assert ask(app, "/writing")[0].startswith("500 ")
