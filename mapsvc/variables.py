"""From the text of a ``MAPSVC_*`` variable to its value: one parser for each kind.

A parser takes the variable's name and text; it raises `SettingError`, which says what is allowed.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from mapsvc.errors import SettingError
from mapsvc.model import Datum

Parse = Callable[[str, str], Any]
"""Turns a variable's name and text into the setting's value; raises `SettingError`."""


def stripped(_name: str, text: str) -> str:
    return text.strip()


def whole(low: int, high: int) -> Parse:
    def parse(name: str, text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise SettingError(name, text, f"a whole number from {low} to {high}")
        return value

    return parse


def number(low: float, high: float) -> Parse:
    """A number, both bounds allowed."""

    def parse(name: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise SettingError(name, text, f"a number from {low:g} to {high:g}")
        return value

    return parse


_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True}
_BOOLEANS |= {"0": False, "false": False, "no": False, "off": False, "": False}


def boolean(name: str, text: str) -> bool:
    try:
        return _BOOLEANS[text.strip().casefold()]
    except KeyError:
        raise SettingError(name, text, "one of 1, 0, true, false, yes, no, on, off") from None


def names(_name: str, text: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[,\s]+", text.strip()) if part)


_HOST = re.compile(r"\.?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9-]+)*\.?")


def hosts(name: str, text: str) -> tuple[str, ...]:
    """Host names, ``.example.org`` for all below, or addresses; no scheme, port or path."""
    found = names(name, text)
    for host in found:
        if not _HOST.fullmatch(host.casefold()) and not _is_ipv6(host):
            allowed = "a host name such as map.example.org, without http://"
            raise SettingError(name, _without_secrets(host), allowed)
    return found


def _is_ipv6(host: str) -> bool:
    """Bare or in brackets.

    >>> [_is_ipv6(host) for host in ("::1", "[::1]", "[::1", "::1]", "127.0.0.1")]
    [True, True, False, False, False]
    """
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    try:
        return bool(ipaddress.IPv6Address(host))
    except ValueError:
        return False


def _split(url: str) -> SplitResult | None:
    """The parts of an address, or None where its host or port can be none.

    >>> _split("http://[x"), _split("http://h:99999"), _split("http://h:0")
    (None, None, None)
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    return None if port == 0 else parts


def _without_secrets(text: str) -> str:
    """An address to be told in an error: no user, password or query.

    >>> _without_secrets("http://u:p@h"), _without_secrets("http://h/?key=k")
    ('…', 'http://h/?…')
    """
    if "@" in text:
        return "…"
    address, query, _ = text.partition("?")
    return f"{address}?…" if query else text


def one_of(*known: str) -> Parse:
    """Exactly one of the known words."""

    def parse(name: str, text: str) -> str:
        value = text.strip()
        if value not in known:
            raise SettingError(name, text, f"one of {', '.join(known)}")
        return value

    return parse


def names_of(known: Collection[str], what: str) -> Parse:
    """One or more of the known names, each once, in the order given."""

    def parse(name: str, text: str) -> tuple[str, ...]:
        asked = names(name, text)
        if not asked or set(asked) - set(known):
            raise SettingError(name, text, f"a list of {what}, out of: {', '.join(known)}")
        return tuple(dict.fromkeys(asked))

    return parse


def path(_name: str, text: str) -> Path:
    return Path(text).expanduser()


def public_url(name: str, text: str) -> str:
    url = text.strip().rstrip("/")
    parts = _split(url)
    if (
        parts is None
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
    ):
        allowed = "an absolute http or https address with no query and no password"
        raise SettingError(name, _without_secrets(text), allowed)
    return url


def service_url(name: str, text: str) -> str:
    """An address that is asked: without password or key, which would end in logs and tapes."""
    if "@" in text:
        raise SettingError(name, "an address with a password", "allowed: use the key's setting")
    if "?" in text:
        raise SettingError(name, _without_secrets(text), "an address with no query")
    return public_url(name, text)


def redis_url(name: str, text: str) -> str:
    """An address of Redis, which may hold a password and so is never repeated."""
    url = text.strip()
    parts = _split(url)
    where = parts and (parts.path if parts.scheme == "unix" else parts.hostname)
    if not parts or parts.scheme not in ("redis", "rediss", "unix") or not where:
        allowed = (
            "such as redis://:password@host:6379/0, rediss://… or unix:///folder/socket, where "
            "characters such as @ / [ in a password are written %40 %2F %5B"
        )
        raise SettingError(name, "an address", allowed)
    if not _redis_takes(url):
        raise SettingError(name, "an address with these options", "one that Redis's client takes")
    return url


