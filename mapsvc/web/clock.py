"""The time as answers see it: to the minute, in China's time."""

from __future__ import annotations

from datetime import datetime

from mapsvc.hours import CHINA


def minute() -> datetime:
    """The present minute; what depends on the time of day changes with it and within it never."""
    return datetime.now(CHINA).replace(second=0, microsecond=0)
