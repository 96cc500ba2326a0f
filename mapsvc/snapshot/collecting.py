"""One pass over rows: the columns and texts of branches, in the order of the lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mapsvc.address.pinyin import initials
from mapsvc.address.searched import address_spellings, keys, spellings
from mapsvc.hours import canonical_hours
from mapsvc.snapshot.base import Piece
from mapsvc.snapshot.columns import BLOBS, CODED, Arrays, hash_of
from mapsvc.snapshot.cores import on_all_cores
from mapsvc.snapshot.features import Facts, feature
from mapsvc.store.base import Row
from mapsvc.store.rows import services_from

AT_ONCE = 5_000
TYPES: dict[str, DTypeLike] = {
    "bank": np.int16,
    "district": np.int32,
    "hours": np.int32,
    "offer": np.int32,
    "provider": np.int16,
    "named": np.int32,
    "lon": np.float64,
    "lat": np.float64,
    "id_hashes": np.uint64,
    **dict.fromkeys(BLOBS, np.int64),
}
"""The columns that are made a row each; those of the texts are their sizes."""
_NONE = -1


class Strings(Protocol):
    """Byte strings by their number."""

    def at(self, rows: NDArray[np.int64]) -> Sequence[Piece]:
        """The strings of these rows; where many follow each other, they may be one piece."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Branches in the order of the lists."""

    codes: dict[str, list[Any]]
    """What the numbers of each of `CODED` stand for."""
    columns: Arrays
    """By the names of `TYPES`."""


class _Numbers(dict[Any, int]):
    """Numbers codes as they come; None is -1."""

    def __missing__(self, code: Any) -> int:
        number = _NONE if code is None else len(self) - (None in self)
        self[code] = number
        return number

    @property
    def codes(self) -> list[Any]:
        return [code for code in self if code is not None]


def collect(rows: Iterable[Row], facts: Facts, sinks: dict[str, Any]) -> Listed:
    """Write the rows' texts one after the other; return what remains of them.

    Args:
        rows: in the order of the lists.
        facts: of their revision.
        sinks: where the texts go, by the names of `BLOBS`.
    """
    numbers = {name: _Numbers() for name in CODED}
    # An empty part each, for a store without branches.
    parts: dict[str, list[NDArray[Any]]] = {name: [np.empty(0, t)] for name, t in TYPES.items()}
    for batch in on_all_cores(partial(_made, facts), _batches(rows)):
        for name, blob in batch.blobs.items():
            sinks[name].write(blob)
        for name, codes in batch.codes.items():
            # The last is for -1.
            final = np.array([*map(numbers[name].__getitem__, codes), _NONE], TYPES[name])
            batch.columns[name] = final[batch.columns[name]]
        for name, column in batch.columns.items():
            parts[name].append(column)
    columns: Arrays = {name: np.concatenate(part) for name, part in parts.items()}
    return Listed({name: numbers[name].codes for name in CODED}, columns)


def _batches(rows: Iterable[Row]) -> Iterator[list[tuple[Any, ...]]]:
    """Plain tuples, which another process is given twice as quickly."""
    left = iter(rows)
    while batch := list(map(tuple, islice(left, AT_ONCE))):
        yield batch


@dataclass(frozen=True, slots=True)
class _Made:
    """What a batch becomes."""

    blobs: dict[str, bytes]
    codes: dict[str, list[Any]]
    columns: Arrays


def _made(facts: Facts, batch: Sequence[tuple[Any, ...]]) -> _Made:
    rows = list(map(Row._make, batch))
    coded: dict[str, list[Any]] = {
        "bank": [row.bank for row in rows],
        "district": [r.district if r.district in facts.district_names else None for r in rows],
        "hours": [canonical_hours(row.hours) for row in rows],
        "offer": [services_from(row.services) for row in rows],
        "provider": [None if row.lon is None else row.provider or None for row in rows],
        "named": [row.lists for row in rows],
    }
    strings = {
        "ids": [row.id.encode() for row in rows],
        "features": [feature(row, facts) for row in rows],
        **_searched(rows),
    }
    values: dict[str, list[Any]] = {
        "lon": [row.lon for row in rows],  # None becomes NaN
        "lat": [row.lat for row in rows],
        "id_hashes": [hash_of(row.id) for row in rows],
        **{name: [len(string) + 1 for string in strings[name]] for name in BLOBS},
    }
    numbers = {name: _Numbers() for name in CODED}
    for name, column in coded.items():
        values[name] = list(map(numbers[name].__getitem__, column))
    return _Made(
        {name: after.join([*strings[name], b""]) for name, after in BLOBS.items()},
        {name: numbers[name].codes for name in CODED},
        {name: np.array(column, TYPES[name]) for name, column in values.items()},
    )


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
