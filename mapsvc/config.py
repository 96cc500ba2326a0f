"""Every setting: its name, its default, what it means. Read from ``MAPSVC_*`` variables.

A setting is a field of `Settings`; its metadata holds the help text, so that ``mapsvc doctor``
and the settings page of the documentation cannot forget one. Nothing here reads the environment
on import: `Settings.from_environment` is called once, where the program starts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mapsvc.errors import SettingError
from mapsvc.model import Datum

PREFIX = "MAPSVC_"

Parse = Callable[[str, str], Any]
"""Turns a variable's name and text into the setting's value; raises `SettingError`."""


def _text(_name: str, text: str) -> str:
    return text.strip()


def _whole(low: int, high: int) -> Parse:
    def parse(name: str, text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise SettingError(name, text, f"a whole number from {low} to {high}")
        return value

    return parse


_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True}
_BOOLEANS |= {"0": False, "false": False, "no": False, "off": False, "": False}


def _boolean(name: str, text: str) -> bool:
    try:
        return _BOOLEANS[text.strip().casefold()]
    except KeyError:
        raise SettingError(name, text, "one of 1, 0, true, false, yes, no, on, off") from None


def _names(_name: str, text: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[,\s]+", text.strip()) if part)


def _providers(name: str, text: str) -> tuple[str, ...]:
    asked = _names(name, text)
    if not asked or set(asked) - set(PROVIDERS):
        raise SettingError(name, text, f"a list of providers, out of: {', '.join(PROVIDERS)}")
    return asked


def _path(_name: str, text: str) -> Path:
    return Path(text).expanduser()


def _public_url(name: str, text: str) -> str:
    url = text.strip().rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingError(name, text, "an absolute http or https address with no query")
    return url


_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")


def _origins(name: str, text: str) -> tuple[str, ...]:
    origins = _names(name, text)
    if origins in (("*",), ("none",)):
        return origins
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SettingError(
                name, origin, "'*', 'none', or an origin such as https://example.org"
            )
    return origins or ("none",)


_NAMED_TILES = ("none", "osm", "tianditu", "amap")


def _tiles(name: str, text: str) -> str:
    value = text.strip()
    if value in _NAMED_TILES:
        return value
    path = urlsplit(value)
    placeholders = set(re.findall(r"{(.*?)}", value))
    is_template = {"x", "y", "z"} <= placeholders <= {"x", "y", "z", "s", "r"}
    if path.scheme not in ("http", "https") or not path.netloc or not is_template:
        allowed = (
            f"one of {', '.join(_NAMED_TILES)}, or an http(s) address with {{z}}, {{x}}, {{y}}"
        )
        raise SettingError(name, text, allowed)
    return value


def _datum(name: str, text: str) -> Datum:
    try:
        return Datum.parse(text, name)
    except ValueError:
        raise SettingError(name, text, "one of wgs84, gcj02, bd09") from None


PROVIDERS = ("curated",)
"""The geocoders that ``MAPSVC_GEOCODERS`` can name."""


def _setting(default: Any, parse: Parse, help_text: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"parse": parse, "help": help_text, "secret": secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, parsed and checked. The field ``port`` is the variable ``MAPSVC_PORT``."""

    host: str = _setting("127.0.0.1", _text, "the address that the server listens on")
    port: int = _setting(8000, _whole(1, 65_535), "the port that the server listens on")
    workers: int = _setting(
        os.cpu_count() or 1, _whole(1, 256), "server processes; the default is one a core"
    )
    data_dir: Path = _setting(Path("instance"), _path, "the folder for written files")
    database_url: str = _setting(
        "", _text, "the store; by default an SQLite file in the data folder", secret=True
    )
    offline: bool = _setting(False, _boolean, "never open an outgoing connection")
    geocoders: tuple[str, ...] = _setting(
        ("curated",), _providers, "geocoders in the order of asking"
    )
    tiles: str = _setting(
        "none", _tiles, "background map: none, osm, tianditu, amap, or an address with {z} {x} {y}"
    )
    tiles_datum: Datum = _setting(
        Datum.WGS84, _datum, "datum of the tiles at an own address: wgs84, gcj02 or bd09"
    )
    tiles_attribution: str = _setting("", _text, "whose tiles these are, shown on the map")
    tiles_review_number: str = _setting(
        "", _text, "the map review number (审图号) of the tiles, shown on the map"
    )
    tianditu_key: str = _setting("", _text, "key for the tianditu tiles", secret=True)
    embed_origins: tuple[str, ...] = _setting(
        ("*",), _origins, "who may frame /embed: '*', 'none', or origins"
    )
    public_url: str = _setting(
        "", _public_url, "the address that visitors see; absolute links are made from it"
    )
    trusted_hosts: tuple[str, ...] = _setting(
        (), _names, "host names that are answered; by default loopback and that of PUBLIC_URL"
    )
    proxy_hops: int = _setting(
        0, _whole(0, 10), "reverse proxies in front whose forwarding headers are believed"
    )
    title: str = _setting("宁波银行业文明规范服务示范网点", _text, "the site's name in Chinese")
    title_en: str = _setting("Ningbo model bank branches", _text, "the site's name in English")
    contact: str = _setting("", _text, "whom visitors may write to, shown in the footer")

    def __post_init__(self) -> None:
        if self.tiles == "tianditu" and not self.tianditu_key:
            raise SettingError("MAPSVC_TIANDITU_KEY", "", "the key that the tianditu tiles need")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the ``MAPSVC_*`` variables of ``environment``.

        Raises:
            SettingError: a value that cannot be used, or a variable that is no setting
                (a misspelt name would otherwise be silently without effect).
        """
        values: dict[str, Any] = {}
        known = {variable(f.name): f for f in fields(cls)}
        for name, text in environment.items():
            if not name.startswith(PREFIX):
                continue
            if name not in known:
                raise SettingError(name, text, "a known setting; see 'mapsvc doctor' for all")
            if text.strip() or known[name].default == ():
                values[known[name].name] = known[name].metadata["parse"](name, text)
        return cls(**values)

    @property
    def store_url(self) -> str:
        """The SQLAlchemy address of the store."""
        return self.database_url or f"sqlite:///{self.data_dir / 'mapsvc.sqlite3'}"


def variable(field_name: str) -> str:
    """The environment variable of a field of `Settings`.

    >>> variable("data_dir")
    'MAPSVC_DATA_DIR'
    """
    return PREFIX + field_name.upper()
