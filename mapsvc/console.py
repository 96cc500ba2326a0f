"""How results look on a terminal: lines for people, JSON for programs, a bar while it takes time.

Text from list files may hold control characters; `ascii_controls` makes them visible, so that
no file can steer the terminal it is shown on.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import click

from mapsvc.errors import NotCached, ascii_controls
from mapsvc.exports import csv_text
from mapsvc.lists.changes import Changed
from mapsvc.lists.rows import Note, Rejection
from mapsvc.model import Branch, Point
from mapsvc.service import AuditRow, GeocodeResult, ImportResult, describe

_LISTED = 20
_TELL_EVERY_S = 10.0
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
"""Controls that JSON lets pass, line separators and marks that reorder text; all below U+10000."""
_NOT_CACHED_HINT = (
    "Addresses that the cache does not know need a geocoder: name some in MAPSVC_GEOCODERS and run "
    "without --offline, or place them by hand; docs/providers.md says how."
)


def print_json(value: Any) -> None:
    """Print ``value`` as indented JSON, with Chinese as it is and unseen characters escaped."""
    click.echo(escaped_json(json.dumps(value, ensure_ascii=False, indent=2)))


def escaped_json(text: str) -> str:
    r"""Escape in finished JSON what a terminal or an editor would act on; the value stays equal.

    >>> escaped_json('"a\u202eb"')
    '"a\\u202eb"'
    """
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print columns that line up, Chinese characters counted as two cells wide."""
    cells = [[ascii_controls(str(cell)) for cell in row] for row in (headings, *rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = [
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ]
        click.echo("  ".join(padded).rstrip())


def print_rows(headings: Sequence[str], rows: Sequence[Sequence[object]], *, as_json: bool) -> None:
    """Print rows as a table, or as JSON objects."""
    if as_json:
        print_json([dict(zip(headings, row, strict=True)) for row in rows])
    else:
        print_table(headings, rows)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


@contextmanager
def progress(total: int, label: str = "geocoding") -> Iterator[Callable[[int], None]]:
    """Show a bar with the time left on a terminal; elsewhere a line now and then, if it takes long.

    Args:
        total: how much there is to do.
        label: what is being done.
    """
    if not sys.stderr.isatty():
        yield _told_now_and_then(total, label)
        return
    with click.progressbar(length=total, label=label, file=sys.stderr) as bar:
        yield bar.update


def _told_now_and_then(total: int, label: str) -> Callable[[int], None]:
    """Takes what was done, and prints how far that is every ten seconds on standard error."""
    done, told_at = 0, time.monotonic()

    def advance(more: int) -> None:
        nonlocal done, told_at
        done += more
        if (now := time.monotonic()) - told_at >= _TELL_EVERY_S:
            told_at = now
            click.echo(f"{label}: {done:,} of {total:,}", err=True)

    return advance


def print_import(result: ImportResult) -> None:
    """Print what an import read, changed and rejected."""
    file, compared = result.file, result.difference
    kind = ", ".join(filter(None, (file.format, file.encoding)))
    click.echo(f"read {len(file.rows) + len(file.rejected):,} rows ({kind})")
    click.echo(f"list {result.branch_list.slug}: {ascii_controls(result.branch_list.title)}")
    if result.branch_list.title == Path(result.branch_list.source).stem:
        click.echo("  visitors see this title, which is the file's name; --title gives another")
    _print_some("added", [_line(added.branch) for added in compared.added])
    _print_some("changed", [_changed(changed) for changed in compared.changed])
    _print_some("unchanged", [None] * len(compared.unchanged))
    _print_some("no longer listed", [_line(branch) for branch in compared.unlisted])
    _print_some("rejected", [_rejection(rejection) for rejection in file.rejected])
    if file.notes:
        _print_some("notes", [_note(note) for note in file.notes])
    click.echo(result.outcome.value)


def import_as_json(result: ImportResult) -> dict[str, Any]:
    """What `print_import` prints, whole, for ``--json``."""
    file, compared = result.file, result.difference
    return {
        "list": result.branch_list.slug,
        "title": result.branch_list.title,
        "format": file.format,
        "encoding": file.encoding,
        "sha256": file.sha256,
        "outcome": result.outcome.name.lower(),
        "added": [_branch(added.branch, added.row.line) for added in compared.added],
        "changed": [
            _branch(changed.new, changed.row.line)
            | {"before": {field.field: _plain(field.old) for field in changed.fields}}
            for changed in compared.changed
        ],
        "unchanged": len(compared.unchanged),
        "no_longer_listed": [_branch(branch) for branch in compared.unlisted],
        "rejected": [asdict(rejection) for rejection in file.rejected],
        "notes": [asdict(note) for note in file.notes],
        "remarks": list(file.remarks),
    }


def print_geocoding(result: GeocodeResult) -> None:
    """Print what a geocoding run placed, by provider and precision, and what it could not."""
    found = [placement for placement in result.placements if placement.point is not None]
    by = Counter((p.provider or "", p.precision.value if p.precision else "") for p in found)
    for (provider, precision), count in sorted(by.items()):
        click.echo(f"{provider}, {precision}: {count:,}")
    for provider, requests in sorted(result.asked.items()):
        click.echo(f"requests to {provider}: {requests:,}")
    click.echo(f"placed: {len(found):,} ({result.changed:,} new or changed)")
    for trouble, count in result.troubles.most_common(_LISTED):
        click.echo(f"trouble with {count:,} branches: {ascii_controls(trouble)}", err=True)
    _print_more(len(result.troubles), err=True)
    for branch, error in result.failed[:_LISTED]:
        reason = ascii_controls(str(error))
        click.echo(f"failed: {branch.id}  {ascii_controls(branch.name)}: {reason}", err=True)
    _print_more(len(result.failed), err=True)
    if any(isinstance(error, NotCached) for _, error in result.failed):
        click.echo(_NOT_CACHED_HINT, err=True)


def geocoding_as_json(result: GeocodeResult) -> dict[str, Any]:
    """What `print_geocoding` prints, for ``--json``."""
    return {
        "placed": sum(placement.point is not None for placement in result.placements),
        "changed": result.changed,
        "requests": dict(result.asked),
        "troubles": dict(result.troubles),
        "failed": [
            {"id": branch.id, "name": branch.name, "address": branch.address, "reason": str(error)}
            for branch, error in result.failed
        ],
    }


def print_audit(rows: Sequence[AuditRow]) -> None:
    """Print every branch, its doubts below it, and how many have any."""
    for row in rows:
        name, address = ascii_controls(row.branch.name), ascii_controls(row.branch.address)
        click.echo(f"{row.branch.id}  {name}  {address}")
        click.echo(f"    {_placed(row)}")
        for reason in row.reasons:
            click.echo(f"  ! {ascii_controls(describe(reason))}")
    doubted = sum(bool(row.reasons) for row in rows)
    click.echo(f"{len(rows)} branches, {doubted} with doubts")


def _placed(row: AuditRow) -> str:
    placement = row.placement
    if placement is None or placement.point is None:
        return "not placed"
    radius = f"{placement.radius_m:,.0f} m" if placement.radius_m else "unknown"
    district = ascii_controls(row.district) or "no known district"
    return f"{district}, {placement.precision}, radius {radius}, by {placement.provider}"


def audit_as_json(row: AuditRow) -> dict[str, Any]:
    """One branch of an audit, for ``--json``."""
    placement = row.placement
    point = placement.point if placement else None
    return _branch(row.branch) | {
        "district": placement.district if placement else None,
        "district_name": row.district or None,
        "lon": point.lon if point else None,
        "lat": point.lat if point else None,
        "precision": placement.precision if placement else None,
        "radius_m": placement.radius_m if placement else None,
        "provider": placement.provider if placement else None,
        "doubts": [{"code": reason.code, **reason.detail} for reason in row.reasons],
    }


def audit_as_csv(rows: Sequence[AuditRow]) -> str:
    """An audit as CSV for spreadsheets; several doubts stand in one cell, a line each."""
    headings = ("id", "name", "address", "district", "precision", "radius_m", "provider", "doubts")
    return csv_text(
        headings,
        (
            (
                row.branch.id,
                row.branch.name,
                row.branch.address,
                row.district,
                row.placement.precision if row.placement else None,
                row.placement.radius_m if row.placement else None,
                row.placement.provider if row.placement else None,
                "\n".join(describe(reason) for reason in row.reasons),
            )
            for row in rows
        ),
    )


def _branch(branch: Branch, line: int | None = None) -> dict[str, Any]:
    where = {} if line is None else {"line": line}
    return where | {"id": branch.id, "name": branch.name, "address": branch.address}


def _plain(value: object) -> object:
    return asdict(value) if isinstance(value, Point) else value


def _line(branch: Branch) -> str:
    return f"{branch.id}  {branch.name}  {branch.address}"


def _changed(changed: Changed) -> str:
    fields = (f"{field.field}: {field.old} → {field.new}" for field in changed.fields)
    return f"{changed.new.id}  {'; '.join(fields)}"


def _rejection(rejection: Rejection) -> str:
    return f"line {rejection.line}, {rejection.column}: {rejection.value}: {rejection.reason}"


def _note(note: Note) -> str:
    return note.text if note.line is None else f"line {note.line}: {note.text}"


def _print_some(title: str, lines: Sequence[str | None]) -> None:
    """A count and the first lines; lines that are None are only counted."""
    click.echo(f"{title}: {len(lines):,}")
    shown = [line for line in lines[:_LISTED] if line is not None]
    for line in shown:
        click.echo(f"  {ascii_controls(line)}")
    if shown:
        _print_more(len(lines))


def _print_more(count: int, *, err: bool = False) -> None:
    """Where to find the lines that were left out, if any were."""
    if count > _LISTED:
        click.echo(f"  … and {count - _LISTED:,} more; all of them with --json", err=err)
