"""The same branches in the peers' own stores, and the peers as servers over them.

Every peer has the columns that a feature of ours has as properties, and the indexes that its
documentation advises for boxes.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import metadata
from pathlib import Path

import psycopg

from bench.boxes import Box
from bench.counties import counties
from bench.servers import PEER_PROGRAMS, Server, granian
from bench.synthetic import LIST, branches
from mapsvc.lists.banks import banks
from tests.postgres import Cluster

_TEXTS = (
    "id", "name", "bank", "bank_name", "address", "district", "district_name", "list", "phone",
    "hours", "precision", "provider", "located_at", "review",
)  # fmt: skip
COLUMNS = (*_TEXTS, "radius_m", "lon", "lat")


def version(package: str) -> str:
    """The version of a package of the servers' environment."""
    (found,) = (PEER_PROGRAMS.parent / "lib").glob("python*/site-packages")
    (distribution,) = metadata.distributions(name=package, path=[str(found)])
    return distribution.version


@contextmanager
def constant(bodies: Path) -> Iterator[Server]:
    """Plain Flask, answering with the files of a folder."""
    name = next(iter(sorted(bodies.iterdir()))).name
    with granian("constant:make_app", f"/{name}", {"BENCH_BODIES": str(bodies)}) as server:
        yield server


@contextmanager
def datasette(n: int, folder: Path) -> Iterator[Server]:
    """Datasette over a table with an index on lat and lon."""
    path = folder / "branches.db"
    with closing(sqlite3.connect(path)) as database:
        texts = ", ".join(f"{name} TEXT" for name in _TEXTS)
        database.execute(f"CREATE TABLE branches ({texts}, radius_m REAL, lon REAL, lat REAL)")
        marks = ", ".join("?" * len(COLUMNS))
        database.executemany(f"INSERT INTO branches VALUES ({marks})", _rows(n))
        database.execute("CREATE INDEX branches_place ON branches (lat, lon)")
        database.execute("ANALYZE")
        database.commit()
    with granian(
        "datasette_app:make_app", "/branches/branches.json?_size=1",
        {"BENCH_DATABASE": str(path)}, programs=PEER_PROGRAMS, interface="asgi",
    ) as server:  # fmt: skip
        yield server


def datasette_path(box: Box, features: int) -> str:
    west, south, east, north = box
    return (
        f"/branches/branches.json?lat__gte={south}&lat__lte={north}&lon__gte={west}"
        f"&lon__lte={east}&_size={features}&_shape=objects&_nocount=1&_nofacet=1"
    )


@contextmanager
def pygeoapi(n: int, folder: Path, cluster: Cluster) -> Iterator[Server]:
    """The provider PostgreSQL of pygeoapi, over a table with a GiST index."""
    name = cluster.new_database()
    cluster.run("CREATE EXTENSION postgis", name)
    with psycopg.connect(cluster.url(name).replace("+psycopg", ""), autocommit=True) as connection:
        texts = ", ".join(f"{column} text" for column in _TEXTS[1:])
        connection.execute(
            f"CREATE TABLE branches (id text PRIMARY KEY, {texts}, radius_m float8,"
            " place geometry(Point, 4326))"
        )
        with connection.cursor().copy("COPY branches FROM STDIN") as copy:
            for *values, lon, lat in _rows(n):
                copy.write_row((*values, f"SRID=4326;POINT({lon!r} {lat!r})"))
        connection.execute("CREATE INDEX ON branches USING gist (place)")
        connection.execute("VACUUM ANALYZE branches")
    config, openapi = folder / "pygeoapi.json", folder / "openapi.json"
    config.write_text(json.dumps(_pygeoapi_config(cluster, name)), encoding="utf-8")
    variables = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
    subprocess.run(
        [PEER_PROGRAMS / "pygeoapi", "openapi", "generate", config,
         "--output-file", openapi, "--format", "json"],
        env=variables, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    path = "/collections/branches/items?f=json&limit=1&bbox=120,29,120.1,29.1"
    with granian("pygeoapi_app:make_app", path, variables, programs=PEER_PROGRAMS) as server:
        yield server


def pygeoapi_path(box: Box, features: int) -> str:
    west, south, east, north = box
    return f"/collections/branches/items?f=json&limit={features}&bbox={west},{south},{east},{north}"


def _rows(n: int) -> Iterator[tuple[object, ...]]:
    """`COLUMNS` of the first ``n`` branches."""
    names = {county.code: county.name for county in counties()}
    for branch, placement in branches(n):
        assert placement.point is not None
        assert placement.precision is not None
        assert placement.located_at is not None
        review = [{"code": reason.code, **reason.detail} for reason in placement.reasons]
        yield (
            branch.id, branch.name, branch.bank, banks()[branch.bank or ""].short, branch.address,
            placement.district, names[placement.district or ""], LIST.slug, branch.phone,
            branch.hours, placement.precision.value, placement.provider,
            placement.located_at.isoformat(), json.dumps(review), placement.radius_m,
            placement.point.lon, placement.point.lat,
        )  # fmt: skip


def _pygeoapi_config(cluster: Cluster, database: str) -> dict[str, object]:
    contact = {"name": "bench", "url": "http://127.0.0.1"}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": 5000},
            "url": "http://127.0.0.1:5000",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "gzip": False,
            "languages": ["en-US"],
            "pretty_print": False,
            "limits": {"default_items": 20, "max_items": 1000},
            "map": {"url": "http://127.0.0.1/{z}/{x}/{y}.png", "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": "bench",
                "description": "bench",
                "keywords": ["bench"],
                "keywords_type": "theme",
                "terms_of_service": "none",
                "url": "http://127.0.0.1",
            },
            "license": {"name": "none", "url": "http://127.0.0.1"},
            "provider": contact,
            "contact": contact,
        },
        "resources": {
            "branches": {
                "type": "collection",
                "title": "branches",
                "description": "branches",
                "keywords": ["branches"],
                "links": [],
                "extents": {
                    "spatial": {
                        "bbox": [73, 18, 135, 54],
                        "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
                    }
                },
                "providers": [
                    {
                        "type": "feature",
                        "name": "PostgreSQL",
                        "data": {
                            "host": str(cluster.folder),
                            "port": 5432,
                            "dbname": database,
                            "user": "mapsvc",
                            "password": "",
                            "search_path": ["public"],
                        },
                        "id_field": "id",
                        "table": "branches",
                        "geom_field": "place",
                    }
                ],
            }
        },
    }
