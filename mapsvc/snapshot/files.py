"""Snapshots in files: one process makes them, every worker maps them.

In ``MAPSVC_DATA_DIR/snapshots`` each revision has a folder, and ``current-…`` names the one to
answer from; it is replaced when a folder is whole, so that a reader meets the old revision or the
new one and nothing between. A folder that is mapped lives on for its readers after it is removed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import json
import logging
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import scipy
import shapely

from mapsvc.areas import Areas
from mapsvc.errors import StoreError
from mapsvc.model import District
from mapsvc.resources import resource
from mapsvc.snapshot.building import build
from mapsvc.snapshot.columns import Columns, load
from mapsvc.snapshot.memory import MemorySnapshot
from mapsvc.snapshot.territory import Territory
from mapsvc.store.base import Reading, Store

_KEPT = 2
"""Revisions that stay: the current one, and the one that a worker may be about to open."""
_OPEN_TRIES = 5
_NAME = re.compile(r"revision-\d+-[0-9a-f]+\.[0-9a-f]+", re.ASCII)

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Keeper:
    """Keeps the files at the store's revision.

    Several keepers may share a folder: one makes a revision, the others find it made.

    Args:
        store: where revisions come from.
        folder: where their files go.

    Raises:
        StoreError: the folder cannot be written.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._territory: tuple[str, Territory] | None = None
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_ours(folder)
            (folder / ".lock").touch()
        except OSError as error:
            raise StoreError(f"{folder} cannot be written: {error.strerror}") from error

    def refresh(self) -> None:
        """Make files of the store's revision unless they are there.

        Raises:
            StoreError: the store or the folder failed; the files stay as they were.
        """
        try:
            with self._locked(), self._store.reading() as reading:
                name = self._name(reading)
                if not self._is_sound(name):
                    self._make(reading, name)
                if _current(self._folder) != name:
                    _replace(self._folder / _pointer(), name)
                    self._remove_old()
        except OSError as error:
            raise StoreError(f"{self._folder} cannot be written: {error.strerror}") from error

    def watch(self, every_s: float = 0.25) -> None:
        """Refresh whenever the store changes, in a thread that ends with the process."""
        seen: int | None = None

        def look() -> None:
            nonlocal seen
            revision = self._store.revision()
            if revision != seen:
                self.refresh()
                seen = revision

        _repeat(look, every_s, "the store")

    def _name(self, reading: Reading) -> str:
        """A folder's name: the revision, and digests of all else that its content depends on.

        The time, too: another store may stand at the same revision.
        """
        branches = _digest(f"{reading.revision} {reading.changed_at}")
        return f"revision-{reading.revision}-{branches}.{_digest(reading.districts_changed_at)}"

    def _is_sound(self, name: str) -> bool:
        """Whether the files are there and whole; what is damaged is removed."""
        districts = _territory_of(name)
        known = self._territory is not None and self._territory[0] == districts
        if not known:
            found = _read_or_remove(load_territory, self._folder / districts)
            self._territory = None if found is None else (districts, found)
        return (
            self._territory is not None
            and (self._folder / districts).is_dir()
            and _read_or_remove(load, self._folder / name) is not None
        )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._folder / ".lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # given back when the file is closed, or the process
            yield

    def _make(self, reading: Reading, name: str) -> None:
        territory = self._territory_of(reading)
        with (
            _drafted(self._folder / name) as draft,
            ThreadPoolExecutor(max_workers=1) as beside,
        ):
            # New areas take as long as many branches, and shapely lets others work meanwhile.
            saving = beside.submit(self._save, territory, _territory_of(name))
            build(reading, territory, draft, self._base(name))
            saving.result()

    def _base(self, name: str) -> Columns | None:
        """The current snapshot, if it has the same districts as the one to be made."""
        found = _current(self._folder)
        if found is None or found == name or _territory_of(found) != _territory_of(name):
            return None
        return _read_or_remove(load, self._folder / found)

    def _territory_of(self, reading: Reading) -> Territory:
        """The districts, in files too; read from the store only when they have changed."""
        name = _territory_name(reading.districts_changed_at)
        if self._territory is None or self._territory[0] != name:
            self._territory = (name, Territory(reading.districts()))
        return self._territory[1]

    def _save(self, territory: Territory, name: str) -> None:
        folder = self._folder / name
        if not folder.is_dir():
            with _drafted(folder) as draft:
                save_territory(territory, draft)

    def _remove_old(self) -> None:
        for kind in ("revision-", "districts-", ".revision-", ".districts-"):
            folders = [path for path in self._folder.iterdir() if path.name.startswith(kind)]
            folders.sort(key=lambda path: path.stat().st_mtime, reverse=True)
            for old in folders[0 if kind.startswith(".") else _KEPT :]:
                shutil.rmtree(old, ignore_errors=True)


