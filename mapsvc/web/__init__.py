"""The Flask application: one module a blueprint."""

from __future__ import annotations

from flask import Flask

from mapsvc.config import Settings
from mapsvc.resources import resource
from mapsvc.web import (
    api,
    builder,
    embed,
    embeds,
    health,
    hostscript,
    i18n,
    install,
    jsonld,
    locator,
    mapdata,
    metadata,
    metrics,
    oembed,
    pictures,
    places,
    qr,
    search,
    sitemap,
)
from mapsvc.web.application import Application
from mapsvc.web.caching import build_digest, compress
from mapsvc.web.context import EXTENSION, Context, Source
from mapsvc.web.errors import handle_errors
from mapsvc.web.guard import guard
from mapsvc.web.headers import add_headers
from mapsvc.web.limits import limit_requests
from mapsvc.web.static import serve_static
from mapsvc.web.waiting import shed

_PAGES = (
    api,
    builder,
    embed,
    health,
    hostscript,
    install,
    locator,
    mapdata,
    metrics,
    oembed,
    pictures,
    places,
    search,
    sitemap,
)
"""The modules that answer, each with a blueprint."""


def create_app(settings: Settings, source: Source) -> Flask:
    """Make the application.

    Args:
        settings: everything that can be set.
        source: gives the snapshot that a request answers from.
    """
    app = Application(__name__, static_folder=None, template_folder=str(resource("templates")))
    app.extensions[EXTENSION] = Context(settings, source, build_digest(settings))
    compress(app)
    handle_errors(app)
    i18n.init_app(app)
    locator.init_app(app)
    metadata.init_app(app)
    jsonld.init_app(app)
    pictures.init_app(app)
    qr.init_app(app)
    oembed.init_app(app)
    embeds.init_app(app, settings)
    places.init_app(app, settings)
    for module in _PAGES:
        app.register_blueprint(module.bp)
    # What follows stands before Flask, each before what stands above it.
    queue = shed(app)
    limit_requests(app, settings, {queue.path})
    add_headers(app, settings)
    serve_static(app)
    guard(app, settings)
    return app
