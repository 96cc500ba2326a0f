"""Pages of other sites that show our map: each on a host name and port of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from flask import Flask, Response

from tests.browser.conftest import serving

Host = Callable[..., str]
"""Serves a page and gives its address: ``host(body, policy="", name="localhost")``.

The body may be a function, which is asked when the page is.
"""

_PAGE = (
    '<!doctype html><html lang="zh"><meta charset="utf-8"><title>host</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
)


@contextmanager
def hosts() -> Iterator[Host]:
    """Serve as many hosts' pages as are asked for."""
    with ExitStack() as running:

        def host(
            body: str | Callable[[], str], *, policy: str = "", name: str = "localhost"
        ) -> str:
            app = Flask("host")

            def answer() -> Response:
                response = Response(_PAGE + (body if isinstance(body, str) else body()))
                if policy:
                    response.headers["Content-Security-Policy"] = policy
                return response

            app.add_url_rule("/", "page", answer)
            app.add_url_rule("/favicon.ico", "icon", lambda: ("", 204))
            address = running.enter_context(serving(app))
            return address.replace("127.0.0.1", name)

        yield host
