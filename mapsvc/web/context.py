"""What a request works with: the settings, one snapshot, and the address it is reached under."""

from __future__ import annotations

import functools
import ipaddress
import re
from dataclasses import dataclass
from typing import Protocol

from flask import Request, current_app, request

from mapsvc.config import Settings
from mapsvc.snapshot import Snapshot

EXTENSION = "mapsvc"
"""Where ``app.extensions`` keeps the `Context`."""
SNAPSHOT = "mapsvc.snapshot"


class Source(Protocol):
    """Gives the snapshot to answer with; `mapsvc.snapshot.MappedSource` is the real one."""

    def current(self) -> Snapshot: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What an application was made with; ``build`` names its code and settings in ETags."""

    settings: Settings
    source: Source
    build: str


def context() -> Context:
    """The context of the application that answers now."""
    made: Context = current_app.extensions[EXTENSION]
    return made


def snapshot() -> Snapshot:
    """The snapshot of this request: the same one however often it is asked for."""
    environ = request.environ
    taken: Snapshot | None = environ.get(SNAPSHOT)
    if taken is None:
        taken = environ[SNAPSHOT] = context().source.current()
    return taken


def base_url() -> str:
    """What stands before paths in links for elsewhere: ``MAPSVC_PUBLIC_URL``, or the mount point.

    The API's links are such; pages link to each other and to their files by ``url_for``. Without
    the setting, all are relative to the host, so that no answer repeats a ``Host`` header.
    """
    return context().settings.public_url or request.script_root


_LOOPBACK = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?")


def public_address() -> str | None:
    """What stands before paths in addresses that are read away from the page: in a picture of one,
    a sitemap, a chat.

    ``MAPSVC_PUBLIC_URL``; without it, for who asks from this machine, the address that was asked,
    so that everything can be tried out; else None, and there are no such addresses.
    """
    public = context().settings.public_url
    if public:
        return public
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]
    environ = asked.environ
    if not _is_own(environ.get("REMOTE_ADDR", "")):
        return None  # who asks from elsewhere may write any host
    host = environ.get("HTTP_HOST", "")
    if not _LOOPBACK.fullmatch(host):
        return None
    return f"{asked.scheme}://{host}{asked.root_path}"


@functools.lru_cache(maxsize=1_000)
def _is_own(peer: str) -> bool:
    """Whether a peer's address is of this machine."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # what a socket of both families calls it
    return bool((mapped or address).is_loopback)


def elsewhere(path: str) -> str:
    """The address under `base_url` of a path that `flask.url_for` made."""
    return base_url() + path.removeprefix(request.script_root)
