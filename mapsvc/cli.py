"""The command line. Exit codes: 0 done, 1 something failed, 2 wrong use."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from mapsvc import __version__, config, console, districts, exports, service
from mapsvc.config import Settings
from mapsvc.errors import InvalidValue, MapsvcError, NotFound
from mapsvc.geocoding.record import export_lines
from mapsvc.model import Datum, Point
from mapsvc.snapshot import BranchQuery, Snapshot
from mapsvc.store import open_store
from mapsvc.store.base import Store

FILE = click.Path(path_type=Path)
POSITION = {"ignore_unknown_options": True}
"""A position south of the equator begins with a hyphen and is no option."""
JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


class Group(click.Group):
    """Turns mapsvc's own errors into a line on standard error and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except MapsvcError as error:
            click.echo(f"mapsvc: {error}", err=True)
            ctx.exit(2 if isinstance(error, (InvalidValue, NotFound)) else 1)
        except BrokenPipeError:  # the reader of our output has enough
            sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115  # closed by the interpreter
            ctx.exit(0)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mapsvc")
def main() -> None:
    """From a list of branch addresses to maps that people can use and embed.

    Settings are MAPSVC_* variables; "mapsvc doctor" shows them all.
    """


def _settings() -> Settings:
    return Settings.from_environment(os.environ)


@contextmanager
def _store(settings: Settings | None = None) -> Iterator[Store]:
    """The configured store, with the shipped districts and answers in it."""
    settings = settings or _settings()
    store = open_store(settings.store_url)
    try:
        service.load_shipped(store, settings)
        yield store
    finally:
        store.close()


def _snapshot() -> Snapshot:
    with _store() as store:
        return Snapshot(store.contents())


def _position(text: str, datum: str) -> Point:
    """The point in ``LAT,LON``, as people and map pages write positions."""
    try:
        lat, lon = (float(part) for part in text.replace("，", ",").split(","))
    except ValueError:
        raise InvalidValue(
            "position", text, "LAT,LON in degrees, such as 29.8642,121.6168"
        ) from None
    return Point(lon, lat, Datum.parse(datum, "--datum"))


def _write(file: Path | None, text: str) -> None:
    """To standard output, or to a file that is replaced at once or not at all."""
    if file is None:
        click.echo(text.encode(), nl=False)
        return
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.write_bytes(text.encode())
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise MapsvcError(f"{file} cannot be written: {error.strerror}") from None
    click.echo(f"wrote {file}", err=True)


@main.command()
def run() -> None:
    r"""Serve the map; into an empty store, load the shipped list first.

    \b
    Example:  MAPSVC_PORT=9000 mapsvc run
    """
    from mapsvc.web.server import address, serve  # noqa: PLC0415  # the others start faster without

    settings = _settings()
    with _store(settings) as store:
        if service.load_shipped_list(store, settings):
            click.echo(f"loaded the shipped list: {len(store.branches())} branches")
    serve(settings, lambda: click.echo(f"mapsvc is at {address(settings)} (Ctrl+C stops it)"))


@main.command("import")
@click.argument("file", type=FILE)
@click.option("--list", "slug", metavar="SLUG", help="The list's name in addresses.")
@click.option("--title", help="The list's title; by default as the file says.")
@click.option("--year", type=click.IntRange(1949, 2100), help="The list's year.")
@click.option("--datum", help="Datum of the file's coordinates: wgs84, gcj02 or bd09.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--skip-bad", is_flag=True, help="Store the good rows although others are bad.")
@JSON
def import_command(
    file: Path,
    slug: str | None,
    title: str | None,
    year: int | None,
    datum: str | None,
    dry_run: bool,
    skip_bad: bool,
    as_json: bool,
) -> None:
    r"""Read a list of branches: announcement text, CSV or XLSX.

    The stored list becomes equal to the file, or stays as it was when a row is bad. Columns are
    found by their headings; docs/lists.md names them.

    \b
    Example:  mapsvc import data/lists/ningbo-2021.txt --dry-run
    """
    with _store() as store:
        result = service.import_list(
            store,
            file,
            slug=slug,
            title=title,
            year=year,
            datum=None if datum is None else Datum.parse(datum, "--datum"),
            dry_run=dry_run,
            skip_bad=skip_bad,
        )
    if as_json:
        console.print_json(console.import_as_json(result))
    else:
        console.print_import(result)
    sys.exit(1 if result.file.rejected else 0)


