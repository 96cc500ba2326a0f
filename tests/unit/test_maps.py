"""The shell is the same script each time, asks no other host, and holds nothing but constants."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import folium
import pytest

from mapsvc.maps import Kind, ShellText, shell

TEXT = ShellText(
    zoom_in="放大",
    zoom_out="缩小",
    fullscreen="全屏",
    exit_fullscreen="退出全屏",
    locate="我的位置",
    districts="各区县网点数",
    circles="约略范围",
    branches="网点",
    touch="双指",
    scroll="滚动",
    scroll_mac="滚动 ⌘",
)
PACKAGE = Path(__file__).parents[2] / "mapsvc"


@pytest.mark.parametrize("kind", Kind)
def test_the_same_arguments_give_the_same_script(kind: Kind) -> None:
    assert shell(kind, TEXT) == shell(kind, TEXT)


def test_no_element_has_a_random_name() -> None:
    assert not re.search(r"[0-9a-f]{32}", shell(Kind.LOCATOR, TEXT).script)


def test_another_word_gives_another_digest() -> None:
    other = ShellText(**{name: getattr(TEXT, name) + "!" for name in TEXT.__slots__})
    assert shell(Kind.LOCATOR, TEXT).digest != shell(Kind.LOCATOR, other).digest


@pytest.mark.parametrize("kind", Kind)
def test_no_other_host_and_no_markup(kind: Kind) -> None:
    script = shell(kind, TEXT).script
    assert "http" not in script
    assert "<" not in script
    assert "alert(" not in script
    assert "eval(" not in script
    assert "new Function" not in script


def test_the_layers_that_the_front_end_draws_into_are_made_once_each() -> None:
    script = shell(Kind.LOCATOR, TEXT).script
    for name in (
        "map_shell",
        "feature_group_districts",
        "feature_group_circles",
        "marker_cluster_branches",
    ):
        assert script.count(f"var {name} =") == 1
    assert "window.mapsvc.clusterIcon" in script
    assert '"gestureHandling": true' in script
    assert '"attributionControl": false' in script


def test_only_the_locator_and_a_frame_with_near_have_the_button_of_the_position() -> None:
    asking = {kind for kind in Kind if "L.control.locate" in shell(kind, TEXT).script}
    assert asking == {Kind.LOCATOR, Kind.EMBED_NEAR}


def test_folium_is_left_as_it_was() -> None:
    before = list(folium.Map.default_js), list(folium.Map.default_css)
    shell(Kind.LOCATOR, TEXT)
    assert (folium.Map.default_js, folium.Map.default_css) == before
    assert folium.Map.default_js, "a map elsewhere in the process still finds its scripts"


def test_only_maps_imports_folium() -> None:
    importing = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
        )
        if name.split(".")[0] in ("folium", "branca")
    }
    assert importing == {"maps.py"}
