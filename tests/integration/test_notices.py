"""Notices, services and what is open now: from the commands and lists to every answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from mapsvc import service
from mapsvc.cli import main
from mapsvc.config import Settings
from mapsvc.errors import InvalidValue, NotFound
from mapsvc.hours import CHINA
from mapsvc.model import Notice, Placement, Point, Precision
from mapsvc.service.notices import read_moment
from mapsvc.snapshot import BranchQuery, Keeper, MappedSource, Snapshot
from mapsvc.store import open_store
from mapsvc.store.base import Store
from mapsvc.web import branches, caching, clock, jsonld, notices, oembed, openings, params
from tests.integration.conftest import make_app
from tests.readings import snapshot_of

LIST = """\
id,name,address,hours,services,award
a,工商银行甲支行,宁波市鄞州区中山路1号,周一至周五9:00-17:00；节假日休息,停车、ATM,五星
b,工商银行乙支行,宁波市鄞州区中山路2号,24/7,atm,
c,建设银行丙支行,宁波市海曙区中山路3号,,,
"""
NOW = datetime(2026, 11, 23, 9, 30, 40, tzinfo=CHINA)  # a Monday


def listed(tmp_path: Path, text: str = LIST) -> Path:
    path = tmp_path / "own.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/mapsvc.sqlite3")
    service.load_shipped(opened, Settings())
    service.import_list(opened, listed(tmp_path), award="示范")
    yield opened
    opened.close()


def snapshot_in_files(store: Store, folder: Path) -> Any:
    Keeper(store, folder).refresh()
    return MappedSource(folder).current()


def properties(snapshot: Any, branch_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(snapshot.feature(branch_id))["properties"]
    return found


def told(store: Store, *notices: Notice) -> Snapshot:
    """Notices of branches in Yinzhou, all but c; the store changed a day before `NOW`."""
    placed = {
        branch_id: Placement(
            branch_id, Point(121.55, 29.8), Precision.BUILDING, 50, "curated", NOW, "330212", "x"
        )
        for branch_id in "ab"
    }
    contents = store.contents()
    then = NOW - timedelta(days=1)
    return snapshot_of(replace(contents, changed_at=then, placements=placed, notices=notices))


class TestLists:
    def test_hours_services_and_award_come_to_the_features(
        self, store: Store, tmp_path: Path
    ) -> None:
        shown = snapshot_in_files(store, tmp_path / "snapshots")
        a, b, c = (properties(shown, branch_id) for branch_id in "abc")
        assert (a["hours"], b["hours"], c["hours"]) == ("Mo-Fr 09:00-17:00; PH off", "24/7", None)
        assert (a["services"], b["services"], c["services"]) == (["atm", "parking"], ["atm"], [])
        assert (a["award"], b["award"], c["award"]) == ("五星", "示范", "示范")
        assert [(each.service.code, each.count) for each in shown.services] == [
            ("atm", 2), ("parking", 1),
        ]  # fmt: skip
        assert shown.hours_known == 2

    def test_the_award_of_a_list_stays_until_it_is_taken_back(
        self, store: Store, tmp_path: Path
    ) -> None:
        path = listed(tmp_path)
        assert service.import_list(store, path).outcome is service.Outcome.UNCHANGED
        assert service.import_list(store, path, award="").outcome is service.Outcome.STORED
        assert [known.award for known in store.lists()] == [""]
        for award in ("行" * 101, "a\nb"):
            with pytest.raises(InvalidValue, match="award"):
                service.import_list(store, path, award=award)

    def test_what_cannot_be_read_is_said_with_its_place(self, store: Store, tmp_path: Path) -> None:
        text = LIST.replace("24/7", "9点关门").replace("停车、ATM", "停车、游泳池")
        result = service.import_list(store, listed(tmp_path, text))
        assert result.outcome is service.Outcome.REJECTED
        (first, second) = result.file.rejected
        assert (first.line, first.column, first.value) == (2, "services", "'停车、游泳池'")
        assert first.reason.startswith("'游泳池' is not a known service")
        assert (second.line, second.column, second.value) == (3, "hours", "'9点关门'")
        assert second.reason.startswith("'9点关门' is not a weekday, date, holiday, time or off")


class TestService:
    def test_a_notice_is_added_and_ended(self, store: Store, tmp_path: Path) -> None:
        later = datetime.now(CHINA) + timedelta(days=3)
        before = store.revision()
        one = service.add_notice(store, " 台风停业 ", end=later, text_en="typhoon", branch="a")
        two = service.add_notice(store, "全部", start=later, end=later + timedelta(1))
        three = service.add_notice(store, "市", end=later, district="330200")
        assert [one.id, two.id, three.id] == [1, 2, 3]
        assert store.revision() == before + 3
        assert (one.text, one.scope, two.scope, three.scope) == (
            "台风停业", "branch", "all", "district",
        )  # fmt: skip
        shown = snapshot_in_files(store, tmp_path / "snapshots")
        assert shown.notices == (one, three, two)
        assert [told["text"] for told in properties(shown, "a")["notices"]] == ["台风停业", "全部"]
        service.end_notice(store, 1)
        service.end_notice(store, 2)
        ended, never = store.notices()[:2]
        assert ended.start == one.start
        assert ended.end <= datetime.now(CHINA)
        assert never.start == never.end
        shown = snapshot_in_files(store, tmp_path / "snapshots")
        assert [notice.id for notice in shown.notices] == [3]
        assert properties(shown, "a")["notices"] == []
        with pytest.raises(InvalidValue, match="notice: 1 is not"):
            service.end_notice(store, 1)

    @pytest.mark.parametrize(
        ("given", "error", "message"),
        [
            ({"branch": "x"}, NotFound, "no branch 'x'"),
            ({"district": "330299"}, NotFound, "no district '330299'"),
            ({"district": "33"}, NotFound, "no district '33'"),
            ({"district": "000000"}, NotFound, "no district"),
            ({"branch": "a", "district": "330212"}, InvalidValue, "district"),
            ({"text": " "}, InvalidValue, "text"),
            ({"text": "x" * 501}, InvalidValue, "text"),
            ({"text": "a\u202eb"}, InvalidValue, "text"),
            ({"text_en": "a\nb"}, InvalidValue, "text_en"),
            ({"end": NOW - timedelta(days=9999)}, InvalidValue, "until: .* is not later than now"),
        ],
    )
    def test_what_is_no_notice_is_not_kept(
        self, store: Store, given: dict[str, Any], error: type[Exception], message: str
    ) -> None:
        wanted: dict[str, Any] = {"text": "x", "end": datetime.now(CHINA) + timedelta(1)} | given
        with pytest.raises(error, match=message):
            service.add_notice(store, wanted.pop("text"), **wanted)
        assert store.notices() == ()

    @pytest.mark.parametrize(
        ("text", "closing", "moment"),
        [
            ("2026-11-23", False, "2026-11-23T00:00:00+08:00"),
            ("2026-11-23", True, "2026-11-24T00:00:00+08:00"),
            ("2026-11-23 18:00", True, "2026-11-23T18:00:00+08:00"),
            ("2026-11-23T18:00+00:00", True, "2026-11-24T02:00:00+08:00"),
        ],
    )
    def test_moments(self, text: str, closing: bool, moment: str) -> None:
        assert read_moment("--until", text, closing=closing).isoformat() == moment

    @pytest.mark.parametrize(
        "text",
        ["0001-01-01", "1999-12-30", "2101-01-01", "2100-12-31T23:00-05:00", "1999-12-31 23:59"],
    )
    def test_times_are_of_these_years(self, text: str) -> None:
        with pytest.raises(InvalidValue, match=r"--from: .* years 2000 to 2100"):
            read_moment("--from", text, closing=True)
        assert read_moment("--until", "2100-12-31", closing=True).year == 2101
        assert read_moment("--from", "2000-01-01").year == 2000

    @pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01", "23.11.2026", "9999-12-31"])
    def test_what_is_no_moment(self, text: str) -> None:
        with pytest.raises(InvalidValue, match="--until"):
            read_moment("--until", text, closing=True)


class TestCommands:
    @pytest.fixture(autouse=True)
    def instance(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MAPSVC_DATA_DIR", str(tmp_path / "instance"))
        monkeypatch.delenv("MAPSVC_DATABASE_URL", raising=False)

    def run(self, *arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == code, result.output
        return result

    def test_add_list_end(self) -> None:
        until = f"{datetime.now(CHINA) + timedelta(days=2):%Y-%m-%d}"
        added = self.run(
            "notice", "add", "台风", "--district", "330212", "--until", until, "--json"
        )
        (told,) = json.loads(added.output)
        assert (told["id"], told["state"], told["for"], told["text"]) == (
            1, "current", "330212", "台风",
        )  # fmt: skip
        assert "台风" in self.run("notice", "list").output
        assert "notice 1 has ended" in self.run("notice", "end", "1").output
        assert "台风" not in self.run("notice", "list").output
        assert "over" in self.run("notice", "list", "--past").output

    @pytest.mark.parametrize(
        "whom", [(), ("--all", "--branch", "a"), ("--branch", "a", "--district", "330212")]
    )
    def test_it_is_for_one_of_three(self, whom: tuple[str, ...]) -> None:
        failed = self.run("notice", "add", "x", "--until", "2099-01-01", *whom, code=2)
        assert "one of --branch ID, --district CODE and --all" in failed.output

    def test_a_day_is_written_as_it_was_typed(self) -> None:
        self.run("notice", "add", "x", "--all", "--until", "2099-01-01", "--closes")
        (told,) = json.loads(self.run("notice", "list", "--json").output)
        assert told["closes"] is True
        line = self.run("notice", "list").output.splitlines()[-1]
        assert " 2099-01-01 " in line
        assert " closes " in line
        failed = self.run("notice", "add", "x", "--all", "--until", "2020-02-29", code=2)
        assert "--until: '2020-02-29' is not later than now" in failed.output

    def test_wrong_use(self) -> None:
        assert "no notice 7" in self.run("notice", "end", "7", code=2).output
        self.run("notice", "add", "x", "--all", code=2)
        failed = self.run("notice", "add", "x", "--all", "--until", "soon", code=2)
        assert "--until: 'soon' is not a date or time in China" in failed.output

    def test_import_takes_an_award(self, tmp_path: Path) -> None:
        self.run("import", str(listed(tmp_path)), "--award", "示范")
        exported = self.run("export", "--format", "csv").output
        assert "五星" in exported
        assert "示范" in exported
        assert "atm parking" in exported


class TestApi:
    @pytest.fixture
    def client(self, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
        self.at(monkeypatch, NOW)
        return make_app(snapshot_in_files(store, tmp_path / "snapshots")).test_client()

    def at(self, monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
        for module in (params, caching):
            monkeypatch.setattr(module, "minute", lambda: now.replace(second=0))

    def ids(self, client: FlaskClient, query: str) -> list[str]:
        answer = json.loads(client.get(f"/api/v1/branches?{query}").data)
        return [feature["id"] for feature in answer["features"]]

    def test_filters(self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.ids(client, "service=atm") == ["a", "b"]
        assert self.ids(client, "service=swimming") == []
        assert self.ids(client, "open=now") == ["a", "b"], "unknown hours never match"
        assert self.ids(client, "open=now&service=parking") == ["a"]
        self.at(monkeypatch, NOW + timedelta(hours=10))
        assert self.ids(client, "open=now") == ["b"]
        assert client.get("/api/v1/branches?open=later").status_code == 400

    @pytest.mark.parametrize(
        ("whom", "left"),
        [
            ({}, []),
            ({"branch": "a"}, ["b"]),
            ({"branch": "gone"}, ["a", "b"]),
            ({"district": "330212"}, []),
            ({"district": "330200"}, []),
            ({"district": "330203"}, ["a", "b"]),
        ],
    )
    def test_what_a_notice_closes_is_not_open_while_it_holds(
        self,
        store: Store,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        whom: dict[str, str],
        left: list[str],
    ) -> None:
        until = NOW.replace(second=0) + timedelta(hours=2)
        closing = Notice(1, "停业", NOW - timedelta(hours=1), until, closes=True, **whom)
        beside = Notice(2, "排队", NOW - timedelta(hours=1), until + timedelta(1))
        client = make_app(told(store, closing, beside)).test_client()
        self.at(monkeypatch, NOW)
        assert self.ids(client, "open=now") == left
        self.at(monkeypatch, until)
        assert self.ids(client, "open=now") == ["a", "b"]

    def test_the_etag_changes_with_the_minute_and_with_nothing_less(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paths = ("open=now", "%6fpen=now", "ope%6E=now")
        for path in paths:
            self.at(monkeypatch, NOW)
            first = client.get(f"/api/v1/branches?{path}")
            held = {"If-None-Match": first.headers["ETag"]}
            self.at(monkeypatch, NOW + timedelta(seconds=10))
            assert client.get(f"/api/v1/branches?{path}", headers=held).status_code == 304
            self.at(monkeypatch, NOW + timedelta(hours=10))
            later = client.get(f"/api/v1/branches?{path}", headers=held)
            assert later.status_code == 200
            assert json.loads(later.data)["numberMatched"] == 1
        plain = client.get("/api/v1/branches").headers["ETag"]
        self.at(monkeypatch, NOW)
        assert client.get("/api/v1/branches").headers["ETag"] == plain


def test_filters_are_kept_by_what_is_open_and_not_by_the_minute(
    store: Store, tmp_path: Path
) -> None:
    shown = snapshot_in_files(store, tmp_path / "snapshots")
    for minutes in range(200):
        query = BranchQuery(open_at=NOW.replace(second=0) + timedelta(minutes=minutes))
        assert shown.page(query, 10).matched == 2
    assert len(shown._filters) == 1


class TestPages:
    HOUR = timedelta(hours=1)

    def at(self, monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
        for module in (branches, caching, jsonld, notices, openings, params):
            monkeypatch.setattr(module, "minute", lambda: now.replace(second=0))

    def test_a_closed_branch_says_so_on_every_page(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.at(monkeypatch, NOW)
        day = datetime(2026, 11, 23, tzinfo=CHINA)
        notice = Notice(1, "台风停业", day, day + timedelta(2), branch="a", closes=True)
        client = make_app(told(store, notice)).test_client()
        for path in ("/", "/embed", "/branches/a", "/embed?branch=a"):
            page = client.get(path, headers={"Accept-Language": "zh-CN"}).text
            assert page.count('class="is-closed">暂停营业') == 1, path
            minutes = int(day.timestamp()) // 60
            assert f'data-closures="{minutes}-{minutes + 2 * 1440}"' in page, path
            assert "至 11月24日<" in page, path
        said = client.get("/branches/a").text.partition('"specialOpeningHoursSpecification":')[2]
        assert '"validFrom": "2026-11-23", "validThrough": "2026-11-24"' in said
        self.at(monkeypatch, day + timedelta(2))
        assert "暂停营业</" not in client.get("/branches/a").text

    @pytest.mark.parametrize(
        ("language", "until", "said"),
        [
            ("zh-CN", datetime(2026, 11, 24, tzinfo=CHINA), "至 11月23日<"),
            ("en", datetime(2026, 11, 24, tzinfo=CHINA), "until 23 Nov<"),
            ("zh-CN", datetime(2026, 11, 24, 18, tzinfo=CHINA), "至 11月24日 18:00<"),
            ("zh-CN", datetime(2027, 1, 2, tzinfo=CHINA), "至 2027年1月1日<"),
            ("en", datetime(2027, 1, 2, 9, 5, tzinfo=CHINA), "until 2 Jan 2027 09:05<"),
        ],
    )
    def test_its_end_is_said_as_people_say_it(
        self,
        store: Store,
        monkeypatch: pytest.MonkeyPatch,
        language: str,
        until: datetime,
        said: str,
    ) -> None:
        self.at(monkeypatch, NOW)
        client = make_app(told(store, Notice(1, "x", NOW - self.HOUR, until))).test_client()
        for path in ("/", "/embed", "/branches/a"):
            assert said in client.get(path, headers={"Accept-Language": language}).text, path

    def test_one_to_come_is_announced_and_caches_see_it_begin_and_end(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start = NOW.replace(second=0) + timedelta(days=1)
        client = make_app(
            told(store, Notice(1, "盘点", start, start + self.HOUR, branch="a", closes=True))
        ).test_client()
        tags = set()
        for now, announced, holds in (
            (NOW, True, False),
            (start, False, True),
            (start + self.HOUR, False, False),
        ):
            self.at(monkeypatch, now)
            for path in ("/", "/branches/a", "/embed", "/embed?branch=a"):
                answer = client.get(path, headers={"Accept-Language": "zh-CN"})
                page = answer.text
                assert (
                    ("预告" in page)
                    == ("11月24日 09:30 起，至 11月24日 10:30" in page)
                    == announced
                )
                assert ("told--later" in page) == announced
                assert ('class="is-closed">暂停营业' in page) == holds
                assert ("盘点" in page) == (announced or holds)
                tags.add(answer.headers["ETag"])
        assert len(tags) == 3 * 4

    @pytest.mark.parametrize(
        ("whom", "place"),
        [({}, "above"), ({"district": "330200"}, "above"), ({"district": "330212"}, "district")],
    )
    def test_what_is_for_several_is_said_once(
        self, store: Store, monkeypatch: pytest.MonkeyPatch, whom: dict[str, str], place: str
    ) -> None:
        self.at(monkeypatch, NOW)
        notice = Notice(1, "大家注意", NOW - self.HOUR, NOW + self.HOUR, **whom)  # type: ignore[arg-type]
        client = make_app(told(store, notice)).test_client()
        for path in ("/", "/embed", "/?district=330212", "/districts/330212", "/?near=鄞州区"):
            page = client.get(path).text
            assert page.count("大家注意") == 1, path
            assert page.index("大家注意") < page.index('class="card"'), path
            if path in {"/", "/embed"}:
                heading = page.index('<div class="group__head">')
                assert (page.index("大家注意") > heading) == (place == "district"), path
        for path in ("/branches/a", "/embed?branch=b"):
            assert client.get(path).text.count("大家注意") == 1, path
        assert ("大家注意" in client.get("/branches/c").text) == (whom == {})

    def test_above_a_list_it_says_for_which_area(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.at(monkeypatch, NOW)
        times = NOW - self.HOUR, NOW + self.HOUR
        one, all_ = Notice(1, "停电", *times, district="330212"), Notice(2, "盘点", *times)
        client = make_app(told(store, one, all_)).test_client()
        page = client.get("/?near=me", headers={"Mapsvc-Position": "29.83,121.55"}).text
        said = re.findall(r'class="told.*?<span>(.*?)\n', page, re.DOTALL)
        plain = [re.sub("<.*?>", "", each) for each in said]
        assert sorted(plain) == ["盘点", "鄞州区：停电"]

    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("zh-CN", ["24 小时营业", "营业至 {time}", "营业时间未知"]),
            ("en", ["open 24 hours", "Open until {time}", ">Hours not known<"]),
        ],
    )
    def test_words_of_hours(self, store: Store, language: str, words: list[str]) -> None:
        page = make_app(told(store)).test_client().get("/", headers={"Accept-Language": language})
        assert [word for word in words if word not in page.text] == []

    def test_a_notice_for_now_holds_at_once(self, store: Store) -> None:
        until = datetime.now(CHINA) + timedelta(1)
        assert service.add_notice(store, "x", end=until).holds(clock.minute())


def test_a_list_has_its_own_title_and_source(store: Store) -> None:
    (known,) = store.lists()
    both = replace(store.contents(), lists=(known, replace(known, slug="other", title="另一名单")))
    client = make_app(snapshot_of(both)).test_client()
    page = client.get("/embed?list=other").text
    assert "<title>另一名单</title>" in page
    assert "<h1>另一名单</h1>" in page
    with client.application.test_request_context():
        snap = snapshot_of(both)
        assert oembed.title_of(snap, {"list": "other"}) == "另一名单"
    for path in ("/embed", "/"):
        assert f">{known.title}</bdi>" in client.get(path).text.rpartition("<footer")[2], path
        footer = client.get(f"{path}?list=other").text.rpartition("<footer")[2]
        assert ">另一名单</bdi>" in footer, path
        assert known.title not in footer, path
