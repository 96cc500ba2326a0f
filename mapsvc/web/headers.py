"""The security headers of every answer, and who may read the API from other sites."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask

from mapsvc.config import Settings
from mapsvc.web.tiles import tile_source

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SHARED = {
    "Permissions-Policy": "geolocation=(self)",
    "Referrer-Policy": "strict-origin-when-cross-origin",  # OSM's tile servers want a Referer
    "X-Content-Type-Options": "nosniff",
}
"""On every answer, static files too."""

API_PREFIX = "/api/"
_OPEN_PREFIXES = (API_PREFIX, "/oembed", "/embed/v")
"""What pages and programs elsewhere read: the API, oEmbed, the script for hosts."""
_EMBED = "/embed"
_BUILDER = "/embed/builder"
_CORS = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "ETag"),
]
_PREFLIGHT = [
    ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
    ("Access-Control-Allow-Headers", "Accept, If-None-Match"),
    ("Access-Control-Max-Age", "86400"),
]


def tile_sources(settings: Settings) -> list[str]:
    """The origins that the background map's images come from, as CSP sources.

    >>> tile_sources(Settings(tiles="https://{s}.tiles.example.org/{z}/{x}/{y}.png"))[:2]
    ['https://a.tiles.example.org', 'https://b.tiles.example.org']
    """
    background = tile_source(settings)
    sources: dict[str, None] = {}
    for layer in background.layers if background else ():
        scheme, host, *_ = urlsplit(layer.url)
        sources |= dict.fromkeys(f"{scheme}://{host.replace('{s}', s)}" for s in layer.subdomains)
    return list(sources)


def frame_ancestors(settings: Settings) -> str:
    """Who may frame ``/embed``, in CSP's words.

    >>> frame_ancestors(Settings(embed_origins=("https://bank.example",)))
    "'self' https://bank.example"
    """
    origins = settings.embed_origins
    if origins == ("none",):
        return "'none'"
    return "*" if origins == ("*",) else " ".join(("'self'", *origins))  # self: the builder


def content_security_policy(settings: Settings, ancestors: str = "'none'", frames: str = "") -> str:
    """The Content-Security-Policy: own files only, nothing inline.

    Args:
        settings: name the tiles.
        ancestors: who may frame the page.
        frames: what the page may frame; empty for nothing.
    """
    images = " ".join(("'self'", "data:", *tile_sources(settings)))
    own_frames = (f"frame-src {frames}",) if frames else ()
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src {images}",
            "connect-src 'self'",
            "font-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            *own_frames,
            f"frame-ancestors {ancestors}",
        )
    )


def add_headers(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer of an application so far, errors too."""
    page = _headers(content_security_policy(settings), "same-origin")
    embed = _headers(content_security_policy(settings, frame_ancestors(settings)), "cross-origin")
    builder = _headers(content_security_policy(settings, frames="'self'"), "same-origin")
    special = {_EMBED: embed, _BUILDER: builder}
    api = [*_headers(content_security_policy(settings), "cross-origin"), *_CORS]
    preflight = [*api, *_PREFLIGHT]
    answer = app.wsgi_app

    # Below Flask, whose headers are compared and checked one by one.
    def secured(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith(_OPEN_PREFIXES):
            added = preflight if environ["REQUEST_METHOD"] == "OPTIONS" else api
        else:
            added = special.get(path, page)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, headers + added, exc_info)

        return answer(environ, start)

    app.wsgi_app = secured  # type: ignore[method-assign]


def _headers(policy: str, readable_from: str) -> list[tuple[str, str]]:
    return [
        *SHARED.items(),
        ("Content-Security-Policy", policy),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", readable_from),
    ]
