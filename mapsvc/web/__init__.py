"""The Flask application: one module a blueprint."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from flask import Flask

from mapsvc.config import Settings
from mapsvc.resources import resource
from mapsvc.web import api, health
from mapsvc.web.caching import build_digest, compress
from mapsvc.web.context import EXTENSION, Context, Source
from mapsvc.web.errors import handle_errors
from mapsvc.web.guard import guard
from mapsvc.web.headers import add_headers
from mapsvc.web.static import serve_static


def create_app(settings: Settings, source: Source) -> Flask:
    """Make the application.

    Args:
        settings: everything that can be set.
        source: gives the snapshot that a request answers from.
    """
    app = Flask(__name__, static_folder=None, template_folder=str(resource("templates")))
    app.extensions[EXTENSION] = Context(settings, source, build_digest(settings))
    serve_static(app)
    guard(app, settings)
    compress(app)
    add_headers(app, settings)
    handle_errors(app)
    app.register_blueprint(api.bp)
    app.register_blueprint(health.bp)
    for name in ("i18n", "locator", "embed", "mapdata"):  # until all of them are there
        if find_spec(f"mapsvc.web.{name}"):
            module = import_module(f"mapsvc.web.{name}")
            if hasattr(module, "bp"):
                app.register_blueprint(module.bp)
            if hasattr(module, "init_app"):
                module.init_app(app)
    return app
