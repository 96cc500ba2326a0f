"""Serving, and whether all is well for it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date, datetime

import click

from mapsvc import config, console, service
from mapsvc.cli.base import JSON, main, open_store, read_settings
from mapsvc.hours import CHINA
from mapsvc.hours.calendar import is_announced
from mapsvc.model import Branch
from mapsvc.resources import built


@main.command()
def run() -> None:
    """Serve the map; into an empty store, load the shipped list first.

    \b
    Example:  MAPSVC_PORT=9000 mapsvc run
    """
    from mapsvc.web.server import address, serve  # noqa: PLC0415  # the others start faster without

    settings = read_settings()
    with open_store(settings) as store:
        if service.load_shipped_list(store, settings):
            click.echo(f"loaded the shipped list: {len(store.branches())} branches")
    serve(settings, lambda: click.echo(f"mapsvc is at {address(settings)} (Ctrl+C stops it)"))


@main.command()
@JSON
def doctor(as_json: bool) -> None:
    """Show every setting with its source, and whether the store and the front end are sound.

    It warns where opening hours follow public holidays that the calendar has not as announced.

    \b
    Example:  mapsvc doctor --json
    """
    settings = read_settings()
    rows = [
        (
            row.variable,
            "set" if row.secret and row.value else _shown(row.value),
            "environment" if row.variable in os.environ else "default",
            row.help,
        )
        for row in config.rows(settings)
    ]
    with open_store(settings) as store:
        contents = store.contents()
        state = {
            "revision": contents.revision,
            "lists": len(contents.lists),
            "branches": len(contents.branches),
            "placed": sum(p.point is not None for p in contents.placements.values()),
            "districts": len(contents.districts),
            "cached_answers": sum(1 for _ in store.records()),
            "front_end": "built" if built("static/dist/manifest.json").is_file() else "missing",
        }
        warnings = _unannounced(contents.branches, datetime.now(CHINA).date())
    headings = ("setting", "value", "source", "meaning")
    if as_json:
        listed = [dict(zip(headings, row, strict=True)) for row in rows]
        console.print_json({"settings": listed, "state": state, "warnings": warnings})
    else:
        console.print_table(headings, rows)
        click.echo()
        console.print_table(tuple(state), [tuple(state.values())])
    for warning in warnings:
        click.echo(f"mapsvc: {warning}", err=True)


def _unannounced(branches: Iterable[Branch], today: date) -> list[str]:
    """What is not known of this year's and the next one's holidays, if any hours name them."""
    years = [year for year in (today.year, today.year + 1) if not is_announced(year)]
    if not any("PH" in branch.hours for branch in branches):
        return []
    return [
        f"some opening hours follow public holidays, and data/holidays.csv has those of {year} not "
        "as announced; add them when they are"
        for year in years
    ]


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return ("1" if value else "0") if isinstance(value, bool) else str(value)
