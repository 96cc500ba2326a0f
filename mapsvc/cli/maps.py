"""The map as a file: one HTML document with everything inside."""

from __future__ import annotations

from pathlib import Path

import click

from mapsvc.cli.base import FILE, main, read_settings, read_snapshot, write
from mapsvc.errors import InvalidValue
from mapsvc.snapshot import BranchQuery

_STANDARD_OUTPUT = Path("-")
_SUFFIXES = (".html", ".htm")


@main.command("map")
@click.argument("file", metavar="[OUT.html]", type=FILE, default=_STANDARD_OUTPUT)
@click.option("--list", "slug", metavar="SLUG", help="Only the branches of this list.")
@click.option("--bank", metavar="CODE", help="Only those of this bank, such as icbc.")
@click.option(
    "--district", metavar="CODE", help="Only those in this district, city or province, by its code."
)
@click.option(
    "--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="The language."
)
def draw(file: Path, slug: str | None, bank: str | None, district: str | None, lang: str) -> None:
    """Write map and list as one HTML file, which needs no server and no network.

    It opens from a disk, a mail or any web server: styles, scripts, data and pictures are inside,
    and no tiles. At most 1,000 branches; "-" or no name writes to standard output.

    \b
    Example:  mapsvc map branches.html
              mapsvc map branches-en.html --bank icbc --district 330212 --lang en
    """
    from mapsvc.web.standalone import standalone  # noqa: PLC0415  # the others start faster without

    if file != _STANDARD_OUTPUT and file.suffix.casefold() not in _SUFFIXES:
        raise InvalidValue("OUT.html", file.name, "a name that ends in .html or .htm")
    query = BranchQuery(list=slug, bank=bank, district=district)
    text = standalone(read_settings(), read_snapshot(), query, lang)
    write(None if file == _STANDARD_OUTPUT else file, text)
