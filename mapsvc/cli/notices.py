"""The commands of the notices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import click

from mapsvc import console, service
from mapsvc.cli.base import JSON, main, open_store
from mapsvc.errors import InvalidValue
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
@click.option("--closes", is_flag=True, help="It is closed for that time, whatever the hours say.")
@click.option("--en", "text_en", default="", metavar="TEXT", help="The same in English.")
@JSON
def notice_add(
    text: str,
    branch: str | None,
    district: str | None,
    everywhere: bool,
    start: str | None,
    end: str,
    closes: bool,
    text_en: str,
    as_json: bool,
) -> None:
    """Show a notice on cards, pages, embedded maps and in the API.

    Times are China's: a date, or a date and a time. Running servers show it within a second.

    \b
    Example:  mapsvc notice add 台风停业 --district 330212 --until 2026-11-23 --closes
    """
    if (branch is not None) + (district is not None) + everywhere != 1:
        raise click.UsageError("say for whom: one of --branch ID, --district CODE and --all")
    first = None if start is None else service.read_moment("--from", start)
    last = service.read_moment("--until", end, closing=True)
    with open_store() as store, _as_typed(end):
        notice = service.add_notice(
            store,
            text,
            start=first,
            end=last,
            text_en=text_en,
            branch=branch,
            district=district,
            closes=closes,
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


_HEADINGS = ("id", "state", "for", "from", "until", "closes", "text", "text_en")


def _print(notices: list[Notice], *, as_json: bool) -> None:
    now = datetime.now(CHINA)
    rows = [_row(notice, now, as_json=as_json) for notice in notices]
    console.print_rows(_HEADINGS, rows, as_json=as_json)


def _row(notice: Notice, now: datetime, *, as_json: bool) -> tuple[Any, ...]:
    state = "current" if notice.holds(now) else "over" if notice.end <= now else "to come"
    whom = notice.branch or notice.district or "all"
    start, end = (
        (notice.start.isoformat(), notice.end.isoformat())
        if as_json
        else (_written(notice.start), _written(notice.end, closing=True))
    )
    closes = notice.closes if as_json else "closes" if notice.closes else ""
    return (notice.id, state, whom, start, end, closes, notice.text, notice.text_en)


def _written(time: datetime, *, closing: bool = False) -> str:
    """As it may be typed: of midnight the day that begins there, or that ends there."""
    local = time.astimezone(CHINA)
    if (local.hour, local.minute) != (0, 0):
        return f"{local:%Y-%m-%d %H:%M}"
    return f"{local - timedelta(days=1) if closing else local:%Y-%m-%d}"


@contextmanager
def _as_typed(end: str) -> Iterator[None]:
    """Name a wrong end as it was typed: a day means its end, which nobody wrote."""
    try:
        yield
    except InvalidValue as error:
        if error.name != "until":
            raise
        raise InvalidValue("--until", end, error.allowed) from None
