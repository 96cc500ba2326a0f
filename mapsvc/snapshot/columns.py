"""All branches as arrays and ready bytes, made in one pass and kept in files that are mapped.

A million branches are 0.6 GB of serialised features. Written to files once a revision and mapped
into each worker's memory, they are there once, however many workers there are, and a worker that
starts reads none of it until it is asked for. Arrays are ``.npy`` files (NumPy's own format),
texts are raw bytes with an array of offsets, the rest is JSON.

Rows are in the order of `mapsvc.geo.bands`, not of the lists: what lies together on the ground
lies together in the file, with commas between, so that the features in a box are a few long
pieces of it, copied as they are.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapsvc.errors import StoreError
from mapsvc.geo.clusters import ClusterIndex
from mapsvc.geo.index import PointIndex
from mapsvc.model import BranchList, Notice
from mapsvc.snapshot.base import Piece
from mapsvc.store.rows import to_notice

Arrays = dict[str, NDArray[Any]]
Buffer = bytes | mmap.mmap

_SEARCHED = 20_000
"""Strings that are searched at once, copied from the map into memory: a few megabytes."""
_FEW = 32
"""Up to so many, looking for rows that follow each other takes longer than it saves."""

HEAD = "head.json"
BLOBS = {"features": b","} | dict.fromkeys(
    ("texts", "names", "addresses", "initials", "ids"), b"\n"
)
"""What follows each string: in a FeatureCollection a comma, and what no search can hold."""
CODED = {
    "bank": "banks",
    "district": "districts",
    "hours": "hours_texts",
    "offer": "offers",
    "provider": "provider_codes",
    "named": "memberships",
}
"""The columns that are numbers, in the order in which the lists name what they stand for, and
where that is; -1 is for nothing."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Byte strings, one after the other, each followed by one more byte (see `BLOBS`).

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

    def pieces(self, rows: NDArray[np.int64]) -> Sequence[Piece]:
        """The strings of these rows, in their order; those that follow each other are one piece.

        Within a piece, the strings stand as they are kept. None is copied.
        """
        if rows.size <= _FEW:
            return self.at(rows)
        breaks = np.flatnonzero(rows[1:] != rows[:-1] + 1)
        firsts = self.starts[rows[np.concatenate(([0], breaks + 1))]].tolist()
        ends = self.starts[rows[np.concatenate((breaks, [-1]))] + 1].tolist()
        data = memoryview(self.data)
        return [data[a : b - 1] for a, b in zip(firsts, ends, strict=True)]

    def at(self, rows: NDArray[np.int64]) -> list[bytes]:
        """The strings of these rows, in their order."""
        data = self.data
        starts, ends = self.starts[:-1][rows].tolist(), self.starts[1:][rows].tolist()
        return [data[start : end - 1] for start, end in zip(starts, ends, strict=True)]

    def rows_with(self, part: bytes, most: int | None = None) -> NDArray[np.int64]:
        """The rows whose string holds ``part``, ascending.

        Args:
            part: without the byte that follows each string.
            most: give up after so many.
        """
        return self._rows(lambda data: _places(part, data), most)

    def rows_matching(
        self, pattern: re.Pattern[bytes], part: bytes, most: int | None = None
    ) -> NDArray[np.int64]:
        """The rows whose string an expression matches somewhere, ascending.

        Args:
            pattern: matches none of the bytes that follow strings.
            part: stands in every string that it matches; the rarer, the quicker.
            most: give up after so many.
        """
        return self._rows(lambda data: _matches(pattern, part, data), most)

    def _rows(self, find: Callable[[bytes], list[int]], most: int | None) -> NDArray[np.int64]:
        """The rows in whose string one of the places is that ``find`` gives for a part of all."""
        found = [np.empty(0, np.int64)]
        count = 0
        for start in range(0, len(self), _SEARCHED):
            starts = self.starts[start : start + _SEARCHED + 1]
            places = find(self.data[starts[0] : starts[-1]])
            rows = np.unique(np.searchsorted(starts - starts[0], places, side="right") - 1)
            found.append(rows + start)
            count += rows.size
            if most is not None and count >= most:
                break
        return np.concatenate(found)[:most]


def _matches(pattern: re.Pattern[bytes], part: bytes, data: bytes) -> list[int]:
    """Where ``part`` first stands in each line of ``data`` that the expression matches."""
    places, place = [], data.find(part)
    while place >= 0:
        start, end = data.rfind(b"\n", 0, place) + 1, data.find(b"\n", place)
        if pattern.search(data, start, end):
            places.append(place)
        place = data.find(part, end)
    return places


def _places(part: bytes, data: bytes) -> list[int]:
    """Where ``part`` begins in ``data``, ascending: several times as fast as an expression."""
    places, place = [], data.find(part)
    while place >= 0:
        places.append(place)
        place = data.find(part, place + 1)
    return places


