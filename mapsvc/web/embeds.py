"""How often maps are shown in other sites: views by the embedding site's origin and the day.

Nothing of the visitor is looked at or kept: no address, no device, no page, only the origin that
the browser names as the frame's surroundings. A request adds to a dictionary; a thread puts the
sums into the store, where those of all workers and servers meet.
"""

from __future__ import annotations

import functools
import logging
import re
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, timedelta
from multiprocessing.util import Finalize
from typing import ParamSpec, Protocol
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request

from mapsvc.config import Settings
from mapsvc.errors import StoreError
from mapsvc.store.base import NewOrigins
from mapsvc.web.clock import minute
from mapsvc.web.context import public_address

VIEWS = "mapsvc.views"
"""Where ``app.extensions`` keeps the `Views`; it is not there where views are not counted."""

UNKNOWN = "unknown"
"""The origin of pages that have their browser name none."""
OTHERS = "others"
"""The origin of what is above `MAX_NEW`."""

MAX_REGULARS = 500
"""Origins that keep their own name whatever else comes, by how many earlier days they were seen."""
MAX_NEW = 200
"""Other origins of a day: who forges them fills neither memory nor store, and hides no regular."""
KEPT_DAYS = 400
_REGULAR_DAYS = 30

_EVERY_S = 15.0
_LONGEST_WAIT_S = 300.0
_FRAMED = frozenset({"iframe", "frame", "embed", "object"})
_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_IPV6 = re.compile(r"\[[0-9a-f:.]{2,45}\]")
_PORTS = {"http": 80, "https": 443}

_log = logging.getLogger(__name__)

Counted = Mapping[tuple[str, str], int]
"""Day (ISO 8601, in China) and origin → views."""

P = ParamSpec("P")


class Views:
    """The views that this process has counted and not yet told the store.

    Args:
        origins: who may frame; see `mapsvc.config.Settings.embed_origins`.
        today: the day in China.
    """

    def __init__(
        self, origins: Collection[str] = ("*",), today: Callable[[], date] = lambda: minute().date()
    ) -> None:
        self._origins = origins
        self._today = today
        self._counts: dict[tuple[str, str], int] = {}
        self._regulars: frozenset[str] = frozenset(origins)
        self._new: tuple[str, set[str]] = ("", set())
        self._changing = threading.Lock()

    @property
    def regulars(self) -> frozenset[str]:
        """The origins that keep their own name: those that the settings name, and known ones."""
        return self._regulars | {UNKNOWN, OTHERS}

    def know(self, regulars: Collection[str]) -> None:
        """These were seen on earlier days."""
        self._regulars = frozenset(self._origins).union(regulars)

    def count(self, origin: str) -> None:
        """Add one view; of origins that may not frame, none.

        >>> views = Views(today=lambda: date(2026, 11, 22))
        >>> views.count("https://bank.example")
        >>> views.take()
        {('2026-11-22', 'https://bank.example'): 1}
        """
        if origin != UNKNOWN and not allows(self._origins, origin):
            return
        day = self._today().isoformat()
        with self._changing:
            if origin not in self.regulars:
                if self._new[0] != day:
                    self._new = (day, set())
                new = self._new[1]
                if origin not in new and len(new) >= MAX_NEW:
                    origin = OTHERS
                else:
                    new.add(origin)
            self._add((day, origin), 1)

    def take(self) -> Counted:
        """What was counted since the last time; it is forgotten here."""
        with self._changing:
            counts, self._counts = self._counts, {}
        return counts

    def give_back(self, counts: Counted) -> None:
        """Count again what could not be told."""
        with self._changing:
            for key, views in counts.items():
                self._add(key, views)

    def _add(self, key: tuple[str, str], views: int) -> None:
        self._counts[key] = self._counts.get(key, 0) + views


def allows(origins: Collection[str], origin: str) -> bool:
    """Tell whether a page of this origin may frame the map.

    >>> allows(("https://*.bank.example",), "https://www.bank.example")
    True
    >>> allows(("https://*.bank.example",), "https://bank.example")
    False
    """
    if "*" in origins or origin in origins:
        return True
    scheme, _, host = origin.partition("://")
    parents = (host[i:] for i, sign in enumerate(host) if sign == ".")
    return any(f"{scheme}://*{parent}" in origins for parent in parents)


