"""The command line, one module a subject. Exit codes: 0 done, 1 something failed, 2 wrong use."""

from mapsvc.cli import (  # each adds its commands to main
    cache,
    districts,
    embeds,
    lists,
    maps,
    notices,
    queries,
    serving,
    stores,
)
from mapsvc.cli.base import main

__all__ = [
    "cache",
    "districts",
    "embeds",
    "lists",
    "main",
    "maps",
    "notices",
    "queries",
    "serving",
    "stores",
]
