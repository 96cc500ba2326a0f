"""A page's address as a QR code: from a screen or a printed page to a phone."""

from __future__ import annotations

import functools

import segno
from flask import Flask, request, url_for
from markupsafe import Markup

from mapsvc.web.context import public_address

_MASK = 3
"""Every reader takes each of the eight patterns; to compare them all takes forty times as long."""
_QUIET_ZONE = 4
"""Modules of white around the code, as the standard has it (ISO/IEC 18004)."""


@functools.lru_cache(maxsize=512)
def qr_svg(text: str) -> Markup:
    """A QR code as an SVG element without a size of its own; 15 % of it may be damaged."""
    code = segno.make(text, error="m", micro=False, mask=_MASK)
    drawn = code.svg_inline(
        border=_QUIET_ZONE, omitsize=True, dark="#000", light="#fff", svgclass="qr__code",
        lineclass=None,
    )  # fmt: skip
    return Markup(drawn)  # noqa: S704  # an address becomes squares, none of its characters is left


def page_qr() -> Markup | None:
    """The code of the page that answers now, without the language that this visitor chose.

    None where the page has no address that a phone could open; see `public_address`.
    """
    base = public_address()
    if base is None or request.endpoint is None:
        return None
    path = url_for(request.endpoint, **(request.view_args or {}), lang=None)
    return qr_svg(base + path.removeprefix(request.script_root))


def init_app(app: Flask) -> None:
    """Give the templates `page_qr`."""
    app.add_template_global(page_qr)
