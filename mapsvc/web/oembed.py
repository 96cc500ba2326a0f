"""oEmbed 1.0: a page's address in, the frame that shows the same out; JSON alone.

The address is taken apart and compared, never fetched; only this site's own origin and paths are
answered. <https://oembed.com/>
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

from flask import Blueprint, Flask, Response, request, url_for
from flask_babel import force_locale

from mapsvc.errors import InvalidValue, MapsvcError, NotFound
from mapsvc.snapshot import Snapshot
from mapsvc.web.areas import area_title
from mapsvc.web.codes import DEFAULT_HEIGHT, frame_address, frame_code
from mapsvc.web.context import context, public_address, snapshot
from mapsvc.web.display import shown
from mapsvc.web.embedparams import EmbedParams, given
from mapsvc.web.errors import PROBLEM_JSON, kind_of
from mapsvc.web.i18n import LANGUAGES, language, site_title
from mapsvc.web.query import parse, text, whole

bp = Blueprint("oembed", __name__)

_LONGEST = 2_048
_WIDTH = 640
_CACHE_AGE_S = 86_400
_DISCOVERED = frozenset({"locator.index", "locator.branch", "locator.district", "embed.embed"})
"""The pages that a frame can show."""

_OF_A_BRANCH = frozenset(
    {"lang", "theme", "accent", "height", "controls", "near", "show", "branch"}
)
"""What a frame of one branch takes from an address: how it looks, not which others there are."""

_PORTS = {"http": 80, "https": 443}
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ufeff]")
"""What is taken out or taken for something else by one reader of addresses or the other."""
_PATH = re.compile(r"/?|/embed|/branches/(?P<branch>[^/]+)|/districts/(?P<district>[^/]+)")


@dataclass(frozen=True, kw_only=True)
class OembedParams:
    """The parameters of a request, as the specification has them."""

    url: Annotated[str, text(_LONGEST, description="The address of a page of this site.")]
    format: Annotated[str, text(16, description="json.")] = "json"
    maxwidth: Annotated[int | None, whole(1, 99_999, description="Pixels at most.")] = None
    maxheight: Annotated[int | None, whole(1, 99_999, description="Pixels at most.")] = None


class OtherFormat(MapsvcError):
    """Another format than JSON."""


def asked_by(url: str, base: str | None) -> dict[str, str]:
    """The frame's parameters for an address of this site; unknown ones are left out.

    Args:
        url: any text.
        base: this site's public address.

    Raises:
        NotFound: it is no address of a page of this site, or its parameters are wrong.
    """
    found = _matched(url, base)
    if found is None:
        raise NotFound("map at", url)
    path, query = found
    named = {name: unquote(key, errors="strict") for name, key in path.groupdict().items() if key}
    query = "&".join(_meant(path, query.split("&")))
    asked = given(query.encode()) | named
    try:
        parse(EmbedParams, urlencode(asked).encode(), lenient=True)
        parse(EmbedParams, query.encode(), lenient=True)
    except InvalidValue:
        raise NotFound("map at", url) from None
    return asked


def _meant(path: re.Match[str], query: list[str]) -> list[str]:
    """The parts of a query without those that the page itself passes over."""
    parts = [(each, *each.split("=", 1)) for each in query if "=" in each]
    if path[0] != "/embed":
        parts = [part for part in parts if part[1] != "lang" or part[2] in LANGUAGES]
    if path["branch"] or any(name == "branch" for _, name, _ in parts):
        parts = [part for part in parts if part[1] in _OF_A_BRANCH]
    return [part[0] for part in parts]


def _matched(url: str, base: str | None) -> tuple[re.Match[str], str] | None:
    """The path below the site's base, taken apart, and the query; None for a foreign address."""
    if base is None or len(url) > _LONGEST or _UNSAFE.search(url):
        return None
    own, asked = _split(base), _split(url)
    if own is None or asked is None or "@" in asked.netloc or _origin(own) != _origin(asked):
        return None
    if not asked.path.startswith(own.path):
        return None
    path = _PATH.fullmatch(asked.path[len(own.path) :])
    try:
        unquote(asked.path, errors="strict")
        asked.query.encode()
    except UnicodeError:
        return None
    return None if path is None else (path, asked.query)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in _PORTS and parts.hostname else None


