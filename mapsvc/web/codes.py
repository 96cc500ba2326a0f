"""What people paste into their pages: an iframe, or a div with the host's script."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from markupsafe import Markup

from mapsvc.web.embedparams import VERSION
from mapsvc.web.hostscript import HostScript

SANDBOX = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox"
"""What the frame needs: its scripts, its own origin, links that open as pages of their own."""
REFERRER = "strict-origin"
"""Of the page around, its origin alone is told: for the numbers of views."""
DEFAULT_HEIGHT = 480


def frame_address(base: str, given: Mapping[str, str]) -> str:
    """The frame's address, with the version of its parameters."""
    kept = {name: text for name, text in given.items() if name not in ("height", "v", "page")}
    return f"{base}/embed?{urlencode({'v': VERSION} | kept)}"


def page_address(base: str, given: Mapping[str, str]) -> str:
    """The address of the page that shows the same at full size."""
    if "branch" in given:
        return f"{base}/branches/{urlencode({'': given['branch']})[1:].replace('+', '%20')}"
    names = ("list", "bank", "district", "service", "open", "q", "lang")
    kept = {name: given[name] for name in names if name in given}
    return f"{base}/?{urlencode(kept)}" if kept else f"{base}/"


def permissions(given: Mapping[str, str]) -> str:
    """What the frame may ask its visitor for, as the attribute ``allow`` has it."""
    return "fullscreen; geolocation" if given.get("near") == "1" else "fullscreen"


def frame_code(
    base: str, given: Mapping[str, str], title: str, height: int, width: str = "100%"
) -> str:
    """An iframe as HTML.

    Args:
        base: what stands before the frame's path.
        given: its parameters.
        title: what screen readers say of it.
        height: in pixels.
        width: in pixels, or with a percent sign.
    """
    style = "border:0" if width == "100%" else "border:0;max-width:100%"
    code = Markup(
        '<iframe src="{}" title="{}" width="{}" height="{}" style="{}" loading="lazy" '
        'allow="{}" referrerpolicy="{}" sandbox="{}"></iframe>'
    )
    src = frame_address(base, given)
    parts = (src, title, width, height, style, permissions(given), REFERRER, SANDBOX)
    return str(code.format(*parts))


def script_code(
    base: str,
    given: Mapping[str, str],
    title: str,
    height: int,
    pinned: HostScript | None = None,
) -> str:
    """A div with a plain link, and the script that puts the frame over it, as HTML in one line.

    Args:
        base: what stands before the paths.
        given: the frame's parameters.
        title: the link's text and the frame's title.
        height: of the map, in pixels.
        pinned: the script that alone may run; None for the latest of its version.
    """
    kept = {name: text for name, text in given.items() if name not in ("height", "v", "page")}
    data = {"mapsvc": f"{base}/", **kept, "height": str(height)}
    attributes = Markup(" ").join(
        Markup('data-{}="{}"').format(name, text) for name, text in data.items()
    )
    script = Markup(' src="{}/embed/v{}.js"').format(base, pinned.version if pinned else VERSION)
    if pinned:
        script += Markup(' integrity="{}" crossorigin="anonymous"').format(pinned.integrity)
    link = Markup('<a href="{}">{}</a>').format(page_address(base, given), title)
    return str(Markup("<div {}>{}</div><script async{}></script>").format(attributes, link, script))
