"""The Chinese catalogue is complete and up to date, and says nothing that would be evaluated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "said": (2,)}
FIELD = re.compile(r"%\(\w+\)[sd]")

Id = tuple[str, ...]
"""A message, or its singular and plural."""


@pytest.fixture(scope="module")
def used() -> set[Id]:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as rows:
        methods, options = parse_mapping_cfg(rows)  # type: ignore[no-untyped-call]
    found = extract_from_dir(str(ROOT), methods, options, KEYWORDS, directory_filter=_is_ours)
    return {(m,) if isinstance(m, str) else tuple(m[:2]) for _, _, m, _, _ in found}


def _is_ours(folder: str | Path) -> bool:
    inside = Path(folder).relative_to(ROOT).parts
    return inside[:1] in ((), ("mapsvc",), ("templates",))


@pytest.fixture(scope="module")
def chinese() -> dict[Id, Id]:
    """Messages and their translations; an unsure one counts as none."""
    with (ROOT / "mapsvc/translations/zh/LC_MESSAGES/messages.po").open("rb") as lines:
        catalogue = read_po(lines, locale="zh")
    return {
        _texts(message.id): () if message.fuzzy else _texts(message.string)
        for message in catalogue
        if message.id
    }


def _texts(value: Sequence[str] | None) -> Id:
    return (value,) if isinstance(value, str) else tuple(value or ())


def test_every_message_is_in_the_catalogue_and_no_other(
    used: set[Id], chinese: dict[Id, Id]
) -> None:
    assert used, "nothing was found: the mapping in babel.cfg is wrong"
    assert used - set(chinese) == set(), "add these to messages.po"
    assert set(chinese) - used == set(), "remove these from messages.po"


def test_every_message_is_translated(chinese: dict[Id, Id]) -> None:
    assert [known for known, texts in chinese.items() if not texts or not all(texts)] == []


def test_translations_fill_in_the_same_values(chinese: dict[Id, Id]) -> None:
    for known, texts in chinese.items():
        for text in texts:
            assert set(FIELD.findall(text)) == set(FIELD.findall(" ".join(known))), known


def test_no_translation_is_a_template_or_markup(chinese: dict[Id, Id]) -> None:
    for known, texts in chinese.items():
        assert not re.search(r"\{\{|\{%|<|\$\{|`", " ".join(known + texts)), known