def _redis_takes(url: str) -> bool:
    """Whether a connection can be made ready, which opens none: workers would end with an error.

    >>> _redis_takes("redis://h:1/0?socket_timeout=2"), _redis_takes("redis://h:1/0?nonsense=2")
    (True, False)
    """
    from redis import Redis, RedisError  # noqa: PLC0415  # most commands need none

    try:
        Redis.from_url(url).connection_pool.make_connection()
    except (ValueError, TypeError, AttributeError, RedisError):
        return False
    return True


_LABEL = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_ORIGIN = re.compile(rf"https?://(\*\.)?{_LABEL}(\.{_LABEL})*(:\d{{1,5}})?")
_LONGEST_ORIGIN = 253 + len("https://*.:65535")
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gov", "mil", "ne", "net", "or", "org"})
"""What registries put before a country's letters: nobody's own name."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


def origins(name: str, text: str) -> tuple[str, ...]:
    """``*``, ``none``, or origins whose host may begin with ``*.`` for all below it.

    They are given as browsers write them: in lower case, in ASCII, without the default port.
    """
    found = names(name, text)
    if found in (("*",), ("none",)):
        return found
    return tuple(dict.fromkeys(_origin(name, each) for each in found)) or ("none",)


def _origin(variable: str, text: str) -> str:
    """One origin.

    >>> _origin("X", "HTTPS://*.Bank.Example:443/"), _origin("X", "https://银行.example")
    ('https://*.bank.example', 'https://xn--jn2a72x.example')
    """
    allowed = (
        "'*', 'none', or an origin such as https://example.org or https://*.example.org, without "
        "path; a browser knows no origin of an IPv6 address here"
    )
    origin = _in_ascii(text.removesuffix("/").lower())
    parts = _split(origin)
    fits = _ORIGIN.fullmatch(origin) and len(origin) <= _LONGEST_ORIGIN
    if not fits or not parts or _is_everybody(parts.hostname or ""):
        raise SettingError(variable, _without_secrets(text), allowed)
    if parts.port == _DEFAULT_PORTS[parts.scheme]:
        origin = origin.rpartition(":")[0]
    return origin


def _is_everybody(host: str) -> bool:
    """Whether a wildcard stands below no name that somebody has registered, or before numbers.

    >>> _is_everybody("*.com"), _is_everybody("*.com.cn"), _is_everybody("*.bank.com.cn")
    (True, True, False)
    >>> _is_everybody("*.1.2.3.4"), _is_everybody("*.co.example"), _is_everybody("com")
    (True, True, False)
    """
    if not host.startswith("*."):
        return False
    labels = host.removeprefix("*.").split(".")
    is_registry = len(labels) == 2 and labels[0] in _SECOND_LEVEL
    return len(labels) == 1 or is_registry or labels[-1].isdecimal()


def _in_ascii(origin: str) -> str:
    """With a host in Chinese as DNS knows it; as it is where it cannot be one."""
    if origin.isascii():
        return origin
    scheme, mark, host = origin.partition("://")
    wild = "*." if host.startswith("*.") else ""
    try:
        return f"{scheme}{mark}{wild}{host.removeprefix(wild).encode('idna').decode()}"
    except UnicodeError:
        return origin


_NAMED_TILES = ("none", "osm", "tianditu", "amap")


def tiles(name: str, text: str) -> str:
    value = text.strip()
    if value in _NAMED_TILES:
        return value
    parts = _split(value)
    placeholders = set(re.findall(r"{(.*?)}", value))
    is_template = {"x", "y", "z"} <= placeholders <= {"x", "y", "z", "s", "r"}
    is_address = parts and parts.scheme in ("http", "https") and parts.hostname
    if not is_address or not is_template:
        allowed = (
            f"one of {', '.join(_NAMED_TILES)}, or an http(s) address with {{z}}, {{x}}, {{y}}"
        )
        raise SettingError(name, _without_secrets(text), allowed)
    return value


def datum(name: str, text: str) -> Datum:
    try:
        return Datum.parse(text, name)
    except ValueError:
        raise SettingError(name, text, "one of wgs84, gcj02, bd09") from None
