"""For search engines: every page's address (``/sitemap.xml``), and what to leave (``/robots.txt``).

https://www.sitemaps.org/protocol.html: at most 50,000 addresses a file; above, the file is an
index of such files. Without an address that others can use (`public_address`) there is none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

from flask import Blueprint, Response, abort, request, url_for

from mapsvc.snapshot import EVERYTHING, Snapshot
from mapsvc.web import caching
from mapsvc.web.context import public_address, snapshot

bp = Blueprint("sitemap", __name__)

MAX_ADDRESSES = 50_000

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_LEFT = "/api/v1/"
"""Data; what else is not to be found says so itself, for which it must be read."""


@bp.get("/sitemap.xml")
@caching.cached(caching.API)
def sitemap() -> Response:
    """All addresses, or the files that hold them."""
    base = _base()
    snap = snapshot()
    areas = _areas(snap)
    if len(areas) + len(snap) <= MAX_ADDRESSES:
        return _urlset(base, [*areas, *_branches(snap, 0, MAX_ADDRESSES)], snap.changed_at)
    parts = -(-len(snap) // MAX_ADDRESSES)
    files = [url_for("sitemap.part", number=number) for number in range(parts + 1)]
    return _xml("sitemapindex", "sitemap", base, files, snap.changed_at)


@bp.get("/sitemaps/<int:number>.xml")
@caching.cached(caching.API)
def part(number: int) -> Response:
    """One file of the index: 0 has the lists, the others have branches."""
    base = _base()
    snap = snapshot()
    if number == 0:
        return _urlset(base, _areas(snap)[:MAX_ADDRESSES], snap.changed_at)
    start = (number - 1) * MAX_ADDRESSES
    if start >= len(snap):
        abort(404)
    return _urlset(base, _branches(snap, start, MAX_ADDRESSES), snap.changed_at)


@bp.get("/robots.txt")
@caching.cached(caching.API)
def robots() -> Response:
    """What crawlers are to leave, and where the sitemap is."""
    lines = ["User-agent: *", f"Disallow: {request.script_root}{_LEFT}"]
    base = public_address()
    if base is not None:
        lines += ["", f"Sitemap: {base}/sitemap.xml"]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


def _base() -> str:
    base = public_address()
    if base is None:
        abort(404, "the sitemap needs MAPSVC_PUBLIC_URL")
    return base


def _areas(snap: Snapshot) -> list[str]:
    """The first page, and each area's that has branches."""
    counts = {entry.district.code: entry.count for entry in snap.districts}
    used = {code for code, count in counts.items() if count}
    above = {area.code for code in used for area in snap.areas.path(code)}
    return [
        url_for("locator.index"),
        *(url_for("locator.district", code=code) for code in sorted(above)),
    ]


def _branches(snap: Snapshot, offset: int, limit: int) -> Iterator[str]:
    # One pattern for all: url_for takes as long as all else together.
    pattern = url_for("locator.branch", branch_id="ID")
    for feature in snap.page(EVERYTHING, limit, offset).features:
        yield pattern.replace("ID", quote(json.loads(feature)["id"], safe=""))


def _urlset(base: str, paths: Iterable[str], changed_at: datetime | None) -> Response:
    return _xml("urlset", "url", base, paths, changed_at)


def _xml(
    root: str, element: str, base: str, paths: Iterable[str], changed_at: datetime | None
) -> Response:
    start = f"<{element}><loc>{escape(base)}"
    end = "</loc>"
    if changed_at is not None:
        end += f"<lastmod>{changed_at.isoformat(timespec='seconds')}</lastmod>"
    end += f"</{element}>\n"
    cut = len(request.script_root)
    body = "".join(f"{start}{escape(path[cut:])}{end}" for path in paths)
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_NAMESPACE}">\n{body}</{root}>'
    return Response(text + "\n", mimetype="application/xml")