@main.command()
@click.option("--offline", is_flag=True, help="Answer from the cache alone.")
@click.option("--refresh", is_flag=True, help="Ask again what the cache answers.")
@click.option("--provider", metavar="P", help="Ask only this provider.")
@click.option("--list", "slug", metavar="SLUG", help="Only the branches of this list.")
@click.option("--limit", metavar="N", type=click.IntRange(1), help="At most N branches.")
@JSON
def geocode(
    offline: bool,
    refresh: bool,
    provider: str | None,
    slug: str | None,
    limit: int | None,
    as_json: bool,
) -> None:
    r"""Place the branches on the map.

    Addresses without an answer are named, and the others are placed all the same. A run that
    was killed goes on where it stopped, and several runs at once share the work.

    \b
    Example:  mapsvc geocode --offline
    """
    settings = _settings()
    with _store(settings) as store:
        result = service.geocode(
            store,
            settings,
            list_slug=slug,
            limit=limit,
            offline=offline,
            refresh=refresh,
            only=provider,
            progress=console.progress,
        )
    if as_json:
        console.print_json(console.geocoding_as_json(result))
    else:
        console.print_geocoding(result)
    sys.exit(1 if result.failed or result.troubles else 0)


@main.group()
def cache() -> None:
    """The geocode cache: every answer with its provenance."""


@cache.command("export")
@click.argument("file", type=FILE, required=False)
def cache_export(file: Path | None) -> None:
    r"""Write the cache as sorted JSON lines, to FILE or to standard output.

    \b
    Example:  mapsvc cache export geocache.jsonl
    """
    with _store() as store:
        text = "".join(f"{line}\n" for line in export_lines(store.geocodes()))
    _write(file, text)


@cache.command("import")
@click.argument("file", type=FILE)
def cache_import(file: Path) -> None:
    r"""Add the answers in FILE to the cache; one wrong line, and nothing is added.

    \b
    Example:  mapsvc cache import geocache.jsonl
    """
    with _store() as store:
        click.echo(f"{service.import_cache(store, file)} answers")


@cache.command("stats")
@JSON
def cache_stats(as_json: bool) -> None:
    r"""Count the cached answers by provider and precision.

    \b
    Example:  mapsvc cache stats
    """
    with _store() as store:
        counts = sorted(service.cache_stats(store).items())
    headings = ("provider", "precision", "answers")
    rows = [(provider, precision, count) for (provider, precision), count in counts]
    console.print_rows(headings, rows, as_json=as_json)


@cache.command("verify")
@JSON
def cache_verify(as_json: bool) -> None:
    r"""Report answers that are corrupt, expired, without provenance, or unlike their raw answer.

    \b
    Example:  mapsvc cache verify
    """
    settings = _settings()
    with _store(settings) as store:
        findings = service.verify_cache(store, settings)
    headings = ("fault", "provider", "query", "detail")
    rows = [(f.fault.value, f.key.provider, f.key.query, f.detail) for f in findings]
    console.print_rows(headings, rows, as_json=as_json)
    if not as_json:
        click.echo(f"{len(findings)} faults")
    sys.exit(1 if findings else 0)


@cache.command("prune")
def cache_prune() -> None:
    r"""Drop the answers whose time is over by the settings, and nothing else.

    \b
    Example:  mapsvc cache prune
    """
    settings = _settings()
    with _store(settings) as store:
        click.echo(f"{service.prune_cache(store, settings)} answers dropped")


