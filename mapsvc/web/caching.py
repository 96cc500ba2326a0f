"""Validators and compression: nothing is rendered, sent or compressed twice without need.

An answer from a snapshot is a function of (build, revision, language, path and query), so its
ETag is made from these and compared before the view runs; where the query asks what is open now,
of the minute, too. ETags are weak: the same answer in another content coding is equivalent, not
identical.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import ParamSpec
from urllib.parse import unquote_to_bytes

from flask import Flask, Request, Response, make_response, request
from flask.typing import ResponseReturnValue
from flask_compress import Compress
from werkzeug.http import quote_etag

from mapsvc.config import Settings
from mapsvc.resources import built, resource
from mapsvc.web.clock import minute
from mapsvc.web.context import context, public_address, snapshot

API = "public, no-cache"
"""``Cache-Control`` of data: anybody may keep it, but asks each time whether it is still so. An
import shows at once, and an answer that has not changed costs a 304."""
PAGE = "no-cache"
"""``Cache-Control`` of pages: as for data, for the visitor's own browser."""

_UNSEEN = {"host", "port", "workers", "data_dir", "database_url", "offline", "geocoders"}
_UNSEEN |= {"trusted_hosts", "proxy_hops", "rate_limit", "place_limit", "redis_url"}
"""The settings that change no answer."""

_ETAG = "mapsvc.etag"
"""Where the WSGI environment keeps the ETag of a good answer."""

P = ParamSpec("P")


def build_digest(settings: Settings) -> str:
    """Name the code, templates, built files and settings that make the answers.

    A version number would not do: it stays the same while a template or a title changes.
    """
    digest = hashlib.blake2b(digest_size=12)
    for path in _sources():
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    seen = [(f.name, getattr(settings, f.name)) for f in fields(settings) if f.name not in _UNSEEN]
    digest.update(repr(seen).encode())
    return digest.hexdigest()


_TABLES = ("banks", "services", "pinyin", "pinyin-words")
"""Of the shipped data, what answers are made with as they are asked for."""


def _sources() -> list[Path]:
    package = built(".")
    sources = [path for kind in ("*.py", "*.mo") for path in sorted(package.rglob(kind))]
    sources += sorted(resource("templates").rglob("*.html"))
    sources += [built("static/dist/manifest.json")]
    sources += [resource(f"data/{name}.csv") for name in _TABLES]
    return [path for path in sources if path.is_file()]


def cached(
    control: str, *, vary: str = "", variant: Callable[[], str] = str
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, Response]]:
    """Give a view's 200 answers an ETag and ``Cache-Control``; answer 304 without running it.

    Args:
        control: the ``Cache-Control`` value, `API` or `PAGE`.
        vary: request headers that choose between variants (``Accept-Language``).
        variant: names the variant that this request gets (its language).
    """
    varies = f"{vary}, Accept-Encoding" if vary else "Accept-Encoding"

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, Response]:
        @functools.wraps(view)
        def answer(*args: P.args, **kwargs: P.kwargs) -> Response:
            asked: Request = request._get_current_object()  # type: ignore[attr-defined]
            environ = asked.environ
            etag = _etag(asked, variant())
            conditional = "HTTP_IF_NONE_MATCH" in environ
            # "*" matches only what exists, which the view alone knows.
            if conditional and etag in asked.if_none_match.as_set(include_weak=True):
                response = Response(status=304)
                del response.headers["Content-Type"]
            else:
                given = view(*args, **kwargs)
                response = given if isinstance(given, Response) else make_response(given)
                if response.status_code != 200:
                    return response
            environ[_ETAG] = etag
            response.headers.add("ETag", quote_etag(etag, weak=True))
            response.headers.add("Cache-Control", control)
            response.headers.add("Vary", varies)
            if conditional and response.status_code == 200:
                response.make_conditional(environ)
                if response.status_code == 304:
                    del response.headers["Content-Type"]
            return response

        return answer

    return decorate


def _etag(asked: Request, variant: str) -> str:
    shown, made = snapshot(), context()
    whole = _shown(made.build, public_address(), shown.revision, shown.changed_at).copy()
    whole.update(f"{variant}\0{asked.root_path}\0{asked.path}\0".encode())
    whole.update(asked.query_string)
    # Names may be written with %: what looks otherwise asks for the same.
    if b"open=" in unquote_to_bytes(asked.query_string):
        whole.update(f"\0{minute().isoformat()}".encode())
    return whole.hexdigest()


@functools.lru_cache(maxsize=8)
def _shown(
    build: str, address: str | None, revision: int, changed_at: datetime | None
) -> hashlib.blake2b:
    """What is the same in all ETags, digested."""
    # The time, too: another store may stand at the same revision.
    parts = [build, address, revision, changed_at.isoformat() if changed_at else ""]
    return hashlib.blake2b("".join(f"{part}\0" for part in parts).encode(), digest_size=12)


class CompressedAnswers:
    """Keeps compressed answers by ETag, the least recently used one out first.

    Args:
        max_bytes: how much to keep at most.
    """

    def __init__(self, max_bytes: int = 32 * 2**20) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._answers: OrderedDict[str, bytes] = OrderedDict()
        self._changing = threading.Lock()

    def get(self, key: str) -> bytes | None:
        with self._changing:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def set(self, key: str, value: bytes) -> None:
        # A key that ends here is that of an answer without an ETag; see `_cache_key`.
        if key.endswith(";") or len(value) > self._max_bytes:
            return
        with self._changing:
            if key in self._answers:
                return
            self._answers[key] = value
            self._bytes += len(value)
            while self._bytes > self._max_bytes:
                _, dropped = self._answers.popitem(last=False)
                self._bytes -= len(dropped)


def _cache_key(asked: Request) -> str:
    key: str = asked.environ.get(_ETAG, "")
    return key


def compress(app: Flask) -> None:
    """Compress what an application answers; static files come compressed from the build."""
    app.config.update(
        COMPRESS_ALGORITHM=["zstd", "br", "gzip"],
        COMPRESS_BR_LEVEL=5,
        COMPRESS_MIMETYPES=[
            "application/geo+json",
            "application/json",
            "application/problem+json",
            "application/xml",
            "text/html",
            "text/javascript",
            "text/plain",
        ],
        COMPRESS_CACHE_BACKEND=CompressedAnswers,
        COMPRESS_CACHE_KEY=_cache_key,
        COMPRESS_REGISTER=False,
    )
    compressor = Compress(app)

    @app.after_request
    def compressed(response: Response) -> Response:
        environ = request.environ
        if "HTTP_ACCEPT_ENCODING" not in environ and _ETAG in environ:
            return response  # with its Vary; there is nothing to choose from
        answer: Response = compressor.after_request(response)
        return answer
