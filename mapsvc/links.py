"""Links that open a way to a branch in the visitor's own map: the formulas and their datums.

Each map reads plain numbers as a position in its own datum, so a point is converted before it is
written. An approximate place is looked up by its address instead: the point would lead to the
wrong door, while the map's own address search may know the right one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urlencode

from mapsvc.geo.datum import convert
from mapsvc.model import Datum, Point

SOURCE = "mapsvc"
"""The name that AMap, Baidu and Tencent ask a calling site to give."""

_DECIMALS = 6
"""Of a degree: 0.1 m."""


class App(StrEnum):
    """A map that can be opened by a link."""

    AMAP = "amap"
    BAIDU = "baidu"
    TENCENT = "tencent"
    APPLE = "apple"
    GOOGLE = "google"
    DEVICE = "geo"
    """Whatever the device opens ``geo:`` addresses with (RFC 5870)."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to.

    Args:
        name: the branch's name.
        address: its address, as published.
        city: the city that the address lies in, if known; maps search there.
        point: in any datum; None where only the address is to be used.
    """

    name: str
    address: str
    city: str
    point: Point | None

    @property
    def full_address(self) -> str:
        """The address with its city in front, unless it names it.

        >>> Destination("", "余姚市大黄桥路2号", "宁波市", None).full_address
        '宁波市余姚市大黄桥路2号'
        """
        named = self.city.removesuffix("市") in self.address
        return self.address if named else self.city + self.address


@dataclass(frozen=True, slots=True)
class DirectionsLink:
    """A link to a map. ``datum`` is that of the numbers in it; None where it holds an address."""

    app: App
    url: str
    datum: Datum | None


@dataclass(frozen=True, slots=True)
class _Formula:
    """How one map is called: in which datum, by a point, and by an address."""

    datum: Datum
    by_point: Callable[[str, str, str], str]
    """Takes longitude, latitude and name."""
    by_address: Callable[[str, str], str]
    """Takes address and city."""


def directions(destination: Destination) -> tuple[DirectionsLink, ...]:
    """The links to every map, in the order in which people here use them.

    >>> there = Destination("甲支行", "中山西路1号", "宁波市", Point(121.54, 29.87))
    >>> directions(there)[4].url
    'https://www.google.com/maps/dir/?api=1&destination=29.867439%2C121.544185'
    """
    return tuple(_link(app, formula, destination) for app, formula in _FORMULAS.items())


def _link(app: App, formula: _Formula, destination: Destination) -> DirectionsLink:
    if destination.point is None:
        url = formula.by_address(destination.full_address, destination.city)
        return DirectionsLink(app, url, None)
    point = convert(destination.point, formula.datum)
    lon, lat = f"{point.lon:.{_DECIMALS}f}", f"{point.lat:.{_DECIMALS}f}"
    return DirectionsLink(app, formula.by_point(lon, lat, destination.name), formula.datum)


def _url(base: str, **query: str) -> str:
    return f"{base}?{urlencode(query, quote_via=quote)}"


def _without(signs: str, text: str) -> str:
    """Take out the signs that a map's own syntax is made of."""
    return "".join(" " if sign in signs else sign for sign in text).strip()


def _geo(lon: str, lat: str, name: str) -> str:
    place = quote(f"{lat},{lon}({_without('()', name)})", safe=",()")
    return f"geo:{lat},{lon}?q={place}"


# The forms with a position are those of AMap's, Baidu's and Tencent's "URI API" guides, Google's
# "Maps URLs", Apple's "Map Links" and RFC 5870. The forms that search for an address are written
# from memory of the same guides and were not tried against them. On the mainland Google and Apple
# draw on GCJ-02 and are taken to put given numbers there as they are; that was not tried either.
_FORMULAS = {
    App.AMAP: _Formula(
        Datum.GCJ02,
        lambda lon, lat, name: _url(
            "https://uri.amap.com/navigation",
            to=f"{lon},{lat},{_without(',', name)}",
            mode="car",
            src=SOURCE,
            callnative="1",
        ),
        lambda address, city: _url(
            "https://uri.amap.com/search",
            keyword=address,
            city=city,
            view="map",
            src=SOURCE,
            callnative="1",
        ),
    ),
    App.BAIDU: _Formula(
        Datum.BD09,
        lambda lon, lat, name: _url(
            "https://api.map.baidu.com/marker",
            location=f"{lat},{lon}",
            title=name,
            content=name,
            output="html",
            coord_type="bd09ll",
            src=SOURCE,
        ),
        lambda address, _city: _url(
            "https://api.map.baidu.com/geocoder", address=address, output="html", src=SOURCE
        ),
    ),
    App.TENCENT: _Formula(
        Datum.GCJ02,
        lambda lon, lat, name: _url(
            "https://apis.map.qq.com/uri/v1/marker",
            marker=f"coord:{lat},{lon};title:{_without(';:|', name)}",
            coord_type="2",
            referer=SOURCE,
        ),
        lambda address, city: _url(
            "https://apis.map.qq.com/uri/v1/search", keyword=address, region=city, referer=SOURCE
        ),
    ),
    App.APPLE: _Formula(
        Datum.GCJ02,
        lambda lon, lat, _name: _url("https://maps.apple.com/", daddr=f"{lat},{lon}"),
        lambda address, _city: _url("https://maps.apple.com/", daddr=address),
    ),
    App.GOOGLE: _Formula(
        Datum.GCJ02,
        lambda lon, lat, _name: _url(
            "https://www.google.com/maps/dir/", api="1", destination=f"{lat},{lon}"
        ),
        lambda address, _city: _url(
            "https://www.google.com/maps/dir/", api="1", destination=address
        ),
    ),
    App.DEVICE: _Formula(
        Datum.WGS84,
        _geo,
        lambda address, _city: f"geo:0,0?q={quote(address)}",
    ),
}
