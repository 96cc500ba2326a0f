"""What a request works with: the settings, one snapshot, and the address it is reached under."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from flask import current_app, request

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
