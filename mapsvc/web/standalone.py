"""Map and list as one HTML file that needs no server and no network: for disks, mails, any host.

The file is rendered by the pages' own templates and drawn by their scripts, in an application that
answers nothing: there every address leads to a place in the file.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from flask import render_template
from markupsafe import Markup

from mapsvc.config import Settings
from mapsvc.errors import InvalidValue, MapsvcError
from mapsvc.links import Destination, DirectionsLink, directions
from mapsvc.lists.banks import banks
from mapsvc.maps import Kind
from mapsvc.resources import built, resource
from mapsvc.snapshot import BranchQuery, Snapshot
from mapsvc.web import i18n, locator, mapdata, openings
from mapsvc.web.application import Application
from mapsvc.web.areas import area_title, shown_in
from mapsvc.web.assets import read_manifest
from mapsvc.web.branches import BranchView, Group, bank_name, branch_view, grouped
from mapsvc.web.context import EXTENSION, Context, elsewhere
from mapsvc.web.display import shown
from mapsvc.web.listing import OPENSTREETMAP
from mapsvc.web.mapview import given_in, map_view, shell_in
from mapsvc.web.openings import Times

MAX_BRANCHES = 1_000
"""What a phone still opens and draws at once."""

_DATA = "map-data"
"""The id of the element that holds the map's data."""
_LIST = "list"
"""The id of the list."""

