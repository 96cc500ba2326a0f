"""What all commands share: the group, its exit codes, and reading and writing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from mapsvc import __version__, service
from mapsvc.config import Settings
from mapsvc.errors import InvalidValue, MapsvcError, NotFound, ascii_controls
from mapsvc.model import Datum, Point
from mapsvc.snapshot import MemorySnapshot, Snapshot
from mapsvc.store import open_store as open_store_at
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
            text = "\n".join(map(ascii_controls, str(error).split("\n")))
            click.echo(f"mapsvc: {text}", err=True)
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


def read_settings() -> Settings:
    return Settings.from_environment(os.environ)


@contextmanager
def open_store(settings: Settings | None = None) -> Iterator[Store]:
    """The configured store, with the shipped districts and answers in it."""
    settings = settings or read_settings()
    store = open_store_at(settings.store_url)
    try:
        service.load_shipped(store, settings)
        yield store
    finally:
        store.close()


def read_snapshot() -> Snapshot:
    with open_store() as store, store.reading() as reading:
        return MemorySnapshot.of(reading)


def read_position(text: str, datum: str) -> Point:
    """The point in ``LAT,LON``, as people and map pages write positions."""
    try:
        lat, lon = (float(part) for part in text.replace("，", ",").split(","))
    except ValueError:
        raise InvalidValue(
            "position", text, "LAT,LON in degrees, such as 29.8642,121.6168"
        ) from None
    if abs(lat) > 90 >= abs(lon):
        raise InvalidValue("position", text, "LAT,LON: the latitude comes first")
    return Point(lon, lat, Datum.parse(datum, "--datum"))


def write(file: Path | None, text: str) -> None:
    """To standard output, or to a file that is replaced at once or not at all."""
    if file is None:
        if sys.stdout.isatty():
            text = text.removeprefix("\ufeff")
            text = "\n".join(ascii_controls(line.rstrip("\r")) for line in text.split("\n"))
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
