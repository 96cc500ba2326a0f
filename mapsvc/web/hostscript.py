"""The script for pages that show a map, at ``/embed/v1.js`` and under its exact version.

A page may pin the script by its digest (SRI), so a released version is a file in ``data/embed``
that never changes: ``/embed/v1.0.0.js`` gives the same bytes for ever, ``/embed/v1.js`` the latest
that begins with 1.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from flask import Blueprint, Response, abort, request

from mapsvc.resources import resource

bp = Blueprint("hostscript", __name__)

_VERSION = re.compile(r"\d+\.\d+\.\d+")
_AN_HOUR = "public, max-age=3600"
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class HostScript:
    """A released script."""

    version: str
    body: bytes

    @property
    def integrity(self) -> str:
        """Its digest as the attribute ``integrity`` takes it (W3C Subresource Integrity)."""
        digest = hashlib.sha384(self.body).digest()
        return f"sha384-{base64.b64encode(digest).decode()}"

    @property
    def order(self) -> tuple[int, ...]:
        return tuple(map(int, self.version.split(".")))


@cache
def released() -> Mapping[str, HostScript]:
    """Every released script by its version."""
    files = resource("data/embed").glob("*.js")
    return {
        path.stem: HostScript(path.stem, path.read_bytes())
        for path in files
        if _VERSION.fullmatch(path.stem)
    }


def latest(major: int = 1) -> HostScript:
    """The newest script of a major version.

    >>> latest().version.startswith("1.")
    True
    """
    return max((s for s in released().values() if s.order[0] == major), key=lambda s: s.order)


@bp.get("/embed/v<version>.js")
def host_script(version: str) -> Response:
    is_exact = version in released()
    if not is_exact and version != "1":
        abort(404)
    script = released()[version] if is_exact else latest()
    response = Response(script.body, mimetype="text/javascript")
    response.headers["Cache-Control"] = _FOREVER if is_exact else _AN_HOUR
    response.set_etag(hashlib.blake2b(script.body, digest_size=12).hexdigest(), weak=True)
    response.make_conditional(request)
    return response
