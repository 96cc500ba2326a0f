"""Snapshots in files: made once, mapped by all, replaced whole."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from mapsvc import service
from mapsvc.errors import StoreError
from mapsvc.model import BBox, Branch, BranchList, Point
from mapsvc.snapshot import EVERYTHING, BranchQuery, Keeper, MappedSource, MemorySnapshot
from mapsvc.store import open_store
from mapsvc.store.base import Reading, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"sqlite:///{tmp_path}/mapsvc.sqlite3")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "snapshots"


def put(store: Store, *names: str) -> None:
    branches = [Branch(f"b{i}", name, "甲路1号") for i, name in enumerate(names)]
    with store.write() as writer:
        writer.put_list(BranchList("l", "名单"), branches)


def names(snapshot: MemorySnapshot) -> list[str]:
    return [json.loads(feature)["properties"]["name"] for feature in snapshot.iterate(EVERYTHING)]


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_mapped_is_the_same_as_made(store: Store, folder: Path) -> None:
    service.seed(store)
    Keeper(store, folder).refresh()
    mapped = MappedSource(folder).current()
    with store.reading() as reading:
        made = MemorySnapshot.of(reading)
    assert len(mapped) == 15
    for attribute in ("revision", "changed_at", "lists", "banks", "providers"):
        assert getattr(mapped, attribute) == getattr(made, attribute)
    assert [(e.district.code, e.district.name, e.count) for e in mapped.districts] == [
        (e.district.code, e.district.name, e.count) for e in made.districts
    ]
    for query in (EVERYTHING, BranchQuery(bank="bocom"), BranchQuery(q="海曙")):
        assert list(mapped.iterate(query)) == list(made.iterate(query))
        assert mapped.counts(query) == made.counts(query)
        assert mapped.extent(query) == made.extent(query)
        box = BBox(120, 28, 123, 31)
        assert mapped.clusters(query, box, 9, 100) == made.clusters(query, box, 9, 100)
    here = Point(121.55, 29.82)
    assert mapped.nearest(here, 15) == made.nearest(here, 15)
    assert mapped.feature("spdb-37e40ac570") == made.feature("spdb-37e40ac570")
    found, expected = mapped.locate(here), made.locate(here)
    assert found is not None
    assert expected is not None
    assert found.border_distance_m == expected.border_distance_m


def test_an_empty_store(store: Store, folder: Path) -> None:
    Keeper(store, folder).refresh()
    assert len(MappedSource(folder).current()) == 0


def test_a_change_shows_without_a_restart(store: Store, folder: Path) -> None:
    keeper = Keeper(store, folder)
    keeper.refresh()
    source = MappedSource(folder)
    before = source.current()
    put(store, "甲支行")
    keeper.refresh()
    source.refresh()
    assert names(source.current()) == ["甲支行"]
    assert len(before) == 0
    unchanged = source.current()
    keeper.refresh()
    source.refresh()
    assert source.current() is unchanged


def test_a_watched_store_shows_a_change_by_itself(store: Store, folder: Path) -> None:
    keeper = Keeper(store, folder)
    keeper.refresh()
    source = MappedSource(folder)
    keeper.watch(every_s=0.01)
    source.watch(every_s=0.01)
    put(store, "甲支行")
    until(lambda: len(source.current()) == 1)


def test_what_is_mapped_outlives_its_files(store: Store, folder: Path) -> None:
    keeper = Keeper(store, folder)
    put(store, "甲支行")
    keeper.refresh()
    first = MappedSource(folder).current()
    for number in range(5):
        put(store, f"乙{number}支行")
        keeper.refresh()
    assert names(first) == ["甲支行"]
    assert len([path for path in folder.iterdir() if path.name.startswith("revision-")]) == 2


def test_nobody_waits_while_files_are_made(store: Store, folder: Path) -> None:
    keeper = Keeper(store, folder)
    keeper.refresh()
    source = MappedSource(folder)
    put(store, "甲支行")
    making, finish = threading.Event(), threading.Event()
    reading_of = store.reading

    @contextmanager
    def slow_reading() -> Iterator[Reading]:
        with reading_of() as reading:
            making.set()
            assert finish.wait(10)
            yield reading

    store.reading = slow_reading  # type: ignore[method-assign]
    worker = threading.Thread(target=keeper.refresh)
    worker.start()
    assert making.wait(10)
    source.refresh()
    assert len(source.current()) == 0
    finish.set()
    worker.join(10)
    source.refresh()
    assert len(source.current()) == 1


def test_a_store_that_fails_leaves_the_old_snapshot(
    store: Store, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = Keeper(store, folder)
    put(store, "甲支行")
    keeper.refresh()
    source = MappedSource(folder)
    working, failed = store.reading, threading.Event()

    def broken() -> AbstractContextManager[Reading]:
        failed.set()
        raise StoreError("gone")

    store.reading = broken  # type: ignore[method-assign]
    put(store, "乙支行")
    keeper.watch(every_s=0.01)
    assert failed.wait(10)
    source.refresh()
    assert names(source.current()) == ["甲支行"]
    store.reading = working  # type: ignore[method-assign]

    def shows_it() -> bool:
        source.refresh()
        return names(source.current()) == ["乙支行"]

    until(shows_it)
    assert caplog.text.count("the store cannot be read; answers go on") == 1
    until(lambda: "the store can be read again" in caplog.text)


def test_making_that_was_killed_leaves_no_half_snapshot(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Keeper(store, folder)
    put(store, "甲支行")
    keeper.refresh()
    source = MappedSource(folder)
    put(store, "乙支行")

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", dies)
        with pytest.raises(KeyboardInterrupt):
            keeper.refresh()
    source.refresh()
    assert names(source.current()) == ["甲支行"]
    Keeper(store, folder).refresh()
    source.refresh()
    assert names(source.current()) == ["乙支行"]
    assert not [path for path in folder.iterdir() if path.name.startswith(".revision")]


def test_files_that_are_cut_off_are_refused(store: Store, folder: Path) -> None:
    put(store, "甲支行")
    Keeper(store, folder).refresh()
    (made,) = (path for path in folder.iterdir() if path.name.startswith("revision-"))
    blob = made / "features"
    blob.write_bytes(blob.read_bytes()[:-1])
    with pytest.raises(StoreError, match="features is damaged"):
        MappedSource(folder)


def test_a_folder_without_a_snapshot(folder: Path) -> None:
    folder.mkdir()
    with pytest.raises(StoreError, match="holds no snapshot"):
        MappedSource(folder)


def test_a_folder_that_cannot_be_made(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        Keeper(store, tmp_path / "file" / "snapshots")


def test_two_keepers_share_a_folder(store: Store, folder: Path) -> None:
    put(store, "甲支行")
    keepers = [Keeper(store, folder) for _ in range(4)]
    threads = [threading.Thread(target=keeper.refresh) for keeper in keepers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert names(MappedSource(folder).current()) == ["甲支行"]


def test_districts_are_read_again_only_when_they_change(store: Store, folder: Path) -> None:
    service.seed(store)
    keeper = Keeper(store, folder)
    keeper.refresh()
    source = MappedSource(folder)
    before = source.current().districts[0].district.geometry
    put(store, "甲支行")
    keeper.refresh()
    source.refresh()
    assert source.current().districts[0].district.geometry is before


DAMAGE = {
    "head.json": b"[]",
    "features": b"",
    "lon.npy": b"",
    "points.tree.npy": b"nonsense",
    "geometry.npy": b"",
    "drawing.wkb": b"x",
    "areas.bin": b"",
    "districts.json": b"{}",
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_damaged_is_made_anew(store: Store, folder: Path, name: str) -> None:
    service.seed(store)
    Keeper(store, folder).refresh()
    (path,) = folder.glob(f"*/{name}")
    path.write_bytes(DAMAGE[name])
    with pytest.raises(StoreError, match="cannot be read"):
        MappedSource(folder)
    Keeper(store, folder).refresh()
    assert len(MappedSource(folder).current()) == 15


@pytest.mark.parametrize("text", [b"", b"\xff", b"../elsewhere", b"revision-1-x/.."])
def test_a_pointer_to_elsewhere_is_as_good_as_none(store: Store, folder: Path, text: bytes) -> None:
    put(store, "甲支行")
    Keeper(store, folder).refresh()
    (pointer,) = folder.glob("current-*")
    pointer.write_bytes(text)
    with pytest.raises(StoreError, match="holds no snapshot"):
        MappedSource(folder)
    Keeper(store, folder).refresh()
    assert names(MappedSource(folder).current()) == ["甲支行"]


def test_a_planted_link_is_not_followed(store: Store, folder: Path, tmp_path: Path) -> None:
    put(store, "甲支行")
    Keeper(store, folder).refresh()
    (pointer,) = folder.glob("current-*")
    victim = tmp_path / "victim"
    victim.write_text("precious")
    pointer.unlink()
    (folder / f".{pointer.name}").symlink_to(victim)
    Keeper(store, folder).refresh()
    assert victim.read_text() == "precious"
    assert not pointer.is_symlink()


def test_a_folder_that_others_can_write_is_refused(store: Store, folder: Path) -> None:
    Keeper(store, folder).refresh()
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    with pytest.raises(StoreError, match="writable to nobody else"):
        Keeper(store, folder)


def test_making_that_failed_leaves_nothing(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "甲支行")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mapsvc.snapshot.building.np.save", full)
    with pytest.raises(StoreError, match="No space left"):
        Keeper(store, folder).refresh()
    assert [path.name for path in folder.iterdir() if path.is_dir()] == []
