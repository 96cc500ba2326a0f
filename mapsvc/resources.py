"""Where the files that ship with the package lie.

``data/`` and ``templates/`` stand at the top of the repository and travel inside the wheel as
``mapsvc/data`` and ``mapsvc/templates``; this module is the one place that knows both.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """The path of a shipped file or folder, e.g. ``resource("data/banks.csv")``."""
    installed = _PACKAGE / name
    return installed if installed.exists() else _PACKAGE.parent / name


def built(name: str) -> Path:
    """The path of a file that the build makes, e.g. ``built("static/dist/manifest.json")``."""
    return _PACKAGE / name
