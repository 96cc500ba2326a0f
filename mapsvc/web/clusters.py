"""Clusters for one answer: never more of them than an answer may hold."""

from __future__ import annotations

from mapsvc.model import BBox
from mapsvc.snapshot import BranchQuery, Cluster, Snapshot

MAX_CLUSTERS = 1_000
"""In one answer; a screen shows some 400."""


def bounded_clusters(
    snapshot: Snapshot, query: BranchQuery, bbox: BBox, zoom: int
) -> tuple[list[Cluster], int]:
    """The clusters in a box at a zoom, or at the greatest lesser zoom at which they are few enough.

    Returns:
        The clusters, and the zoom that they are of.
    """
    return snapshot.clusters(query, bbox, zoom, MAX_CLUSTERS)
