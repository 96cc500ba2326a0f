"""All branches as arrays and ready bytes, made in one pass and kept in files that are mapped.

A million branches are 0.6 GB of serialised features. Written to files once a revision and mapped
into each worker's memory, they are there once, however many workers there are, and a worker that
starts reads none of it until it is asked for. Arrays are ``.npy`` files (NumPy's own format),
texts are raw bytes with an array of offsets, the rest is JSON.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import mmap
import os
import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mapsvc.address.normalise import canonical
from mapsvc.errors import StoreError
from mapsvc.geo.clusters import ClusterIndex
from mapsvc.geo.index import PointIndex
from mapsvc.model import BranchList
from mapsvc.snapshot.features import feature
from mapsvc.store.base import Reading, Row

Arrays = dict[str, NDArray[Any]]
Buffer = bytes | mmap.mmap

_HEAD = "head.json"
_BLOBS = ("features", "texts")
_AT_ONCE = 10_000
_TYPES: dict[str, DTypeLike] = {
    "feature_sizes": np.int64,
    "text_sizes": np.int64,
    "bank": np.int16,
    "district": np.int32,
    "lon": np.float64,
    "lat": np.float64,
    "id_hashes": np.uint64,
}
_NONE = -1
"""The number of a bank or district where there is none."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Byte strings, one after the other, each followed by one more byte that is none of them.

    Args:
        data: the bytes.
        starts: int64, where each string starts; and at the end, where another one would.
    """

    data: Buffer
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return self.starts.size - 1

    def __getitem__(self, row: int) -> bytes:
        return bytes(self.data[self.starts[row] : self.starts[row + 1] - 1])

    def at(self, rows: NDArray[np.int64] | slice) -> list[bytes]:
        """The strings of these rows, in their order."""
        data = self.data
        starts, ends = self.starts[:-1][rows].tolist(), self.starts[1:][rows].tolist()
        return [data[start : end - 1] for start, end in zip(starts, ends, strict=True)]

    def rows_with(self, part: bytes) -> NDArray[np.int64]:
        """The rows whose string holds ``part``, ascending."""
        found = re.finditer(re.escape(part), self.data)
        starts = np.fromiter((match.start() for match in found), np.int64)
        return np.unique(np.searchsorted(self.starts, starts, side="right") - 1)


@dataclass(frozen=True, slots=True)
class Columns:
    """The branches of one revision. A row is a branch's place in the order of the lists."""

    revision: int
    changed_at: datetime | None
    lists: tuple[BranchList, ...]
    banks: tuple[str, ...]
    """Bank codes; ``bank`` numbers them."""
    districts: tuple[str, ...]
    """District codes; ``district`` numbers them."""
    providers: frozenset[str]
    features: Texts
    """GeoJSON in UTF-8."""
    texts: Texts
    """Canonical name and address, a line each, to search in."""
    bank: NDArray[np.int16]
    district: NDArray[np.int32]
    members: tuple[NDArray[np.int32], ...]
    """The rows of each list, ascending."""
    id_hashes: NDArray[np.uint64]
    """Hashes of the ids, ascending; see `row_of`."""
    id_rows: NDArray[np.int32]
    """The row of each hash."""
    lon: NDArray[np.float64]
    """WGS-84 degrees; NaN for a branch without a place."""
    lat: NDArray[np.float64]
    points: PointIndex
    clusters: ClusterIndex

    def __len__(self) -> int:
        return self.bank.size

    def row_of(self, branch_id: str) -> int | None:
        """The row of the branch with this id, if there is one."""
        wanted = _hash(branch_id)
        first = int(np.searchsorted(self.id_hashes, np.uint64(wanted)))
        for place in range(first, self.id_hashes.size):
            if self.id_hashes[place] != wanted:
                break
            row = int(self.id_rows[place])
            if json.loads(self.features[row])["id"] == branch_id:
                return row
        return None


def build(reading: Reading, district_names: dict[str, str], folder: Path | None = None) -> Columns:
    """Make the columns of everything that a store holds.

    Args:
        reading: the store's contents.
        district_names: of the stored districts, by code.
        folder: an empty folder to keep them in, mapped; without one they are kept in memory.
    """
    with contextlib.ExitStack() as files:
        sinks: list[BinaryIO] = [
            io.BytesIO() if folder is None else files.enter_context((folder / name).open("wb"))
            for name in _BLOBS
        ]
        head, arrays = _collect(reading, district_names, *sinks)
        if folder is None:
            blobs: list[Buffer] = [sink.getvalue() for sink in sinks]  # type: ignore[attr-defined]
            return _columns(head, arrays, blobs)
        for sink in sinks:
            sink.flush()
            os.fsync(sink.fileno())
    for name, values in arrays.items():
        with (folder / f"{name}.npy").open("wb") as file:
            np.save(file, values, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
    head["sizes"] = {path.name: path.stat().st_size for path in folder.iterdir()}
    (folder / _HEAD).write_text(json.dumps(head, ensure_ascii=False), encoding="utf-8")
    return load(folder)


def load(folder: Path) -> Columns:
    """Map what `build` has put into a folder; it may be removed while it is mapped.

    Raises:
        StoreError: files are missing or cut off.
    """
    try:
        head = json.loads((folder / _HEAD).read_text(encoding="utf-8"))
        for name, size in head["sizes"].items():
            if (folder / name).stat().st_size != size:
                raise StoreError(f"{folder / name} is damaged; remove the folder and start again")
        arrays = {path.stem: _mapped(path) for path in folder.glob("*.npy")}
        return _columns(head, arrays, [_bytes_of(folder / name) for name in _BLOBS])
    except (OSError, ValueError, KeyError) as error:
        raise StoreError(f"{folder} cannot be read: {error}") from error


def _mapped(path: Path) -> NDArray[Any]:
    # The base class: each look at a numpy.memmap costs as much as a search.
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False)).view(np.ndarray)


