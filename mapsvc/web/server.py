"""Serving: granian with one WSGI process a core.

``mapsvc run`` reads the settings once and puts them to the workers as the same environment
variables, so that a worker that is started anew finds what the first one found.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import logging
import multiprocessing
import os
import resource
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

from flask import Flask
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from sqlalchemy import make_url

from mapsvc.config import Settings
from mapsvc.errors import MapsvcError
from mapsvc.snapshot import Keeper, MappedSource
from mapsvc.snapshot.database import PostgisSource
from mapsvc.store import open_store
from mapsvc.web import create_app
from mapsvc.web.embeds import VIEWS, Recording
from mapsvc.web.limits import COUNTS
from mapsvc.web.metrics import READER, ViewReader
from mapsvc.web.places import GEOCODERS, Geocoders
from mapsvc.web.sharing import Sharing, connect
from mapsvc.web.waiting import QUEUE
from mapsvc.web.warming import warm_up

_BACKLOG = 2048
"""Connections that the system keeps until a worker takes them."""
_CONNECTIONS = 2048
"""A worker's, at most. More wait unseen where no 503 reaches them; each costs some kilobytes."""
_LOG_LINE = "[%(asctime)s] %(levelname)s %(message)s"
_OTHER_FILES = 256
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # looked up, not bound


def make_app() -> Flask:
    """The application of one worker, from the environment's settings."""
    logging.basicConfig(format=_LOG_LINE)
    settings = Settings.from_environment(os.environ)
    source = _source(settings)
    app = create_app(settings, source)
    if isinstance(source, MappedSource):
        source.watch(prepare=partial(warm_up, app, base_url=address(settings)))
    else:
        source.watch()
    if settings.redis_url and settings.rate_limit:
        Sharing(app.extensions[COUNTS], connect(settings.redis_url)).start()
    if settings.embed_stats:
        recording = Recording(app.extensions[VIEWS], partial(open_store, settings.store_url))
        app.extensions[READER] = ViewReader(recording.kept)
        recording.start()
    app.extensions[GEOCODERS] = functools.cache(partial(_geocoders, settings))
    app.extensions[QUEUE].watch(_ANY.get(settings.host, settings.host), settings.port)
    # What is there now stays: the collector need not walk through it while requests wait.
    gc.collect()
    gc.freeze()
    return app


def _source(settings: Settings) -> MappedSource | PostgisSource:
    """What a worker answers from."""
    if settings.index == "postgis":
        return PostgisSource(open_store(settings.store_url))
    return MappedSource(_snapshots(settings))


def _geocoders(settings: Settings) -> Geocoders:
    """What places typed addresses; made when the first is typed: many workers never need it."""
    from mapsvc.service.places import Geocoders as Made  # noqa: PLC0415

    return Made(open_store(settings.store_url), settings)


def serve(settings: Settings, on_start: Callable[[], None]) -> None:
    """Serve until interrupted; ``on_start`` is called once the port is known to be free.

    Raises:
        MapsvcError: the address cannot be listened on.
    """
    logging.basicConfig(format=_LOG_LINE)
    _check_free(settings.host, settings.port)
    # Workers that are forked would inherit the keeper's locks in whatever state they are.
    multiprocessing.set_start_method("spawn", force=True)
    if settings.index == "memory":
        keeper = Keeper(open_store(settings.store_url), _snapshots(settings))
        keeper.refresh()
        keeper.watch()
    server = Granian(
        f"{__name__}:make_app",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        # HTTP/2 without TLS is asked by no browser, and puts no bound to requests at a time.
        http=HTTPModes.http1,
        workers=settings.workers,
        blocking_threads=1,
        backlog=_BACKLOG,
        backpressure=_connections(),
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    )
    server.on_startup(on_start)
    server.serve()


def _connections() -> int:
    """How many connections a worker may take, with as many open files as the system allows."""
    wanted = _CONNECTIONS + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return _CONNECTIONS
    return max(_OTHER_FILES, min(_CONNECTIONS, soft - _OTHER_FILES))


def _snapshots(settings: Settings) -> Path:
    """Where the snapshots of this store are: servers of two stores may share a data folder."""
    store = make_url(settings.store_url).render_as_string(hide_password=True)
    digest = hashlib.blake2b(store.encode(), digest_size=8).hexdigest()
    return settings.data_dir / "snapshots" / digest


def address(settings: Settings) -> str:
    """Where visitors find the server: an address that it answers, as far as the settings tell."""
    if settings.public_url:
        return settings.public_url
    host = settings.host
    if host in _ANY:
        named = [name for name in settings.trusted_hosts if not name.startswith(".")]
        host = named[0] if named else _ANY[host]
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _check_free(host: str, port: int) -> None:
    """A clear word before the workers start: each of them would only log its own failure."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except OSError as error:
        raise MapsvcError(
            f"cannot listen on {host} port {port}: {error.strerror}; "
            "choose others with MAPSVC_HOST and MAPSVC_PORT"
        ) from None
