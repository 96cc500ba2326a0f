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
_CORS_METHODS = "GET, HEAD, OPTIONS"


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
    page_policy = content_security_policy(settings)
    embed_policy = content_security_policy(settings, frame_ancestors(settings))

    @app.after_request
    def secure(response: Response) -> Response:
        headers = response.headers
        headers.update(SHARED)
        path = request.path
        is_embed = path == _EMBED
        is_api = path.startswith(API_PREFIX)
        headers["Content-Security-Policy"] = embed_policy if is_embed else page_policy
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = (
            "cross-origin" if is_embed or is_api else "same-origin"
        )
        if is_api:
            headers["Access-Control-Allow-Origin"] = "*"
            headers["Access-Control-Expose-Headers"] = "ETag"
            if request.method == "OPTIONS":
                headers["Access-Control-Allow-Methods"] = _CORS_METHODS
                headers["Access-Control-Allow-Headers"] = "Accept, If-None-Match"
                headers["Access-Control-Max-Age"] = "86400"
        return response
