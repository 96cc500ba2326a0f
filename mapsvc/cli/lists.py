"""Lists from file to map: import, geocode, audit."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mapsvc import console, service
from mapsvc.cli.base import FILE, JSON, main, open_store, read_settings, write
from mapsvc.model import Datum


@main.command("import")
@click.argument("file", type=FILE)
@click.option("--list", "slug", metavar="SLUG", help="The list's name in addresses.")
@click.option("--title", help="The list's title; by default as the file says.")
@click.option("--year", type=click.IntRange(1949, 2100), help="The list's year.")
@click.option("--award", help="What the list honours its branches with; '' for nothing.")
@click.option("--datum", help="Datum of the file's coordinates: wgs84, gcj02 or bd09.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--skip-bad", is_flag=True, help="Store the good rows although others are bad.")
@JSON
def import_command(
    file: Path,
    slug: str | None,
    title: str | None,
    year: int | None,
    award: str | None,
    datum: str | None,
    dry_run: bool,
    skip_bad: bool,
    as_json: bool,
) -> None:
    """Read a list of branches: announcement text, CSV or XLSX.

    The stored list becomes equal to the file, or stays as it was when a row is bad. Columns are
    found by their headings; docs/lists.md names them.

    \b
    Example:  mapsvc import data/lists/ningbo-2021.txt --dry-run
    """
    with open_store() as store:
        result = service.import_list(
            store,
            file,
            slug=slug,
            title=title,
            year=year,
            award=award,
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
    """Place the branches on the map.

    Addresses without an answer are named, and the others are placed all the same. A run that
    was killed goes on where it stopped, and several runs at once share the work.

    \b
    Example:  mapsvc geocode --offline
    """
    settings = read_settings()
    with open_store(settings) as store:
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


@main.command()
@click.option("--list", "slug", metavar="SLUG", help="Only the branches of this list.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, one branch a line.")
@JSON
def audit(slug: str | None, as_csv: bool, as_json: bool) -> None:
    """Show every branch with what speaks against its place on the map.

    \b
    Example:  mapsvc audit --list ningbo-2021
    """
    with open_store() as store:
        rows = service.audit(store, list_slug=slug)
    if as_json:
        console.print_json([console.audit_as_json(row) for row in rows])
    elif as_csv:
        write(None, console.audit_as_csv(rows))
    else:
        console.print_audit(rows)


@main.group("lists")
def lists_group() -> None:
    """The stored lists."""


@lists_group.command("show")
@JSON
def lists_show(as_json: bool) -> None:
    """Show the stored lists with their numbers of branches.

    \b
    Example:  mapsvc lists show
    """
    with open_store() as store:
        contents = store.contents()
    slugs = [slug for slugs in contents.members.values() for slug in slugs]
    headings = ("list", "title", "year", "branches", "file", "imported")
    rows = [
        (
            known.slug,
            known.title,
            known.year or "",
            slugs.count(known.slug),
            known.source,
            f"{known.imported_at:%Y-%m-%d %H:%M} UTC" if known.imported_at else "",
        )
        for known in contents.lists
    ]
    console.print_rows(headings, rows, as_json=as_json)


@lists_group.command("remove")
@click.argument("slug")
def lists_remove(slug: str) -> None:
    """Remove a list, and the branches that no other list names.

    Cached answers stay, so that the list can be imported again and placed offline.

    \b
    Example:  mapsvc lists remove my-branches
    """
    with open_store() as store:
        removed = service.remove_list(store, slug)
    click.echo(f"removed the list {slug} and {removed} branches")
