"""Suggestions while a visitor types: branches, banks, districts, towns and places."""

from mapsvc.search.suggest import Kind, Suggestion, suggest

__all__ = ["Kind", "Suggestion", "suggest"]
