"""Making the columns of a revision: one pass over the branches, then all into the final order."""

from __future__ import annotations

import io
import json
import os
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mapsvc.address.pinyin import initials
from mapsvc.address.searched import address_spellings, keys, spellings
from mapsvc.geo.bands import Bands
from mapsvc.geo.clusters import ClusterIndex
from mapsvc.geo.index import PointIndex
from mapsvc.hours import canonical_hours
from mapsvc.model import BranchList
from mapsvc.snapshot.columns import (
    BLOBS,
    HEAD,
    Arrays,
    Columns,
    Texts,
    assemble,
    hash_of,
    load,
    mapped_bytes,
)
from mapsvc.snapshot.features import Facts, feature
from mapsvc.snapshot.notices import current
from mapsvc.snapshot.territory import Territory
from mapsvc.store.base import Reading, Row
from mapsvc.store.rows import notice_values, services_from

_AT_ONCE = 10_000
_TYPES: dict[str, DTypeLike] = {
    "bank": np.int16,
    "district": np.int32,
    "hours": np.int32,
    "offer": np.int32,
    "lon": np.float64,
    "lat": np.float64,
    "id_hashes": np.uint64,
    "features": np.int64,
    "texts": np.int64,
    "names": np.int64,
    "addresses": np.int64,
    "initials": np.int64,
}
"""The columns that are made a row each; those of the texts are their sizes."""
_NONE = -1
"""The number of a bank or district where there is none."""


def build_in_memory(reading: Reading, territory: Territory) -> Columns:
    """The columns of everything that a store holds, with its districts."""
    sinks = {name: io.BytesIO() for name in BLOBS}
    head, columns = _collect(reading, territory, sinks)
    order = _spatial_order(columns)
    sorted_blobs = {name: io.BytesIO() for name in BLOBS}
    for name, sink in sinks.items():
        listed = Texts(sink.getvalue(), _starts(columns[name]))
        _write_sorted(sorted_blobs[name], listed, order, BLOBS[name])
    arrays = _arrays(columns, order)
    return assemble(head, arrays, [blob.getvalue() for blob in sorted_blobs.values()])


def build(reading: Reading, territory: Territory, folder: Path) -> Columns:
    """The same in files, mapped.

    Args:
        reading: the store's contents.
        territory: the stored districts.
        folder: an empty folder to keep them in.
    """
    drafts = {name: folder / f"{name}.listed" for name in BLOBS}
    sinks: dict[str, BinaryIO] = {name: path.open("wb") for name, path in drafts.items()}
    try:
        head, columns = _collect(reading, territory, sinks)
    finally:
        for sink in sinks.values():
            sink.close()
    order = _spatial_order(columns)
    for name, path in drafts.items():
        with _written(folder / name) as file:
            listed = Texts(mapped_bytes(path), _starts(columns[name]))
            _write_sorted(file, listed, order, BLOBS[name])
        path.unlink()
    for name, values in _arrays(columns, order).items():
        with _written(folder / f"{name}.npy") as file:
            np.save(file, values, allow_pickle=False)
    head["sizes"] = {path.name: path.stat().st_size for path in folder.iterdir()}
    with _written(folder / HEAD) as file:
        file.write(json.dumps(head, ensure_ascii=False).encode())
    return load(folder)


@contextmanager
def _written(path: Path) -> Iterator[BinaryIO]:
    """A file that is on the disk when the block ends: a power cut leaves no half snapshot."""
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


class _Numbers(dict[str | None, int]):
    """Numbers codes and texts as they come; None is -1."""

    def __missing__(self, code: str | None) -> int:
        number = _NONE if code is None else len(self) - (None in self)
        self[code] = number
        return number

    @property
    def codes(self) -> list[str]:
        return [code for code in self if code is not None]


