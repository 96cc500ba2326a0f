"""The pages' two languages: which one a visitor gets, and how links keep it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Flask, has_request_context, request
from flask_babel import Babel, force_locale, get_locale
from flask_babel import gettext as _gettext
from flask_babel import ngettext as _ngettext

from mapsvc.resources import built
from mapsvc.web.context import context

LANGUAGES = {"zh": "zh-Hans", "en": "en"}
"""Language → the tag that pages carry. The first one is for visitors who want neither."""

_PAGES = {"locator.index", "locator.branch", "locator.district", "mapdata.data"}
_PAGES |= {"embed.embed", "builder.builder"}
"""The endpoints that speak a language, and so keep a chosen one in links to each other."""


def gettext(message: str, **values: object) -> str:
    """A message in the language of this answer, with its ``%(name)s`` filled in."""
    return str(_gettext(message, **values))


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """The message for a number, which it may name as ``%(num)d``."""
    return str(_ngettext(one, many, number, **values))


def language() -> str:
    """The language of this answer: ``zh`` or ``en``."""
    return str(get_locale())


def chosen() -> str | None:
    """The language that the address asks for; another one than ours is no wish."""
    wanted = request.args.get("lang") if has_request_context() else None
    return wanted if wanted in LANGUAGES else None


def _select() -> str:
    wanted = chosen() or request.accept_languages.best_match(LANGUAGES)
    return wanted or next(iter(LANGUAGES))


def address_in(wanted: str) -> str:
    """This page's address in a language, with everything else as it is.

    A query alone, so that a path such as ``//example.org`` cannot become another host.
    """
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return "?" + urlencode([*kept, ("lang", wanted)])


def said(wanted: str, message: str, **values: object) -> str:
    """A message in a given language, for pages that speak both."""
    with force_locale(wanted):
        return gettext(message, **values)


def site_title() -> str:
    settings = context().settings
    return settings.title_en if language() == "en" else settings.title


def init_app(app: Flask) -> None:
    """Translate an application's pages."""
    Babel(
        app,
        default_locale=next(iter(LANGUAGES)),
        default_translation_directories=str(built("translations")),
        default_timezone="Asia/Shanghai",
        locale_selector=_select,
    )

    @app.url_defaults
    def keep_language(endpoint: str, values: dict[str, Any]) -> None:
        wanted = chosen()
        if wanted and endpoint in _PAGES:
            values.setdefault("lang", wanted)

    app.add_template_global(said)

    @app.context_processor
    def texts() -> dict[str, Any]:
        other = next(name for name in LANGUAGES if name != language())
        return {
            "language_tag": LANGUAGES[language()],
            "other_language": other,
            "other_address": address_in(other),
            "chosen_language": chosen(),
            "site_title": site_title(),
            "settings": context().settings,
        }