@main.command()
@click.option("--list", "slug", metavar="SLUG", help="Only the branches of this list.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, one branch a line.")
@JSON
def audit(slug: str | None, as_csv: bool, as_json: bool) -> None:
    r"""Show every branch with what speaks against its place on the map.

    \b
    Example:  mapsvc audit --list ningbo-2021
    """
    with _store() as store:
        rows = service.audit(store, list_slug=slug)
    if as_json:
        console.print_json([console.audit_as_json(row) for row in rows])
    elif as_csv:
        click.echo(console.audit_as_csv(rows).encode(), nl=False)
    else:
        console.print_audit(rows)


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
    r"""Take district polygons of any city or province of China, or from a GeoJSON file.

    Names and codes need the extra mapsvc[districts]. Invalid or overlapping polygons are
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
    settings = _settings()
    with _store(settings) as store:
        service.import_districts(store, found, settings)
    click.echo(f"{len(found)} districts: {'、'.join(district.name for district in found)}")


@districts_group.command("list")
@JSON
def districts_list(as_json: bool) -> None:
    r"""Show the stored districts with their numbers of branches.

    \b
    Example:  mapsvc districts list
    """
    entries = _snapshot().districts
    rows = [(d.district.code, d.district.name, d.district.city, d.count) for d in entries]
    headings = ("code", "name", "city", "branches")
    console.print_rows(headings, rows, as_json=as_json)


@districts_group.command("locate", context_settings=POSITION)
@click.argument("position", metavar="LAT,LON")
@click.option("--datum", default="wgs84", show_default=True, help="Datum of the position.")
@JSON
def districts_locate(position: str, datum: str, as_json: bool) -> None:
    r"""Name the district that holds a position.

    \b
    Example:  mapsvc districts locate 29.8642,121.6168
    """
    point = _position(position, datum)
    located = _snapshot().locate(point)
    if located is None:
        raise NotFound("district at", position)
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


@main.command(context_settings=POSITION)
@click.argument("position", metavar="LAT,LON")
@click.option("--datum", default="wgs84", show_default=True, help="Datum of the position.")
@click.option("--limit", default=5, show_default=True, type=click.IntRange(1, 1000))
@click.option("--list", "slug", metavar="SLUG", help="Only the branches of this list.")
@JSON
def nearest(position: str, datum: str, limit: int, slug: str | None, as_json: bool) -> None:
    r"""Show the branches nearest to a position, with their distances in metres.

    \b
    Example:  mapsvc nearest 29.8642,121.6168 --limit 3
    """
    snapshot = _snapshot()
    query = BranchQuery(list=slug)
    indices, metres = snapshot.nearest(_position(position, datum), limit, query=query)
    found = [
        (round(float(m)), snapshot.properties(int(i))) for i, m in zip(indices, metres, strict=True)
    ]
    if as_json:
        console.print_json([{"distance_m": m, **properties} for m, properties in found])
    else:
        rows = [(f"{m} m", p["name"], p["address"], p["precision"]) for m, p in found]
        console.print_table(("distance", "name", "address", "precision"), rows)


@main.command()
@click.argument("file", type=FILE, required=False)
@click.option("--format", "kind", type=click.Choice(["geojson", "csv"]), default="geojson")
@click.option("--list", "slug", metavar="SLUG", help="Only the branches of this list.")
def export(file: Path | None, kind: str, slug: str | None) -> None:
    r"""Write the branches as GeoJSON (WGS-84) or CSV, to FILE or to standard output.

    \b
    Example:  mapsvc export branches.geojson --list ningbo-2021
    """
    snapshot = _snapshot()
    if slug is not None:
        snapshot.list(slug)
    indices = [int(i) for i in snapshot.select(BranchQuery(list=slug))]
    as_text = exports.as_geojson if kind == "geojson" else exports.as_csv
    _write(file, as_text(snapshot, indices))


@main.command()
@JSON
def doctor(as_json: bool) -> None:
    r"""Show every setting with its source, and whether the store and the front end are sound.

    \b
    Example:  mapsvc doctor --json
    """
    settings = _settings()
    rows = [
        (
            row.variable,
            "set" if row.secret and row.value else _shown(row.value),
            "environment" if row.variable in os.environ else "default",
            row.help,
        )
        for row in config.rows(settings)
    ]
    with _store(settings) as store:
        contents = store.contents()
        state = {
            "revision": contents.revision,
            "lists": len(contents.lists),
            "branches": len(contents.branches),
            "placed": sum(p.point is not None for p in contents.placements.values()),
            "districts": len(contents.districts),
            "cached_answers": sum(1 for _ in store.geocodes()),
        }
    headings = ("setting", "value", "source", "meaning")
    if as_json:
        listed = [dict(zip(headings, row, strict=True)) for row in rows]
        console.print_json({"settings": listed, "store": state})
    else:
        console.print_table(headings, rows)
        click.echo()
        console.print_table(tuple(state), [tuple(state.values())])


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return ("1" if value else "0") if isinstance(value, bool) else str(value)
