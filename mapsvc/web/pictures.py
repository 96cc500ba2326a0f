"""The pictures that stand for pages in chats and search results: ``/pictures/…png``."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from flask import Blueprint, Flask, Response, request, url_for
from werkzeug.exceptions import ServiceUnavailable

from mapsvc.snapshot import EVERYTHING, BranchQuery, Snapshot
from mapsvc.web import caching, words
from mapsvc.web.areas import area_title, district_counts, drawings
from mapsvc.web.branches import BranchView, branch_view
from mapsvc.web.context import public_address, snapshot
from mapsvc.web.display import shown
from mapsvc.web.drawing import Dot, Lines, Scene, picture
from mapsvc.web.i18n import language, ngettext, site_title
from mapsvc.web.listing import MAX_LISTED
from mapsvc.web.mapview import areas_of, box_of, focus_of, shading

bp = Blueprint("pictures", __name__, url_prefix="/pictures")

_CONTROL = "public, max-age=3600"
"""Chats and crawlers fetch a picture once; an hour is soon enough for what they show later."""
_KEPT = 64
"""Pictures that are not drawn again: some 40 kB each."""

_RETRY_AFTER_S = 2


class Kept:
    """The latest pictures, by what was asked for and the revision that answered.

    One is drawn at a time: who asks for another meanwhile may come again, so that pictures never
    take more than one core from the answers of a worker.
    """

    def __init__(self) -> None:
        self._pictures: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._changing = threading.Lock()
        self._drawing = threading.Lock()

    def get(self, key: tuple[str, ...], draw: Callable[[], bytes]) -> bytes:
        with self._changing:
            if key in self._pictures:
                self._pictures.move_to_end(key)
                return self._pictures[key]
        if not self._drawing.acquire(blocking=False):
            raise ServiceUnavailable("another picture is being drawn", retry_after=_RETRY_AFTER_S)
        try:
            drawn = draw()
        finally:
            self._drawing.release()
        with self._changing:
            self._pictures[key] = drawn
            while len(self._pictures) > _KEPT:
                self._pictures.popitem(last=False)
        return drawn


_kept = Kept()


def _answer(draw: Callable[[], bytes]) -> Response:
    snap = snapshot()
    key = (request.path, language(), site_title(), str(snap.revision), str(snap.changed_at))
    return Response(_kept.get(key, draw), mimetype="image/png")


@bp.get("/site.png")
@caching.cached(_CONTROL, vary="Accept-Language", variant=language)
def site() -> Response:
    snap = snapshot()

    def draw() -> bytes:
        titles = [shown(known.title) for known in snap.lists]
        lines = Lines(
            site="",
            heading=shown(site_title()),
            text=titles[0] if len(titles) == 1 else "",
            foot=_numbers(snap),
        )
        return picture(_scene(snap, EVERYTHING), lines)

    return _answer(draw)


@bp.get("/districts/<code>.png")
@caching.cached(_CONTROL, vary="Accept-Language", variant=language)
def district(code: str) -> Response:
    snap = snapshot()
    name = area_title(snap, snap.areas.get(code))
    query = BranchQuery(district=code)

    def draw() -> bytes:
        count = snap.page(query, 1).matched
        lines = Lines(shown(site_title()), name, words.branches(count), "")
        return picture(_scene(snap, query), lines)

    return _answer(draw)


@bp.get("/branches/<branch_id>.png")
@caching.cached(_CONTROL, vary="Accept-Language", variant=language)
def branch(branch_id: str) -> Response:
    snap = snapshot()
    view = branch_view(snap, snap.feature(branch_id))

    def draw() -> bytes:
        foot = view.precision if view.is_approximate or not view.point else ""
        lines = Lines(shown(site_title()), view.name, view.address, foot)
        return picture(_scene(snap, EVERYTHING, view), lines)

    return _answer(draw)


def _scene(snap: Snapshot, query: BranchQuery, branch: BranchView | None = None) -> Scene:
    own = branch.id if branch else None
    areas, counts = areas_of(snap, query, own)
    levels, _ = shading(counts, focus_of(snap, query, own))
    branches: Sequence[BranchView] = [branch] if branch else _few(snap, query)
    return Scene(
        box=box_of(snap, query, own),
        areas=[
            (shape, levels[area.code])
            for area, shape in zip(areas, drawings(snap, areas), strict=True)
        ],
        dots=[Dot(each.point, each.radius_m) for each in branches if each.point is not None],
    )


def _few(snap: Snapshot, query: BranchQuery) -> list[BranchView]:
    """The branches, as long as they are few enough to be told apart."""
    if snap.page(query, 1).matched > MAX_LISTED:
        return []
    return [branch_view(snap, feature) for feature in snap.page(query, MAX_LISTED).features]


def _numbers(snap: Snapshot) -> str:
    used = sum(count > 0 for count in district_counts(snap, EVERYTHING).values())
    return ngettext(
        "%(count)s branch in %(districts)s districts",
        "%(count)s branches in %(districts)s districts",
        len(snap),
        count=words.number(len(snap)),
        districts=words.number(used),
    )


_OF_PAGES = {
    "locator.index": "pictures.site",
    "locator.district": "pictures.district",
    "locator.branch": "pictures.branch",
}


def page_picture() -> str | None:
    """The absolute address of the picture of the page that answers now, if it has one."""
    base = public_address()
    endpoint = _OF_PAGES.get(request.endpoint or "")
    if base is None or endpoint is None:
        return None
    path = url_for(endpoint, **(request.view_args or {}), lang=language())
    return base + path.removeprefix(request.script_root)


def init_app(app: Flask) -> None:
    """Give the templates `page_picture`."""
    app.add_template_global(page_picture)