def _origin(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


@bp.get("/oembed")
def oembed() -> Response:
    wanted = parse(OembedParams, request.query_string, lenient=True)
    if wanted.format != "json":
        raise OtherFormat("only JSON is given: format=json")
    base = public_address()
    if context().settings.embed_origins == ("none",):
        raise NotFound("map that may be framed", wanted.url)
    if base is None:
        raise NotFound("public address (MAPSVC_PUBLIC_URL), so no map at", wanted.url)
    asked = asked_by(wanted.url, base)
    with force_locale(asked.get("lang", language())):
        answer = _rich(base, asked, wanted)
    response = Response(json.dumps(answer, ensure_ascii=False), mimetype="application/json")
    # An address of this machine is for who asks from it alone.
    whose = "public" if context().settings.public_url else "private"
    response.headers["Cache-Control"] = f"{whose}, max-age={_CACHE_AGE_S}"
    response.headers["Vary"] = "Accept-Language"
    return response


def _rich(base: str, asked: dict[str, str], wanted: OembedParams) -> dict[str, Any]:
    title = title_of(snapshot(), asked)
    height = int(asked.get("height", DEFAULT_HEIGHT))
    width = min(wanted.maxwidth or _WIDTH, _WIDTH)
    height = min(wanted.maxheight or height, height)
    return {
        "version": "1.0",
        "type": "rich",
        "provider_name": site_title(),
        "provider_url": f"{base}/",
        "title": title,
        "html": frame_code(base, asked, title, height, str(width)),
        "width": width,
        "height": height,
        "cache_age": _CACHE_AGE_S,
    }


def title_of(snap: Snapshot, asked: dict[str, str]) -> str:
    """What a frame is called; raises `NotFound` for a branch or district that is not there."""
    if "branch" in asked:
        branch = json.loads(snap.feature(asked["branch"]))["properties"]
        return f"{shown(branch['name'])} · {site_title()}"
    if "district" in asked:
        return f"{area_title(snap, snap.areas.get(asked['district']))} · {site_title()}"
    named = (shown(each.title) for each in snap.lists if each.slug == asked.get("list"))
    return next(named, site_title())


@bp.errorhandler(MapsvcError)
def _problem(error: MapsvcError) -> Response:
    """A program asks, so a problem document (RFC 9457) answers."""
    kind = kind_of(error)
    status = 501 if isinstance(error, OtherFormat) else kind.status if kind else 500
    title = kind.title if kind else "Not implemented"
    problem = {"type": "about:blank", "title": title, "status": status, "detail": str(error)}
    response = Response(json.dumps(problem, ensure_ascii=False), status, mimetype=PROBLEM_JSON)
    response.headers["Cache-Control"] = "no-store"
    return response


def discovery() -> str | None:
    """Where to ask for a frame of the page that answers now; None where there is none."""
    base = public_address()
    is_framed = context().settings.embed_origins != ("none",)
    if base is None or not is_framed or request.endpoint not in _DISCOVERED:
        return None
    asked = given(request.query_string)
    if request.endpoint == "embed.embed":
        page = frame_address(base, asked)
    else:
        path = quote(request.path, safe="/")
        asked.pop("page", None)
        page = f"{base}{path}?{urlencode(asked)}" if asked else f"{base}{path}"
    own = url_for("oembed.oembed").removeprefix(request.script_root)
    return f"{base}{own}?{urlencode({'url': page, 'format': 'json'})}"


def init_app(app: Flask) -> None:
    """Give every template ``oembed_discovery()``."""
    app.add_template_global(discovery, "oembed_discovery")
