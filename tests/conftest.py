"""No test reaches beyond this machine; those that want PostgreSQL get a server of their own."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from mapsvc.store import open_store
from tests.postgres import Cluster, cluster


class ForeignConnectionError(AssertionError):
    """A test tried to reach another machine."""


def _is_loopback(address: Any) -> bool:
    if not isinstance(address, tuple):  # a Unix socket's path
        return True
    host = address[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return bool(host == "localhost")


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if not _is_loopback(address):
            raise ForeignConnectionError(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        if not _is_loopback(address):
            raise ForeignConnectionError(address)
        return connect_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """One private PostgreSQL server, started for the first test that wants it."""
    with cluster() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: Cluster) -> str:
    """An empty store's database, to be copied: quicker than migrating anew for every test."""
    name = postgres.new_database()
    open_store(postgres.url(name)).close()
    return name


@pytest.fixture
def postgres_url(postgres: Cluster, postgres_template: str) -> Iterator[str]:
    """The address of an empty store in PostgreSQL, fresh for this test."""
    name = postgres.new_database(postgres_template)
    yield postgres.url(name)
    postgres.drop(name)
