"""The commands of the notices."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from mapsvc import console, service
from mapsvc.cli.base import JSON, main, open_store
from mapsvc.hours import CHINA
from mapsvc.model import Notice


@main.group("notice")
def notice_group() -> None:
    """What customers are told for a time: of a branch, a district or all branches."""


@notice_group.command("add")
@click.argument("text")
@click.option("--branch", metavar="ID", help="For this branch.")
@click.option("--district", metavar="CODE", help="For this district, city or province.")
@click.option("--all", "everywhere", is_flag=True, help="For all branches.")
@click.option("--from", "start", metavar="TIME", help="From when; by default from now.")
@click.option("--until", "end", metavar="TIME", required=True, help="Up to when; a day is whole.")
@click.option("--en", "text_en", default="", metavar="TEXT", help="The same in English.")
@JSON
def notice_add(
    text: str,
    branch: str | None,
    district: str | None,
    everywhere: bool,
    start: str | None,
    end: str,
    text_en: str,
    as_json: bool,
) -> None:
    """Show a notice on cards, pages, embedded maps and in the API.

    Times are China's: a date, or a date and a time. Running servers show it within a second.

    \b
    Example:  mapsvc notice add 台风停业 --district 330212 --until 2026-11-23 --en "Closed: typhoon"
    """
    if (branch is not None) + (district is not None) + everywhere != 1:
        raise click.UsageError("say for whom: one of --branch ID, --district CODE and --all")
    first = None if start is None else service.read_moment("--from", start)
    last = service.read_moment("--until", end, closing=True)
    with open_store() as store:
        notice = service.add_notice(
            store, text, start=first, end=last, text_en=text_en, branch=branch, district=district
        )
    _print([notice], as_json=as_json)


@notice_group.command("list")
@click.option("--past", is_flag=True, help="Those that are over, too.")
@JSON
def notice_list(past: bool, as_json: bool) -> None:
    """Show the notices that hold or will.

    \b
    Example:  mapsvc notice list --past
    """
    now = datetime.now(CHINA)
    with open_store() as store:
        notices = [notice for notice in store.notices() if past or notice.end > now]
    _print(notices, as_json=as_json)


@notice_group.command("end")
@click.argument("number", metavar="ID", type=click.IntRange(1))
def notice_end(number: int) -> None:
    """Let a notice end now.

    \b
    Example:  mapsvc notice end 3
    """
    with open_store() as store:
        service.end_notice(store, number)
    click.echo(f"notice {number} has ended")


_HEADINGS = ("id", "state", "for", "from", "until", "text", "text_en")


def _print(notices: list[Notice], *, as_json: bool) -> None:
    now = datetime.now(CHINA)
    rows = [_row(notice, now, as_json=as_json) for notice in notices]
    console.print_rows(_HEADINGS, rows, as_json=as_json)


def _row(notice: Notice, now: datetime, *, as_json: bool) -> tuple[Any, ...]:
    state = "current" if notice.holds(now) else "over" if notice.end <= now else "to come"
    whom = notice.branch or notice.district or "all"
    times = [
        time.isoformat() if as_json else f"{time.astimezone(CHINA):%Y-%m-%d %H:%M}"
        for time in (notice.start, notice.end)
    ]
    return (notice.id, state, whom, *times, notice.text, notice.text_en)
