"""Which requests are answered: host names, forwarding headers, and the size of a body.

A page that is reached under a foreign name (DNS rebinding) or that repeats a forged ``Host`` in
its links works for somebody else; so only known names are answered.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import request
from flask.globals import request_ctx
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from mapsvc.config import Settings
from mapsvc.errors import shown
from mapsvc.web.application import Application

MAX_BODY = 16 * 1024
"""Bytes of a request's body; no view reads one."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class UntrustedHost(BadRequest):
    """The ``Host`` header names none of the hosts that are answered."""


def trusted_hosts(settings: Settings) -> frozenset[str]:
    """The host names that are answered, in lower case; ".example.org" stands for all below.

    >>> sorted(trusted_hosts(Settings(public_url="https://map.example.org/x")))
    ['127.0.0.1', '::1', 'localhost', 'map.example.org']
    """
    if settings.trusted_hosts:
        return frozenset(_name(host) for host in settings.trusted_hosts)
    names = [*LOOPBACK, urlsplit(settings.public_url).hostname or ""]
    if _is_address(settings.host):
        names.append(settings.host)
    return frozenset(_name(name) for name in names if name)


def is_trusted(host: str, trusted: frozenset[str]) -> bool:
    """Tell whether a ``Host`` header, with or without a port, names a trusted host.

    werkzeug's own check cuts IPv6 addresses at their first colon and minds case.

    >>> is_trusted("[::1]:8000", frozenset({"::1"}))
    True
    """
    name = _name(host)
    parents = (name[i:] for i, c in enumerate(name) if c == ".")
    return name in trusted or any(parent in trusted for parent in parents)


def _name(host: str) -> str:
    if _is_address(host):  # a bare IPv6 address is full of colons and has no port
        return host.casefold()
    if host.startswith("["):
        return host[1:].partition("]")[0].casefold()
    return host.partition(":")[0].casefold().removesuffix(".")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def guard(app: Application, settings: Settings) -> None:
    """Refuse requests for other hosts or with large bodies; believe the proxies of the settings."""
    trusted = trusted_hosts(settings)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    # A redirect to the path with one slash would repeat the request's host, scheme and mount point.
    app.url_map.merge_slashes = False

    @app.before_request
    def check() -> None:
        environ = request.environ
        if not app.knows_host(environ):
            if not is_trusted(request.host, trusted):
                host = shown(request.headers.get("Host", ""))
                raise UntrustedHost(f"Host: {host} is not one of the hosts answered here")
            if request_ctx.url_adapter is not None:
                app.remember_host(environ, request_ctx.url_adapter)
        # The limit above acts only where a view reads the body.
        if environ.get("CONTENT_LENGTH") and (request.content_length or 0) > MAX_BODY:
            raise RequestEntityTooLarge

    if hops := settings.proxy_hops:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=hops
        )
