"""Every one of many points to its county: all 2,848 polygons, 4.2 million vertices.

mapsvc's `DistrictIndex.assign` beside geopandas' ``sjoin`` with the predicate ``intersects``.
Both have their index over the polygons ready, and ``sjoin`` its points as a GeoDataFrame, too;
mapsvc starts from plain arrays. What counts is processor time, since both run in this one
process: of 1,000,000 points the second pass, otherwise the best of several rounds. The points are
the synthetic branches, drawn inside the polygons, so that each of them has a county: one that
finds none is lost.
"""

from __future__ import annotations

import time
from functools import partial

import geopandas
import numpy as np

from bench.counties import counties
from bench.figures import Figure, at_least, up_to
from bench.profiles import profile_of
from bench.rounds import interleaved
from bench.scale import Scale
from bench.synthetic import positions
from mapsvc.geo.districts import DistrictIndex

_PEER = f"geopandas {geopandas.__version__} sjoin"


def run(scale: Scale) -> list[Figure]:
    """Points a second, and how many find no county."""
    shapes = [county.geometry for county in counties()]
    index = DistrictIndex([county.code for county in counties()], shapes)
    begun = time.perf_counter()
    index.assign([120.0], [30.0])
    ready = time.perf_counter() - begun
    polygons = geopandas.GeoDataFrame(geometry=shapes, crs=4326)
    begun = time.perf_counter()
    polygons.sindex.query(shapes[0].representative_point())
    figures = [
        Figure("getting ready", len(shapes), ready, "s", _PEER, time.perf_counter() - begun,
               note="of so many polygons; once in the life of an index")
    ]  # fmt: skip
    for size in scale.sizes[1:]:
        lon, lat, drawn_in = positions(size)
        points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(lon, lat), crs=4326)
        ours = partial(index.assign, lon, lat)
        sjoin = partial(geopandas.sjoin, points, polygons, how="left", predicate="intersects")
        rows, joined = ours(), sjoin()
        is_full = size >= 1_000_000
        seconds = interleaved(
            {"ours": ours, "sjoin": sjoin}, 1 if is_full else scale.rounds, time.process_time
        )
        best = {name: size / min(taken) for name, taken in seconds.items()}
        goal = at_least(1.5) if is_full else None
        rate = Figure("points to counties", size, best["ours"], "points/s", _PEER, best["sjoin"],
                      goal)  # fmt: skip
        figures.append(profile_of(rate, ours))
        figures.append(
            Figure("points without a county", size, int(np.count_nonzero(rows < 0)), "points",
                   _PEER, int(joined["index_right"].isna().sum()), up_to(0))
        )  # fmt: skip
        other = int(np.count_nonzero(rows != drawn_in))
        figures.append(
            Figure("points in another county than drawn in", size, other, "points",
                   note="drawn inside by shapely.contains_xy; neighbours overlap by rounding")
        )  # fmt: skip
    return figures
