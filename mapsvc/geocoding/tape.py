"""Tapes: answers recorded once and replayed in tests, with no network and no secrets.

A tape is JSON lines in the order of the requests, each canonical:
``{"body":"…","headers":{…},"status":200,"url":"https://…?address=…"}``. A body that is not UTF-8 is
written as ``body_base64``. A URL's parameters are sorted, so that their order does not matter, and
keys and signatures are left out, so that a tape plays with any key.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections import defaultdict, deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit, urlunsplit

from mapsvc.errors import GeocodingError, ProviderRefused, shown
from mapsvc.geocoding.record import canonical_json
from mapsvc.geocoding.transport import SECRET_PARAMETERS, Reply, Transport, secrets_in

_KEPT_HEADERS = ("content-type", "location", "retry-after")


class NotOnTape(ProviderRefused):
    """A request that the tape has no answer for."""

    def __init__(self, provider: str, url: str, tape: Path) -> None:
        super().__init__(provider, f"not on the tape {shown(tape.name)}: {canonical_url(url)}")
        self.url = canonical_url(url)


class Recorder:
    """Passes requests on to another transport, and appends the replies to a tape.

    What never became a reply (a timeout, a refused connection) is not on the tape.
    """

    def __init__(self, transport: Transport, tape: Path) -> None:
        self._transport = transport
        self._tape = tape

    def get(
        self, url: str, *, provider: str, headers: Mapping[str, str], timeout_s: float
    ) -> Reply:
        """As `mapsvc.geocoding.transport.Transport.get`."""
        reply = self._transport.get(url, provider=provider, headers=headers, timeout_s=timeout_s)
        with self._tape.open("a", encoding="utf-8", newline="\n") as tape:
            tape.write(f"{_line(url, reply)}\n")
        return reply


class Replayer:
    """Answers from a tape alone: the same request gets its replies in order, the last one again.

    Raises:
        GeocodingError: the tape cannot be read; names file and line.
    """

    def __init__(self, tape: Path) -> None:
        self._tape = tape
        self._replies: defaultdict[str, deque[Reply]] = defaultdict(deque)
        try:
            lines = tape.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise GeocodingError(f"{shown(tape.name)} cannot be read: {error}") from None
        for number, line in enumerate(lines, start=1):
            try:
                url, reply = _parse(json.loads(line))
            except (KeyError, TypeError, ValueError):
                raise GeocodingError(f"{tape.name}, line {number}: no record of a tape") from None
            self._replies[url].append(reply)

    def get(
        self,
        url: str,
        *,
        provider: str,
        headers: Mapping[str, str],  # noqa: ARG002
        timeout_s: float,  # noqa: ARG002
    ) -> Reply:
        """The next reply to this request; raises `NotOnTape`."""
        replies = self._replies.get(canonical_url(url))
        if not replies:
            raise NotOnTape(provider, url, self._tape)
        return replies.popleft() if len(replies) > 1 else replies[0]


def canonical_url(url: str) -> str:
    """``url`` with its parameters sorted, and without the secret ones.

    >>> canonical_url("http://127.0.0.1:80/geo?key=abc&output=JSON&address=%E5%AE%81")
    'http://127.0.0.1:80/geo?address=%E5%AE%81&output=JSON'
    """
    parts = urlsplit(url)
    pairs = sorted(parse_qsl(parts.query, keep_blank_values=True))
    shared = [(name, value) for name, value in pairs if name not in SECRET_PARAMETERS]
    return urlunsplit(parts._replace(query=urlencode(shared), fragment=""))


def _line(url: str, reply: Reply) -> str:
    record: dict[str, Any] = {
        "url": canonical_url(url),
        "status": reply.status,
        "headers": {n: reply.headers[n] for n in _KEPT_HEADERS if n in reply.headers},
    }
    body = reply.body
    for secret in secrets_in(url):
        for form in (secret, unquote_plus(secret)):
            body = body.replace(form.encode(), b"***")
            record["headers"] = {
                n: value.replace(form, "***") for n, value in record["headers"].items()
            }
    try:
        record["body"] = body.decode("utf-8")
    except UnicodeDecodeError:
        record["body_base64"] = b64encode(body).decode("ascii")
    return canonical_json(record)


def _parse(record: Any) -> tuple[str, Reply]:
    encoded = record.get("body_base64")
    body = record["body"].encode("utf-8") if encoded is None else b64decode(encoded)
    return str(record["url"]), Reply(int(record["status"]), body, dict(record["headers"]))
