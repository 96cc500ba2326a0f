"""Applications to ask: one over the shipped data, one over hand-made contents full of traps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from shapely import box

from mapsvc import service
from mapsvc.config import Settings
from mapsvc.model import (
    Branch,
    BranchList,
    District,
    Placement,
    Point,
    Precision,
    ReviewCode,
    ReviewReason,
)
from mapsvc.snapshot import Snapshot
from mapsvc.snapshot.database import PostgisSource
from mapsvc.store import open_store
from mapsvc.store.base import Contents
from mapsvc.store.sql import SqlStore
from mapsvc.web import create_app
from tests.postgres import Cluster
from tests.readings import snapshot_of

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)

HOSTILE = (
    "{{7*7}}",
    "{% raw %}",
    "</script><script>alert(1)</script>",
    "${7*7}`id`",
    "a\x01b\x1b[31m",
    "\u202egnp.exe\u2066\u200f",
    "'\"\\",
    '}},{"type":"Feature"}]}}',
    "\u2028\u2029\ufeff",
    "<!-- ]]> &lt;",
)


@dataclass(frozen=True)
class FixedSource:
    """A source whose snapshot never changes."""

    snapshot: Snapshot

    def current(self) -> Snapshot:
        return self.snapshot


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def snapshot(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Snapshot]:
    """What a freshly started server shows: the 15 announced branches.

    Once from SQLite by memory, once from PostgreSQL by PostGIS: every answer is the same.
    """
    if request.param == "postgresql":
        with postgis_store(request) as store:
            service.seed(store)
            yield PostgisSource(store).current()
    else:
        store = open_store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'mapsvc.sqlite3'}")
        service.seed(store)
        contents = store.contents()
        store.close()
        yield snapshot_of(contents)


@contextmanager
def postgis_store(request: pytest.FixtureRequest) -> Iterator[SqlStore]:
    """An empty store in PostgreSQL for tests that hold its snapshots as long as they last."""
    server: Cluster = request.getfixturevalue("postgres")
    name = server.new_database(request.getfixturevalue("postgres_template"))
    patient = "&options=-c%20idle_in_transaction_session_timeout%3D0"
    with closing(open_store(server.url(name) + patient)) as store:
        yield store
    server.drop(name)


def hostile_contents(revision: int = 7) -> Contents:
    """Two districts side by side, and a branch for each hostile text; the last is unplaced."""
    west, east = box(121.2, 29.7, 121.5, 30.0), box(121.5, 29.7, 121.8, 30.0)
    districts = (
        District("330203", "海曙区", "宁波市", "浙江省", west, west, "Haishu"),
        District("330212", HOSTILE[2], HOSTILE[0], HOSTILE[7], east, east),
    )
    branches = tuple(
        Branch(f"b{i}", text, text, "icbc" if i % 2 else None, text, text)
        for i, text in enumerate(HOSTILE)
    )
    placements = {
        branch.id: Placement(
            branch_id=branch.id,
            point=Point(121.45 + i * 0.02, 29.8 + i * 0.01),
            precision=Precision.STREET,
            radius_m=800.0,
            provider=HOSTILE[0],
            located_at=NOW,
            district="330203" if i < 3 else "330212",
            address=branch.address,
            reasons=(ReviewReason(ReviewCode.ZONE_ALIAS, {"zone": branch.name}),),
        )
        for i, branch in enumerate(branches[:-1])
    }
    return Contents(
        revision=revision,
        changed_at=NOW,
        lists=(BranchList("traps", HOSTILE[2], 2021),),
        branches=branches,
        members={branch.id: ("traps",) for branch in branches},
        placements=placements,
        districts=districts,
    )


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def hostile_snapshot(request: pytest.FixtureRequest) -> Iterator[Snapshot]:
    contents = hostile_contents()
    if request.param == "postgresql":
        with postgis_store(request) as store:
            with store.write() as writer:
                writer.put_list(contents.lists[0], contents.branches)
                writer.put_placements(contents.placements.values())
                writer.put_districts(contents.districts)
            yield PostgisSource(store).current()
    else:
        yield snapshot_of(contents)


def make_app(snapshot: Snapshot, **settings: Any) -> Flask:
    """An application over a snapshot; errors become answers, as they do for visitors."""
    return create_app(Settings(**settings), FixedSource(snapshot))


@pytest.fixture(scope="session")
def app(snapshot: Snapshot) -> Flask:
    return make_app(snapshot)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def hostile_app(hostile_snapshot: Snapshot) -> Flask:
    return make_app(hostile_snapshot)


@pytest.fixture
def hostile_client(hostile_app: Flask) -> FlaskClient:
    return hostile_app.test_client()
