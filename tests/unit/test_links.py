"""Each link is decoded as the map that it calls would, and measured against the true place."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

import coordTransform  # type: ignore[import-untyped]
import eviltransform
import pytest

from mapsvc.geo.geodesic import distance_m
from mapsvc.links import App, Destination, DirectionsLink, directions
from mapsvc.model import Datum, Point

PLACES = {
    "Ningbo": Point(121.55007, 29.83646),
    "given in GCJ-02": Point(121.55439, 29.83371, Datum.GCJ02),
    "Shenzhen": Point(114.0597, 22.5429),
    "Hong Kong": Point(114.158, 22.282),
}
NAME = "浦发银行,(宁波);鄞州|支行&x=1"
ADDRESS = "宁波市鄞州区天童北路933号 & 和邦大厦?"


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def _amap(url: str) -> tuple[float, float]:
    lon, lat, _name = _query(url)["to"].split(",")
    return float(lon), float(lat)


def _lat_lon(text: str) -> tuple[float, float]:
    lat, lon = map(float, text.split(","))
    return lon, lat


def _tencent(url: str) -> tuple[float, float]:
    marker = dict(part.split(":", 1) for part in _query(url)["marker"].split(";"))
    return _lat_lon(marker["coord"])


def _geo(url: str) -> tuple[float, float]:
    before, after = re.fullmatch(r"geo:([-\d.,]+)\?q=([-\d.,]+)\(.*\)", unquote(url)).groups()  # type: ignore[union-attr]
    assert before == after
    return _lat_lon(before)


READ_AS_THE_APP_DOES = {
    App.AMAP: _amap,
    App.BAIDU: lambda url: _lat_lon(_query(url)["location"]),
    App.TENCENT: _tencent,
    App.APPLE: lambda url: _lat_lon(_query(url)["daddr"]),
    App.GOOGLE: lambda url: _lat_lon(_query(url)["destination"]),
    App.DEVICE: _geo,
}

DATUM_OF_THE_APP = {
    App.AMAP: Datum.GCJ02,
    App.BAIDU: Datum.BD09,
    App.TENCENT: Datum.GCJ02,
    App.APPLE: Datum.GCJ02,
    App.GOOGLE: Datum.GCJ02,
    App.DEVICE: Datum.WGS84,
}


def true_place(position: tuple[float, float], datum: Datum) -> tuple[float, float]:
    """Back to WGS-84 by published packages, not by our own formulas."""
    lon, lat = position
    if datum is Datum.BD09:
        lon, lat = coordTransform.bd09_to_gcj02(lon, lat)
    if datum is not Datum.WGS84:
        lat, lon = eviltransform.gcj2wgs_exact(lat, lon)
    return lon, lat


def _of(app: App, links: tuple[DirectionsLink, ...]) -> DirectionsLink:
    return next(link for link in links if link.app is app)


@pytest.mark.parametrize("app", App)
@pytest.mark.parametrize("place", ["Ningbo", "given in GCJ-02", "Shenzhen"])
def test_a_link_leads_to_thetrue_place(app: App, place: str) -> None:
    point = PLACES[place]
    link = _of(app, directions(Destination(NAME, ADDRESS, "宁波市", point)))
    lon, lat = true_place(READ_AS_THE_APP_DOES[app](link.url), DATUM_OF_THE_APP[app])
    true = true_place((point.lon, point.lat), point.datum)
    assert distance_m(lon, lat, *true) < 1.0
    assert link.datum is DATUM_OF_THE_APP[app]


@pytest.mark.parametrize("app", App)
def test_outside_the_mainland_nothing_is_shifted(app: App) -> None:
    point = PLACES["Hong Kong"]
    link = _of(app, directions(Destination("x", "x", "", point)))
    assert READ_AS_THE_APP_DOES[app](link.url) == pytest.approx((point.lon, point.lat), abs=1e-6)


@pytest.mark.parametrize("app", App)
def test_an_approximate_place_is_looked_up_by_address(app: App) -> None:
    link = _of(app, directions(Destination(NAME, ADDRESS, "宁波市", None)))
    assert link.datum is None
    assert ADDRESS in unquote(link.url)
    assert not re.search(r"\d+\.\d{3,}", link.url)


def test_names_cannot_add_parameters_or_break_a_maps_own_syntax() -> None:
    for link in directions(Destination(NAME, ADDRESS, "宁波市", PLACES["Ningbo"])):
        assert "x" not in _query(link.url)
        assert link.url.isascii()
    hostile = '"><script>\n\r\t{{7*7}}'
    for point in (PLACES["Ningbo"], None):
        for link in directions(Destination(hostile, hostile, hostile, point)):
            assert not set(link.url) & set('"<>{}\n\r\t ')


@pytest.mark.parametrize(
    ("address", "city", "full"),
    [
        ("宁波市河清北路295号", "宁波市", "宁波市河清北路295号"),
        ("宁波杭州湾新区滨海二路879号", "宁波市", "宁波杭州湾新区滨海二路879号"),
        ("慈溪市道林镇林西路111号", "宁波市", "宁波市慈溪市道林镇林西路111号"),
        ("林西路111号", "", "林西路111号"),
    ],
)
def test_an_address_names_its_city_once(address: str, city: str, full: str) -> None:
    assert Destination("", address, city, None).full_address == full
