"""oEmbed: which addresses get a frame, and that none is fetched."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from flask.testing import FlaskClient

from mapsvc.snapshot import EVERYTHING
from tests.embedding import SITE, client_of, shipped
from tests.integration.conftest import HOSTILE, hostile_contents
from tests.readings import snapshot_of

BRANCH = json.loads(next(iter(shipped().iterate(EVERYTHING))))["properties"]["id"]


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return client_of()


def asked(client: FlaskClient, url: str, **more: object) -> Any:
    return client.get("/oembed", query_string={"url": url, **more})


GOOD = {
    SITE: {},
    f"{SITE}/": {},
    f"{SITE}:443/": {},
    "HTTPS://MAP.EXAMPLE/": {},
    f"{SITE}/?bank=icbc": {"bank": "icbc"},
    f"{SITE}/?bank=icbc&district=330212&lang=en": {
        "bank": "icbc",
        "district": "330212",
        "lang": "en",
    },
    f"{SITE}/?utm_source=x&bank=icbc&page=2": {"bank": "icbc"},
    f"{SITE}/?q=%E5%B7%A5%E5%95%86": {"q": "工商"},
    f"{SITE}/?q=工商": {"q": "工商"},
    f"{SITE}/?bank=icbc#branch-1": {"bank": "icbc"},
    f"{SITE}/embed": {},
    f"{SITE}/embed?v=1&theme=dark&accent=c7000b&near=1": {
        "theme": "dark",
        "accent": "c7000b",
        "near": "1",
    },
    f"{SITE}/branches/{BRANCH}": {"branch": BRANCH},
    f"{SITE}/branches/{BRANCH}?lang=en": {"branch": BRANCH, "lang": "en"},
    f"{SITE}/branches/{BRANCH}?lang=xx&bank=bocom&zoom=99&q=x&page=0&theme=dark": {
        "branch": BRANCH,
        "theme": "dark",
    },
    f"{SITE}/embed?branch={BRANCH}&bank=bocom&list=x&center=1,1&lang=en": {
        "branch": BRANCH,
        "lang": "en",
    },
    f"{SITE}/?lang=xx&bank=icbc": {"bank": "icbc"},
    f"{SITE}/?lang=&lang=xx": {},
    f"{SITE}/branches/{BRANCH.replace('-', '%2D')}": {"branch": BRANCH},
    f"{SITE}/districts/330212": {"district": "330212"},
    f"{SITE}/districts/330200": {"district": "330200"},
}


@pytest.mark.parametrize("url", GOOD)
def test_own_pages_get_a_frame(client: FlaskClient, url: str) -> None:
    response = asked(client, url)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/json"
    answer = response.json
    assert (answer["version"], answer["type"]) == ("1.0", "rich")
    assert answer["provider_url"] == f"{SITE}/"
    src = html.unescape(re.search(r'src="([^"]+)"', answer["html"])[1])  # type: ignore[index]
    parts = urlsplit(src)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{SITE}/embed"
    wanted = {name: [text] for name, text in GOOD[url].items()}
    assert parse_qs(parts.query) == {"v": ["1"]} | wanted
    assert client.get(f"/embed?{parts.query}").status_code == 200


BAD = [
    "x",
    "/",
    "/branches/x",
    "//map.example/",
    "https:/map.example/",
    "https:map.example",
    "map.example",
    "http://map.example/",
    "https://map.example:444/",
    "https://map.example:99999/",
    "https://map.example:x/",
    "https://map.example.evil.example/",
    "https://evil.example/",
    "https://evil.example/?https://map.example/",
    "https://evil.example#https://map.example/",
    "https://map.example@evil.example/",
    "https://evil.example@map.example/",
    "https://user:pass@map.example/",
    "https://map.example\\@evil.example/",
    "https://evil.example\\@map.example/",
    "https:\\\\map.example\\",
    "https://map.example%2f@evil.example/",
    "https://map.example./",
    "https://sub.map.example/",
    "https://mаp.example/",  # a Cyrillic letter
    "https://map.example\t.evil.example/",
    " https://map.example/",
    "https://map.example/ ",
    "https://map.exa\u00admple/",
    "https://map.example/\u2028",
    "https://[::1]/",
    "https://[map.example/",
    "https://127.0.0.1/",
    "javascript:alert(1)//map.example/",
    "data:text/html,https://map.example/",
    "file:///etc/passwd",
    "ftp://map.example/",
    f"{SITE}/nope",
    f"{SITE}//",
    f"{SITE}//evil.example/",
    f"{SITE}/./",
    f"{SITE}/../",
    f"{SITE}/%2e%2e/embed",
    f"{SITE}/embed/",
    f"{SITE}/embed/builder",
    f"{SITE}/embedded",
    f"{SITE}/Embed",
    f"{SITE}/api/v1/branches",
    f"{SITE}/oembed?url={SITE}",
    f"{SITE}/branches/",
    f"{SITE}/branches/nobody",
    f"{SITE}/branches/{BRANCH}/",
    f"{SITE}/branches/..%2f..%2fembed",
    f"{SITE}/branches/%00",
    f"{SITE}/branches/%ff",
    f"{SITE}/branches/" + "x" * 129,
    f"{SITE}/districts/999999",
    f"{SITE}/embed?zoom=99",
    f"{SITE}/embed?accent=ffff00",
    f"{SITE}/?bank=icbc&bank=abc",
    f"{SITE}/?q=%ff",
    f"{SITE}/?q=" + "x" * 2_000,
]


@pytest.mark.parametrize("url", BAD)
def test_others_get_none(client: FlaskClient, url: str) -> None:
    response = asked(client, url)
    assert response.status_code == (400 if "\t" in url else 404), response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert "iframe" not in response.text


def test_the_table_is_long_enough() -> None:
    assert len(GOOD) + len(BAD) >= 30


def test_a_mount_point_is_part_of_the_site() -> None:
    client = client_of(public_url="https://bank.example/map")
    assert asked(client, "https://bank.example/map").status_code == 200
    assert asked(client, "https://bank.example/map/?bank=icbc").status_code == 200
    assert (
        '"https://bank.example/map/embed?v=1"'
        in asked(client, "https://bank.example/map/embed").json["html"]
    )
    for url in ("https://bank.example/", "https://bank.example/mapped/", "https://bank.example/m"):
        assert asked(client, url).status_code == 404


def test_without_an_address_only_this_machine_is_answered() -> None:
    client = client_of(public_url="", trusted_hosts=("localhost", "other.example"))
    assert asked(client, "http://localhost/").status_code == 200
    other = client.get(
        "/oembed", query_string={"url": "http://other.example/"}, headers={"Host": "other.example"}
    )
    assert other.status_code == 404
    assert client.get("/oembed?url=x", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("form", ["xml", "XML", "yaml"])
def test_other_formats_are_not_implemented(client: FlaskClient, form: str) -> None:
    assert asked(client, f"{SITE}/", format=form).status_code == 501
    assert asked(client, "https://evil.example/", format=form).status_code == 501


@pytest.mark.parametrize(
    "query", ["", "url=", "url=x&url=y", "url=x&maxwidth=0", "url=x&maxwidth=1e3", "url=%ff",
              "url=x&maxheight=-1", "url=" + "x" * 2_049],
)  # fmt: skip
def test_a_wrong_request_says_what_is_wrong(client: FlaskClient, query: str) -> None:
    response: Any = client.get(f"/oembed?{query}")
    assert response.status_code == 400
    assert response.json["status"] == 400


def test_the_frame_fits_where_it_is_wanted(client: FlaskClient) -> None:
    answer = asked(client, f"{SITE}/embed?height=600").json
    assert (answer["width"], answer["height"]) == (640, 600)
    small = asked(client, f"{SITE}/", maxwidth=320, maxheight=240).json
    assert (small["width"], small["height"]) == (320, 240)
    assert 'width="320" height="240"' in small["html"]
    large = asked(client, f"{SITE}/", maxwidth=9_999, maxheight=9_999).json
    assert (large["width"], large["height"]) == (640, 480)


def test_unknown_parameters_of_consumers_are_passed_over(client: FlaskClient) -> None:
    assert asked(client, f"{SITE}/", discover="1", callback="x").status_code == 200


def test_titles_are_in_the_page_s_language_and_hostile_ones_are_text() -> None:
    client = client_of()
    assert asked(client, f"{SITE}/districts/330212?lang=en").json["title"].startswith("Yinzhou")
    assert asked(client, f"{SITE}/districts/330212").json["title"].startswith("鄞州区")
    hostile = client_of(snapshot_of(hostile_contents()))
    answer = asked(hostile, f"{SITE}/branches/b2").json
    assert HOSTILE[2] in answer["title"]
    assert "<script" not in answer["html"]
    assert 'title="&lt;/script&gt;' in answer["html"]


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/", f"{SITE}/"),
        ("/?bank=icbc&page=1&x=y", f"{SITE}/?bank=icbc"),
        (f"/branches/{BRANCH}?lang=en", f"{SITE}/branches/{BRANCH}?lang=en"),
        ("/districts/330212", f"{SITE}/districts/330212"),
        ("/embed?theme=dark", f"{SITE}/embed?v=1&theme=dark"),
    ],
)
def test_every_public_page_says_where_to_ask(client: FlaskClient, path: str, page: str) -> None:
    link = re.search(
        r'<link rel="alternate" type="application/json\+oembed" href="([^"]+)"',
        client.get(path).text,
    )
    assert link
    address = html.unescape(link[1])
    assert address.startswith(f"{SITE}/oembed?")
    assert parse_qs(urlsplit(address).query)["url"] == [page]
    answer: Any = client.get(address.removeprefix(SITE)).json
    assert answer["type"] == "rich"


@pytest.mark.parametrize("path", ["/nope", "/branches/nobody", "/api/docs", "/embed?zoom=99"])
def test_other_pages_say_nothing(client: FlaskClient, path: str) -> None:
    assert "oembed" not in client.get(path).text


def test_where_nobody_may_frame_there_is_nothing_to_embed() -> None:
    client = client_of(embed_origins=("none",))
    assert asked(client, f"{SITE}/").status_code == 404
    assert "json+oembed" not in client.get("/").text


def test_the_address_is_never_fetched(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    for url in (*GOOD, *BAD, f"{SITE}/?q={quote('http://169.254.169.254/')}"):
        asked(client, url)
