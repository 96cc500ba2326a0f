"""The site as an app that opens without a connection: its manifest, its worker, its last page.

https://www.w3.org/TR/appmanifest/. The worker lies at the top, since it answers for what lies
below its own address only.
"""

from __future__ import annotations

import functools
import json

from flask import Blueprint, Response, render_template, request, url_for

from mapsvc.resources import built
from mapsvc.web import assets, caching
from mapsvc.web.context import context
from mapsvc.web.display import shown
from mapsvc.web.i18n import LANGUAGES, gettext, language, site_title

bp = Blueprint("install", __name__)

_ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("icon-maskable-512.png", "512x512", "maskable"),
)
_BRAND, _PAPER = "#0d4a57", "#f4f5f2"
"""Of the light theme in frontend/styles/tokens.css."""


@bp.get("/manifest.webmanifest")
@caching.cached(caching.PAGE, vary="Accept-Language", variant=language)
def manifest() -> Response:
    """What a device shows and opens for the app."""
    start = url_for("locator.index", lang=None)
    files = assets.read_manifest()
    said = {
        "id": start,
        "name": shown(site_title()),
        "short_name": gettext("Branches"),
        "lang": LANGUAGES[language()],
        "start_url": start,
        "scope": start,
        "display": "standalone",
        "background_color": _PAPER,
        "theme_color": _BRAND,
        "icons": [
            {
                "src": f"{request.script_root}/static/{files[name]}",
                "sizes": sizes,
                "type": "image/png",
                "purpose": purpose,
            }
            for name, sizes, purpose in _ICONS
        ],
    }
    body = json.dumps(said, ensure_ascii=False)
    return Response(body, mimetype="application/manifest+json")


@bp.get("/sw.js")
@caching.cached(caching.PAGE)
def worker() -> Response:
    """The built worker, told where the site lies and which one it is."""
    told = {
        "build": context().build,
        "root": request.script_root,
        "offline": url_for("install.offline"),
    }
    script = f"const MAPSVC={json.dumps(told)};\n{_script()}"
    return Response(script, mimetype="text/javascript")


@functools.cache
def _script() -> str:
    return built(f"static/dist/{assets.read_manifest()['sw.js']}").read_text(encoding="utf-8")


@bp.get("/offline")
@caching.cached(caching.PAGE, vary="Accept-Language", variant=language)
def offline() -> str:
    """What the worker shows for a page that was never seen, without a connection."""
    return render_template("offline.html")
