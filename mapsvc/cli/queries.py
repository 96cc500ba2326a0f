"""Asking the stored branches: nearest, export."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import click

from mapsvc import console, exports
from mapsvc.cli.base import (
    FILE,
    JSON,
    POSITION,
    main,
    open_store,
    read_position,
    read_settings,
    read_snapshot,
    write,
)
from mapsvc.errors import InvalidValue, NotFound, ascii_controls
from mapsvc.model import Point
from mapsvc.search.places import place
from mapsvc.service.places import Geocoders
from mapsvc.snapshot import BranchQuery, Snapshot

_LETTERS = {"Lo", "Ll", "Lu", "Lm", "Lt"}
"""What an address has and a position has not."""
_FORMATS = {".geojson": "geojson", ".json": "geojson", ".csv": "csv"}


@main.command(context_settings=POSITION)
@click.argument("position", metavar="LAT,LON|ADDRESS")
@click.option("--datum", default="wgs84", show_default=True, help="Datum of a LAT,LON.")
@click.option("--limit", default=5, show_default=True, type=click.IntRange(1, 1000))
@click.option("--list", "slug", metavar="SLUG", help="Only the branches of this list.")
@JSON
def nearest(position: str, datum: str, limit: int, slug: str | None, as_json: bool) -> None:
    """Show the branches nearest to a position or address, with their distances in metres.

    An address, road, town or district is placed by what is stored, and by the geocoders that are
    set; where it is and how exactly that is known is said on standard error.

    \b
    Example:  mapsvc nearest 29.8642,121.6168 --limit 3
              mapsvc nearest 鄞州区天童北路900号
    """
    snapshot = read_snapshot()
    if slug is not None:
        snapshot.branch_list(slug)
    query = BranchQuery(list=slug)
    point = _point(snapshot, position, datum)
    found = [
        (round(distance_m), json.loads(feature)["properties"])
        for feature, distance_m in snapshot.nearest(point, limit, query=query)
    ]
    if as_json:
        console.print_json([{"distance_m": m, **properties} for m, properties in found])
    else:
        rows = [(f"{m} m", p["name"], p["address"], p["precision"]) for m, p in found]
        console.print_table(("distance", "name", "address", "precision"), rows)


def _point(snapshot: Snapshot, text: str, datum: str) -> Point:
    """The position that is given, or that of the address; raises `NotFound` where none is known."""
    if not any(unicodedata.category(character) in _LETTERS for character in text):
        return read_position(text, datum)
    settings = read_settings()
    with open_store(settings) as store:
        found = place(snapshot, text, Geocoders(store, settings).ask)
    if found is None:
        raise NotFound("place", text)
    lat, lon = round(found.point.lat, 5), round(found.point.lon, 5)
    click.echo(
        f"{ascii_controls(found.label)}: {lat},{lon} within {found.radius_m:.0f} m"
        f" ({found.precision}, by {found.source})",
        err=True,
    )
    return found.point


@main.command()
@click.argument("file", type=FILE, required=False)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["geojson", "csv"]),
    help="By default as FILE ends; geojson on standard output.",
)
@click.option("--list", "slug", metavar="SLUG", help="Only the branches of this list.")
def export(file: Path | None, kind: str | None, slug: str | None) -> None:
    """Write the branches as GeoJSON (WGS-84) or CSV, to FILE or to standard output.

    \b
    Example:  mapsvc export branches.geojson --list ningbo-2021
    """
    kind = kind or _format_of(file)
    snapshot = read_snapshot()
    if slug is not None:
        snapshot.branch_list(slug)
    as_text = exports.as_geojson if kind == "geojson" else exports.as_csv
    write(file, as_text(snapshot.iterate(BranchQuery(list=slug))))


def _format_of(file: Path | None) -> str:
    if file is None:
        return "geojson"
    try:
        return _FORMATS[file.suffix.casefold()]
    except KeyError:
        allowed = "a name that ends in .geojson, .json or .csv; or say the format with --format"
        raise InvalidValue("FILE", file.name, allowed) from None
