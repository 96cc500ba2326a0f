"""Maps in other sites' pages: what hosts paste works there, is safe for both, and gives way."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import CDPSession, FrameLocator, Page, expect

from mapsvc.snapshot import Snapshot
from tests.browser.conftest import Visitor, serving
from tests.browser.hosts import Host, hosts
from tests.integration.conftest import make_app

HERE = {"latitude": 29.8683, "longitude": 121.544, "accuracy": 30}
EXACT = "浦发银行宁波鄞州支行"
TEXT = "<p>" + "宁波银行业。<br>" * 60 + "</p>"
FRAME = "iframe"


@pytest.fixture
def host() -> Iterator[Host]:
    with hosts() as made:
        yield made


def pasted(page: Page, site: str, query: str = "lang=zh&in=zh") -> dict[str, str]:
    """The codes that the builder gives."""
    page.goto(f"{site}/embed/builder?{query}")
    boxes = page.locator("textarea").all()
    return {str(box.get_attribute("id")): box.input_value() for box in boxes}


def zoom_of(page: Page) -> float:
    """The map's, in the page's one frame."""
    frame = page.frames[-1]
    return float(frame.evaluate("map_shell.getZoom()"))


def live(page: Page, selector: str = FRAME) -> FrameLocator:
    """The frame, once its map lives and the page around shows it."""
    box = page.locator(selector)
    box.scroll_into_view_if_needed()
    frame = page.frame_locator(selector)
    expect(frame.locator(".map.is-live")).to_be_attached()
    return frame


def middle(page: Page) -> tuple[float, float]:
    """A point of the page on the frame's map, away from marks and buttons."""
    box = page.frame_locator(FRAME).locator(".map").bounding_box()
    assert box
    return box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.75


def touch(cdp: CDPSession, *steps: list[tuple[float, float]]) -> None:
    """Fingers go down at the first step's points, along the others, and up."""
    for number, points in enumerate(steps):
        cdp.send(
            "Input.dispatchTouchEvent",
            {
                "type": "touchMove" if number else "touchStart",
                "touchPoints": [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)],
            },
        )
    cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_the_builder_is_live_and_its_frame_lets_a_finger_pass(
    visitor: Visitor, site: str, host: Host
) -> None:
    visit = visitor("phone", allowed=("localhost",), geolocation=HERE, permissions=["geolocation"])
    page = visit.open(f"{site}/embed/builder?lang=zh", live=False)
    code = page.locator("#frame-code")
    assert "bank=" not in code.input_value()
    page.get_by_label("银行", exact=True).select_option("bocom")
    expect(code).to_have_value(re.compile("bank=bocom"))
    page.get_by_label("显示“我的位置”按钮").check()
    expect(code).to_have_value(re.compile("geolocation"))
    expect(page.frame_locator("#preview").locator(".card")).to_have_count(3)
    assert "bank=bocom&near=1" in page.url
    page.get_by_label("高度（像素）").fill("99")
    expect(page.get_by_role("alert")).to_contain_text("200 到 2000 之间的整数")
    page.get_by_label("高度（像素）").fill("500")
    expect(code).to_have_value(re.compile('height="500"'))
    visit.complaints.clear()  # of the 400

    page.goto(host(TEXT + code.input_value() + TEXT))
    frame = live(page)
    expect(frame.locator(".card")).to_have_count(3)
    cdp = visit.context.new_cdp_session(page)
    x, y = middle(page)
    zoom, top = zoom_of(page), page.evaluate("scrollY")
    touch(cdp, *([(x, y - 12 * step)] for step in range(14)))
    page.wait_for_function(f"scrollY > {top} + 60")
    assert zoom_of(page) == zoom
    x, y = middle(page)
    apart = ([(x - 20 - 6 * step, y), (x + 20 + 6 * step, y)] for step in range(9))
    touch(cdp, *apart)
    page.wait_for_timeout(400)
    assert zoom_of(page) > zoom
    assert page.evaluate("visualViewport.scale") == 1

    frame.get_by_role("button", name="显示我的位置").click()
    expect(frame.locator("[class*=locate-location], [class*=locate-marker]").first).to_be_attached()


