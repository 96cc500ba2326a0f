"""The command line, one module a subject. Exit codes: 0 done, 1 something failed, 2 wrong use."""

from mapsvc.cli import cache, districts, lists, queries, serving  # each adds its commands to main
from mapsvc.cli.base import main

__all__ = ["cache", "districts", "lists", "main", "queries", "serving"]
