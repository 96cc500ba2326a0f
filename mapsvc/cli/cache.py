"""The commands of the geocode cache."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mapsvc import console, service
from mapsvc.cli.base import FILE, JSON, main, open_store, read_settings, write
from mapsvc.geocoding.record import export_lines


@main.group()
def cache() -> None:
    """The geocode cache: every answer with its provenance."""


@cache.command("export")
@click.argument("file", type=FILE, required=False)
def cache_export(file: Path | None) -> None:
    """Write the cache as sorted JSON lines, to FILE or to standard output.

    \b
    Example:  mapsvc cache export geocache.jsonl
    """
    with open_store() as store:
        text = "".join(f"{line}\n" for line in export_lines(store.geocodes()))
    write(file, text)


@cache.command("import")
@click.argument("file", type=FILE)
def cache_import(file: Path) -> None:
    """Add the answers in FILE to the cache; one wrong line, and nothing is added.

    \b
    Example:  mapsvc cache import geocache.jsonl
    """
    with open_store() as store:
        click.echo(f"{service.import_cache(store, file)} answers")


@cache.command("stats")
@JSON
def cache_stats(as_json: bool) -> None:
    """Count the cached answers by provider and precision.

    \b
    Example:  mapsvc cache stats
    """
    with open_store() as store:
        counts = sorted(service.cache_stats(store).items())
    headings = ("provider", "precision", "answers")
    rows = [(provider, precision, count) for (provider, precision), count in counts]
    console.print_rows(headings, rows, as_json=as_json)


@cache.command("verify")
@JSON
def cache_verify(as_json: bool) -> None:
    """Report answers that are corrupt, expired, without provenance, or unlike their raw answer.

    \b
    Example:  mapsvc cache verify
    """
    settings = read_settings()
    with open_store(settings) as store:
        findings = service.verify_cache(store, settings)
    headings = ("fault", "provider", "query", "detail")
    rows = [(f.fault.value, f.key.provider, f.key.query, f.detail) for f in findings]
    console.print_rows(headings, rows, as_json=as_json)
    if not as_json:
        click.echo(f"{len(findings)} faults")
    sys.exit(1 if findings else 0)


@cache.command("prune")
def cache_prune() -> None:
    """Drop the answers whose time is over by the settings, and nothing else.

    \b
    Example:  mapsvc cache prune
    """
    settings = read_settings()
    with open_store(settings) as store:
        click.echo(f"{service.prune_cache(store, settings)} answers dropped")