class MappedSource:
    """Gives a worker the snapshot to answer with, from the files that a `Keeper` keeps.

    Args:
        folder: the keeper's.

    Raises:
        StoreError: there is no snapshot in the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._territory: tuple[str, Territory] | None = None
        self._name: str | None = None
        self._snapshot = self._open()

    def current(self) -> MemorySnapshot:
        """The snapshot to answer with; a request takes it once."""
        return self._snapshot

    def refresh(self, prepare: Callable[[MemorySnapshot], None] | None = None) -> None:
        """Take the folder's current snapshot if it is another one.

        Args:
            prepare: called with it before any request sees it, so that what is made of it on
                demand is there by then.
        """
        if _current(self._folder) != self._name:
            snapshot = self._open()
            if prepare is not None:
                prepare(snapshot)
            self._snapshot = snapshot

    def watch(
        self, every_s: float = 0.1, prepare: Callable[[MemorySnapshot], None] | None = None
    ) -> None:
        """Refresh every so many seconds, in a thread that ends with the process.

        What is current now is prepared by the thread, too: a server need not wait for it.
        """
        if prepare is not None:
            current = self._snapshot
            threading.Thread(target=lambda: prepare(current), name="prepare", daemon=True).start()
        _repeat(lambda: self.refresh(prepare), every_s, "a new snapshot")

    def _open(self) -> MemorySnapshot:
        for attempt in range(_OPEN_TRIES):
            name = _current(self._folder)
            if name is None:
                raise StoreError(f"{self._folder} holds no snapshot")
            folder = self._folder / name
            try:
                columns = load(folder)
                territory = self._territory_in(_territory_of(name))
                break
            except StoreError:
                # A keeper may have removed it since: then another one is current.
                if attempt == _OPEN_TRIES - 1:
                    raise
                time.sleep(0.05)
        self._name = name
        return MemorySnapshot(columns, territory)

    def _territory_in(self, name: str) -> Territory:
        if self._territory is None or self._territory[0] != name:
            territory = load_territory(self._folder / name)
            territory.warm_up()
            self._territory = (name, territory)
        return self._territory[1]


@contextlib.contextmanager
def _drafted(folder: Path) -> Iterator[Path]:
    """An empty folder under a name that nobody reads; it becomes ``folder`` when all went well."""
    draft = folder.with_name(f".{folder.name}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        yield draft
        _sync(draft)
        shutil.rmtree(folder, ignore_errors=True)  # a sound one beside damaged districts
        draft.rename(folder)
        _sync(folder.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)  # half a snapshot would only fill the disk
        raise


def _read_or_remove(read: Callable[[Path], T], folder: Path) -> T | None:
    """What is in a folder; None where it is missing, or damaged and now removed."""
    if not folder.is_dir():
        return None
    try:
        return read(folder)
    except StoreError as error:
        _log.warning("%s; it is made anew", error)
        shutil.rmtree(folder, ignore_errors=True)
        return None


def _repeat(look: Callable[[], None], every_s: float, what: str) -> None:
    """Do something again and again in a thread that ends with the process.

    A failure is said once, however long it lasts, and that it is over.
    """

    def work() -> None:
        failing = False
        while True:
            try:
                look()
                if failing:
                    _log.warning("%s can be read again", what)
                failing = False
            except Exception as error:  # the thread must outlive whatever it meets
                if not failing:
                    known = isinstance(error, StoreError)
                    _log.error(
                        "%s cannot be read; answers go on from the last snapshot: %s",
                        *(what, error),
                        exc_info=None if known else error,
                    )
                failing = True
            time.sleep(every_s)

    threading.Thread(target=work, name=what, daemon=True).start()


def _sync(folder: Path) -> None:
    """Have a folder's entries on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_ours(folder: Path) -> None:
    """Refuse a folder that others can write: a part of what is in it is run as code (a pickle)."""
    found = folder.stat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise StoreError(
            f"{folder} must belong to the user who runs mapsvc, and be writable to nobody else; "
            "remove it, or see to that (chmod 700)"
        )


