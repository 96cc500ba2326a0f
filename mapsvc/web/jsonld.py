"""Branches, lists and the way to a page in schema.org's words (JSON-LD), for search engines.

https://schema.org/BankOrCreditUnion, /ItemList, /BreadcrumbList. The dictionaries go through
Jinja's ``tojson``, which leaves no ``<`` in a script element. Texts are those that the page shows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import time, timedelta
from typing import Any

from flask import Flask, url_for

from mapsvc.errors import NotFound
from mapsvc.hours import CHINA, Hours
from mapsvc.model import Point
from mapsvc.snapshot import Snapshot
from mapsvc.web.areas import AreaLink
from mapsvc.web.branches import BranchView
from mapsvc.web.clock import minute
from mapsvc.web.context import elsewhere, snapshot
from mapsvc.web.display import shown
from mapsvc.web.i18n import site_title
from mapsvc.web.listing import Listing
from mapsvc.web.notices import NoticeView

_CONTEXT = "https://schema.org"
_DECIMALS = 6
"""Of a degree: 0.1 m."""


def linked_data(
    branch: BranchView | None = None,
    listing: Listing | None = None,
    crumbs: Sequence[AreaLink] = (),
    name: str = "",
) -> dict[str, Any] | None:
    """What a page is about; None where that is nothing of a list.

    Args:
        branch: the one branch of the page.
        listing: or the branches that it lists.
        crumbs: what lies between the first page and this one.
        name: of this page, where the crumbs lead to it.
    """
    about: list[dict[str, Any]] = []
    if branch is not None:
        about.append(_branch(snapshot(), branch))
    elif listing is not None and listing.branches:
        about.append(_list(listing))
    own = shown(branch.name) if branch else name
    if own:
        about.append(_way(crumbs, own))
    return {"@context": _CONTEXT, "@graph": about} if about else None


def _branch(snap: Snapshot, branch: BranchView) -> dict[str, Any]:
    url = elsewhere(url_for("locator.branch", branch_id=branch.id))
    said: dict[str, Any] = {
        "@type": "BankOrCreditUnion",
        "@id": url,
        "url": url,
        "name": branch.name,
        "address": _address(snap, branch),
    }
    if branch.point is not None:
        said["geo"] = _place(branch.point, branch.radius_m)
    if branch.phone:
        said["telephone"] = branch.phone
    facts = json.loads(snap.feature(branch.id))["properties"]
    if facts["hours"]:
        hours = Hours.parse(facts["hours"])
        said["openingHoursSpecification"] = hours.schema_org(minute().date())
    if closed := [span for notice in branch.notices if (span := _closed(notice))]:
        said["specialOpeningHoursSpecification"] = closed
    if branch.award:
        said["award"] = branch.award
    if branch.bank:
        said["parentOrganization"] = {"@type": "BankOrCreditUnion", "name": branch.bank}
    return said


def _closed(notice: NoticeView) -> dict[str, str] | None:
    """The days that a notice closes wholly, in schema.org's way; None where there is none.

    While it holds, today is one of them.
    """
    if not notice.closes:
        return None
    start, end = (each.astimezone(CHINA) for each in (notice.start, notice.until))
    first = start.date() if start.time() == time.min else start.date() + timedelta(days=1)
    last = end.date() - timedelta(days=1)
    if notice.is_on:
        today = minute().date()
        first, last = min(first, today), max(last, today)
    if last < first:
        return None
    return {
        "@type": "OpeningHoursSpecification",
        "opens": "00:00",
        "closes": "00:00",
        "validFrom": first.isoformat(),
        "validThrough": last.isoformat(),
    }


def _address(snap: Snapshot, branch: BranchView) -> dict[str, str]:
    said = {"@type": "PostalAddress", "addressCountry": "CN", "streetAddress": branch.address}
    try:
        district = snap.district(branch.district or "").district
    except NotFound:
        return said
    said["addressLocality"] = shown(district.name)
    said["addressRegion"] = " ".join(
        dict.fromkeys(shown(name) for name in (district.province, district.city) if name)
    )
    return said


def _place(point: Point, radius_m: float | None) -> dict[str, Any]:
    """The point; of an approximate place the circle that it lies in, so that none goes there."""
    at = {
        "@type": "GeoCoordinates",
        "latitude": round(point.lat, _DECIMALS),
        "longitude": round(point.lon, _DECIMALS),
    }
    if radius_m is None:
        return at
    return {"@type": "GeoCircle", "geoMidpoint": at, "geoRadius": round(radius_m)}


def _list(listing: Listing) -> dict[str, Any]:
    def item(position: int, branch: BranchView) -> dict[str, Any]:
        url = elsewhere(url_for("locator.branch", branch_id=branch.id))
        return {"@type": "ListItem", "position": position, "url": url}

    return {
        "@type": "ItemList",
        "numberOfItems": listing.total,
        "itemListElement": [
            item(n, branch) for n, branch in enumerate(listing.branches, listing.first)
        ],
    }


def _way(crumbs: Sequence[AreaLink], name: str) -> dict[str, Any]:
    start = elsewhere(url_for("locator.index"))
    steps = [(shown(site_title()), start)]
    steps += [(link.name, elsewhere(link.url)) for link in crumbs]
    items: list[dict[str, Any]] = [
        {"@type": "ListItem", "position": position, "name": step, "item": url}
        for position, (step, url) in enumerate(steps, 1)
    ]
    # The last one is the page itself, which needs no address.
    items.append({"@type": "ListItem", "position": len(items) + 1, "name": name})
    return {"@type": "BreadcrumbList", "itemListElement": items}


def init_app(app: Flask) -> None:
    """Give the templates `linked_data`."""
    app.add_template_global(linked_data)
