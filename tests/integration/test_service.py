"""The use cases on a real store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from shapely import box

from mapsvc import service
from mapsvc.config import Settings
from mapsvc.errors import DistrictsError, GeocodingError, InvalidValue, ListFileError, NotFound
from mapsvc.geocoding.placing import Placer
from mapsvc.geocoding.quality import Answer
from mapsvc.model import Branch, Datum, District, Placement, Point, Precision, ReviewCode
from mapsvc.resources import resource
from mapsvc.service import Outcome
from mapsvc.service.districts import put_districts
from mapsvc.service.geocode import place_again
from mapsvc.store import open_store
from mapsvc.store.base import Contents, Store

SHIPPED = resource("data/lists/ningbo-2021.txt")
CURATED = Settings()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/store/mapsvc.sqlite3")
    service.load_shipped(opened, CURATED)
    yield opened
    opened.close()


def write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(("name,address", *rows)), encoding="utf-8")
    return path


def test_the_announced_list_is_placed_as_the_facts_say(store: Store) -> None:
    result = service.import_list(store, SHIPPED)
    assert result.outcome is Outcome.STORED
    assert len(result.difference.added) == 15
    assert result.branch_list.year == 2021
    placed = service.geocode(store, CURATED)
    assert (len(placed.placements), placed.changed, placed.failed) == (15, 15, [])
    districts = [p.district for p in store.placements().values()]
    assert {code: districts.count(code) for code in set(districts)} == {
        "330212": 8,
        "330203": 3,
        "330282": 2,
        "330281": 1,
        "330226": 1,
    }


def test_low_precision_is_never_silent(store: Store) -> None:
    service.import_list(store, SHIPPED)
    service.geocode(store, CURATED)
    for placement in store.placements().values():
        codes = {reason.code for reason in placement.reasons}
        assert placement.precision is not None
        coarse = placement.precision.rank > Precision.INTERPOLATED.rank
        assert (ReviewCode.LOW_PRECISION in codes) == coarse


def test_the_same_again_changes_nothing(store: Store) -> None:
    service.import_list(store, SHIPPED)
    service.geocode(store, CURATED)
    before = store.contents()
    assert service.import_list(store, SHIPPED).outcome is Outcome.UNCHANGED
    assert service.geocode(store, CURATED).changed == 0
    service.load_shipped(store, CURATED)
    assert store.contents() == before


def test_a_dry_run_stores_nothing(store: Store) -> None:
    before = store.contents()
    result = service.import_list(store, SHIPPED, dry_run=True)
    assert result.outcome is Outcome.DRY_RUN
    assert len(result.difference.added) == 15
    assert store.contents() == before


def test_one_bad_row_keeps_the_others_out(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "list.csv", "甲支行,甲路1号", "乙支行,", "丙支行,丙路3号")
    before = store.contents()
    result = service.import_list(store, path)
    assert result.outcome is Outcome.REJECTED
    assert [(r.line, r.column) for r in result.file.rejected] == [(3, "address")]
    assert store.contents() == before
    assert service.import_list(store, path, skip_bad=True).outcome is Outcome.STORED
    assert [branch.name for branch in store.branches("list")] == ["甲支行", "丙支行"]


def test_ids_survive_changed_names_and_addresses(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "list.csv", "甲支行,甲路1号", "乙支行,乙路2号")
    service.import_list(store, path)
    a, b = store.branches("list")
    write(path, "乙支行,乙路2号", "甲支行,甲路100号")
    result = service.import_list(store, path)
    assert [change.new.id for change in result.difference.changed] == [a.id]
    assert [branch.id for branch in store.branches("list")] == [b.id, a.id]
    write(path, "乙二支行,乙路2号", "甲支行,甲路100号")
    service.import_list(store, path)
    assert [branch.id for branch in store.branches("list")] == [b.id, a.id]


def test_another_order_is_a_change(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "list.csv", "甲支行,甲路1号", "乙支行,乙路2号")
    service.import_list(store, path)
    write(path, "乙支行,乙路2号", "甲支行,甲路1号")
    assert service.import_list(store, path).outcome is Outcome.STORED
    assert [branch.name for branch in store.branches("list")] == ["乙支行", "甲支行"]


def test_a_moved_branch_is_withdrawn_from_the_map_at_once(store: Store, tmp_path: Path) -> None:
    service.import_list(store, SHIPPED)
    service.geocode(store, CURATED)
    text = SHIPPED.read_text(encoding="utf-8").replace("天童北路933号", "天童北路1号")
    moved = tmp_path / "ningbo-2021.txt"
    moved.write_text(text, encoding="utf-8")
    result = service.import_list(store, moved)
    (change,) = result.difference.changed
    placement = store.placements()[change.new.id]
    assert placement.point is None
    (reason,) = placement.reasons
    assert reason.code is ReviewCode.ADDRESS_CHANGED
    assert reason.detail == {"from": "宁波市鄞州区天童北路933号"}
    run = service.geocode(store, CURATED)
    ((failed, error),) = run.failed
    assert failed.id == change.new.id
    assert "天童北路1号" in str(error)
    codes = [reason.code for reason in store.placements()[failed.id].reasons]
    assert codes == [ReviewCode.ADDRESS_CHANGED, ReviewCode.NOT_FOUND]
    assert sum(p.point is not None for p in store.placements().values()) == 14


def test_another_spelling_is_no_move(store: Store, tmp_path: Path) -> None:
    service.import_list(store, SHIPPED)
    service.geocode(store, CURATED)
    text = SHIPPED.read_text(encoding="utf-8").replace("天童北路933号", "天童北路 ９３３号")
    respelt = tmp_path / "ningbo-2021.txt"
    respelt.write_text(text, encoding="utf-8")
    result = service.import_list(store, respelt)
    (change,) = result.difference.changed
    assert store.placements()[change.new.id].point is not None


def test_an_address_without_an_answer_does_not_stop_the_others(
    store: Store, tmp_path: Path
) -> None:
    rows = ("甲支行,火星路1号", "乙支行,宁波市鄞州区天童北路933号")
    service.import_list(store, write(tmp_path / "list.csv", *rows))
    result = service.geocode(store, CURATED)
    ((branch, error),) = result.failed
    assert branch.name == "甲支行"
    assert str(error) == "no cached answer for '火星路1号' (looked up: curated)"
    assert [p.point is not None for p in result.placements] == [False, True]


def test_what_was_placed_stays_when_the_answer_is_gone(store: Store) -> None:
    service.import_list(store, SHIPPED)
    service.geocode(store, CURATED)
    before = store.placements()
    result = service.geocode(store, Settings(geocoders=()))
    assert len(result.failed) == 15
    assert store.placements() == before


def test_a_position_in_the_list_keeps_its_datum(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("name,address,lat,lon\n甲支行,甲路1号,29.8,121.55\n", encoding="utf-8")
    with pytest.raises(ListFileError, match="datum"):
        service.import_list(store, path)
    service.import_list(store, path, datum=Datum.GCJ02)
    (branch,) = store.branches("list")
    assert branch.point == Point(121.55, 29.8, Datum.GCJ02)
    service.geocode(store, CURATED)
    placement = store.placements()[branch.id]
    assert placement.provider == "list"
    assert placement.point is not None
    assert 0.002 < 121.55 - placement.point.lon < 0.006, "shifted to WGS-84"
    assert placement.district == "330212"


def test_a_branch_on_two_lists_has_one_id(store: Store, tmp_path: Path) -> None:
    service.import_list(store, write(tmp_path / "a.csv", "甲支行,甲路1号"))
    service.import_list(store, write(tmp_path / "b.csv", "甲支行,甲路 1号", "乙支行,乙路2号"))
    (a,) = store.branches("a")
    assert store.branches("b")[0].id == a.id
    assert store.contents().members[a.id] == ("a", "b")


def test_an_id_of_another_list_is_not_taken_over(store: Store, tmp_path: Path) -> None:
    for name, row in (("a", "1,甲支行,甲路1号"), ("b", "1,乙支行,乙路2号")):
        (tmp_path / f"{name}.csv").write_text(f"id,name,address\n{row}\n", encoding="utf-8")
    service.import_list(store, tmp_path / "a.csv")
    before = store.contents()
    result = service.import_list(store, tmp_path / "b.csv")
    assert result.outcome is Outcome.REJECTED
    (rejection,) = result.file.rejected
    assert (rejection.line, rejection.column) == (2, "id")
    assert "甲支行" in rejection.reason
    assert store.contents() == before


@pytest.mark.parametrize("slug", ["", "Ningbo", "宁波", "a b", "-a", "x" * 65, "../x"])
def test_slugs_that_cannot_be(store: Store, slug: str) -> None:
    with pytest.raises(InvalidValue, match="list: "):
        service.import_list(store, SHIPPED, slug=slug)


@pytest.mark.parametrize(
    ("name", "slug", "title"),
    [
        ("我的网点.csv", "wo-de-wang-dian", "我的网点"),
        ("Branches_2024 (final).csv", "branches-2024-final", "Branches_2024 (final)"),
        ("名单 2024.csv", "ming-dan-2024", "名单 2024"),
    ],
)
def test_a_file_name_becomes_slug_and_title(
    store: Store, tmp_path: Path, name: str, slug: str, title: str
) -> None:
    service.import_list(store, write(tmp_path / name, "甲支行,甲路1号"))
    (stored,) = store.lists()
    assert (stored.slug, stored.title) == (slug, title)


def test_a_file_name_that_gives_no_slug(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "¿¡.csv", "甲支行,甲路1号")
    with pytest.raises(InvalidValue, match="--list"):
        service.import_list(store, path)
    assert service.import_list(store, path, slug="mine").outcome is Outcome.STORED


def test_the_files_own_title_counts_more_than_the_one_before(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    for year in (2021, 2022):
        path.write_text(f"{year}年名单\n\n甲支行\t甲路1号\n", encoding="utf-8")
        service.import_list(store, path)
    (stored,) = store.lists()
    assert (stored.title, stored.year) == ("2022年名单", 2022)


def test_title_and_year_are_kept_until_told_otherwise(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "list.csv", "甲支行,甲路1号")
    service.import_list(store, path, title="甲", year=2020)
    assert service.import_list(store, path).outcome is Outcome.UNCHANGED
    assert service.import_list(store, path, title="乙").outcome is Outcome.STORED
    (stored,) = store.lists()
    assert (stored.title, stored.year) == ("乙", 2020)


def test_no_such_list(store: Store) -> None:
    with pytest.raises(NotFound):
        service.geocode(store, CURATED, list_slug="none")


def square(code: str, west: float, east: float) -> District:
    shape = box(west, 29.0, east, 31.0)
    return District(code, code, "市", "省", shape, shape)


def test_new_polygons_move_the_branches(store: Store) -> None:
    service.import_list(store, SHIPPED)
    service.geocode(store, CURATED)
    everything = [
        replace(d, geometry=box(i, 0, i + 0.5, 1)) for i, d in enumerate(store.districts())
    ]
    service.import_districts(store, [*everything, square("999999", 120, 123)], CURATED)
    assert {p.district for p in store.placements().values()} == {"999999"}


def test_only_branches_that_changed_districts_concern_are_placed_anew(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    service.import_districts(
        store, [square("999001", 100, 101), square("999002", 110, 111)], CURATED
    )
    rows = (
        "甲支行,甲路1号,100.5,30",
        "乙支行,乙路2号,110.5,30",
        "丙支行,丙路3号,101.01,30",  # beside the border
        "丁支行,999001丁路4号,110.6,30",  # names the district
    )
    path = tmp_path / "own.csv"
    path.write_text("\n".join(["name,address,lon,lat", *rows]) + "\n", encoding="utf-8")
    service.import_list(store, path, datum=Datum.WGS84)
    service.geocode(store, CURATED)
    again: list[str] = []
    place = Placer.place

    def noted(self: Placer, branch: Branch, answers: Sequence[Answer]) -> Placement:
        again.append(branch.name)
        return place(self, branch, answers)

    monkeypatch.setattr(Placer, "place", noted)
    revision = store.revision()
    with store.write() as writer:
        put_districts(store, writer, store.districts(), CURATED)
    assert (again, store.revision(), caplog.text) == ([], revision, "")
    service.import_districts(store, [square("999001", 100, 100.9)], CURATED)
    assert sorted(again) == sorted(["甲支行", "丙支行", "丁支行"])
    assert "1 districts are new or changed: placing 3 of 4 branches anew" in caplog.text
    before = store.placements()
    contents = store.contents()
    assert place_again(store, contents, contents.branches, CURATED) == []
    assert store.placements() == before


def test_the_next_release_with_the_same_districts_leaves_them_alone(store: Store) -> None:
    with store.reading() as reading:
        before = reading.districts_changed_at
    with store.write() as writer:
        writer.note_seed("districts and cache", "an earlier release")
    service.load_shipped(store, CURATED)
    with store.reading() as reading:
        assert reading.districts_changed_at == before


def test_overlapping_polygons_are_refused_with_their_names(store: Store) -> None:
    before = store.contents()
    with pytest.raises(DistrictsError, match=r"990001.*990002|330203"):
        service.import_districts(
            store, [square("990001", 120, 122), square("990002", 121, 123)], CURATED
        )
    assert store.contents() == before


def test_a_wrong_line_keeps_the_whole_cache_out(store: Store, tmp_path: Path) -> None:
    lines = resource("data/geocache.jsonl").read_text(encoding="utf-8").replace("curated", "other")
    path = tmp_path / "cache.jsonl"
    path.write_text(lines + "{}\n", encoding="utf-8")
    before = list(store.geocodes())
    with pytest.raises(GeocodingError, match="line 16"):
        service.import_cache(store, path)
    assert list(store.geocodes()) == before
    path.write_text(lines, encoding="utf-8")
    assert service.import_cache(store, path) == 15
    assert len(list(store.geocodes())) == 30


def test_a_corrected_answer_is_not_overwritten_by_the_shipped_one(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/mapsvc.sqlite3")
    service.load_shipped(store, CURATED)
    answer = next(iter(store.geocodes()))
    corrected = replace(answer, evidence="seen", located_at=answer.located_at.replace(year=2027))
    with store.write() as writer:
        writer.put_geocodes([corrected])
        writer.note_seed("districts and cache", "an earlier release")
    service.load_shipped(store, CURATED)
    assert corrected in list(store.geocodes())
    store.close()


def test_a_first_start_that_was_killed_is_completed(store: Store) -> None:
    service.import_list(store, SHIPPED)  # killed before it was placed
    assert service.load_shipped_list(store, CURATED)
    assert len(store.placements()) == 15
    assert not service.load_shipped_list(store, CURATED)


def test_an_own_list_is_not_joined_by_the_shipped_one(store: Store, tmp_path: Path) -> None:
    service.import_list(store, write(tmp_path / "own.csv", "甲支行,甲路1号"))
    assert not service.load_shipped_list(store, CURATED)
    assert [known.slug for known in store.lists()] == ["own"]


def test_contents_are_values(store: Store) -> None:
    assert isinstance(store.contents(), Contents)
