"""A host's colour can be read in both schemes; origins are settings that browsers understand."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from mapsvc.config import Settings
from mapsvc.errors import SettingError
from mapsvc.web.colours import DARK, LIGHT, TEXT_CONTRAST, Colour, contrast, shades

STYLES = Path(__file__).parents[2] / "frontend" / "styles"


def tokens(name: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", (STYLES / name).read_text("utf-8")))


def test_the_grounds_are_those_of_the_style_sheets() -> None:
    for scheme, sheet in ((LIGHT, "tokens.css"), (DARK, "dark.css")):
        names = (str(scheme.paper), str(scheme.surface), str(scheme.ink_on_accent))
        found = tokens(sheet)
        assert names == (found["paper"], found["surface"], found["brand-ink"])


def test_every_colour_that_is_taken_can_be_read() -> None:
    taken = 0
    for channels in product(range(0, 256, 17), repeat=3):
        text = str(Colour(*channels))
        try:
            colour = Colour.accent(text)
        except ValueError:
            assert contrast(Colour(*channels), LIGHT.paper) < TEXT_CONTRAST
            continue
        taken += 1
        for scheme in (LIGHT, DARK):
            tones = shades(colour, scheme)
            for ground in (scheme.paper, scheme.surface, tones.wash, tones.ink):
                assert contrast(tones.accent, ground) >= TEXT_CONTRAST
    assert 500 < taken < 4_000


def test_in_light_a_colour_stays_what_it_is() -> None:
    assert shades(Colour.accent("c7000b"), LIGHT).accent == Colour.parse("#c7000b")


@pytest.mark.parametrize("text", ["", "0d4a5", "0d4a577", "##0d4a57", "red", "0d4a5g", "０d4a57"])
def test_what_is_no_colour(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Colour.parse(text)


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("*", ("*",)),
        (" * ", ("*",)),
        ("none", ("none",)),
        ("", ("*",)),
        (" , ", ("none",)),
        ("https://bank.example", ("https://bank.example",)),
        ("https://bank.example/", ("https://bank.example",)),
        ("HTTPS://Bank.EXAMPLE", ("https://bank.example",)),
        ("https://bank.example:443", ("https://bank.example",)),
        ("http://bank.example:80 http://bank.example", ("http://bank.example",)),
        ("https://bank.example:8443", ("https://bank.example:8443",)),
        ("https://*.bank.example", ("https://*.bank.example",)),
        ("https://*.bank.example:8443", ("https://*.bank.example:8443",)),
        ("http://localhost:3000,http://127.0.0.1:8080",
         ("http://localhost:3000", "http://127.0.0.1:8080")),
        ("https://intranet", ("https://intranet",)),
        ("https://a_b.example", ("https://a_b.example",)),
        ("https://银行.example", ("https://xn--jn2a72x.example",)),
        ("https://*.银行.中国", ("https://*.xn--jn2a72x.xn--fiqs8s",)),
        ("https://a.example\nhttps://b.example", ("https://a.example", "https://b.example")),
    ],
)  # fmt: skip
def test_origins_as_browsers_write_them(text: str, origins: tuple[str, ...]) -> None:
    read = Settings.from_environment({"MAPSVC_EMBED_ORIGINS": text})
    assert read.embed_origins == origins


@pytest.mark.parametrize(
    "text",
    [
        "bank.example",
        "*.bank.example",
        "* https://bank.example",
        "none https://bank.example",
        "'none'",
        "'self'",
        "null",
        "https://",
        "https://*",
        "https://*.com",
        "https://*.中国",
        "https://*.com.cn",
        "https://*.gov.cn",
        "https://*.co.uk",
        "https://*.1.2.3.4",
        "https://*.",
        "https://**.bank.example",
        "https://www.*.example",
        "https://bank.*",
        "https://bank.example/*",
        "https://bank.example/path",
        "https://bank.example?x",
        "https://bank.example#x",
        "https://bank.example:*",
        "https://bank.example:0",
        "https://bank.example:99999",
        "https://bank.example:",
        "https://user:GEHEIM@bank.example",
        "https://bank..example",
        "https://.bank.example",
        "https://-bank.example",
        "https://[::1]",
        "https://bank.example;script-src",
        "ftp://bank.example",
        "data:",
        "https:bank.example",
        "https:/bank.example",
        "https://bank.example\\evil",
        "https://" + "a" * 64 + ".example",
        "https://" + "a." * 140 + "example",
    ],
)
def test_origins_that_a_policy_cannot_hold(text: str) -> None:
    with pytest.raises(SettingError, match=r"MAPSVC_EMBED_ORIGINS: .* is not ") as caught:
        Settings.from_environment({"MAPSVC_EMBED_ORIGINS": text})
    assert "GEHEIM" not in str(caught.value)


def test_views_can_be_left_uncounted() -> None:
    assert Settings().embed_stats
    assert not Settings.from_environment({"MAPSVC_EMBED_STATS": "off"}).embed_stats
