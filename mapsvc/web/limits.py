"""How many requests one address may send in a minute; what is above gets 429 and ``Retry-After``.

It stands before Flask, because in a flood the refusals are the work. The windows are the minutes
of the clock and are counted in memory, each worker on its own: looking up and adding takes a
microsecond. With Redis the workers tell each other what they have counted, twice a second and
beside the requests, none of which ever waits for it; see `mapsvc.web.sharing`.
"""

from __future__ import annotations

import functools
import ipaddress
import json
import logging
import re
import time
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from flask import Flask

from mapsvc.config import Settings
from mapsvc.errors import shown
from mapsvc.web.headers import API_PREFIX

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

WINDOW_S = 60
UNCOUNTED = frozenset({"/healthz", "/readyz", "/metrics"})
"""What tells the operator whether and how the server works is answered always."""
COUNTS = "mapsvc.counts"
"""Where ``app.extensions`` keeps the `Counts`."""

_MAX_ADDRESSES = 100_000
"""In a minute; more are answered without being counted, which keeps memory bounded."""
_NO_ADDRESS = "no address"
"""What all are counted as whose address is none, such as what a proxy forwards unchecked."""
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.|\Z)){4}(?<!\.)")
"""What is counted as it stands: to take each address of a flood apart costs ten times as much."""
_LONGEST = 80
"""Characters of an IPv6 address with zone, brackets and port; above, nothing is remembered."""

COST_OF_PICTURE = 20
"""To draw one takes as long as some hundred answers."""
COST_OF_PLACE = 5
"""A list by distance from a typed place."""

_log = logging.getLogger(__name__)


def cost_of(path: str, query: str) -> int:
    """As how many requests one counts.

    >>> cost_of("/", "bank=icbc"), cost_of("/", "n%65ar=x"), cost_of("/pictures/site.png", "")
    (1, 5, 20)
    """
    if path.startswith("/pictures/"):
        return COST_OF_PICTURE
    if path == "/" and query and "near=" in unquote(query):  # names may be written with %
        return COST_OF_PLACE
    return 1


class Window:
    """The requests of one minute by address: ``here`` in this process, ``elsewhere`` in others.

    ``told`` is what the others have been told of ``here``.
    """

    __slots__ = ("elsewhere", "here", "number", "told", "warned")

    def __init__(self, number: int) -> None:
        self.number = number
        self.here: dict[str, int] = {}
        self.elsewhere: dict[str, int] = {}
        self.told: dict[str, int] = {}
        self.warned = False


class Counts:
    """Counts the requests of addresses.

    Args:
        limit: how many an address may send in a window.
        now: the time in seconds since 1970.
        what: is counted.
    """

    def __init__(
        self, limit: int, now: Callable[[], float] = time.time, *, what: str = "requests"
    ) -> None:
        self.limit = limit
        self._what = what
        self._now = now
        self.window = Window(int(now()) // WINDOW_S)

    def hit(self, address: str, cost: int = 1) -> int:
        """Count a request of an address.

        Args:
            address: whose it is.
            cost: as how many it counts; one above the limit counts as the limit.

        Returns:
            0 where it may pass, or in how many seconds the next window begins.

        >>> counts = Counts(limit=1, now=lambda: 120.0)
        >>> counts.hit("192.0.2.1"), counts.hit("192.0.2.1"), counts.hit("192.0.2.2")
        (0, 60, 0)
        """
        now = int(self._now())
        window = self.window
        if window.number != now // WINDOW_S:
            window = self.window = Window(now // WINDOW_S)
        if _IPV4.fullmatch(address):
            key = address
        else:
            key = _network(address) if len(address) <= _LONGEST else _NO_ADDRESS
        here = window.here
        known = here.get(key, 0)
        if not known and len(here) >= _MAX_ADDRESSES:
            return 0
        count = here[key] = known + min(cost, self.limit)
        if count + window.elsewhere.get(key, 0) <= self.limit:
            return 0
        if not window.warned:
            window.warned = True
            _warn(key, self.limit, self._what)
        return WINDOW_S - now % WINDOW_S


@functools.lru_cache(maxsize=10_000)
def _network(address: str) -> str:
    """What an address is counted as: of IPv6 the /64, which one household has.

    >>> _network("2001:db8::1:2:3:4"), _network("::ffff:192.0.2.1"), _network("192.0.2.1:5000")
    ('2001:db8::/64', '192.0.2.1', '192.0.2.1')
    >>> _network("unknown")
    'no address'
    """
    parsed = _parsed(address) or _parsed(address.rpartition(":")[0])  # some proxies name the port
    if parsed is None:
        return _NO_ADDRESS
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return None


def _warn(key: str, limit: int, what: str) -> None:
    hint = ""
    if key == _NO_ADDRESS:
        hint = "; a proxy must forward IP addresses, and MAPSVC_PROXY_HOPS say how many there are"
    try:
        if ipaddress.ip_network(key).is_private:
            hint = "; if that is a proxy of yours, set MAPSVC_PROXY_HOPS"
    except ValueError:
        pass
    _log.warning("%s sent more than %d %s in a minute%s", shown(key), limit, what, hint)


def limit_requests(app: Flask, settings: Settings, uncounted: Collection[str] = ()) -> None:
    """Refuse what an address asks above the settings' limit, before the application so far.

    Args:
        app: the application.
        settings: hold the limit.
        uncounted: paths that are not counted, besides `UNCOUNTED`.
    """
    if not settings.rate_limit:
        return
    passed = UNCOUNTED.union(uncounted)
    counts = app.extensions[COUNTS] = Counts(settings.rate_limit)
    answer = app.wsgi_app

    def limited(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] not in passed:
            cost = cost_of(environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
            wait_s = counts.hit(environ.get("REMOTE_ADDR", ""), cost)
            if wait_s:
                detail = f"more than {counts.limit} requests in a minute from your address"
                return refuse(environ, start_response, "429 Too Many Requests", detail, wait_s)
        return answer(environ, start_response)

    app.wsgi_app = limited  # type: ignore[method-assign]


_SORRY = "请求太多，请稍后再试。\nToo many requests. Please try again later.\n".encode()
"""In both languages: which one is wanted is not worth the time here."""


def refuse(
    environ: WSGIEnvironment, start_response: StartResponse, status: str, detail: str, wait_s: int
) -> list[bytes]:
    """Answer without Flask that it is too much now: a problem under ``/api``, else plain text.

    Args:
        environ: the request.
        start_response: the server's.
        status: with its phrase.
        detail: what is too much, for developers.
        wait_s: seconds until it is worth to come again.
    """
    path = environ["PATH_INFO"]
    body, media_type = _SORRY, "text/plain; charset=utf-8"
    if path.startswith(API_PREFIX):
        problem = {
            "type": "about:blank",
            "title": status[4:],
            "status": int(status[:3]),
            "detail": f"{detail}; try again in {wait_s} s",
            "instance": quote(path.encode("latin-1", "replace")),
        }
        body, media_type = json.dumps(problem).encode(), "application/problem+json"
    headers = [
        ("Content-Type", media_type),
        ("Content-Length", str(len(body))),
        ("Retry-After", str(wait_s)),
        ("Cache-Control", "no-store"),
    ]
    start_response(status, headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
