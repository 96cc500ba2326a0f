"""Importing district polygons: checked together, and the branches that they concern placed anew."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import shapely

from mapsvc.address.divisions import gazetteer
from mapsvc.address.normalise import canonical
from mapsvc.config import Settings
from mapsvc.errors import DistrictsError
from mapsvc.geo.districts import check
from mapsvc.model import Branch, District
from mapsvc.service.geocode import LIST_PROVIDER, place_again
from mapsvc.store.base import Contents, Store, Writer

_log = logging.getLogger(__name__)

_NEAR_DEG = 0.02
"""More than a list's position may be off: beyond it, a border is in nobody's doubt."""


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
    """Store sound polygons within an open transaction, and place anew the branches they concern.

    Districts that the store has just so are left alone, and cost nothing.
    """
    known = {district.code: district for district in store.districts()}
    changed = [district for district in districts if district != known.get(district.code)]
    if not changed:
        return
    writer.put_districts(changed)
    before = store.contents()
    by_code = known | {district.code: district for district in changed}
    together = tuple(by_code[code] for code in sorted(by_code))
    old = [known[district.code] for district in changed if district.code in known]
    concerned = list(_concerned(before, [*changed, *old]))
    if concerned:
        _log.warning(
            "%d districts are new or changed: placing %d of %d branches anew",
            len(changed),
            len(concerned),
            len(before.branches),
        )
    after = replace(before, districts=together)
    writer.put_placements(place_again(store, after, concerned, settings))


def _concerned(contents: Contents, changed: Sequence[District]) -> Iterator[Branch]:
    """The placed branches that may come out otherwise now that these districts have changed.

    A position of a list's own counts where it is, and by the districts that the address names;
    one that was asked for may lose to another answer, which lies anywhere.
    """
    # Official names are known without polygons; a store's own names only as it has them.
    own = (district for district in changed if gazetteer().get(district.code) is None)
    names = {canonical(district.name) for district in own}
    listed = []
    for branch in contents.branches:
        placement = contents.placements.get(branch.id)
        if placement is None or placement.point is None:
            continue
        is_listed = branch.point is not None and placement.provider == LIST_PROVIDER
        address = canonical(branch.address)
        is_same = placement.address == address
        if not (is_listed and is_same) or any(name in address for name in names):
            yield branch
        else:
            listed.append((branch, placement.point))
    if not listed:
        return
    tree = shapely.STRtree([district.geometry for district in changed])
    points = shapely.points([(point.lon, point.lat) for _, point in listed])
    near = np.unique(tree.query(points, predicate="dwithin", distance=_NEAR_DEG)[0])
    yield from (listed[row][0] for row in near.tolist())
