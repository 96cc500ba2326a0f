"""Making the columns of a revision: one pass over the branches, then all into the final order."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mapsvc.geo.bands import Bands
from mapsvc.geo.clusters import ClusterIndex
from mapsvc.geo.index import PointIndex
from mapsvc.model import BranchList
from mapsvc.snapshot.collecting import AT_ONCE, Listed, Strings, collect
from mapsvc.snapshot.columns import (
    BLOBS,
    CODED,
    HEAD,
    Arrays,
    Columns,
    Texts,
    assemble,
    load,
    mapped_bytes,
    starts_of,
)
from mapsvc.snapshot.features import Facts
from mapsvc.snapshot.notices import current
from mapsvc.snapshot.territory import Territory
from mapsvc.snapshot.updating import update
from mapsvc.store.base import Reading
from mapsvc.store.rows import notice_values


def build_in_memory(reading: Reading, territory: Territory) -> Columns:
    """The columns of everything that a store holds, with its districts."""
    sinks = {name: io.BytesIO() for name in BLOBS}
    listed = collect(reading.rows(), Facts.of(reading, territory), sinks)
    order = _spatial_order(listed.columns)
    sorted_blobs = {name: io.BytesIO() for name in BLOBS}
    for name, sink in sinks.items():
        texts = Texts(sink.getvalue(), starts_of(listed.columns[name]))
        _write_sorted(sorted_blobs[name], texts, order, BLOBS[name])
    arrays = _arrays(reading, listed, order)
    blobs = [blob.getvalue() for blob in sorted_blobs.values()]
    return assemble(_head(reading, listed), arrays, blobs)


def build(
    reading: Reading, territory: Territory, folder: Path, base: Columns | None = None
) -> Columns:
    """The same in files, mapped.

    Args:
        reading: the store's contents.
        territory: the stored districts.
        folder: an empty folder to keep them in.
        base: of an earlier revision with the same districts; what it holds need not be made anew.
    """
    facts = Facts.of(reading, territory)
    drafts = {name: folder / f"{name}.listed" for name in BLOBS}
    updated = None if base is None else update(base, reading, facts)
    if updated is None:
        listed = _drafted(reading, facts, drafts)
        texts: Mapping[str, Strings] = {
            name: Texts(mapped_bytes(path), starts_of(listed.columns[name]))
            for name, path in drafts.items()
        }
    else:
        listed, texts = updated
    order = _spatial_order(listed.columns)
    for name, after in BLOBS.items():
        with _written(folder / name) as file:
            _write_sorted(file, texts[name], order, after)
        drafts[name].unlink(missing_ok=True)
    for name, values in _arrays(reading, listed, order).items():
        with _written(folder / f"{name}.npy") as file:
            np.save(file, values, allow_pickle=False)
    head = _head(reading, listed)
    head["sizes"] = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    with _written(folder / HEAD) as file:
        file.write(json.dumps(head, ensure_ascii=False).encode())
    return load(folder)


def _drafted(reading: Reading, facts: Facts, drafts: dict[str, Path]) -> Listed:
    """Collect everything, with the texts in files in the order of the lists."""
    sinks: dict[str, BinaryIO] = {name: path.open("wb") for name, path in drafts.items()}
    try:
        return collect(reading.rows(), facts, sinks)
    finally:
        for sink in sinks.values():
            sink.close()


@contextmanager
def _written(path: Path) -> Iterator[BinaryIO]:
    """A file that is on the disk when the block ends: a power cut leaves no half snapshot."""
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _head(reading: Reading, listed: Listed) -> dict[str, Any]:
    codes = listed.codes
    return {
        "revision": reading.revision,
        "changed_at": reading.changed_at.isoformat() if reading.changed_at else None,
        "lists": [_list_values(known) for known in reading.lists],
        "banks": codes["bank"],
        "districts": codes["district"],
        "hours": codes["hours"],
        "offers": codes["offer"],
        "providers": codes["provider"],
        "memberships": codes["named"],
        "notices": list(map(notice_values, current(reading.notices, reading.changed_at))),
    }


def _spatial_order(columns: Arrays) -> NDArray[np.int64]:
    """The branches' numbers in the lists, in the order of the bands; those without a place last."""
    bands = Bands.of(columns["lon"], columns["lat"])
    return np.concatenate([bands.rows, np.flatnonzero(bands.places < 0)])


def _arrays(reading: Reading, found: Listed, order: NDArray[np.int64]) -> Arrays:
    """The arrays of the columns in their final order."""
    columns = {name: values[order] for name, values in found.columns.items()}
    lon, lat = columns["lon"], columns["lat"]
    listed = np.empty(order.size, np.int64)
    listed[order] = np.arange(order.size)
    by_hash = np.argsort(columns["id_hashes"], kind="stable").astype(np.int32)
    members = [_naming(known.slug, found, columns["named"]) for known in reading.lists]
    return {
        "listed": listed,
        **{name: columns[name] for name in (*CODED, "lon", "lat")},
        "members": np.concatenate([np.empty(0, np.int32), *members], dtype=np.int32),
        "member_starts": starts_of(np.array([rows.size for rows in members], np.int64)),
        "id_hashes": columns["id_hashes"][by_hash],
        "id_rows": by_hash,
        **{f"{name}_starts": starts_of(columns[name]) for name in BLOBS},
        **_prefixed("points", PointIndex(lon, lat).arrays()),
        **_prefixed("clusters", ClusterIndex(lon, lat).arrays()),
    }


def _naming(slug: str, found: Listed, named: NDArray[np.int32]) -> NDArray[np.int64]:
    """The rows of a list, ascending."""
    wanted = np.array([slug in slugs for slugs in found.codes["named"]], np.bool_)
    return np.flatnonzero(wanted[named]) if wanted.size else np.empty(0, np.int64)


def _write_sorted(sink: BinaryIO, texts: Strings, order: NDArray[np.int64], after: bytes) -> None:
    parts = (order[start : start + AT_ONCE] for start in range(0, order.size, AT_ONCE))
    sink.writelines(after.join([*texts.at(part), b""]) for part in parts)


def _prefixed(prefix: str, arrays: Arrays) -> Arrays:
    return {f"{prefix}.{name}": values for name, values in arrays.items()}


def _list_values(known: BranchList) -> list[Any]:
    imported_at = known.imported_at.isoformat() if known.imported_at else None
    return [known.slug, known.title, known.year, known.source, imported_at, known.award]
