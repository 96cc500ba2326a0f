"""What geopy's geocoders send their requests through: our transport, our errors, strict JSON.

geopy's own adapters follow redirects, retry, know no deadline and no bound on size, and raise
ValueError on NaN. This one returns JSON that can be stored, or raises a `ProviderError`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from geopy.adapters import BaseSyncAdapter

from mapsvc.errors import (
    BadAnswer,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
    shown,
)
from mapsvc.geocoding.faults import fault
from mapsvc.geocoding.record import canonical_json
from mapsvc.geocoding.transport import Reply, Transport, secrets_in

_MAX_DEPTH = 32
"""Levels of nesting; real answers have at most 8. Deeper ones would fail later, when stored."""
_LONGEST_WAIT_S = 86_400.0
"""A longer Retry-After is cut to a day."""

_REFUSED = {
    401: "the key was not accepted: check {key}",
    403: "access was refused: check {key}, its permitted use, and the service's usage policy",
    407: "a proxy wants a password",
    418: "access was refused: check {key} and how much it was used today",
    451: "access was refused for legal reasons",
}


class ProviderAdapter(BaseSyncAdapter):  # type: ignore[misc]  # geopy ships no types
    """The adapter of one provider's geocoder.

    Args:
        provider: the provider's name, for errors.
        transport: the way out.
    """

    def __init__(self, provider: str, transport: Transport) -> None:
        super().__init__(proxies={}, ssl_context=None)
        self._provider = provider
        self._transport = transport

    def get_json(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> Any:
        """The answer as JSON; raises `ProviderError` subclasses only."""
        return read_json(self._provider, self.get_text(url, timeout=timeout, headers=headers))

    def get_text(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> str:
        """The answer as text, with no key in it; raises `ProviderError` subclasses only."""
        reply = self._transport.get(
            url, provider=self._provider, headers=headers, timeout_s=timeout
        )
        try:
            text = reply.body.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = None
        for secret in secrets_in(url):
            for form in (secret, unquote_plus(secret)):
                text = None if text is None else text.replace(form, "***")
        if not 200 <= reply.status < 300:
            raise self._status_error(url, reply, text)
        if text is None:
            raise BadAnswer(self._provider, "the answer is not UTF-8")
        return text

    def _status_error(self, url: str, reply: Reply, text: str | None) -> ProviderError:
        """The provider's own code where it says more than the status, else the status."""
        wait_s = retry_after_s(reply.headers.get("retry-after"))
        asked_host = urlsplit(url).hostname or ""
        by_status = status_error(self._provider, reply, wait_s, asked_host=asked_host)
        try:
            own = fault(self._provider, read_json(self._provider, text or ""))
        except BadAnswer:
            own = None
        vague = BadAnswer if not isinstance(by_status, BadAnswer) else ()
        if own is None or isinstance(own, vague):
            return by_status
        if isinstance(by_status, RateLimited) and not isinstance(own, QuotaExhausted):
            return by_status
        if own.may_pass:
            own.retry_after_s = wait_s
        return own


def status_error(
    provider: str, reply: Reply, wait_s: float | None, *, asked_host: str = ""
) -> ProviderError:
    """The error for an HTTP status outside 200–299 (RFC 9110, RFC 6585)."""
    status = reply.status
    variable = f"MAPSVC_{provider.upper()}"
    if status in _REFUSED:
        message = _REFUSED[status].format(key=f"{variable}_KEY")
        return ProviderRefused(provider, f"{message} (HTTP {status})")
    if status == 402:
        return QuotaExhausted(provider, "the service wants to be paid first (HTTP 402)")
    if status in (429, 509):
        message = f"asked too fast: lower {variable}_RATE (HTTP {status})"
        return RateLimited(provider, message, wait_s)
    if status in (408, 425) or 500 <= status < 600:
        return ProviderUnavailable(provider, f"out of order (HTTP {status})", wait_s)
    message = "does not understand the question"
    if 300 <= status < 400:
        host = _host(reply.headers.get("location", "")) or asked_host
        message = f"redirects to {shown(host)}, which is not followed: check {variable}_URL"
    elif status in (404, 405, 410):
        message = f"no geocoder there: check {variable}_URL"
    return BadAnswer(provider, f"{message} (HTTP {status})")


def _host(location: str) -> str:
    try:
        return urlsplit(location).hostname or ""
    except ValueError:
        return ""


def retry_after_s(text: str | None, now: datetime | None = None) -> float | None:
    """The seconds in a Retry-After header: a number or a date (RFC 9110, 10.2.3).

    None where there is none or it makes no sense; at most a day.

    >>> retry_after_s("120"), retry_after_s("soon"), retry_after_s("9" * 30)
    (120.0, None, 86400.0)
    """
    text = (text or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:20]), _LONGEST_WAIT_S)
    try:
        when = parsedate_to_datetime(text)
        wait = when.replace(tzinfo=when.tzinfo or UTC) - (now or datetime.now(UTC))
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return min(max(wait.total_seconds(), 0.0), _LONGEST_WAIT_S)


def read_json(provider: str, text: str) -> Any:
    """JSON that can be stored: no NaN, no deep nesting, no text that is no Unicode.

    Raises:
        BadAnswer: for everything else; says what came instead.
    """
    try:
        answer = json.loads(text)
        if _depth(answer) > _MAX_DEPTH:
            raise BadAnswer(provider, f"the answer is nested more than {_MAX_DEPTH} levels deep")
        if b"\\u0000" in canonical_json(answer).encode("utf-8"):
            raise BadAnswer(provider, "the answer has a NUL character in a text")
    except RecursionError:
        raise BadAnswer(provider, "the answer is nested too deep") from None
    except ValueError as error:
        if text.lstrip()[:1] == "<":
            message = "an HTML or XML page came instead of JSON"
        elif isinstance(error, json.JSONDecodeError):
            message = f"the answer is no complete JSON ({error.msg} at {error.pos})"
        else:
            message = "the answer has a number or text that JSON does not have"
        raise BadAnswer(provider, message) from None
    return answer


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level and depth <= _MAX_DEPTH:
        depth += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return depth