def test_a_wheel_passes_and_zooms_with_ctrl(visitor: Visitor, site: str, host: Host) -> None:
    visit = visitor("desktop", allowed=("localhost",))
    codes = pasted(visit.page, site, "lang=zh&in=zh&near=1&show=map")
    without = codes["frame-code"].replace("; geolocation", "")
    page = visit.open(host(TEXT + without + TEXT), live=False)
    frame = live(page)
    zoom, top = zoom_of(page), page.evaluate("scrollY")
    page.mouse.move(*middle(page))
    page.mouse.wheel(0, 240)
    page.wait_for_function(f"scrollY > {top} + 100")
    assert zoom_of(page) == zoom
    page.wait_for_timeout(500)  # the page comes to rest
    page.mouse.move(*middle(page))
    page.keyboard.down("Control")
    for _ in range(3):  # a turn of the wheel is never one event alone
        page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    page.wait_for_timeout(600)
    assert zoom_of(page) > zoom

    frame.get_by_role("button", name="显示我的位置").click()
    expect(frame.get_by_role("status")).to_have_text("外面的网页没有允许这张地图获取您的位置。")
    visit.complaints = [said for said in visit.complaints if "ermissions policy" not in said]


STRANGER = """<script>
const say = (target, data) => target.postMessage(data, "*");
setInterval(() => {
  for (const type of ["ready", "height", "select"]) {
    say(parent, {mapsvc: 1, type, height: 5000, id: "forged"});
    for (let i = 0; i < parent.frames.length; i++) {
      say(parent.frames[i], {mapsvc: 1, type: "select", id: "ID"});
    }
  }
}, 50);
</script>"""

LISTENER = """<script>
window.heard = [];
for (const type of ["ready", "select", "blocked"]) {
  addEventListener(`mapsvc:${type}`, (e) => heard.push([e.target.id, type, e.detail.id ?? ""]));
}
</script>"""


def test_two_maps_by_script_talk_to_their_host_alone(
    visitor: Visitor, site: str, host: Host
) -> None:
    visit = visitor("desktop", allowed=("localhost",))
    page = visit.page
    one = pasted(page, site, "lang=zh&in=zh&bank=bocom&height=300")["script-code"]
    two = pasted(page, site, "lang=zh&in=en&show=list&bank=icbc")["pinned-code"]
    stranger = host(STRANGER.replace("ID", "no-such-branch"))
    body = (
        f"{LISTENER}<div id=one_box>{one}</div>{TEXT}<div id=two_box>{two}</div>"
        f'<iframe id="stranger" src="{stranger}" style="display:none"></iframe>'
    ).replace("<div data-mapsvc", '<div id="one" data-mapsvc', 1)
    body = body.replace("<div id=two_box><div ", '<div id=two_box><div id="two" ')
    visit.open(host(body), live=False)
    frame = live(page, "#one iframe")
    expect(frame.locator(".card")).to_have_count(3)
    # As high as its contents: the map's 300 px beside the list, bar and foot.
    box = page.locator("#one iframe")
    heights = "(f) => [f.clientHeight, f.contentWindow.length]"
    inside = frame.locator("body").evaluate("(b) => Math.ceil(b.getBoundingClientRect().height)")
    page.wait_for_function(
        f"document.querySelector('#one iframe').clientHeight === {inside}", timeout=5_000
    )
    assert 340 < box.evaluate(heights)[0] < 460
    assert frame.locator(".map").evaluate("(map) => map.clientHeight") == 300

    # The host asks, a visitor presses: the host hears of both.
    ids = frame.locator(".card").evaluate_all("(c) => c.map((e) => e.id.slice(7))")
    page.evaluate("(id) => document.getElementById('one').mapsvc.select(id)", ids[0])
    expect(frame.locator(f"#branch-{ids[0]}")).to_have_class(re.compile("is-selected"))
    frame.locator(f"#branch-{ids[1]} [data-show]").click()
    link = frame.locator(f".popup__link[href$='&branch={ids[1]}']")
    expect(link).to_be_visible()
    heard = page.evaluate("heard.filter(([target]) => target === 'one')")
    assert heard == [["one", "ready", ""], ["one", "select", ids[0]], ["one", "select", ids[1]]]

    # The popup's link stays in the frame, which goes on talking.
    link.click()
    expect(frame.get_by_role("link", name="高德地图")).to_be_visible()
    page.wait_for_function("heard.length > 3")
    frame.get_by_role("link", name="全部网点").click()
    expect(frame.locator(".card")).to_have_count(3)

    page.locator("#two iframe").scroll_into_view_if_needed()
    listed = page.frame_locator("#two iframe")
    expect(listed.locator(".card")).to_have_count(2)
    expect(listed.locator("html")).to_have_attribute("lang", "en")
    tall = listed.locator("body").evaluate("(b) => Math.ceil(b.getBoundingClientRect().height)")
    page.wait_for_function(f"document.querySelector('#two iframe').clientHeight === {tall}")
    assert page.locator("#two a").evaluate("(a) => getComputedStyle(a).visibility") == "hidden"
    # Nobody has listened to the stranger.
    page.wait_for_timeout(300)
    assert "forged" not in page.evaluate("heard.flat()")
    assert page.evaluate("document.querySelector('#one iframe').clientHeight") < 1_000
    assert frame.locator(".map__status").text_content() == ""


