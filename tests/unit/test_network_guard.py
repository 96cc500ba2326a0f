"""The guard in tests/conftest.py can fail."""

from __future__ import annotations

import socket

import pytest

from tests.conftest import ForeignConnectionError


def test_another_machine_cannot_be_reached() -> None:
    with socket.socket() as probe, pytest.raises(ForeignConnectionError):
        probe.connect(("192.0.2.1", 80))
    with socket.socket() as probe, pytest.raises(ForeignConnectionError):
        probe.connect_ex(("example.org", 80))


def test_loopback_can() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())
