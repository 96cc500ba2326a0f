"""Data as it may be shown: what would steer a display is made visible or taken out.

This is about what a reader sees. That a name is no markup is the templates' business
(autoescape) and the front end's (text nodes).
"""

from __future__ import annotations

from flask import Flask

_PICTURES = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
"""C0 controls and DEL → the control pictures of Unicode, such as ␛."""

_C1 = dict.fromkeys(range(0x80, 0xA0), 0xFFFD)

_BIDI = dict.fromkeys(
    [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], None
)
"""Marks, embeddings, overrides and isolates; each text stands in an isolate of its own."""

_LINES = dict.fromkeys([0x2028, 0x2029], 0x0020)

_TABLE = _PICTURES | _C1 | _BIDI | _LINES


def shown(text: str) -> str:
    r"""``text`` with control characters as pictures and without bidirectional controls.

    >>> shown("A\u202eB\x1bC")
    'AB␛C'
    """
    return text.translate(_TABLE)


def init_app(app: Flask) -> None:
    app.add_template_filter(shown)
