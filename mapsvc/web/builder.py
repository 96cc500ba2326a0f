"""The builder: choose what a frame shows, see it, copy the code that shows it elsewhere."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from mapsvc.errors import NotFound
from mapsvc.snapshot import EVERYTHING, BranchQuery, Snapshot
from mapsvc.web.areas import area_counts, area_title, shown_in
from mapsvc.web.branches import bank_short_name
from mapsvc.web.codes import (
    DEFAULT_HEIGHT,
    frame_address,
    frame_code,
    permissions,
    script_code,
)
from mapsvc.web.context import context, public_address, snapshot
from mapsvc.web.display import shown
from mapsvc.web.embedparams import LANG, MAX_HEIGHT, MIN_HEIGHT, NAMES, EmbedParams, given
from mapsvc.web.hostscript import latest
from mapsvc.web.i18n import LANGUAGES
from mapsvc.web.locator import Choice
from mapsvc.web.mistakes import Mistake, mistakes
from mapsvc.web.oembed import asked_by, title_of
from mapsvc.web.query import InvalidParameters, parse, text

bp = Blueprint("builder", __name__)

_PASTED = 4_000
_ADDRESS = re.compile(r"""https?://[^\s"'<>]+""")
_OWN = ("lang", "pasted", "in")
"""Parameters of the builder itself: its language, what was pasted, the language of the frame."""


@dataclass(frozen=True, kw_only=True)
class BuilderParams:
    """What the builder takes beside the frame's parameters, whose ``lang`` is ``in`` here."""

    pasted: Annotated[
        str | None, text(_PASTED, description="An address or a code that was made before.")
    ] = None
    lang: Annotated[str | None, LANG] = None


@dataclass(frozen=True, slots=True)
class Codes:
    """What is copied."""

    frame: str
    script: str
    pinned: str
    oembed: str


@bp.get("/embed/builder")
def builder() -> ResponseReturnValue:
    try:
        pasted = parse(BuilderParams, _own_query(), lenient=True).pasted
        wrong: list[Mistake] = []
    except InvalidParameters as error:
        pasted, wrong = None, mistakes(error, BuilderParams)
    missing = False
    if pasted:
        found = _taken_apart(pasted)
        if found is not None:
            language = {"lang": request.args["lang"]} if request.args.get("lang") else {}
            return redirect(f"?{urlencode(found | language)}", 303)
        missing = True
    query = _frame_query()
    try:
        parse(EmbedParams, query, lenient=True)
    except InvalidParameters as error:
        wrong += mistakes(error, EmbedParams)
    asked = given(query)
    snap = snapshot()
    try:
        title = title_of(snap, asked)
    except NotFound:
        title = title_of(snap, {})
    base = public_address()
    origins = context().settings.embed_origins
    is_ready = not wrong and origins != ("none",)
    height = _height(asked)
    response = make_response(
        render_template(
            "embed/builder.html",
            asked=asked,
            wrong=wrong,
            unknown=_unknown(),
            is_foreign=missing,
            pasted=pasted or "",
            origins=origins,
            base=base,
            site_origin=_origin(base),
            codes=_codes(base, asked, title, height) if base and is_ready else None,
            preview=frame_address(request.script_root, asked) if is_ready else None,
            preview_title=title,
            height=height,
            allow=permissions(asked),
            script=latest(),
            bounds=(MIN_HEIGHT, MAX_HEIGHT),
            languages=LANGUAGES,
            banks=[Choice(b.bank.code, bank_short_name(b.bank), b.count) for b in snap.banks],
            districts=_districts(snap, asked),
            list_choices=[Choice(known.slug, shown(known.title)) for known in snap.lists],
        ),
        400 if wrong or missing else 200,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _own_query() -> bytes:
    return urlencode([(n, t) for n, t in request.args.items(multi=True) if n in _OWN[:2]]).encode()


def _frame_query() -> bytes:
    """The frame's parameters among ours, with ``in`` as its ``lang``."""
    named = (
        ("lang" if name == "in" else name, text)
        for name, text in request.args.items(multi=True)
        if name not in _OWN[:2]
    )
    return urlencode([(name, text) for name, text in named if name in NAMES]).encode()


def _unknown() -> list[str]:
    """Names that say nothing, which an old or a hand-made address may have."""
    known = {*NAMES, *_OWN}
    return [shown(name)[:64] for name in dict.fromkeys(request.args) if name not in known][:20]


def _taken_apart(pasted: str) -> dict[str, str] | None:
    """The frame's parameters in an address or a code of this site, unknown ones too; else None."""
    data = dict(re.findall(r'data-([a-z]+)="([^"]*)"', pasted)) if "data-mapsvc" in pasted else {}
    found = _ADDRESS.search(html.unescape(pasted))
    if found is None:
        return None
    try:
        asked = asked_by(data.get("mapsvc", found[0]), public_address())
    except NotFound:
        return None
    if data:
        asked |= {n: html.unescape(t) for n, t in data.items() if n not in ("mapsvc", "title")}
    others = dict(parse_qsl(urlsplit(found[0]).query))
    heights = re.findall(r'height="(\d+)"', pasted)
    asked = others | asked | ({"height": heights[0]} if heights else {})
    if "lang" in asked:
        asked["in"] = asked.pop("lang")
    return {name: text for name, text in asked.items() if name not in ("v", "pasted")}


def _height(asked: dict[str, str]) -> int:
    text = asked.get("height", "")
    height = int(text) if text.isascii() and text.isdigit() else DEFAULT_HEIGHT
    return min(max(height, MIN_HEIGHT), MAX_HEIGHT)


def _origin(base: str | None) -> str:
    parts = urlsplit(base or "")
    return f"{parts.scheme}://{parts.netloc}"


def _codes(base: str, asked: dict[str, str], title: str, height: int) -> Codes:
    return Codes(
        frame=frame_code(base, asked, title, height),
        script=script_code(base, asked, title, height),
        pinned=script_code(base, asked, title, height, latest()),
        oembed=frame_address(base, asked),
    )


def _districts(snap: Snapshot, asked: dict[str, str]) -> list[Choice]:
    """What lies in the chosen area, or beside it, with numbers; and the chosen one itself."""
    _, areas = shown_in(snap, BranchQuery(district=asked.get("district")))
    counts = area_counts(snap, EVERYTHING, areas)
    choices = [Choice(a.code, area_title(snap, a), counts[a.code]) for a in areas]
    chosen = asked.get("district")
    if chosen is not None and chosen in snap.areas and chosen not in counts:
        choices.insert(0, Choice(chosen, area_title(snap, snap.areas.get(chosen))))
    return choices
