"""What a page says of itself to search engines: its one address, its languages, or to pass it by.

A page has an address in each language and one that leaves the choice to the browser; each is its
own canonical one. What a search or a moment makes is not to be found by others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, request, url_for

from mapsvc.snapshot import Snapshot
from mapsvc.web.context import elsewhere, public_address, snapshot
from mapsvc.web.i18n import LANGUAGES, chosen, language
from mapsvc.web.listing import Listing

_FILTERS = ("list", "bank", "district", "service")
"""Each by itself makes a list that is worth finding; two of them make too many to be crawled."""

_LISTED: dict[str, tuple[str, ...]] = {
    "locator.index": (*_FILTERS, "page"),
    "locator.district": ("page",),
    "locator.branch": (),
}
"""The pages that search engines may list, and the parameters that make other pages of them."""

_PASSING = frozenset({"q", "near", "open"})
"""Parameters that ask for what one visitor wants just now."""

_OG_LOCALES = {"zh": "zh_CN", "en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Metadata:
    """The addresses of the page that answers now."""

    canonical: str | None
    """None where there is none to be found by."""
    alternates: Mapping[str, str]
    """Language tag, or ``x-default``, → address."""
    absolute: str | None
    """The canonical one for those who read the page's text elsewhere; see `public_address`."""
    is_passing: bool
    """Whether search engines are asked to pass the page by."""
    locale: str


def metadata(listing: Listing | None = None) -> Metadata:
    """Addresses of the page that answers now.

    Args:
        listing: what the page lists, if it does.
    """
    locale = _OG_LOCALES[language()]
    kept = _LISTED.get(request.endpoint or "")
    if kept is None:
        return Metadata(None, {}, None, False, locale)
    is_beyond = listing is not None and listing.pager is not None and listing.pager.is_beyond
    if is_beyond or not _is_lasting():
        return Metadata(None, {}, None, True, locale)
    endpoint, given = _subject(snapshot(), kept)
    addresses = {
        wanted: url_for(endpoint, **(given | {"lang": wanted})) for wanted in (*LANGUAGES, None)
    }
    alternates = {tag: elsewhere(addresses[name]) for name, tag in LANGUAGES.items()}
    alternates["x-default"] = elsewhere(addresses[None])
    own = addresses[chosen()]
    base = public_address()
    absolute = None if base is None else base + own.removeprefix(request.script_root)
    return Metadata(elsewhere(own), alternates, absolute, False, locale)


def _is_lasting() -> bool:
    """Whether others, or a later time, would find the same page at this address."""
    asked = {name for name, value in request.args.items() if value}
    return not asked & _PASSING and len(asked.intersection(_FILTERS)) <= 1


def _subject(snap: Snapshot, kept: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    """The endpoint and arguments of the page that is the same as this one, if there is another."""
    given: dict[str, Any] = dict(request.view_args or {})
    given |= {name: request.args[name] for name in kept if request.args.get(name)}
    if given.get("page") == "1":
        del given["page"]
    endpoint = request.endpoint or ""
    district = given.get("district")
    if endpoint == "locator.index" and district is not None and district in snap.areas:
        endpoint, given = "locator.district", {"code": given.pop("district"), **given}
    return endpoint, given


def init_app(app: Flask) -> None:
    """Give the templates `metadata`."""
    app.add_template_global(metadata)