# Valid JSON all the same; within a script element only "<" would end it.
_ESCAPES = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"})
_ENDS = re.compile(r"</(script|style)|<!--", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Fixed:
    """The snapshot that the file is made from, as a source."""

    snapshot: Snapshot

    def current(self) -> Snapshot:
        return self.snapshot


class _File(Application):
    """Renders the file; what would be a page of its own is a place in it."""

    places: Collection[str | None] = frozenset()
    """The codes of the areas that have a place in the list."""

    def url_for(self, endpoint: str, **values: Any) -> str:
        """The place in the file that stands for a page."""
        match endpoint:
            case "mapdata.data":
                return f"#{_DATA}"
            case "locator.branch":
                return f"#branch-{quote(values['branch_id'])}"
            case "locator.district" if values["code"] in self.places:
                return f"#district-{quote(values['code'])}"
        return f"#{_LIST}"

    def page_of(self, branch_id: str) -> str:
        """The path of a branch's page on the server."""
        return super().url_for("locator.branch", branch_id=branch_id)


@dataclass(frozen=True, slots=True)
class _Page:
    """What stands in the file as it is, and the policy that lets nothing else run."""

    style: Markup
    bundle: Markup
    shell: Markup
    data: Markup
    icon: str

    @property
    def policy(self) -> str:
        return "; ".join(
            (
                "default-src 'none'",
                f"script-src {_hash(self.bundle)} {_hash(self.shell)}",
                f"style-src {_hash(self.style)}",
                "img-src data:",
                "base-uri 'none'",
                "form-action 'none'",
            )
        )


@dataclass(frozen=True, slots=True)
class _About:
    """What a card says of its branch beside what all cards say."""

    links: tuple[DirectionsLink, ...]
    week: tuple[Times, ...]
    unlike: tuple[Times, ...]
    page_url: str | None


def standalone(settings: Settings, snapshot: Snapshot, query: BranchQuery, lang: str) -> str:
    """The branches that pass a filter, as the text of an HTML file.

    The same input gives the same text on the same day; from one day to the next it may differ
    where hours or notices are known.

    Args:
        settings: say the titles, the contact, and where the pages are; tiles are never used.
        snapshot: holds the branches.
        query: which ones, by list, bank and district.
        lang: ``zh`` or ``en``.

    Raises:
        NotFound: there is no such list or district.
        InvalidValue: there is no such bank, or there are more than `MAX_BRANCHES` branches.
        MapsvcError: no branch passes, or the front end is not built.
    """
    _check(snapshot, query)
    total, features = snapshot.page(query, MAX_BRANCHES)
    if not len(snapshot):
        raise MapsvcError("there are no branches yet; 'mapsvc import' reads a list of them")
    if not total:
        raise MapsvcError("no branch is chosen by all of this, so there is nothing to draw")
    if total > MAX_BRANCHES:
        allowed = f"at most {MAX_BRANCHES:,}, which one file holds; choose fewer with --list, "
        raise InvalidValue("branches", total, allowed + "--bank or --district")
    app = _app(replace(settings, tiles="none", tianditu_key=""), snapshot)
    with app.test_request_context(query_string={"lang": lang}):
        return _render(app, snapshot, query, features)


def _check(snapshot: Snapshot, query: BranchQuery) -> None:
    if query.list is not None:
        snapshot.branch_list(query.list)
    if query.bank is not None and query.bank not in banks():
        raise InvalidValue("--bank", query.bank, "one of " + ", ".join(banks()))
    if query.district is not None:
        snapshot.areas.get(query.district)


def _app(settings: Settings, snapshot: Snapshot) -> _File:
    app = _File(__name__, static_folder=None, template_folder=str(resource("templates")))
    app.extensions[EXTENSION] = Context(settings, _Fixed(snapshot), build="")
    i18n.init_app(app)
    locator.init_app(app)
    app.register_blueprint(locator.bp)  # for the addresses of its pages
    return app


def _render(app: _File, snapshot: Snapshot, query: BranchQuery, features: Sequence[bytes]) -> str:
    branches = [branch_view(snapshot, feature) for feature in features]
    groups = grouped(branches)
    above = _above(snapshot, groups)
    used = {group.code for group in groups} | {code for codes in above.values() for code in codes}
    without = []
    if query.bank is None and query.district is None:
        _, areas = shown_in(snapshot, query)
        without = [
            (area.code, area_title(snapshot, area)) for area in areas if area.code not in used
        ]
    app.places = used.union(code for code, _ in without)
    return render_template(
        "standalone/map.html",
        page=_page(snapshot, query, features),
        map=map_view(snapshot, Kind.EMBED, query, branches),
        chosen=_chosen(snapshot, query),
        total=len(branches),
        groups=groups,
        above=above,
        without=without,
        about={
            branch.id: _about(app, snapshot, branch, feature)
            for branch, feature in zip(branches, features, strict=True)
        },
        hours_known=snapshot.hours_known,
        sources=dict.fromkeys(title for branch in branches for title in branch.lists),
        changed_at=snapshot.changed_at,
        by_openstreetmap=bool(snapshot.providers & OPENSTREETMAP),
    )


def _above(snapshot: Snapshot, groups: Sequence[Group]) -> dict[str | None, list[str]]:
    """The codes of the areas above the groups' districts, each at the first of its groups."""
    found: dict[str | None, list[str]] = {}
    seen: set[str] = set()
    for group in groups:
        code = group.code
        way = () if code is None or code not in snapshot.areas else snapshot.areas.path(code)[:-1]
        found[code] = [area.code for area in way if area.code not in seen]
        seen.update(found[code])
    return found


def _page(snapshot: Snapshot, query: BranchQuery, features: Sequence[bytes]) -> _Page:
    manifest = read_manifest()

    def content(name: str) -> bytes:
        return built(f"static/dist/{manifest[name]}").read_bytes()

    wanted = mapdata.MapParams(**given_in(query))
    icon = base64.b64encode(content("favicon.svg")).decode()
    return _Page(
        style=_as_it_is(content("standalone.css").decode()),
        bundle=_as_it_is(content("standalone.js").decode()),
        shell=_as_it_is(shell_in(Kind.EMBED, i18n.language()).script),
        data=Markup(mapdata.map_data(snapshot, wanted, features).translate(_ESCAPES)),  # noqa: S704
        icon=f"data:image/svg+xml;base64,{icon}",
    )


def _as_it_is(text: str) -> Markup:
    """Our own script or style as an element's content, where nothing can be escaped."""
    if found := _ENDS.search(text):
        raise MapsvcError(f"the built front end holds {found[0]!r}, so it cannot stand in a page")
    return Markup(text)  # noqa: S704


def _hash(text: str) -> str:
    """The source of an element with this content (Content Security Policy Level 3)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _chosen(snapshot: Snapshot, query: BranchQuery) -> list[str]:
    """What the branches were chosen by, in words."""
    names = []
    if query.district is not None:
        names.append(area_title(snapshot, snapshot.areas.get(query.district)))
    if query.bank is not None:
        names.append(bank_name(banks()[query.bank]))
    if query.list is not None and len(snapshot.lists) > 1:
        names.append(shown(snapshot.branch_list(query.list).title))
    return names


def _about(app: _File, snapshot: Snapshot, branch: BranchView, feature: bytes) -> _About:
    hours = json.loads(feature)["properties"]["hours"]
    district = snapshot.district(branch.district).district if branch.district else None
    destination = Destination(
        name=branch.name,
        address=branch.address,
        city=district.city if district else "",
        point=None if branch.is_approximate else branch.point,
    )
    public = app.extensions[EXTENSION].settings.public_url
    return _About(
        links=directions(destination),
        week=openings.week(hours) if hours else (),
        unlike=openings.unlike(hours) if hours else (),
        page_url=elsewhere(app.page_of(branch.id)) if public else None,
    )
