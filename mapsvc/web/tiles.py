"""The background map that the settings choose: where its tiles are, in which datum, whose."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from mapsvc.config import Settings
from mapsvc.model import Datum
from mapsvc.web.i18n import gettext


@dataclass(frozen=True, slots=True)
class TileLayer:
    """One layer of tiles. ``url`` is a template with ``{z} {x} {y}`` and maybe ``{s}``."""

    url: str
    subdomains: str = "abc"
    max_zoom: int = 18


@dataclass(frozen=True, slots=True)
class Credit:
    """A line of the map's attribution: plain text, and where it leads, if anywhere."""

    text: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class TileSource:
    """A background map; everything that is drawn over it is given in ``datum``."""

    layers: tuple[TileLayer, ...]
    datum: Datum


_TIANDITU = (
    "https://t{s}.tianditu.gov.cn/%(layer)s_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
    "&LAYER=%(layer)s&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles"
    "&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=%(key)s"
)
_AMAP = (
    "https://webrd0{s}.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8"
    "&x={x}&y={y}&z={z}"
)

_REVIEW_LABEL = "审图号"


def tile_source(settings: Settings) -> TileSource | None:
    """The background map, or None where there is none.

    Baidu's own tiles do not follow the web's tile grid; tiles at an own address that are in BD-09
    are taken to follow it, and everything drawn is shifted to BD-09.
    """
    match settings.tiles:
        case "none":
            return None
        case "osm":
            url = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
            return TileSource((TileLayer(url, max_zoom=19),), Datum.WGS84)
        case "tianditu":
            key = quote(settings.tianditu_key, safe="")
            layers = tuple(
                TileLayer(_TIANDITU % {"layer": layer, "key": key}, "01234567")
                for layer in ("vec", "cva")
            )
            return TileSource(layers, Datum.WGS84)
        case "amap":
            return TileSource((TileLayer(_AMAP, "1234"),), Datum.GCJ02)
        case url:
            return TileSource((TileLayer(url),), settings.tiles_datum)


def tile_credits(settings: Settings) -> tuple[Credit, ...]:
    """Whose map it is, in the visitor's language, and its review number.

    The review number (审图号) is what the operator was given; it is never made up, only labelled.
    """
    named = {
        "osm": Credit(
            gettext("© OpenStreetMap contributors"), "https://www.openstreetmap.org/copyright"
        ),
        "tianditu": Credit(gettext("Tianditu"), "https://www.tianditu.gov.cn/"),
        "amap": Credit(gettext("AMap")),
    }
    source = named.get(settings.tiles, Credit(settings.tiles_attribution))
    lines = (source, Credit(_review_number(settings.tiles_review_number)))
    return tuple(credit for credit in lines if credit.text)


def _review_number(number: str) -> str:
    if not number or _REVIEW_LABEL in number:
        return number
    return gettext("Map review number: %(number)s", number=number)
