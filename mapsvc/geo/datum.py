"""Positions between WGS-84, GCJ-02 and BD-09: vectorised, exact both ways, in the mainland only.

GCJ-02 moves a WGS-84 position by 20 to 701 m, inside mainland China only; BD-09 moves the
GCJ-02 position about a kilometre further. The formulas are the ones on which the open packages
prcoords, coordtransform and eviltransform agree; the tests hold this module against them.

**Gate.** Outside the mainland (`mapsvc.geo.mainland`: the land and its waters, never Hong Kong,
Macau, Taiwan or a neighbour) all three datums are the same numbers. For BD-09 this follows
Baidu's SDK guide, by which positions abroad are WGS-84; for Hong Kong, Macau and Taiwan, where
that guide names BD-09 too, it is this project's choice.

**Inverse.** ``p = q - shift(p)`` by fixed-point iteration: the shift hardly changes over its own
length, so every step gains about two digits (`_GCJ_STEPS`, `_BD_STEPS`).

**At the outline** the datum is torn: the mainland's side moves and the other does not. So, nearer
to it than the shift is long, a GCJ-02 or BD-09 position can stand for two places, and the
mainland's is taken; and some positions stand for none, and they are shifted back as well.
Going there and back is exact for every place in the mainland and for every place that is further
outside than the shift is long; in between, the place that comes back has the same GCJ-02 or
BD-09 position as the one that went in.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from mapsvc.geo.mainland import in_mainland, may_be_shifted
from mapsvc.model import Datum, Point

__all__ = ["convert", "convert_arrays", "convert_geometry", "in_mainland", "shift_arrays"]

Floats = NDArray[np.float64]

# The Krasovsky 1940 ellipsoid, which the formula is made on.
_AXIS_M = 6_378_245.0
_ECC2 = 0.006_693_421_622_965_943

_GCJ_STEPS = 8
"""Worst error after each step, over all of the mainland: 4.9 m, 3 cm, 0.2 mm, 1.3 µm, 9 nm. The
other three are for the meridian 105°, where the formula's square root has an endless slope: five
steps leave 1.7 µm there, eight leave 0.4 µm, and no number of them less than 0.3 µm."""
_BD_STEPS = 5
"""Worst error after each step: 23 cm, 1.7 mm, 15 µm, 0.13 µm, 6 nm (about float64's own)."""

_BD_WAVE = np.pi * 3000 / 180


def convert(point: Point, datum: Datum) -> Point:
    """The same place in another datum.

    Args:
        point: degrees, longitude first, in its own datum.
        datum: the datum wanted.

    >>> moved = convert(Point(121.55, 29.87), Datum.GCJ02)
    >>> round(moved.lon, 5), round(moved.lat, 5)
    (121.55416, 29.86742)
    >>> convert(Point(126.98, 37.57), Datum.GCJ02)  # Seoul
    Point(lon=126.98, lat=37.57, datum=<Datum.GCJ02: 'gcj02'>)
    """
    lon, lat = convert_arrays(point.lon, point.lat, point.datum, datum)
    return Point(float(lon), float(lat), datum)


def convert_arrays(
    lon: ArrayLike, lat: ArrayLike, source: Datum, target: Datum
) -> tuple[Floats, Floats]:
    """Positions from one datum to another.

    Args:
        lon: longitudes in degrees in ``source``, any shape.
        lat: latitudes in degrees, of the same shape.
        source: the datum that they are in.
        target: the datum wanted.

    Returns:
        New float64 arrays (longitudes, latitudes) of that shape, exact to below 1e-6 m. What lies
        outside the mainland, or is no number (NaN, infinite), comes back as it was.
    """
    lon, lat = np.broadcast_arrays(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
    moved_lon, moved_lat = lon.copy(), lat.copy()
    if source is not target:
        moves = _moves(lon, lat, source)
        moved_lon[moves], moved_lat[moves] = shift_arrays(lon[moves], lat[moves], source, target)
    return moved_lon, moved_lat


def convert_geometry(geometry: BaseGeometry, source: Datum, target: Datum) -> BaseGeometry:
    """A shapely geometry from one datum to another, in two dimensions.

    A point moves by itself, but a line or polygon moves or stays as a whole, as a point on it
    does: a district's border can be the mainland's outline, and vertices that moved one by one
    would tear it. The parts of a collection move each by itself.

    Args:
        geometry: longitude first, degrees, in ``source``. Empty geometries and NaN coordinates
            come back as they are.
        source: its datum.
        target: the datum wanted.
    """
    if source is target or geometry.is_empty:
        return geometry

    def move_each(xy: Floats) -> Floats:
        return np.column_stack(convert_arrays(xy[:, 0], xy[:, 1], source, target))

    def move_all(xy: Floats) -> Floats:
        return np.column_stack(shift_arrays(xy[:, 0], xy[:, 1], source, target))

    if geometry.geom_type in {"Point", "MultiPoint"}:
        return shapely.transform(geometry, move_each)
    if hasattr(geometry, "geoms"):
        parts = [convert_geometry(part, source, target) for part in shapely.get_parts(geometry)]
        make: Callable[[list[BaseGeometry]], BaseGeometry] = type(geometry)
        return make(parts)
    return shapely.transform(geometry, move_all) if _moves_whole(geometry, source) else geometry


def shift_arrays(lon: Floats, lat: Floats, source: Datum, target: Datum) -> tuple[Floats, Floats]:
    """`convert_arrays` without the gate, for positions that are known to be the mainland's.

    Args and result are as there; NaN stays NaN, infinite values are not allowed.
    """
    if source is target:
        return lon.copy(), lat.copy()
    if source is Datum.BD09:
        lon, lat = _bd_to_gcj(lon, lat)
    elif source is Datum.WGS84:
        lon, lat = _wgs_to_gcj(lon, lat)
    if target is Datum.BD09:
        return _gcj_to_bd(lon, lat)
    if target is Datum.WGS84:
        return _gcj_to_wgs(lon, lat)
    return lon, lat


def _moves(lon: Floats, lat: Floats, source: Datum) -> NDArray[np.bool_]:
    """Which positions the datum shift applies to; where it can be doubted, the mainland's."""
    moves = in_mainland(lon, lat)
    if source is not Datum.WGS84:
        doubted = may_be_shifted(lon, lat) & ~moves
        moves[doubted] = in_mainland(*shift_arrays(lon[doubted], lat[doubted], source, Datum.WGS84))
    return moves


def _moves_whole(geometry: BaseGeometry, source: Datum) -> bool:
    xy = shapely.get_coordinates(geometry)
    if np.isfinite(xy).all():
        xy = shapely.get_coordinates(shapely.point_on_surface(geometry))
    else:
        xy = xy[np.isfinite(xy).all(axis=1)]
    return bool(xy.size) and bool(np.mean(_moves(xy[:, 0], xy[:, 1], source)) >= 0.5)


def _gcj_shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """What GCJ-02 adds to a WGS-84 position, in degrees."""
    x, y = lon - 105.0, lat - 35.0
    px, py = x * np.pi, y * np.pi
    root = np.sqrt(np.abs(x))
    fine = 20.0 * np.sin(6 * px) + 20.0 * np.sin(2 * px)
    east_m = (
        300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
        + 2 / 3 * (fine + 20.0 * np.sin(px) + 40.0 * np.sin(px / 3)
                   + 150.0 * np.sin(px / 12) + 300.0 * np.sin(px / 30))
    )  # fmt: skip
    north_m = (
        -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
        + 2 / 3 * (fine + 20.0 * np.sin(py) + 40.0 * np.sin(py / 3)
                   + 160.0 * np.sin(py / 12) + 320.0 * np.sin(py / 30))
    )  # fmt: skip
    phi = np.radians(lat)
    flat = 1.0 - _ECC2 * np.sin(phi) ** 2
    east = east_m / (_AXIS_M / np.sqrt(flat) * np.cos(phi))
    north = north_m / (_AXIS_M * (1.0 - _ECC2) / flat**1.5)
    return np.degrees(east), np.degrees(north)


def _wgs_to_gcj(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    east, north = _gcj_shift(lon, lat)
    return lon + east, lat + north


def _gcj_to_wgs(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    x, y = lon, lat
    for _ in range(_GCJ_STEPS):
        east, north = _gcj_shift(x, y)
        x, y = lon - east, lat - north
    return x, y


def _gcj_to_bd(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    radius = np.hypot(lon, lat) + 2e-5 * np.sin(lat * _BD_WAVE)
    angle = np.arctan2(lat, lon) + 3e-6 * np.cos(lon * _BD_WAVE)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _bd_to_gcj(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    x, y = lon - 0.0065, lat - 0.006
    for _ in range(_BD_STEPS):
        east, north = _gcj_to_bd(x, y)
        x, y = x + (lon - east), y + (lat - north)
    return x, y