def _collect(
    reading: Reading, territory: Territory, sinks: dict[str, Any]
) -> tuple[dict[str, Any], Arrays]:
    """In the order of the lists: write the texts; return the head and the columns."""
    facts = Facts.of(reading, territory)
    banks, districts, hours, offers = _Numbers(), _Numbers(), _Numbers(), _Numbers()
    members = {known.slug: array("i") for known in reading.lists}
    providers: set[str | None] = set()
    # An empty part each, for a store without branches.
    parts: dict[str, list[NDArray[Any]]] = {name: [np.empty(0, t)] for name, t in _TYPES.items()}
    rows, at = reading.rows(), 0
    while batch := list(islice(rows, _AT_ONCE)):
        codes = [row.district if row.district in facts.district_names else None for row in batch]
        values: dict[str, list[Any]] = {
            "bank": [banks[row.bank] for row in batch],
            "district": [districts[code] for code in codes],
            "hours": [hours[canonical_hours(row.hours)] for row in batch],
            "offer": [offers[row.services] for row in batch],
            "lon": [row.lon for row in batch],  # None becomes NaN
            "lat": [row.lat for row in batch],
            "id_hashes": [hash_of(row.id) for row in batch],
        }
        made = {"features": [feature(r, facts) for r in batch], **_searched(batch)}
        for name, strings in made.items():
            values[name] = _write(sinks[name], strings, BLOBS[name])
        for name, column in values.items():
            parts[name].append(np.array(column, _TYPES[name]))
        providers.update(row.provider for row in batch if row.lon is not None)
        for place, row in enumerate(batch, at):
            for slug in row.lists:
                members[slug].append(place)
        at += len(batch)
    head = {
        "revision": reading.revision,
        "changed_at": reading.changed_at.isoformat() if reading.changed_at else None,
        "lists": [_list_values(known) for known in reading.lists],
        "banks": banks.codes,
        "districts": districts.codes,
        "hours": hours.codes,
        "offers": [services_from(text) for text in offers.codes],
        "notices": list(map(notice_values, current(reading.notices, reading.changed_at))),
        "providers": sorted(filter(None, providers)),
    }
    columns: Arrays = {name: np.concatenate(part) for name, part in parts.items()}
    columns["members"] = np.concatenate([np.empty(0, np.int32), *members.values()], dtype=np.int32)
    columns["member_starts"] = _starts(np.array([len(m) for m in members.values()], np.int64))
    return head, columns


def _spatial_order(columns: Arrays) -> NDArray[np.int64]:
    """The branches' numbers in the lists, in the order of the bands; those without a place last."""
    bands = Bands.of(columns["lon"], columns["lat"])
    return np.concatenate([bands.rows, np.flatnonzero(bands.places < 0)])


def _arrays(columns: Arrays, order: NDArray[np.int64]) -> Arrays:
    """The arrays of the columns in their final order."""
    lon, lat = columns["lon"][order], columns["lat"][order]
    listed = np.empty(order.size, np.int64)
    listed[order] = np.arange(order.size)
    hashes = columns["id_hashes"][order]
    by_hash = np.argsort(hashes, kind="stable").astype(np.int32)
    return {
        "listed": listed,
        "bank": columns["bank"][order],
        "district": columns["district"][order],
        "hours": columns["hours"][order],
        "offer": columns["offer"][order],
        "lon": lon,
        "lat": lat,
        "members": listed[columns["members"]].astype(np.int32),
        "member_starts": columns["member_starts"],
        "id_hashes": hashes[by_hash],
        "id_rows": by_hash,
        **{f"{name}_starts": _starts(columns[name][order]) for name in BLOBS},
        **_prefixed("points", PointIndex(lon, lat).arrays()),
        **_prefixed("clusters", ClusterIndex(lon, lat).arrays()),
    }


def _write(sink: BinaryIO, strings: Sequence[bytes], after: bytes) -> list[int]:
    """Write strings with ``after`` after each; returns how many bytes each has taken."""
    sink.write(after.join([*strings, b""]))
    return [len(string) + 1 for string in strings]


def _write_sorted(sink: BinaryIO, listed: Texts, order: NDArray[np.int64], after: bytes) -> None:
    for start in range(0, order.size, _AT_ONCE):
        _write(sink, listed.at(order[start : start + _AT_ONCE]), after)


def _searched(rows: Sequence[Row]) -> dict[str, list[bytes]]:
    """What the branches are found by."""
    names, addresses = keys([row.name for row in rows]), keys([row.address for row in rows])
    read = spellings(names)
    made = {
        "texts": ["\n".join(pair) for pair in zip(names, addresses, strict=True)],
        "names": read,
        "addresses": address_spellings(addresses),
        "initials": list(map(initials, read)),
    }
    return {name: list(map(str.encode, texts)) for name, texts in made.items()}


def _starts(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes)])


def _prefixed(prefix: str, arrays: Arrays) -> Arrays:
    return {f"{prefix}.{name}": values for name, values in arrays.items()}


def _list_values(known: BranchList) -> list[Any]:
    imported_at = known.imported_at.isoformat() if known.imported_at else None
    return [known.slug, known.title, known.year, known.source, imported_at, known.award]