def save_territory(territory: Territory, folder: Path) -> None:
    """Put districts and areas into files."""
    facts = [[d.code, d.name, d.city, d.province, d.name_en, d.source] for d in territory.districts]
    _write(folder / "districts.json", json.dumps(facts, ensure_ascii=False).encode())
    _write(folder / "areas.bin", territory.areas.to_bytes())
    for kind in ("geometry", "drawing"):
        shapes = [shapely.to_wkb(getattr(d, kind)) for d in territory.districts]
        _write(folder / f"{kind}.wkb", b"".join(shapes))
        starts = io.BytesIO()
        np.save(starts, np.cumsum([0, *map(len, shapes)]), allow_pickle=False)
        _write(folder / f"{kind}.npy", starts.getvalue())


def load_territory(folder: Path) -> Territory:
    """What `save_territory` has put into a folder.

    Raises:
        StoreError: files are missing or damaged.
    """
    try:
        facts = json.loads((folder / "districts.json").read_bytes())
        shapes = [_shapes(folder, kind) for kind in ("geometry", "drawing")]
        districts = tuple(
            District(code, name, city, province, geometry, drawing, name_en, source)
            for (code, name, city, province, name_en, source), geometry, drawing in zip(
                facts, *shapes, strict=True
            )
        )
        return Territory(districts, Areas.from_bytes((folder / "areas.bin").read_bytes()))
    except Exception as error:  # whatever damage looks like: NumPy, JSON and GEOS differ
        raise StoreError(f"{folder} cannot be read: {error}") from error


def _shapes(folder: Path, kind: str) -> Any:
    data = (folder / f"{kind}.wkb").read_bytes()
    starts = np.load(folder / f"{kind}.npy", allow_pickle=False).tolist()
    return shapely.from_wkb([data[a:b] for a, b in pairwise(starts)])


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}")
    draft.unlink(missing_ok=True)  # never through a link
    _write(draft, text.encode())
    draft.replace(path)


def _current(folder: Path) -> str | None:
    try:
        name = (folder / _pointer()).read_bytes().decode("ascii", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{folder} cannot be read: {error.strerror}") from error
    return name if _NAME.fullmatch(name) else None  # damaged: as if there were none


def _territory_name(districts_changed_at: str) -> str:
    return f"districts-{_digest(districts_changed_at)}"


def _territory_of(name: str) -> str:
    """The districts' folder that a revision's folder goes with."""
    return f"districts-{name.rpartition('.')[2]}"


def _pointer() -> str:
    return f"current-{_format()}"


def _digest(text: str) -> str:
    return hashlib.blake2b(f"{_format()} {text}".encode(), digest_size=8).hexdigest()


@cache
def _format() -> str:
    """Names the code that makes the files, so that a new version makes its own."""
    package = Path(__file__).parent.parent
    paths = [*package.glob("*.py"), *package.glob("geo/*.py"), *package.glob("address/*.py")]
    paths += [*package.glob("snapshot/*.py"), resource("data/banks.csv")]
    paths += [resource(f"data/{name}.csv") for name in ("pinyin", "pinyin-words")]
    paths += [
        *package.glob("hours/*.py"),
        package / "store" / "rows.py",
        resource("data/holidays.csv"),
    ]
    # A SciPy tree is kept as SciPy itself writes it.
    digest = hashlib.blake2b(scipy.__version__.encode(), digest_size=8)
    for path in sorted(paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()
