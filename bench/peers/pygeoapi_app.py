"""pygeoapi's own Flask application, configured by PYGEOAPI_CONFIG and PYGEOAPI_OPENAPI."""

from typing import Any


def make_app() -> Any:
    """The WSGI application."""
    from pygeoapi.flask_app import APP  # noqa: PLC0415  # reads its configuration on import

    return APP