def test_what_strangers_write_into_the_host_s_page_frames_nothing_of_theirs(
    visitor: Visitor, site: str, host: Host
) -> None:
    """Sanitisers leave data- attributes, and some leave names: a comment must choose no site."""
    visit = visitor("desktop", allowed=("localhost",))
    page = visit.page
    code = pasted(page, site, "lang=zh&in=zh&show=list&bank=icbc")["script-code"]
    theirs = host("<h1>theirs</h1>")
    comment = (
        f'<img name="currentScript" src="{theirs}/embed/v1.js" alt="">'
        f'<div class="theirs" data-mapsvc="{theirs}/" data-near="1"><a href="/x">comment</a></div>'
        f'<div class="theirs" data-mapsvc="{site}@localhost/" data-near="1"></div>'
        f'<div class="theirs" data-mapsvc="{site}/elsewhere/"></div>'
        f'<div class="theirs" data-mapsvc="javascript:alert(1)"></div>'
        f'<form class="theirs" data-mapsvc="{theirs}/"><input name="dataset"></form>'
    )
    visit.open(host(comment + code + comment), live=False)
    page.locator("[data-mapsvc] iframe").scroll_into_view_if_needed()
    expect(page.frame_locator(FRAME).locator(".card")).to_have_count(2)
    expect(page.locator(FRAME)).to_have_count(1)
    assert page.locator(FRAME).evaluate("(f) => f.src").startswith(f"{site}/embed?")
    expect(page.get_by_role("link", name="comment").first).to_be_visible()
    visit.complaints = [said for said in visit.complaints if "404" not in said]  # of the pictures


def test_strict_hosts(visitor: Visitor, site: str, host: Host) -> None:
    """A host's own policy with the documented lines, and without the one or the other."""
    visit = visitor("phone", allowed=("localhost",))
    page = visit.page
    codes = pasted(page, site)
    needed = page.locator(".builder__allow code").all_inner_texts()
    frame_src, script_src = needed[0], needed[1]
    assert frame_src == f"frame-src {site}"
    body = f"{LISTENER.replace('<script>', '<script nonce=x>')}{codes['pinned-code']}"
    strict = "default-src 'none'; script-src 'nonce-x'"
    both = f"{strict} {script_src.partition(' ')[2]}; {frame_src}"
    for policy, shown in (
        (both, True),
        (both.replace(frame_src, "frame-src 'none'"), False),
        (f"{strict}; {frame_src}", False),
    ):
        visit.open(host(body, policy=policy), live=False)
        if shown:
            live(page)
            visit.check()
            continue
        expect(page.locator(FRAME)).to_have_count(0, timeout=2_500)  # at once, not by patience
        link = page.get_by_role("link", name="宁波银行业文明规范服务示范网点")
        expect(link).to_be_visible()
        link.click()
        page.wait_for_selector(".map.is-live", state="attached")
        visit.complaints.clear()
    tampered = codes["pinned-code"].replace("sha384-", "sha384-A")
    visit.open(host(tampered), live=False)
    expect(page.get_by_role("link")).to_be_visible()
    expect(page.locator(FRAME)).to_have_count(0)
    visit.complaints.clear()
    # A plain frame whose sandbox takes scripts away still holds the drawn map and the list.
    silent = codes["frame-code"].replace("allow-scripts ", "")
    visit.open(host(silent), live=False)
    drawn = page.frame_locator(FRAME)
    expect(drawn.locator(".map__static svg")).to_be_visible()
    expect(drawn.locator(".card")).to_have_count(15)
    visit.complaints.clear()


