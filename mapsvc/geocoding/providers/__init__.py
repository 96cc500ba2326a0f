"""The geocoders that are asked over the network: `build` makes those that the settings name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote

from mapsvc import __version__
from mapsvc.config import ProviderSettings, Settings
from mapsvc.errors import SettingError
from mapsvc.geocoding import asking
from mapsvc.geocoding.providers.addok import Addok
from mapsvc.geocoding.providers.amap import AMap
from mapsvc.geocoding.providers.baidu import Baidu
from mapsvc.geocoding.providers.base import ProviderGeocoder
from mapsvc.geocoding.providers.nominatim import PUBLIC_HOST, Nominatim
from mapsvc.geocoding.providers.pelias import Pelias
from mapsvc.geocoding.providers.photon import Photon
from mapsvc.geocoding.providers.tencent import Tencent
from mapsvc.geocoding.providers.tianditu import Tianditu
from mapsvc.geocoding.transport import Http, Offline, Transport

GEOCODERS: Mapping[str, type[ProviderGeocoder]] = {
    geocoder.name: geocoder
    for geocoder in (Nominatim, Photon, Pelias, Addok, AMap, Tencent, Tianditu, Baidu)
}


class Provider(asking.Provider, Protocol):
    """A geocoder as the run sees it, with its settings."""

    settings: ProviderSettings


def build(
    settings: Settings, transport: Transport | None = None, only: str | None = None
) -> dict[str, Provider]:
    """The geocoders of ``MAPSVC_GEOCODERS`` that are asked over the network, in that order.

    Args:
        settings: all settings.
        transport: the way out; by default the network, or none where ``MAPSVC_OFFLINE`` is set.
        only: the others are not asked, and so need nothing.

    Raises:
        SettingError: a key, an address or the contact is missing. Without a way out nothing is
            needed: a replay has no use for keys.
    """
    if transport is None:
        transport = Offline() if settings.offline else Http()
    names = [name for name in settings.geocoders if name in GEOCODERS]
    if not isinstance(transport, Offline):
        for name in names if only is None else [only]:
            _check(name, settings)
    agent = user_agent(settings)
    return {
        name: GEOCODERS[name](settings.providers[name], transport, user_agent=agent)
        for name in names
    }


def user_agent(settings: Settings) -> str:
    """Who asks, and whom to write to, in ASCII as a header must be.

    >>> user_agent(Settings(contact="maps@example.org")).partition("/")[2].partition(" ")[2]
    '(maps@example.org)'
    """
    contact = quote(settings.contact or settings.public_url, safe="/:@.+-_~ ,")
    return f"mapsvc/{__version__}" + (f" ({contact})" if contact else "")


def _check(name: str, settings: Settings) -> None:
    own = settings.providers[name]
    variable = f"MAPSVC_{name.upper()}"
    if not own.url:
        raise SettingError(f"{variable}_URL", "", f"the address of a {name} server")
    if GEOCODERS[name].needs_key and not own.key:
        raise SettingError(f"{variable}_KEY", "", f"the key that {name} needs")
    if PUBLIC_HOST in own.url and not (settings.contact or settings.public_url):
        allowed = "a mail or web address, which the usage policy of the public Nominatim demands"
        raise SettingError("MAPSVC_CONTACT", "", allowed)
