"""The builder: its codes are what they say, and its notes name what is passed over or wrong."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from mapsvc.web.codes import frame_code, script_code
from mapsvc.web.hostscript import latest, released
from tests.embedding import SITE, client_of
from tests.integration.conftest import HOSTILE, hostile_contents
from tests.readings import snapshot_of

RELEASED = {
    "1.0.0": "sha384-p/DTQ1YHhg9FXQkEk4wNOB+6XYz7Dt/HaiVmXmRdhsR44lld8qBDhJGG2ctR+xKn",
}
"""Every script that was released, by its digest: pages have pinned it, so it never changes."""


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return client_of()


def codes(page: str) -> dict[str, str]:
    found = re.findall(r'<textarea id="([\w-]+)"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    return {name: html.unescape(text) for name, text in found}


def test_the_codes_say_what_was_chosen(client: FlaskClient) -> None:
    query = "bank=icbc&q=%22%3E%3Cb%3E&near=1&height=600&in=en&lang=zh&theme=dark"
    page = client.get(f"/embed/builder?{query}").text
    shown = codes(page)
    src = html.unescape(re.search(r'src="([^"]+)"', shown["frame-code"])[1])  # type: ignore[index]
    chosen = {"v": "1", "bank": "icbc", "q": '"><b>', "near": "1", "lang": "en", "theme": "dark"}
    assert {name: text[0] for name, text in parse_qs(urlsplit(src).query).items()} == chosen
    for part in (
        'width="100%"', 'height="600"', 'loading="lazy"', 'allow="fullscreen; geolocation"',
        'referrerpolicy="strict-origin"', 'sandbox="allow-scripts allow-same-origin', 'title="',
    ):  # fmt: skip
        assert part in shown["frame-code"]
    for name in ("script-code", "pinned-code"):
        assert f'data-mapsvc="{SITE}/"' in shown[name]
        assert 'data-q="&#34;&gt;&lt;b&gt;"' in shown[name]
        assert 'data-height="600"' in shown[name]
        assert "\n" not in shown[name]
    assert f'<script async src="{SITE}/embed/v1.js"></script>' in shown["script-code"]
    assert latest().integrity in shown["pinned-code"]
    assert shown["oembed-link"] == src
    answer: Any = client.get("/oembed", query_string={"url": shown["oembed-link"]}).json
    assert answer["html"].startswith("<iframe ")


def test_without_a_position_none_is_allowed(client: FlaskClient) -> None:
    assert "geolocation" not in codes(client.get("/embed/builder").text)["frame-code"]


def test_the_preview_is_the_frame_itself(client: FlaskClient) -> None:
    page = client.get("/embed/builder?bank=icbc&in=en").text
    src = re.search(r'id="preview" src="([^"]+)"', page)
    assert src
    assert src[1] == "/embed?v=1&amp;bank=icbc&amp;lang=en"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("utm_source=x&bank=icbc", "utm_source"),
        ("zoom[]=3", "zoom[]"),
        ("<script>=1", "&lt;script&gt;"),
    ],
)
def test_unknown_parameters_are_noted(client: FlaskClient, query: str, said: str) -> None:
    response = client.get(f"/embed/builder?{query}")
    assert response.status_code == 200
    assert "以下参数无法识别，已忽略" in response.text
    assert f"<code>{said}</code>" in response.text
    assert "utm_source=" not in codes(response.text)["frame-code"]


def test_wrong_values_are_said_and_give_no_code(client: FlaskClient) -> None:
    response = client.get("/embed/builder?zoom=99&accent=ffff00&lang=en")
    assert response.status_code == 400
    assert "a whole number from 4 to 18" in response.text
    assert codes(response.text) == {}
    assert '<option value="icbc">' in response.text  # the choices are still there


@pytest.mark.parametrize(
    ("pasted", "query"),
    [
        (f"{SITE}/embed?bank=icbc&theme=dark", {"bank": "icbc", "theme": "dark"}),
        (f"{SITE}/?bank=icbc&lang=en", {"bank": "icbc", "in": "en"}),
        (f"{SITE}/districts/330212", {"district": "330212"}),
        (f"{SITE}/embed?bank=icbc&old=1", {"bank": "icbc", "old": "1"}),
        (
            frame_code(SITE, {"bank": "icbc", "near": "1", "lang": "zh"}, "t", 512),
            {"bank": "icbc", "near": "1", "in": "zh", "height": "512"},
        ),
        (
            script_code(SITE, {"q": '"工'}, "t", 512, latest()),
            {"q": '"工', "height": "512"},
        ),
    ],
)
def test_a_link_or_code_from_before_can_be_changed(
    client: FlaskClient, pasted: str, query: dict[str, str]
) -> None:
    response = client.get("/embed/builder", query_string={"pasted": pasted, "lang": "en"})
    assert response.status_code == 303
    found = parse_qs(urlsplit(response.headers["Location"]).query)
    assert {name: text[0] for name, text in found.items()} == query | {"lang": "en"}
    assert client.get(f"/embed/builder{response.headers['Location']}").status_code == 200


@pytest.mark.parametrize(
    "pasted", ["x", "https://evil.example/embed", "<iframe src=x>", f"https://u@{SITE[8:]}/embed"]
)
def test_other_codes_are_refused(client: FlaskClient, pasted: str) -> None:
    response = client.get("/embed/builder", query_string={"pasted": pasted, "lang": "en"})
    assert response.status_code == 400
    assert "no address and no code of this site" in response.text


def test_who_may_embed_is_said() -> None:
    listed = client_of(embed_origins=("https://*.bank.example",)).get("/embed/builder").text
    assert "<code>https://*.bank.example</code>" in listed
    none = client_of(embed_origins=("none",)).get("/embed/builder").text
    assert "本站已关闭" in none
    assert codes(none) == {}
    assert "<iframe" not in none


def test_without_a_public_address_there_is_no_code() -> None:
    client = client_of(public_url="", trusted_hosts=("other.example",))
    page = client.get("/embed/builder", headers={"Host": "other.example"}).text
    assert codes(page) == {}
    assert "MAPSVC_PUBLIC_URL" in page
    assert "other.example" not in page


def test_hostile_names_are_text_in_page_and_code() -> None:
    client = client_of(snapshot_of(hostile_contents()))
    page = client.get("/embed/builder?branch=b2&district=330212&lang=en").text
    assert "<script>alert" not in page
    for code in codes(page).values():
        assert "<script>alert" not in code
    wrong = client.get("/embed/builder", query_string={"show": HOSTILE[2], HOSTILE[2]: "x"})
    assert "<script>alert" not in wrong.text


def test_a_released_script_never_changes(client: FlaskClient) -> None:
    assert {script.version: script.integrity for script in released().values()} == RELEASED
    for version, script in released().items():
        response = client.get(f"/embed/v{version}.js")
        assert response.data == script.body
        assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    newest = client.get("/embed/v1.js")
    assert newest.data == latest().body
    assert newest.headers["Cache-Control"] == "public, max-age=3600"
    again = client.get("/embed/v1.js", headers={"If-None-Match": newest.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("version", ["0", "2", "1.0", "1.0.0.0", "01.0.0", "9.9.9", "../x", "%2e"])
def test_other_versions_are_not_there(client: FlaskClient, version: str) -> None:
    assert client.get(f"/embed/v{version}.js").status_code == 404


def test_the_host_s_script_is_small(client: FlaskClient) -> None:
    small = client.get("/embed/v1.js", headers={"Accept-Encoding": "br"})
    assert len(small.data) < 3_000
