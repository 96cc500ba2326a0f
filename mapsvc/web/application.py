"""Flask without what no request here needs: sessions, async views, hosts that are read twice.

What is left out costs as much as a query of the index, and is asked for by every request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeGuard

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface, SessionMixin
from werkzeug.routing import MapAdapter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_MAX_HOSTS = 1_000
"""Spellings of hosts that are remembered: ports and names below a domain have no end."""


class Answer(Response):
    """A response that hands its body to the server in one piece.

    werkzeug wraps every body in an iterator, and granian sends an iterator chunk by chunk.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = self.response
        plain = self.status_code == 200 or self.status_code >= 400
        # Every other body, status or method needs werkzeug's care.
        if not plain or environ["REQUEST_METHOD"] == "HEAD" or not _is_whole(body):
            return super().__call__(environ, start_response)
        start_response(self.status, self.headers.to_wsgi_list())
        self.close()
        return body


def _is_whole(body: object) -> TypeGuard[list[bytes]]:
    return type(body) is list and len(body) == 1 and type(body[0]) is bytes


class NoSessions(SessionInterface):
    """There are no cookies, so one empty session serves everybody; it cannot be written to."""

    _empty = NullSession()

    def open_session(self, app: Flask, request: Request) -> SessionMixin:  # noqa: ARG002
        return self._empty


class Application(Flask):
    """The application; its views are plain functions."""

    response_class = Answer
    session_interface = NoSessions()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._server_names: dict[tuple[str, str | None], str] = {}

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func

    def knows_host(self, environ: WSGIEnvironment) -> bool:
        """Tell whether `remember_host` was called for the host that this request names."""
        return (environ["wsgi.url_scheme"], environ.get("HTTP_HOST")) in self._server_names

    def remember_host(self, environ: WSGIEnvironment, adapter: MapAdapter) -> None:
        """From now on, take the host that this request names as ``adapter`` read it."""
        if len(self._server_names) < _MAX_HOSTS:
            key = (environ["wsgi.url_scheme"], environ.get("HTTP_HOST"))
            self._server_names[key] = adapter.server_name

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        if request is None:
            return super().create_url_adapter(None)
        environ = request.environ
        scheme, query = environ["wsgi.url_scheme"], environ.get("QUERY_STRING", "")
        server_name = self._server_names.get((scheme, environ.get("HTTP_HOST")))
        if server_name is None or "HTTP_UPGRADE" in environ or not query.isascii():
            return super().create_url_adapter(request)
        # What bind_to_environ comes to, from what the request has decoded already.
        return MapAdapter(
            self.url_map,
            server_name,
            request.root_path,
            "",
            scheme,
            request.path,
            request.method,
            query,
        )
