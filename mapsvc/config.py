"""Every setting: its name, its default, what it means. Read from ``MAPSVC_*`` variables.

A setting is a field of `Settings`; its metadata holds the help text, so that ``mapsvc doctor``
and the settings page of the documentation cannot forget one. Nothing here reads the environment
on import: `Settings.from_environment` is called once, where the program starts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from mapsvc import variables
from mapsvc.errors import SettingError
from mapsvc.model import Datum
from mapsvc.variables import Parse

PREFIX = "MAPSVC_"


def _setting(default: Any, parse: Parse, help_text: str, *, secret: bool = False) -> Any:
    metadata = {"parse": parse, "help": help_text, "secret": secret}
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """The settings of one geocoder. Of amap, ``key`` is the variable ``MAPSVC_AMAP_KEY``.

    Answers of a provider whose ``may_store`` is off are not kept, and so are not published: its
    terms are the operator's to read and to accept.
    """

    url: str = _setting("", variables.service_url, "the address of its service")
    key: str = _setting("", variables.stripped, "its key", secret=True)
    secret: str = _setting(
        "", variables.stripped, "its secret, where requests are to be signed", secret=True
    )
    rate: float = _setting(1.0, variables.number(0.001, 1000), "the most requests in a second")
    quota: int = _setting(
        0, variables.whole(0, 100_000_000), "the most requests in a day; 0 for no limit of our own"
    )
    timeout: float = _setting(
        10.0, variables.number(0.1, 300), "seconds until an answer must be complete"
    )
    may_store: bool = _setting(
        False, variables.boolean, "whether its terms allow to keep its answers and publish them"
    )
    max_age_days: int = _setting(
        0, variables.whole(0, 36_500), "days that an answer may be kept; 0 for no end"
    )


NETWORK_PROVIDERS = {
    "nominatim": ProviderSettings(
        url="https://nominatim.openstreetmap.org", timeout=20.0, may_store=True
    ),
    "photon": ProviderSettings(url="https://photon.komoot.io", may_store=True),
    "pelias": ProviderSettings(rate=10.0, may_store=True),
    "addok": ProviderSettings(rate=10.0, may_store=True),
    "amap": ProviderSettings(url="https://restapi.amap.com", rate=3.0, quota=5_000),
    "tencent": ProviderSettings(url="https://apis.map.qq.com", rate=3.0, quota=5_000),
    "tianditu": ProviderSettings(url="https://api.tianditu.gov.cn", rate=3.0, quota=5_000),
    "baidu": ProviderSettings(url="https://api.map.baidu.com", rate=3.0, quota=5_000),
}
"""The geocoders that are asked over the network, with their defaults. Data of OpenStreetMap and of
own servers may be kept (ODbL, with attribution); the terms of the other four are unproven."""

PROVIDERS = ("curated", *NETWORK_PROVIDERS)
"""The geocoders that ``MAPSVC_GEOCODERS`` can name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, parsed and checked. The field ``port`` is the variable ``MAPSVC_PORT``."""

    host: str = _setting("127.0.0.1", variables.stripped, "the address that the server listens on")
    port: int = _setting(8000, variables.whole(1, 65_535), "the port that the server listens on")
    workers: int = _setting(
        os.cpu_count() or 1, variables.whole(1, 256), "server processes; the default is one a core"
    )
    data_dir: Path = _setting(Path("instance"), variables.path, "the folder for written files")
    database_url: str = _setting(
        "",
        variables.stripped,
        "the store; by default an SQLite file in the data folder",
        secret=True,
    )
    index: str = _setting(
        "memory",
        variables.one_of("memory", "postgis"),
        "what answers: memory, or postgis for branches that are more than memory should hold",
    )
    offline: bool = _setting(False, variables.boolean, "never open an outgoing connection")
    geocoders: tuple[str, ...] = _setting(
        ("curated",),
        variables.names_of(PROVIDERS, "providers"),
        f"geocoders in the order of asking, out of: {', '.join(PROVIDERS)}",
    )
    not_found_max_age_days: int = _setting(
        30,
        variables.whole(0, 36_500),
        "days until an address that nobody knew is asked for again; 0 for never",
    )
    tiles: str = _setting(
        "none",
        variables.tiles,
        "background map: none, osm, tianditu, amap, or an address with {z} {x} {y}",
    )
    tiles_datum: Datum = _setting(
        Datum.WGS84, variables.datum, "datum of the tiles at an own address: wgs84, gcj02 or bd09"
    )
    tiles_attribution: str = _setting(
        "", variables.stripped, "whose tiles these are, shown on the map"
    )
    tiles_review_number: str = _setting(
        "", variables.stripped, "the map review number (审图号) of the tiles, shown on the map"
    )
    tianditu_key: str = _setting(
        "",
        variables.stripped,
        "key for the tianditu tiles, shown to browsers; and for its geocoder without a SECRET",
        secret=True,
    )
    embed_origins: tuple[str, ...] = _setting(
        ("*",), variables.origins, "who may frame /embed: '*', 'none', or origins"
    )
    embed_stats: bool = _setting(
        True, variables.boolean, "whether views of embedded maps are counted, by origin and day"
    )
    public_url: str = _setting(
        "", variables.public_url, "the address that visitors see; absolute links are made from it"
    )
    trusted_hosts: tuple[str, ...] = _setting(
        (),
        variables.hosts,
        "host names that are answered; by default loopback and that of PUBLIC_URL",
    )
    proxy_hops: int = _setting(
        0, variables.whole(0, 10), "reverse proxies in front whose forwarding headers are believed"
    )
    rate_limit: int = _setting(
        6_000,
        variables.whole(0, 1_000_000_000),
        "requests that one address may send in a minute; 0 for no limit",
    )
    place_limit: int = _setting(
        6,
        variables.whole(0, 1_000_000),
        "typed addresses of one visitor that geocoders are asked about in a minute; 0 for none",
    )
    redis_url: str = _setting(
        "",
        variables.redis_url,
        "a Redis where workers and servers share the counts of requests",
        secret=True,
    )
    title: str = _setting(
        "宁波银行业文明规范服务示范网点", variables.stripped, "the site's name in Chinese"
    )
    title_en: str = _setting(
        "Ningbo model bank branches", variables.stripped, "the site's name in English"
    )
    contact: str = _setting(
        "", variables.stripped, "whom visitors may write to, shown in the footer"
    )

    providers: Mapping[str, ProviderSettings] = field(
        default_factory=lambda: dict(NETWORK_PROVIDERS), hash=False
    )
    """Of each geocoder over the network, by name."""

    def __post_init__(self) -> None:
        if self.tiles == "tianditu" and not self.tianditu_key:
            raise SettingError("MAPSVC_TIANDITU_KEY", "", "the key that the tianditu tiles need")
        if self.index == "postgis" and not self.database_url.startswith("postgres"):
            raise SettingError(
                "MAPSVC_INDEX", self.index, "possible without PostgreSQL in MAPSVC_DATABASE_URL"
            )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the ``MAPSVC_*`` variables of ``environment``.

        Raises:
            SettingError: a value that cannot be used, or a variable that is no setting
                (a misspelt name would otherwise be silently without effect).
        """
        own = {variable(f.name): f for f in _plain_fields()}
        of_providers = {
            variable(f"{provider}_{f.name}"): (provider, f)
            for provider in NETWORK_PROVIDERS
            for f in fields(ProviderSettings)
        }
        values: dict[str, Any] = {}
        changes: dict[str, dict[str, Any]] = {}
        for name, text in environment.items():
            if not name.startswith(PREFIX):
                continue
            if name not in own and name not in of_providers:
                # The name again, not the text: it may be a key under a misspelt name.
                raise SettingError(name, name, "a known setting; see 'mapsvc doctor' for all")
            if name in own and (text.strip() or own[name].default == ()):
                values[own[name].name] = own[name].metadata["parse"](name, text)
            if name in of_providers and text.strip():
                provider, f = of_providers[name]
                changes.setdefault(provider, {})[f.name] = f.metadata["parse"](name, text)
        providers = {
            provider: replace(default, **changes.get(provider, {}))
            for provider, default in NETWORK_PROVIDERS.items()
        }
        return cls(**values, providers=providers)

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


def _plain_fields() -> list[Any]:
    return [f for f in fields(Settings) if f.metadata]


@dataclass(frozen=True, slots=True)
class Row:
    """One setting as ``mapsvc doctor`` and the documentation list it."""

    variable: str
    value: Any
    secret: bool
    help: str


def rows(settings: Settings) -> Iterator[Row]:
    """Every variable once, with its value in ``settings``: first the general ones, then those of
    each provider in the order of `NETWORK_PROVIDERS`.

    >>> [row.variable for row in rows(Settings())][-1]
    'MAPSVC_BAIDU_MAX_AGE_DAYS'
    """
    seen = set()
    for f in _plain_fields():
        seen.add(variable(f.name))
        value = getattr(settings, f.name)
        yield Row(variable(f.name), value, f.metadata["secret"], f.metadata["help"])
    for provider, own in settings.providers.items():
        for f in fields(own):
            name = variable(f"{provider}_{f.name}")
            if name not in seen:
                help_text = f"{provider}: {f.metadata['help']}"
                yield Row(name, getattr(own, f.name), f.metadata["secret"], help_text)
