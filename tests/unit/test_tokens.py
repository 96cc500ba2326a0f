"""The design tokens keep text readable: WCAG 2.2 AA, in light and in dark mode."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STYLES = Path(__file__).parents[2] / "frontend" / "styles"
TEXT = 4.5
PARTS = 3.0
"""WCAG 2.2, 1.4.3 and 1.4.11: text, and what must be seen to use a page."""

PAIRS = [
    ("ink", "paper", TEXT),
    ("ink", "surface", TEXT),
    ("ink-soft", "paper", TEXT),
    ("ink-soft", "surface", TEXT),
    ("brand", "paper", TEXT),
    ("brand", "surface", TEXT),
    ("brand", "brand-wash", TEXT),
    ("brand-ink", "brand", TEXT),
    ("seal", "surface", TEXT),
    ("seal-ink", "seal", TEXT),
    ("doubt", "surface", TEXT),
    ("doubt", "doubt-wash", TEXT),
    ("ink", "doubt-wash", TEXT),
    ("label", "level-0", TEXT),
    ("label", "level-1", TEXT),
    ("label", "level-2", TEXT),
    ("label", "level-3", TEXT),
    ("label-on-dark", "level-4", TEXT),
    ("label-on-dark", "level-5", TEXT),
    ("line-strong", "surface", PARTS),
    ("focus", "paper", PARTS),
    ("focus", "surface", PARTS),
]


def _tokens() -> dict[str, dict[str, str]]:
    light, dark = ((STYLES / f"{name}.css").read_text("utf-8") for name in ("tokens", "dark"))
    read = re.compile(r"--([\w-]+):\s*(#[0-9a-f]{6})").findall
    return {"light": dict(read(light)), "dark": dict(read(light)) | dict(read(dark))}


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_contrast(scheme: str, front: str, back: str, least: float) -> None:
    tokens = _tokens()[scheme]
    assert _contrast(tokens[front], tokens[back]) >= least


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_scale_goes_one_way_in_lightness(scheme: str) -> None:
    tokens = _tokens()[scheme]
    steps = [_luminance(tokens[f"level-{level}"]) for level in range(1, 6)]
    assert steps in (sorted(steps), sorted(steps, reverse=True))


def test_colours_are_chosen_in_one_place() -> None:
    for path in STYLES.glob("*.css"):
        if path.name not in ("tokens.css", "dark.css", "print.css"):
            found = re.findall(r"#[0-9a-fA-F]{3,8}\b", path.read_text("utf-8"))
            assert set(found) <= {"#fff"}, path.name