def _bytes_of(path: Path) -> Buffer:
    if path.stat().st_size == 0:  # cannot be mapped
        return b""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _collect(
    reading: Reading, district_names: dict[str, str], features: BinaryIO, texts: BinaryIO
) -> tuple[dict[str, Any], Arrays]:
    """Write the blobs and return everything else: what goes into the head, and the arrays."""
    banks, districts = _Numbers(), _Numbers()
    members = {known.slug: array("i") for known in reading.lists}
    providers: set[str | None] = set()
    # An empty part each, for a store without branches.
    parts: dict[str, list[NDArray[Any]]] = {name: [np.empty(0, t)] for name, t in _TYPES.items()}
    rows, at = reading.rows(), 0
    while batch := list(islice(rows, _AT_ONCE)):
        codes = [row.district if row.district in district_names else None for row in batch]
        values: dict[str, Iterable[Any]] = {
            "feature_sizes": _write_all(features, [feature(r, district_names) for r in batch]),
            "text_sizes": _write_all(texts, map(_text, batch)),
            "bank": [banks[row.bank] for row in batch],
            "district": [districts[code] for code in codes],
            "lon": [row.lon for row in batch],  # None becomes NaN
            "lat": [row.lat for row in batch],
            "id_hashes": [_hash(row.id) for row in batch],
        }
        for name, column in values.items():
            parts[name].append(np.array(column, _TYPES[name]))
        providers.update(row.provider for row in batch if row.lon is not None)
        for place, row in enumerate(batch, at):
            for slug in row.lists:
                members[slug].append(place)
        at += len(batch)
    joined: Arrays = {name: np.concatenate(part) for name, part in parts.items()}
    hashes = joined.pop("id_hashes")
    order = np.argsort(hashes, kind="stable").astype(np.int32)
    arrays = joined | {
        "feature_starts": _starts(joined.pop("feature_sizes")),
        "text_starts": _starts(joined.pop("text_sizes")),
        "members": np.concatenate([np.empty(0, np.int32), *members.values()], dtype=np.int32),
        "member_starts": _starts(np.array([len(each) for each in members.values()], np.int64)),
        "id_hashes": hashes[order],
        "id_rows": order,
        **_prefixed("points", PointIndex(joined["lon"], joined["lat"]).arrays()),
        **_prefixed("clusters", ClusterIndex(joined["lon"], joined["lat"]).arrays()),
    }
    head = {
        "revision": reading.revision,
        "changed_at": reading.changed_at.isoformat() if reading.changed_at else None,
        "lists": [_list_values(known) for known in reading.lists],
        "banks": banks.codes,
        "districts": districts.codes,
        "providers": sorted(filter(None, providers)),
    }
    return head, arrays


class _Numbers(dict[str | None, int]):
    """Numbers codes as they come; None is -1."""

    def __missing__(self, code: str | None) -> int:
        number = _NONE if code is None else len(self.codes)
        self[code] = number
        return number

    @property
    def codes(self) -> list[str]:
        return [code for code in self if code is not None]


def _write_all(sink: BinaryIO, strings: Iterable[bytes]) -> list[int]:
    """Write strings with one more byte after each; returns how many bytes each has taken."""
    strings = list(strings)
    sink.write(b"\n".join([*strings, b""]))
    return [len(string) + 1 for string in strings]


def _text(row: Row) -> bytes:
    return f"{canonical(row.name)}\n{canonical(row.address)}".encode()


def _starts(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes)])


def _columns(head: dict[str, Any], arrays: Arrays, blobs: Sequence[Buffer]) -> Columns:
    starts = arrays["member_starts"].tolist()
    return Columns(
        revision=head["revision"],
        changed_at=_time(head["changed_at"]),
        lists=tuple(_to_list(values) for values in head["lists"]),
        banks=tuple(head["banks"]),
        districts=tuple(head["districts"]),
        providers=frozenset(head["providers"]),
        features=Texts(blobs[0], arrays["feature_starts"]),
        texts=Texts(blobs[1], arrays["text_starts"]),
        bank=arrays["bank"],
        district=arrays["district"],
        members=tuple(arrays["members"][start:end] for start, end in pairwise(starts)),
        id_hashes=arrays["id_hashes"],
        id_rows=arrays["id_rows"],
        lon=arrays["lon"],
        lat=arrays["lat"],
        points=PointIndex.from_arrays(_unprefixed("points", arrays)),
        clusters=ClusterIndex.from_arrays(_unprefixed("clusters", arrays)),
    )


def _prefixed(prefix: str, arrays: Arrays) -> Arrays:
    return {f"{prefix}.{name}": values for name, values in arrays.items()}


def _unprefixed(prefix: str, arrays: Arrays) -> Arrays:
    start = f"{prefix}."
    return {
        name.removeprefix(start): values
        for name, values in arrays.items()
        if name.startswith(start)
    }


def _hash(branch_id: str) -> int:
    """64 bits; two ids that have the same are told apart by the feature itself."""
    digest = hashlib.blake2b(branch_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _list_values(known: BranchList) -> list[Any]:
    imported_at = known.imported_at.isoformat() if known.imported_at else None
    return [known.slug, known.title, known.year, known.source, imported_at]


def _to_list(values: Sequence[Any]) -> BranchList:
    slug, title, year, source, imported_at = values
    return BranchList(slug, title, year, source, _time(imported_at))


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
