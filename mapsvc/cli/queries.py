"""Asking the stored branches: nearest, export."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mapsvc import console, exports
from mapsvc.cli.base import FILE, JSON, POSITION, main, read_position, read_snapshot, write
from mapsvc.errors import InvalidValue
from mapsvc.snapshot import BranchQuery

_FORMATS = {".geojson": "geojson", ".json": "geojson", ".csv": "csv"}


@main.command(context_settings=POSITION)
@click.argument("position", metavar="LAT,LON")
@click.option("--datum", default="wgs84", show_default=True, help="Datum of the position.")
@click.option("--limit", default=5, show_default=True, type=click.IntRange(1, 1000))
@click.option("--list", "slug", metavar="SLUG", help="Only the branches of this list.")
@JSON
def nearest(position: str, datum: str, limit: int, slug: str | None, as_json: bool) -> None:
    """Show the branches nearest to a position, with their distances in metres.

    \b
    Example:  mapsvc nearest 29.8642,121.6168 --limit 3
    """
    snapshot = read_snapshot()
    if slug is not None:
        snapshot.branch_list(slug)
    query = BranchQuery(list=slug)
    found = [
        (round(distance_m), json.loads(feature)["properties"])
        for feature, distance_m in snapshot.nearest(
            read_position(position, datum), limit, query=query
        )
    ]
    if as_json:
        console.print_json([{"distance_m": m, **properties} for m, properties in found])
    else:
        rows = [(f"{m} m", p["name"], p["address"], p["precision"]) for m, p in found]
        console.print_table(("distance", "name", "address", "precision"), rows)


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
