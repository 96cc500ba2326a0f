"""The security headers of every answer, and who may read the API from other sites."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import Flask, Response, request

from mapsvc.config import Settings

_NAMED_TILE_SOURCES = {
    "none": (),
    "osm": ("https://tile.openstreetmap.org",),
    "tianditu": tuple(f"https://t{i}.tianditu.gov.cn" for i in range(8)),
    "amap": tuple(f"https://webrd0{i}.is.autonavi.com" for i in range(1, 5)),
}

SHARED = {
    "Permissions-Policy": "geolocation=(self)",
    "Referrer-Policy": "strict-origin-when-cross-origin",  # OSM's tile servers want a Referer
    "X-Content-Type-Options": "nosniff",
}
"""On every answer, static files too."""

API_PREFIX = "/api/"
_EMBED = "/embed"
_CORS = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "ETag"),
]
_PREFLIGHT = [
    ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
    ("Access-Control-Allow-Headers", "Accept, If-None-Match"),
    ("Access-Control-Max-Age", "86400"),
]


def tile_sources(settings: Settings) -> tuple[str, ...]:
    """The origins that the background map's images come from, as CSP sources.

    >>> tile_sources(Settings(tiles="https://{s}.tiles.example.org/{z}/{x}/{y}.png"))
    ('https://*.tiles.example.org',)
    """
    if settings.tiles in _NAMED_TILE_SOURCES:
        return _NAMED_TILE_SOURCES[settings.tiles]
    parts = urlsplit(settings.tiles)
    # A wildcard stands for whole labels at the left end, whatever the placeholder's place.
    return (f"{parts.scheme}://{re.sub(r'^.*{.*?}[^.]*', '*', parts.netloc)}",)


def frame_ancestors(settings: Settings) -> str:
    """Who may frame ``/embed``, in CSP's words.

    >>> frame_ancestors(Settings(embed_origins=("https://bank.example",)))
    'https://bank.example'
    """
    return " ".join("'none'" if o == "none" else o for o in settings.embed_origins)


def content_security_policy(settings: Settings, ancestors: str = "'none'") -> str:
    """The Content-Security-Policy: own files only, nothing inline, framed by ``ancestors``."""
    images = " ".join(("'self'", "data:", *tile_sources(settings)))
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src {images}",
            "connect-src 'self'",
            "font-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            f"frame-ancestors {ancestors}",
        )
    )


def add_headers(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer of an application, errors too."""
    page = _headers(content_security_policy(settings), "same-origin")
    embed = _headers(content_security_policy(settings, frame_ancestors(settings)), "cross-origin")
    api = [*_headers(content_security_policy(settings), "cross-origin"), *_CORS]

    @app.after_request
    def secure(response: Response) -> Response:
        path = request.path
        if path.startswith(API_PREFIX):
            # Added, not set: setting compares each name with all that are there.
            response.headers.extend(api)
            if request.method == "OPTIONS":
                response.headers.extend(_PREFLIGHT)
        else:
            response.headers.extend(embed if path == _EMBED else page)
        return response


def _headers(policy: str, readable_from: str) -> list[tuple[str, str]]:
    return [
        *SHARED.items(),
        ("Content-Security-Policy", policy),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", readable_from),
    ]
