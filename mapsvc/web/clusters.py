"""Clusters for one answer: never more of them than an answer may hold."""

from __future__ import annotations

from bisect import bisect_left

from mapsvc.geo.clusters import cells_in
from mapsvc.model import BBox
from mapsvc.snapshot import BranchQuery, Cluster, Snapshot

MAX_CLUSTERS = 1_000
"""In one answer; a screen shows some 400."""
_MAX_CELLS = 65_536
"""That are looked into: most of a wide box's cells hold nothing."""


def bounded_clusters(
    snapshot: Snapshot, query: BranchQuery, bbox: BBox, zoom: int
) -> tuple[list[Cluster], int]:
    """The clusters in a box at a zoom, or at the greatest lesser zoom at which they are few enough.

    Returns:
        The clusters, and the zoom that they are of.
    """
    while zoom > 0 and min(cells_in(bbox, zoom), len(snapshot)) > _MAX_CELLS:
        zoom -= 1
    found = snapshot.clusters(query, bbox, zoom)
    if len(found) <= MAX_CLUSTERS:
        return found, zoom
    # Each cluster lies in one of the next lower zoom, so that there are never more of those.
    too_many = bisect_left(
        range(zoom), True, key=lambda z: len(snapshot.clusters(query, bbox, z)) > MAX_CLUSTERS
    )
    zoom = max(too_many - 1, 0)
    return snapshot.clusters(query, bbox, zoom), zoom
