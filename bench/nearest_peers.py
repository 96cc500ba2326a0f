"""Who else finds the k nearest of a million positions: each as a user of it would write it.

Positions and queries are longitude and latitude in WGS-84 degrees; an answer is row numbers,
nearest first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas
import numpy as np
import psycopg
import scipy
import shapely
import sklearn
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from sklearn.neighbors import BallTree

from bench.geodesy import earth_centred
from mapsvc.geo.index import PointIndex
from mapsvc.model import Point
from tests.postgres import Cluster

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Find = Callable[[float, float], Any]
"""Finds the rows next to a longitude and a latitude."""

K = 10

OURS = "mapsvc"
SCIPY = f"SciPy {scipy.__version__} cKDTree"
BALL_TREE = f"scikit-learn {sklearn.__version__} BallTree, haversine"
STRTREE = f"geopandas {geopandas.__version__} (shapely STRtree), growing box"
POSTGIS = "PostGIS, geography <->"


def ours(lon: Floats, lat: Floats) -> tuple[Callable[[Point], Any], Find]:
    """Asked with a point that was ready before; and with degrees."""
    index = PointIndex(lon, lat)
    return lambda point: index.nearest(point, K), lambda x, y: index.nearest(Point(x, y), K)[0]


def scipy_tree(lon: Floats, lat: Floats) -> tuple[Callable[[Floats], Any], Find]:
    """The tree alone, asked with a vector that was ready before; and with one made of degrees.

    Vectors are earth-centred, in metres. That is the tree that mapsvc stands on, without what it
    adds: the vector, the proof that none is missing, the geodesics, the order.
    """
    tree = cKDTree(earth_centred(lon, lat))

    def alone(vector: Floats) -> Any:
        return tree.query(vector, K)

    def find(x: float, y: float) -> Any:
        return tree.query(earth_centred(np.array([x]), np.array([y]))[0], K)[1]

    return alone, find


def ball_tree(lon: Floats, lat: Floats) -> Find:
    tree = BallTree(np.radians(np.column_stack([lat, lon])), metric="haversine")

    def find(x: float, y: float) -> Any:
        return tree.query(np.radians([[y, x]]), K)[1][0]

    return find


def str_tree(lon: Floats, lat: Floats) -> Find:
    """The tree behind GeoDataFrame.sindex has no k nearest: a box grows until it surely holds them.

    Distances are taken in degrees with the longitude shrunk by the cosine of the latitude.
    """
    tree = geopandas.GeoSeries(geopandas.points_from_xy(lon, lat)).sindex
    start = np.sqrt((np.ptp(lon) * np.ptp(lat)) * K / max(len(lon), 1) / np.pi)

    def find(x: float, y: float) -> Any:
        shrink = max(np.cos(np.radians(y)), 1e-6)
        half = start
        while True:
            wide = half / shrink
            rows = tree.query(shapely.box(x - wide, y - half, x + wide, y + half))
            away = np.hypot((lon[rows] - x) * shrink, lat[rows] - y)
            if half > 360 or np.count_nonzero(away <= half) >= K:
                return rows[np.argsort(away, kind="stable")[:K]]
            half *= 2

    return find


def postgis(lon: Floats, lat: Floats, cluster: Cluster) -> tuple[psycopg.Connection[Any], Find]:
    """Points as geography with a GiST index; one connection, one prepared statement."""
    name = cluster.new_database()
    cluster.run("CREATE EXTENSION postgis", name)
    url = cluster.url(name).replace("+psycopg", "")
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("CREATE TABLE points (id integer, place geography(Point, 4326))")
    with connection.cursor().copy("COPY points FROM STDIN") as copy:
        for row, (x, y) in enumerate(zip(lon.tolist(), lat.tolist(), strict=True)):
            copy.write_row((row, f"SRID=4326;POINT({x!r} {y!r})"))
    connection.execute("CREATE INDEX ON points USING gist (place)")
    connection.execute("VACUUM ANALYZE points")
    cursor = connection.cursor()
    statement = (
        "SELECT id FROM points"
        f" ORDER BY place <-> ST_MakePoint(%s::float8, %s::float8)::geography LIMIT {K}"
    )

    def find(x: float, y: float) -> Any:
        return np.array(
            [row[0] for row in cursor.execute(statement, (x, y), prepare=True).fetchall()]
        )

    return connection, find
