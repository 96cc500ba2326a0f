"""Opening hours as text: a part of OpenStreetMap's ``opening_hours``, and usual Chinese writing."""

from __future__ import annotations

from datetime import timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China's one time zone; without summer time since 1991."""
