"""What a visitor gets when something is wrong: one table from exceptions to answers.

Under ``/api`` the answer is a problem document (RFC 9457), elsewhere a page. Neither ever holds a
traceback.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, current_app, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError

from mapsvc.errors import InvalidValue, MapsvcError, NotFound, StoreError, shown
from mapsvc.web.asking import AGAIN_S
from mapsvc.web.context import base_url
from mapsvc.web.guard import UntrustedHost
from mapsvc.web.headers import API_PREFIX
from mapsvc.web.i18n import said
from mapsvc.web.query import InvalidParameters, RepeatedParameter

PROBLEM_JSON = "application/problem+json"
_SHOWN_VALUE = 200


class OutsideDistricts(NotFound):
    """No district's polygon holds the point that was asked for."""

    def __str__(self) -> str:
        return f"no district holds {self.key}"


class NotPlaced(NotFound):
    """Nobody knows where a typed text lies."""

    def __str__(self) -> str:
        return f"nobody knows where {shown(self.key)} is"


class NotPlacedYet(NotPlaced):
    """Geocoders are being asked where a typed text lies."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its status, the anchor in the documentation, what it means."""

    status: int
    slug: str
    title: str
    meaning: str


KINDS: dict[type[MapsvcError], Kind] = {
    InvalidParameters: Kind(
        400,
        "invalid-parameters",
        "Wrong parameters",
        "A parameter is unknown, missing, repeated, empty or not allowed. The first one is named "
        "in parameter, value and allowed; all of them are in errors.",
    ),
    InvalidValue: Kind(400, "invalid-value", "Wrong value", "A value cannot be what it should."),
    OutsideDistricts: Kind(
        404,
        "outside-districts",
        "Outside all districts",
        "The point lies in none of the districts that are stored.",
    ),
    NotPlacedYet: Kind(
        503,
        "not-placed-yet",
        "Not placed yet",
        "A geocoder is being asked where the text lies: come again after Retry-After seconds.",
    ),
    NotPlaced: Kind(
        404,
        "not-placed",
        "Not placed",
        "Neither the branches, towns and districts that are stored nor a geocoder know the text.",
    ),
    NotFound: Kind(404, "not-found", "Not found", "Nothing is stored under this id or code."),
    StoreError: Kind(
        503, "unavailable", "Not available", "The data cannot be read at present; try again."
    ),
}
"""A subclass stands before its base. Other exceptions are a plain 500."""


def kind_of(error: MapsvcError) -> Kind | None:
    """The first kind in the table that the error is one of."""
    return next((kind for cls, kind in KINDS.items() if isinstance(error, cls)), None)


def handle_errors(app: Flask) -> None:
    """Turn every exception of an application into an answer."""
    app.register_error_handler(MapsvcError, _mapsvc_error)
    app.register_error_handler(HTTPException, _http_error)


def _mapsvc_error(error: MapsvcError) -> Response:
    kind = kind_of(error)
    if (kind is None or kind.status >= 500) and not isinstance(error, NotPlacedYet):
        # A store that is down is met by every request, and a line says all of it.
        trace = None if isinstance(error, StoreError) else error
        said = (request.method, shown(request.path), error)
        current_app.logger.error("%s %s: %s", *said, exc_info=trace)
    if kind is None:
        return _http_error(InternalServerError())
    if not _under_api():
        return _page(kind.status, str(error), error)
    problem = {
        "type": f"{base_url()}/api/docs#{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.title if kind.status >= 500 else str(error),
    }
    if isinstance(error, InvalidValue):
        problem |= _fault(error)
    if isinstance(error, InvalidParameters):
        problem["errors"] = [{"detail": str(e), **_fault(e)} for e in error.errors]
    response = _problem(problem)
    if isinstance(error, NotPlacedYet):
        response.headers["Retry-After"] = str(AGAIN_S)
    return response


def _fault(error: InvalidValue) -> dict[str, Any]:
    value = None if error.value is None else str(error.value)[:_SHOWN_VALUE]
    return {"parameter": error.name, "value": value, "allowed": error.allowed}


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    phrase = HTTPStatus(status).phrase
    detail = error.description or phrase
    if _under_api():
        if status == 404:
            detail = f"no such path; {base_url()}/api/docs names all"
        problem = {"type": "about:blank", "title": phrase, "status": status, "detail": detail}
        response = _problem(problem)
    else:
        response = _page(status, detail, error)
    for name, value in error.get_headers(request.environ):
        if name != "Content-Type":  # Allow of 405, Retry-After of 429
            response.headers[name] = value
    return response


def _under_api() -> bool:
    return f"{request.path}/".startswith(API_PREFIX)


def _problem(problem: dict[str, Any]) -> Response:
    problem["instance"] = quote(request.path)
    body = json.dumps(problem, ensure_ascii=False, separators=(",", ":")).encode()
    return _answer(body, problem["status"], PROBLEM_JSON)


def reasons(error: Exception, lang: str) -> list[str]:
    """What is wrong, in a visitor's language, where it is a reason of ours."""
    if isinstance(error, UntrustedHost):
        return [said(lang, "This host name is not one of those answered here.")]
    if isinstance(error, InvalidParameters):
        return [reason for each in error.errors for reason in reasons(each, lang)]
    if isinstance(error, RepeatedParameter):
        return [said(lang, "The parameter %(name)s may be given only once.", name=error.name)]
    if isinstance(error, InvalidValue):
        return [said(lang, "The value of %(name)s is not allowed.", name=error.name)]
    return []


def _page(status: int, detail: str, error: Exception) -> Response:
    try:
        page = render_template(
            "error.html", status=status, detail=detail, reasons=lambda lang: reasons(error, lang)
        )
    except Exception:
        # The page itself is what fails, as where the front end was not built: say it plainly.
        current_app.logger.exception("the error page cannot be made")
        return _answer(f"{status} {HTTPStatus(status).phrase}\n".encode(), status, "text/plain")
    return _answer(page.encode(), status, "text/html")


def _answer(body: bytes, status: int, mimetype: str) -> Response:
    response = Response(body, status=status, mimetype=mimetype)
    response.headers["Cache-Control"] = "no-store"
    return response
