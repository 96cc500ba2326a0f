"""Importing district polygons: checked together, and every branch assigned anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mapsvc.config import Settings
from mapsvc.errors import DistrictsError
from mapsvc.geo.districts import check
from mapsvc.model import District
from mapsvc.service.geocode import place_again
from mapsvc.store.base import Store, Writer


def import_districts(store: Store, districts: Sequence[District], settings: Settings) -> None:
    """Add or replace district polygons and assign the placed branches to them anew.

    Raises:
        DistrictsError: polygons that are invalid, or overlap each other or ones that are kept;
            every problem is named, and nothing is changed.
    """
    with store.write() as writer:
        replaced = {district.code for district in districts}
        kept = [known for known in store.districts() if known.code not in replaced]
        together = [*districts, *kept]
        problems = check([d.code for d in together], [d.geometry for d in together])
        if problems:
            raise DistrictsError("\n".join(str(problem) for problem in problems))
        put_districts(store, writer, districts, settings)


def put_districts(
    store: Store, writer: Writer, districts: Sequence[District], settings: Settings
) -> None:
    """Store sound polygons within an open transaction, and assign the placed branches anew."""
    writer.put_districts(districts)
    before = store.contents()
    by_code = {d.code: d for d in before.districts} | {d.code: d for d in districts}
    together = tuple(by_code[code] for code in sorted(by_code))
    writer.put_placements(place_again(store, replace(before, districts=together), settings))
