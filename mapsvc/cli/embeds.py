"""Numbers of views in other sites."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from mapsvc import console
from mapsvc.cli.base import JSON, main, open_store
from mapsvc.hours import CHINA


@main.command()
@click.option(
    "--days",
    default=30,
    show_default=True,
    type=click.IntRange(1, 400),
    help="Of the last so many days, today with them.",
)
@JSON
def embeds(days: int, as_json: bool) -> None:
    """Show how often maps were shown in other sites, by day and the site's origin.

    Days are China's. A running server adds what it has counted every 15 seconds.

    \b
    Example:  mapsvc embeds --days 7
    """
    since = datetime.now(CHINA).date() - timedelta(days=days - 1)
    with open_store() as store:
        rows = [(day, origin, views) for day, origin, views in store.views(since.isoformat())]
    rows.sort(key=lambda row: (row[0], row[2]), reverse=True)
    console.print_rows(("day", "origin", "views"), rows, as_json=as_json)