def test_only_named_hosts_show_the_map(visitor: Visitor, shipped: Snapshot, host: Host) -> None:
    visit = visitor("desktop", allowed=("localhost",))
    page, code = visit.page, dict[str, str]()
    bodies = {name: host(lambda name=name: code[name]) for name in ("frame-code", "script-code")}
    stranger = {name: host(lambda name=name: code[name]) for name in ("frame-code", "script-code")}
    with serving(make_app(shipped, embed_origins=tuple(bodies.values()))) as site:
        code |= pasted(page, site)
        assert page.frame_locator("#preview").locator(".card").count() >= 0
        for address in bodies.values():
            visit.open(address, live=False)
            live(page)
        visit.check()
        visit.open(stranger["frame-code"], live=False)
        page.wait_for_load_state("networkidle")
        assert page.frame_locator(FRAME).locator("body").inner_text().find("支行") == -1
        visit.open(stranger["script-code"], live=False)
        expect(page.locator(FRAME)).to_have_count(0)
        expect(page.get_by_role("link", name="宁波银行业文明规范服务示范网点")).to_be_visible()
        assert any("frame-ancestors" in said for said in visit.complaints)
        visit.complaints.clear()


def _credits(frame: FrameLocator) -> str:
    return frame.locator(".attribution").inner_text()


def test_a_mistake_is_read_in_the_frame_and_what_must_be_shown_is_shown(
    visitor: Visitor, shipped: Snapshot, host: Host
) -> None:
    tiles: dict[str, Any] = {
        "tiles": "https://tiles.example.org/{z}/{x}/{y}.png",
        "tiles_attribution": "示例地图",
        "tiles_review_number": "GS(2026)1号",
    }
    visit = visitor("phone", allowed=("localhost", "tiles.example.org"))
    visit.context.route("https://tiles.example.org/**", lambda route: route.fulfill(body=""))
    page = visit.page
    with serving(make_app(shipped, **tiles)) as site:
        code = pasted(page, site, "lang=zh&in=zh&center=29.9,121.6&zoom=13&controls=none")
        visit.open(host(code["frame-code"]), live=False)
        frame = live(page)
        assert "GS(2026)1号" in _credits(frame)
        expect(frame.locator(".leaflet-control-zoom")).to_be_hidden()
        expect(frame.locator(".embed__foot")).to_contain_text("数据更新于")
        assert zoom_of(page) == 13
        at = page.frames[-1].evaluate("[map_shell.getCenter().lat, map_shell.getCenter().lng]")
        assert at == pytest.approx([29.9, 121.6], abs=0.002)
        assert visit.context.cookies() == []
        wrong = html.unescape(code["script-code"]).replace('data-zoom="13"', 'data-zoom="99"')
        visit.open(host(wrong), live=False)
        said = page.frame_locator(FRAME).locator("h1")
        expect(said).to_have_text("这张地图的网址有误")
        expect(page.get_by_role("link", name="宁波银行业")).to_be_hidden()
        visit.complaints.clear()  # of the 400, and of tiles that are none


def test_a_site_tool_s_page_holds_the_codes(visitor: Visitor, site: str, tmp_path: Path) -> None:
    """MkDocs, with the codes pasted into its Markdown as the builder gives them."""
    visit = visitor("phone", "en", allowed=("localhost",))
    codes = pasted(visit.page, site, "lang=zh&in=zh&bank=bocom&near=1")
    (tmp_path / "docs").mkdir()
    markdown = f"# 网点\n\n{codes['frame-code']}\n\n正文\n\n{codes['script-code']}\n\n正文\n"
    (tmp_path / "docs" / "index.md").write_text(markdown, encoding="utf-8")
    config = "site_name: 银行\ntheme: {name: mkdocs, highlightjs: false}\n"
    (tmp_path / "mkdocs.yml").write_text(config, encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict"]
    subprocess.run(command, cwd=tmp_path, check=True)
    app = Flask("mkdocs", static_folder=str(tmp_path / "site"), static_url_path="")
    with serving(app) as address:
        host = address.replace("127.0.0.1", "localhost")
        page = visit.open(f"{host}/index.html", live=False)
        assert page.locator("h1").inner_text() == "网点"
        for selector in ("p iframe, iframe[width]", "[data-mapsvc] iframe"):
            expect(live(page, selector).locator(".card")).to_have_count(3)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0