@dataclass(frozen=True, slots=True)
class Columns:
    """The branches of one revision. A row is a branch's place in all arrays and texts."""

    revision: int
    changed_at: datetime | None
    lists: tuple[BranchList, ...]
    banks: tuple[str, ...]
    """Bank codes; ``bank`` numbers them."""
    districts: tuple[str, ...]
    """District codes; ``district`` numbers them."""
    hours_texts: tuple[str, ...]
    """Canonical opening hours; ``hours`` numbers them."""
    offers: tuple[tuple[str, ...], ...]
    """Sets of services, by their codes; ``offer`` numbers them."""
    notices: tuple[Notice, ...]
    """Those that were not over, by start."""
    features: Texts
    """GeoJSON in UTF-8."""
    texts: Texts
    """Canonical, simplified name and address, a line each, to search in."""
    names: Texts
    """The names in pinyin (`mapsvc.address.pinyin.spelled`)."""
    addresses: Texts
    """The addresses in pinyin, without province, city and district."""
    initials: Texts
    """The first letters of the names in pinyin."""
    ids: Texts
    listed: NDArray[np.int64]
    """The rows in the order of the lists."""
    bank: NDArray[np.int16]
    district: NDArray[np.int32]
    hours: NDArray[np.int32]
    """-1 where they are unknown."""
    offer: NDArray[np.int32]
    provider: NDArray[np.int16]
    """Of the place; numbers ``provider_codes``."""
    provider_codes: tuple[str, ...]
    named: NDArray[np.int32]
    """By which lists, in their order; numbers ``memberships``."""
    memberships: tuple[tuple[str, ...], ...]
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

    @property
    def providers(self) -> frozenset[str]:
        return frozenset(self.provider_codes)

    def codes(self, name: str) -> Sequence[Any]:
        """What a column's numbers stand for."""
        found: Sequence[Any] = getattr(self, CODED[name])
        return found

    def row_of(self, branch_id: str) -> int | None:
        """The row of the branch with this id, if there is one."""
        wanted = hash_of(branch_id)
        first = int(np.searchsorted(self.id_hashes, np.uint64(wanted)))
        for place in range(first, self.id_hashes.size):
            if self.id_hashes[place] != wanted:
                break
            row = int(self.id_rows[place])
            if json.loads(self.features[row])["id"] == branch_id:
                return row
        return None


def load(folder: Path) -> Columns:
    """Map what `build` has put into a folder; it may be removed while it is mapped.

    Raises:
        StoreError: files are missing or cut off.
    """
    try:
        head = json.loads((folder / HEAD).read_text(encoding="utf-8"))
        _check_sizes(folder, head["sizes"])
        arrays = {path.stem: _mapped(path) for path in folder.glob("*.npy")}
        return assemble(head, arrays, [mapped_bytes(folder / name) for name in BLOBS])
    except Exception as error:  # whatever damage looks like: NumPy, JSON and pickle differ
        raise StoreError(f"{folder} cannot be read: {error}") from error


def _check_sizes(folder: Path, sizes: dict[str, int]) -> None:
    for name, size in sizes.items():
        if (folder / name).stat().st_size != size:
            raise ValueError(f"{name} is damaged")


def _mapped(path: Path) -> NDArray[Any]:
    # The base class: each look at a numpy.memmap costs as much as a search.
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False)).view(np.ndarray)


def mapped_bytes(path: Path) -> Buffer:
    if path.stat().st_size == 0:  # cannot be mapped
        return b""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def assemble(head: dict[str, Any], arrays: Arrays, blobs: Sequence[Buffer]) -> Columns:
    starts = arrays["member_starts"].tolist()
    return Columns(
        revision=head["revision"],
        changed_at=_time(head["changed_at"]),
        lists=tuple(_to_list(values) for values in head["lists"]),
        banks=tuple(head["banks"]),
        districts=tuple(head["districts"]),
        provider_codes=tuple(head["providers"]),
        memberships=tuple(map(tuple, head["memberships"])),
        **{
            name: Texts(blob, arrays[f"{name}_starts"])
            for name, blob in zip(BLOBS, blobs, strict=True)
        },
        hours_texts=tuple(head["hours"]),
        offers=tuple(map(tuple, head["offers"])),
        notices=tuple(to_notice(SimpleNamespace(**values)) for values in head["notices"]),
        hours=arrays["hours"],
        offer=arrays["offer"],
        provider=arrays["provider"],
        named=arrays["named"],
        bank=arrays["bank"],
        district=arrays["district"],
        listed=arrays["listed"],
        members=tuple(arrays["members"][start:end] for start, end in pairwise(starts)),
        id_hashes=arrays["id_hashes"],
        id_rows=arrays["id_rows"],
        lon=arrays["lon"],
        lat=arrays["lat"],
        points=PointIndex.from_arrays(_unprefixed("points", arrays)),
        clusters=ClusterIndex.from_arrays(_unprefixed("clusters", arrays)),
    )


def _unprefixed(prefix: str, arrays: Arrays) -> Arrays:
    start = f"{prefix}."
    return {
        name.removeprefix(start): values
        for name, values in arrays.items()
        if name.startswith(start)
    }


def starts_of(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ``starts`` of `Texts` from how many bytes each string takes."""
    return np.concatenate([[0], np.cumsum(sizes)])


def hash_of(branch_id: str) -> int:
    """64 bits; two ids that have the same are told apart by the feature itself."""
    digest = hashlib.blake2b(branch_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _to_list(values: Sequence[Any]) -> BranchList:
    slug, title, year, source, imported_at, award = values
    return BranchList(slug, title, year, source, _time(imported_at), award)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
