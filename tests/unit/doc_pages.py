"""The pages of the documentation, and what stands in them: tables, code, sections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("*.md", "docs/*.md", "data/*.md")
    for path in ROOT.glob(pattern)
)
NONE = "—"


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def tables(text: str, first_heading: str) -> Iterator[list[str]]:
    """The rows of all tables whose first heading is this; a cell that is code, as plain text."""
    is_wanted = False
    before = ""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|---"):
            is_wanted = before.strip("|").split("|")[0].strip() == first_heading
        elif not line.startswith("|"):
            is_wanted = False
        elif is_wanted:
            yield [re.sub(r"^`([^`]*)`$", r"\1", cell) for cell in cells]
        before = line


def column(text: str, first_heading: str, number: int = 0) -> dict[str, str]:
    """First cell → the cell in this column; names in one cell are parted by commas."""
    return {
        name.strip("` "): row[number]
        for row in tables(text, first_heading)
        for name in row[0].split(",")
    }


def words(cell: str) -> set[str]:
    """The names in a cell of code spans."""
    return set() if cell == NONE else set(re.findall(r"[\w.-]+", cell))


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)


def session(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a section's console blocks with what they print."""
    for block in blocks(text, "console"):
        for part in block.split("$ ")[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def section(text: str, heading: str) -> str:
    found = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    return found[1] if found else ""


def prose(text: str) -> str:
    return " ".join(text.split())


def unequal(what: str, documented: Any, real: Any) -> list[str]:
    """What is wrong where two sets of names, or two mappings, should be the same."""
    missing = [f"{what} {name}: not documented" for name in real if name not in documented]
    extra = [f"{what} {name}: does not exist" for name in documented if name not in real]
    both = isinstance(real, dict) and isinstance(documented, dict)
    other = [
        f"{what} {name}: {documented[name]!r} is documented, {real[name]!r} is so"
        for name in (real if both else ())
        if name in documented and documented[name] != real[name]
    ]
    return missing + extra + other
