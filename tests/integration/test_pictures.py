"""The pictures of pages: every page has one, of the right size, with its branch in its place."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from mapsvc.snapshot import EVERYTHING, Snapshot
from mapsvc.web import drawing, pictures
from tests.integration.conftest import HOSTILE, make_app
from tests.integration.test_metadata import PUBLIC, public, told
from tests.integration.test_pages import branch_ids, page

__all__ = ["public"]

_SEAL = (0xAE, 0x32, 0x20)


def image(client: FlaskClient, path: str) -> Image.Image:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "image/png"), path
    drawn = Image.open(io.BytesIO(answer.data)).convert("RGB")
    assert drawn.size == drawing.SIZE
    return drawn


def seal_pixels(drawn: Image.Image) -> int:
    """How much of the map is a mark's colour."""
    pixels = np.asarray(drawn.crop((560, 0, 1200, 630)), dtype=int)
    return int((abs(pixels - _SEAL) < 24).all(axis=2).sum())


def test_every_page_names_its_picture(public: FlaskClient, snapshot: Snapshot) -> None:
    own = branch_ids(snapshot)[0]
    for path in ("/", "/districts/330212", f"/branches/{own}", "/?bank=icbc"):
        said = told(page(public, f"{path}{'&' if '?' in path else '?'}lang=en"))
        assert said["og:image"].startswith(f"{PUBLIC}/pictures/")
        assert said["og:image"].endswith(".png?lang=en")
        drawn = image(public, said["og:image"].removeprefix(PUBLIC))
        assert (said["og:image:width"], said["og:image:height"]) == tuple(map(str, drawn.size))
    assert public.get("/pictures/branches/nobody.png").status_code == 404
    assert public.get("/pictures/districts/999999.png").status_code == 404


def test_marks_stand_on_the_map(client: FlaskClient, snapshot: Snapshot) -> None:
    all_of_them = seal_pixels(image(client, "/pictures/site.png"))
    one = seal_pixels(image(client, f"/pictures/branches/{branch_ids(snapshot)[8]}.png"))
    none = seal_pixels(image(client, "/pictures/districts/330205.png"))
    assert none == 0
    assert 100 < one < all_of_them


def test_each_language_and_each_branch_has_its_own(client: FlaskClient, snapshot: Snapshot) -> None:
    paths = [f"/pictures/branches/{one}.png?lang=zh" for one in branch_ids(snapshot)[:2]]
    paths += ["/pictures/site.png?lang=zh", "/pictures/site.png?lang=en"]
    assert len({client.get(path).data for path in paths}) == len(paths)


def test_a_picture_is_drawn_once_a_revision(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[drawing.Lines] = []

    def draw(_scene: drawing.Scene, lines: drawing.Lines) -> bytes:
        drawn.append(lines)
        return b"png"

    monkeypatch.setattr(pictures, "picture", draw)
    monkeypatch.setattr(pictures, "_kept", pictures.Kept())
    client = make_app(snapshot).test_client()
    for _ in range(3):
        answer = client.get("/pictures/districts/330212.png?lang=zh")
    assert [lines.heading for lines in drawn] == ["鄞州区"]
    etag = answer.headers["ETag"]
    again = client.get("/pictures/districts/330212.png?lang=zh", headers={"If-None-Match": etag})
    assert again.status_code == 304


def test_one_picture_is_drawn_at_a_time(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_app(snapshot).test_client()
    asked: list[TestResponse] = []

    def draw(_scene: drawing.Scene, _lines: drawing.Lines) -> bytes:
        asked.append(make_app(snapshot).test_client().get("/pictures/site.png"))
        return b"png"

    monkeypatch.setattr(pictures, "picture", draw)
    monkeypatch.setattr(pictures, "_kept", pictures.Kept())
    first = "/pictures/districts/330212.png"
    assert client.get(first).status_code == 200
    assert [answer.status_code for answer in asked] == [503]
    assert asked[0].headers["Retry-After"] == "2"
    assert asked[0].headers["Cache-Control"] == "no-store"
    assert client.get(first).data == b"png", "what is there is given however busy it is"

    def fail(_scene: drawing.Scene, _lines: drawing.Lines) -> bytes:
        raise ValueError("no font")

    monkeypatch.setattr(pictures, "picture", fail)
    assert client.get("/pictures/site.png").status_code == 500
    monkeypatch.setattr(pictures, "picture", lambda *_: b"again")
    assert client.get("/pictures/site.png").data == b"again"


def test_an_approximate_place_is_called_so(
    client: FlaskClient, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    feet: dict[str, str] = {}
    monkeypatch.setattr(pictures, "_kept", pictures.Kept())
    monkeypatch.setattr(
        pictures, "picture", lambda _, lines: feet.setdefault(lines.heading, lines.foot).encode()
    )
    for feature in snapshot.iterate(EVERYTHING):
        facts = json.loads(feature)["properties"]
        client.get(f"/pictures/branches/{facts['id']}.png?lang=zh")
        is_exact = facts["precision"] == "building"
        assert (feet[facts["name"]] == "") is is_exact


def test_hostile_texts_are_drawn(hostile_client: FlaskClient) -> None:
    for index in range(len(HOSTILE)):
        image(hostile_client, f"/pictures/branches/b{index}.png")
    image(hostile_client, "/pictures/districts/330212.png")
    image(hostile_client, "/pictures/site.png")


@pytest.mark.parametrize("text", ["W" * 500, "﷽" * 100, "Z" + "\u0e49" * 480, "字" * 300, ""])
def test_lines_fit_beside_the_map(text: str) -> None:
    lines = drawing.wrapped(text, 50, 3)
    assert 1 <= len(lines) <= 3
    font = drawing._font(50)
    assert all(font.getlength(line) <= 448 for line in lines)
    assert (lines[-1].endswith("…")) is (len(text) > 30)
