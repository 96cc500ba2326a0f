"""The built front end under ``/static/``: compressed by the build, kept for ever by its hashes."""

from __future__ import annotations

import re
from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise

from mapsvc.resources import built
from mapsvc.web.headers import SHARED

_HASHED = re.compile(r"[.-][0-9A-Za-z]{8,}\.[a-z0-9]+$")


def serve_static(app: Flask) -> None:
    """Serve what the build made; without a build there is nothing to serve."""
    folder = built("static/dist")
    if folder.is_dir():
        app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
            app.wsgi_app,
            root=folder,
            prefix="static/",
            immutable_file_test=lambda _path, url: _HASHED.search(url) is not None,
            add_headers_function=_headers,
        )


def _headers(headers: Headers, _path: str, _url: str) -> None:
    for name, value in SHARED.items():
        headers[name] = value
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    headers["Content-Security-Policy"] = "default-src 'none'"
