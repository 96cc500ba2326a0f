"""A host's own colour, kept readable: contrast as WCAG 2.2 measures it, in light and in dark."""

from __future__ import annotations

import re
from dataclasses import dataclass

TEXT_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3."""

_HEX = re.compile(r"#?([0-9a-fA-F]{6})")
_STEPS = 20
_WASH = 0.1


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour of sRGB, each channel from 0 to 255.

    >>> str(Colour(13, 74, 87))
    '#0d4a57'
    """

    red: int
    green: int
    blue: int

    @classmethod
    def parse(cls, text: str) -> Colour:
        """Read ``rrggbb``, with or without ``#``; raises ValueError."""
        found = _HEX.fullmatch(text)
        if not found:
            raise ValueError(text)
        return cls(*bytes.fromhex(found[1]))

    @classmethod
    def accent(cls, text: str) -> Colour:
        """Read a colour that can be read as text on our light pages; raises ValueError.

        >>> Colour.accent("#c7000b")
        Colour(red=199, green=0, blue=11)
        """
        colour = cls.parse(text)
        if contrast(colour, LIGHT.paper) < TEXT_CONTRAST:
            raise ValueError(text)
        return colour

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def luminance(self) -> float:
        """Relative luminance, from 0 for black to 1 for white."""
        red, green, blue = map(_linear, (self.red, self.green, self.blue))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def mixed(self, other: Colour, share: float) -> Colour:
        """This colour with a share of another one, from 0 to 1, in sRGB."""
        pairs = zip(self._channels, other._channels, strict=True)
        return Colour(*(round(own + (its - own) * share) for own, its in pairs))

    @property
    def _channels(self) -> tuple[int, int, int]:
        return self.red, self.green, self.blue


def _linear(channel: int) -> float:
    value = channel / 255
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def contrast(one: Colour, other: Colour) -> float:
    """From 1 to 21.

    >>> contrast(Colour(0, 0, 0), Colour(255, 255, 255))
    21.0
    """
    darker, lighter = sorted((one.luminance, other.luminance))
    return (lighter + 0.05) / (darker + 0.05)


@dataclass(frozen=True, slots=True)
class Scheme:
    """What an accent stands on: the tokens of these names in frontend/styles."""

    paper: Colour
    surface: Colour
    ink_on_accent: Colour


LIGHT = Scheme(Colour(244, 245, 242), Colour(255, 255, 255), Colour(255, 255, 255))
DARK = Scheme(Colour(14, 22, 25), Colour(23, 34, 38), Colour(11, 34, 40))


@dataclass(frozen=True, slots=True)
class Shades:
    """An accent as a scheme shows it; every pair of text and ground has `TEXT_CONTRAST`."""

    accent: Colour
    ink: Colour
    """Of text on the accent."""
    wash: Colour
    """Behind text in the accent's colour that is pointed at."""


def shades(accent: Colour, scheme: Scheme) -> Shades:
    """The accent itself, or on dark ground its nearest lighter tone that can be read there."""
    white = Colour(255, 255, 255)
    tone = accent
    if scheme is DARK:
        tones = (accent.mixed(white, step / _STEPS) for step in range(_STEPS + 1))
        grounds = (scheme.paper, scheme.surface)
        tone = next(t for t in tones if all(contrast(t, g) >= TEXT_CONTRAST for g in grounds))
    washes = (scheme.surface.mixed(tone, _WASH * step / 5) for step in range(5, -1, -1))
    wash = next(w for w in washes if contrast(tone, w) >= TEXT_CONTRAST)
    return Shades(tone, scheme.ink_on_accent, wash)
