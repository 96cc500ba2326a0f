"""Moving between stores."""

from __future__ import annotations

from functools import partial

import click

from mapsvc import console, service
from mapsvc.cli.base import JSON, main


@main.command("migrate-store")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@JSON
def migrate_store(source: str, target: str, as_json: bool) -> None:
    """Copy everything from one store into another that is empty, and compare them.

    FROM and TO are addresses as in MAPSVC_DATABASE_URL. TO has everything at the end or nothing;
    FROM stays as it is. Stop the servers and geocoding runs first: what changes afterwards
    is not copied.

    \b
    Example:  mapsvc migrate-store sqlite:///instance/mapsvc.sqlite3 postgresql+psycopg://map@db/map
    """
    checked = service.move_store(source, target, partial(console.progress, label="moving"))
    rows = [(entry.table, entry.rows, entry.checksum) for entry in checked]
    if not as_json:
        rows = [(table, count, checksum[:16]) for table, count, checksum in rows]
    console.print_rows(("table", "rows", "checksum"), rows, as_json=as_json)
