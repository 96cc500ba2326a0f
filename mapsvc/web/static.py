"""The built front end under ``/static/``: compressed by the build, kept for ever by its hashes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise

from mapsvc.resources import built
from mapsvc.web.headers import SHARED

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "/static/"
_HASHED = re.compile(r"[.-][0-9A-Za-z]{8,}\.[a-z0-9]+$")


def serve_static(app: Flask) -> None:
    """Serve what the build made; without a build there is nothing to serve."""
    folder = built("static/dist")
    if not folder.is_dir():
        return
    answer = app.wsgi_app
    files = WhiteNoise(
        answer,
        root=folder,
        prefix=PREFIX,
        immutable_file_test=lambda _path, url: _HASHED.search(url) is not None,
        add_headers_function=_headers,
    )

    def served(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = files if environ["PATH_INFO"].startswith(PREFIX) else answer
        found: Iterable[bytes] = asked(environ, start_response)
        return found

    app.wsgi_app = served  # type: ignore[method-assign]


def _headers(headers: Headers, _path: str, _url: str) -> None:
    for name, value in SHARED.items():
        headers[name] = value
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