def origin_of(referrer: str) -> str:
    """The origin that a ``Referer`` header names; empty where it names none.

    >>> origin_of("https://Bank.example/a?b"), origin_of("about:blank"), origin_of("https://u@h/")
    ('https://bank.example', '', '')
    >>> origin_of("https://bank.example:443/"), origin_of("https://..."), origin_of("http://a:99999/")
    ('https://bank.example', '', '')
    """
    try:
        parts = urlsplit(referrer)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in _PORTS or "@" in parts.netloc or port == 0:
        return ""
    if parts.netloc.startswith("["):
        host = f"[{host}]"  # urlsplit has seen that it is an IPv6 address
        if not _IPV6.fullmatch(host):
            return ""
    elif not _HOST.fullmatch(host):
        return ""
    own_port = "" if port in (None, _PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{own_port}"


def embedding_origin() -> str | None:
    """The origin of the page around the frame that is asked for now; None where that is no view.

    No view is a page in a window of its own, and what the frame itself goes to next.
    """
    headers = request.headers
    purpose, kind = headers.get("Sec-Fetch-Dest"), headers.get("Sec-Fetch-Site")
    origin = origin_of(headers.get("Referer", ""))
    own = {origin_of(request.host_url), origin_of(public_address() or "")}
    if origin in own - {""} or kind == "same-origin" or (purpose and purpose not in _FRAMED):
        return None
    if origin:
        return origin
    return UNKNOWN if purpose else None  # a program's request, or an old browser's


def counted(view: Callable[P, Response]) -> Callable[P, Response]:
    """Count the good answers of a view, those that have not changed as well."""

    @functools.wraps(view)
    def answer(*args: P.args, **kwargs: P.kwargs) -> Response:
        response = view(*args, **kwargs)
        views: Views | None = current_app.extensions.get(VIEWS)
        is_shown = response.status_code in (200, 304) and request.method == "GET"
        if views is not None and is_shown and request.path == "/embed":
            origin = embedding_origin()
            if origin is not None:
                views.count(origin)
        return response

    return answer


def init_app(app: Flask, settings: Settings) -> None:
    """Count from now on, where the settings say so."""
    if settings.embed_stats:
        app.extensions[VIEWS] = Views(settings.embed_origins)


class Keeping(Protocol):
    """Where the sums are kept; `mapsvc.store.sql.SqlStore` is the real one."""

    def add_views(self, views: Counted, forget_before: str, limit: NewOrigins | None) -> None: ...
    def views(self, since: str) -> Sequence[tuple[str, str, int]]: ...
    def frequent_origins(self, since: str, before: str, limit: int) -> Sequence[str]: ...


class Recording:
    """Puts what a process has counted into the store, beside the requests.

    Args:
        views: what was counted.
        keeping: opens the store, which may take as long as somebody else writes.
    """

    def __init__(self, views: Views, keeping: Callable[[], Keeping]) -> None:
        self._views = views
        self._open = keeping
        self._store: Keeping | None = None
        self._failures = 0
        self._known_on: date | None = None

    def record(self) -> None:
        """Put everything into the store; what cannot be put is kept here for the next time.

        Raises:
            StoreError: the store cannot be written.
        """
        self._store = self._store or self._open()
        today = minute().date()
        if self._known_on != today:
            since = today - timedelta(days=_REGULAR_DAYS)
            days = since.isoformat(), today.isoformat()
            self._views.know(self._store.frequent_origins(*days, MAX_REGULARS))
            self._known_on = today
        counts = self._views.take()
        if not counts:
            return
        oldest = today - timedelta(days=KEPT_DAYS)
        limit = NewOrigins(self._views.regulars, MAX_NEW, OTHERS)
        try:
            self._store.add_views(counts, oldest.isoformat(), limit)
        except BaseException:
            self._views.give_back(counts)
            raise

    def kept(self, since: str) -> Sequence[tuple[str, str, int]]:
        """What the store keeps of all processes from a day on: day, origin, views.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._store.views(since) if self._store else ()

    def step(self) -> float:
        """Record once, whatever happens; returns the seconds to wait until the next time."""
        try:
            self.record()
        except StoreError as error:
            self._failures += 1
            if self._failures == 1:
                _log.warning("views of embedded maps wait until the store can be used: %s", error)
            return min(_LONGEST_WAIT_S, _EVERY_S * 2.0 ** min(self._failures, 10))
        self._failures = 0
        return _EVERY_S

    def start(self) -> None:
        """Record from now on, in a thread that ends with the process; and once more before."""

        def work() -> None:
            while True:
                time.sleep(self.step())

        threading.Thread(target=work, name="views", daemon=True).start()
        Finalize(None, self.step, exitpriority=1)
