"""`mapsvc map`: one file with everything inside, in which a hostile list stays text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mapsvc.config import Settings
from mapsvc.errors import InvalidValue
from mapsvc.maps import Shell
from mapsvc.model import BranchList, Notice
from mapsvc.snapshot import EVERYTHING, BranchQuery
from mapsvc.store.base import Contents
from mapsvc.web import standalone as module
from mapsvc.web.clock import minute
from mapsvc.web.standalone import standalone
from tests.integration.conftest import HOSTILE, hostile_contents
from tests.integration.test_cli import SHIPPED, filled, instance, run
from tests.readings import snapshot_of

__all__ = ["filled", "instance"]  # fixtures


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    content: str = ""


class Document(HTMLParser):
    """A file's elements, with the text directly inside each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1].content += data

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    @property
    def text(self) -> str:
        return " ".join(e.content for e in self.elements if e.tag not in ("script", "style"))

    @property
    def names(self) -> list[str]:
        """The names on the cards."""
        after = (
            b.content
            for a, b in zip(self.elements, self.elements[1:], strict=False)
            if a.attributes.get("class") == "card__name"
        )
        return list(after)


def source(element: Element) -> str:
    digest = hashlib.sha256(element.content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def written(contents: Contents, query: BranchQuery = EVERYTHING, **settings: str) -> Document:
    return Document(standalone(Settings(**settings), snapshot_of(contents), query, "zh"))  # type: ignore[arg-type]


def test_everything_is_in_one_file(filled: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "map.html"
    out.parent.mkdir()
    assert "wrote" in run("map", str(out)).stderr
    assert [path.name for path in out.parent.iterdir()] == ["map.html"]
    document = Document(out.read_text(encoding="utf-8"))
    assert len(document.names) == 15
    assert "工商银行宁波新城支行营业部" in document.names

    data, bundle, shell = document.all("script")
    (style,) = document.all("style")
    (policy,) = (m for m in document.all("meta") if "http-equiv" in m.attributes)
    assert document.all("meta").index(policy) == 1, "it comes before all that it is about"
    assert policy.attributes["content"].split("; ") == [
        "default-src 'none'",
        f"script-src {source(bundle)} {source(shell)}",
        f"style-src {source(style)}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert data.attributes == {"type": "application/json", "id": "map-data"}
    drawn = json.loads(data.content)
    assert len(drawn["branches"]) == 15
    assert drawn["tiles"] is None
    assert all(district["outline"] for district in drawn["districts"])

    for element in document.elements:
        assert "src" not in element.attributes
        assert not {name for name in element.attributes if name.startswith("on")}
        assert "style" not in element.attributes
        if element.tag == "link":
            assert element.attributes["href"].startswith("data:")
    assert set(re.findall(r"url\(['\"]?([^:)]+)", style.content)) <= {"data", "#default#VML"}


def test_what_leads_somewhere_leads_there(filled: Path) -> None:
    document = Document(run("map").stdout)
    ids = [e.attributes["id"] for e in document.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    (data, *_) = document.all("script")
    drawn = json.loads(data.content)
    places = [each["url"] for each in (*drawn["branches"], *drawn["districts"])]
    places += [a.attributes["href"] for a in document.all("a") if a.attributes["href"][:1] == "#"]
    assert {place[1:] for place in places} <= set(ids)
    others = {a.attributes["href"] for a in document.all("a")} - set(places)
    assert others
    assert {other.split(":")[0] for other in others} <= {"https", "geo", "tel"}
    exact = sum(branch["radius_m"] is None for branch in drawn["branches"])
    assert sum("uri.amap.com/navigation?" in url for url in others) == exact
    assert sum("uri.amap.com/search?" in url for url in others) == 15 - exact, "by address"


def test_the_same_branches_give_the_same_bytes(filled: Path, tmp_path: Path) -> None:
    run("map", str(tmp_path / "a.html"))
    first = (tmp_path / "a.html").read_bytes()
    assert run("map").stdout_bytes == first
    assert run("map", "-").stdout_bytes == first
    assert not Path("-").exists()


def test_chosen_branches(filled: Path) -> None:
    english = run("map", "--bank", "icbc", "--lang", "en").stdout
    assert '<html lang="en">' in english
    assert "Industrial and Commercial Bank of China" in english
    assert len(Document(english).names) == 2
    chosen = Document(run("map", "--bank", "cmbc", "--district", "330203").stdout)
    assert chosen.names == ["民生银行宁波海曙支行"]
    assert "海曙区 · 中国民生银行" in chosen.all("title")[0].content
    assert len(Document(run("map", "--list", "ningbo-2021").stdout).names) == 15
    assert len(Document(run("map", "--district", "330200").stdout).names) == 15


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--list", "none"), 2, "no list 'none'"),
        (("--bank", "none"), 2, "--bank: 'none' is not one of icbc, "),
        (("--district", "990000"), 2, "no area '990000'"),
        (("--bank", "icbc", "--district", "330203"), 1, "nothing to draw"),
        (("--lang", "fr"), 2, "'fr' is not one of"),
    ],
)
def test_wrong_choices_write_nothing(
    filled: Path, tmp_path: Path, options: tuple[str, ...], code: int, said: str
) -> None:
    out = tmp_path / "map.html"
    out.write_text("before")
    assert said in run("map", str(out), *options, code=code).stderr
    assert out.read_text() == "before"


def test_files_that_cannot_be_written(filled: Path, tmp_path: Path) -> None:
    assert "'a.csv' is not a name that ends in .html" in run("map", "a.csv", code=2).stderr
    assert "cannot be written" in run("map", str(tmp_path / "no" / "a.html"), code=1).stderr
    (tmp_path / "folder.html").mkdir()
    assert "cannot be written" in run("map", str(tmp_path / "folder.html"), code=1).stderr
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_an_empty_store_says_what_to_do(instance: Path) -> None:
    assert "'mapsvc import' reads" in run("map", code=1).stderr
    run("import", SHIPPED)  # without a place: still a list
    assert len(Document(run("map").stdout).names) == 15


def test_too_many_branches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BRANCHES", 9)
    with pytest.raises(
        InvalidValue, match=r"branches: 10 is not at most 9.*--list, --bank or --dis"
    ):
        written(hostile_contents())
    monkeypatch.setattr(module, "MAX_BRANCHES", 10)
    assert len(written(hostile_contents()).names) == 10


def test_hostile_texts_are_text() -> None:
    settings = {"title": HOSTILE[2], "contact": HOSTILE[9], "public_url": "https://map.example.org"}
    document = written(hostile_contents(), EVERYTHING, **settings)
    assert [e.attributes.get("id") for e in document.all("script")] == ["map-data", None, None]
    assert not document.all("img")
    drawn = json.loads(document.all("script")[0].content)
    for text in ("{{7*7}}", "${7*7}`id`", HOSTILE[2], HOSTILE[6], HOSTILE[7], HOSTILE[9]):
        assert text in document.names
        assert text in document.text
    assert HOSTILE[2] in {branch["name"] for branch in drawn["branches"]}
    assert HOSTILE[2] in {district["name"] for district in drawn["districts"]}
    assert not set("<>&\u2028\u2029") & set(document.all("script")[0].content)
    assert HOSTILE[2] in document.all("title")[0].content


def test_hours_notices_and_pages() -> None:
    contents = hostile_contents()
    now = minute()
    day = timedelta(days=1)
    contents = replace(
        contents,
        lists=(BranchList("traps", "名单", 2021, award="千佳"),),
        branches=(
            replace(contents.branches[0], name="甲支行", hours="Mo-Fr 09:00-17:00; PH off"),
            *contents.branches[1:],
        ),
        notices=(
            Notice(1, "已经结束", now - 2 * day, now - day),
            Notice(2, "今日停业", now - day, now + day, branch="b0"),
        ),
    )
    text = standalone(Settings(tiles="osm"), snapshot_of(contents), EVERYTHING, "zh")
    assert "今日停业" in text
    assert "已经结束" not in text
    assert "09:00–17:00" in text
    assert "千佳" in text
    assert "/branches/" not in text
    assert "tile.openstreetmap.org" not in text
    settings = Settings(public_url="https://map.example.org/base")
    linked = standalone(settings, snapshot_of(contents), EVERYTHING, "en")
    assert 'href="https://map.example.org/base/branches/b0?lang=en"' in linked
    assert 'href="https://map.example.org/base/"' in linked


def test_what_would_end_an_element_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Shell("x = '</SCRIPT>'", "")
    monkeypatch.setattr(module, "shell_in", lambda _kind, _lang: broken)
    with pytest.raises(Exception, match="cannot stand in a page"):
        written(hostile_contents())
