"""New snapshots are asked before visitors see them."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from mapsvc.web import areas
from mapsvc.web.warming import warm_up
from tests.integration.conftest import hostile_contents, make_app
from tests.readings import snapshot_of

HERE = "http://127.0.0.1:8000"


def test_the_new_snapshot_answers_not_the_old_one(caplog: pytest.LogCaptureFixture) -> None:
    shown = snapshot_of(hostile_contents())
    new = snapshot_of(replace(hostile_contents(), revision=8))
    app = make_app(shown)
    with caplog.at_level(logging.WARNING):
        warm_up(app, new, HERE)
    assert not caplog.records
    assert new in areas._counts
    assert shown not in areas._counts
    assert app.test_client().get("/healthz").get_json()["revision"] == shown.revision


def test_what_cannot_be_answered_is_logged_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    snapshot = snapshot_of(hostile_contents())
    warm_up(make_app(snapshot, trusted_hosts=("bank.example",)), snapshot, HERE)
    assert "answers 400" in caplog.text
