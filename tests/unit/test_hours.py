"""Opening hours: what is read and refused, and what it means for days and moments.

docs/data.md has further examples and errors; `tests.unit.doc_checks` holds them to the code.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapsvc.errors import InvalidValue
from mapsvc.hours import CHINA, Dates, Hours, Rule, Span, State, canonical_hours
from mapsvc.hours.calendar import Kind, kind_of

BANK = Hours.parse("Mo-Fr 09:00-12:00,13:00-17:00; Sa 09:30-16:00; PH off")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def times(hours: Hours, day: str) -> str:
    return ",".join(map(str, hours.spans(date.fromisoformat(day)))) or "off"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("9:00-17:00", "Mo-Su 09:00-17:00"),
        ("Mo-Su 00:00-24:00", "24/7"),
        ("24小时营业", "24/7"),
        ("全年无休 9:00-17:00", "Mo-Su 09:00-17:00"),
        ("monday-FRIDAY 09:00-17:00", "Mo-Fr 09:00-17:00"),
        ("Sa-Mo 10:00-12:00", "Mo,Sa,Su 10:00-12:00"),
        ("Mo-Fr 09:00-17:00;; Sa off;", "Mo-Fr 09:00-17:00; Sa off"),
        ("Mo-Fr 9:00-17:00, Sa 10:00-12:00", "Mo-Fr 09:00-17:00; Sa 10:00-12:00"),
        ("Ｍｏ－Ｆｒ　９：００～１７：００", "Mo-Fr 09:00-17:00"),
        ("Feb 29 off", "Feb 29 off"),
        ("Mar off", "Mar 01-31 off"),
        ("Dec 24,Dec 31 09:00-12:00", "Dec 24,Dec 31 09:00-12:00"),
        ("Dec 25-Jan 03 off", "Dec 25-Jan 03 off"),
        ("2026 Dec 30-Jan 03 off", "2026 Dec 30-2027 Jan 03 off"),
        ("2026-10-01至2026-10-07休息", "2026 Oct 01-07 off"),
        ("Sa,Su,PH 10:00-15:00", "Sa,Su,PH 10:00-15:00"),
        ("周一三五 9:00-12:00", "Mo,We,Fr 09:00-12:00"),
        ("每周一至周五9:00-17:00", "Mo-Fr 09:00-17:00"),
        ("周日至周四：上午9时至下午5时", "Mo-Th,Su 09:00-17:00"),
        ("对外营业时间：周一至周日（含节假日）9:00-17:00", "Mo-Su,PH 09:00-17:00"),
        ("周一至周五 9:00-17:00 双休日 9:30-16:00", "Mo-Fr 09:00-17:00; Sa,Su 09:30-16:00"),
        ("周一至周五 9:00-17:00，休息日不营业", "Mo-Fr 09:00-17:00; Sa,Su off"),
        ("工作日9:00-17:00；5月1日 10:00-12:00", "Mo-Fr 09:00-17:00; PH off; May 01 10:00-12:00"),
        ("工作日9:00-17:00；节假日10:00-15:00", "Mo-Fr 09:00-17:00; PH 10:00-15:00"),
        ("中午12:00-晚上12:00", "Mo-Su 12:00-24:00"),
        ("off", "off"),
    ],
)
def test_many_ways_to_write_are_one_text(text: str, canonical: str) -> None:
    hours = Hours.parse(text)
    assert str(hours) == canonical
    assert Hours.parse(canonical) == hours
    assert canonical_hours(text) == canonical


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "''"),
        ("另行通知", "'另行通知'"),
        ("Mo-Xx 09:00-17:00", "'Mo-Xx'"),
        ("周八 9:00-17:00", "'周八'"),
        ("Mo-Fr 25:00-26:00", "'25:00-26:00'"),
        ("Mo-Fr 09:00-31:00", "'09:00-31:00'"),
        ("Mo-Fr 09:60-17:00", "'09:60'"),
        ("Mo-Fr 09:5-17:00", "'09:5'"),
        ("Mo-Fr 12:00-12:00", "'12:00-12:00'"),
        ("Mo 09:00-12:00,11:00-13:00", "'Mo 09:00-12:00 11:00-13:00'"),
        ("Mo off 09:00-12:00", "'Mo off 09:00-12:00'"),
        ("2026 Oct 07-01 off", "'2026 Oct 07-01'"),
        ("13月1日休息", "'13月1日'"),
        ("Apr 31 off", "'Apr 31'"),
        ("Oct 01-2026 Oct 07 off", "'Oct 01-2026 Oct 07'"),
        ("2026 Oct 01-07 off; Mo-Fr 09:00-17:00", "'2026 Oct 01-07 off'"),
        ("2026 Oct 01 10:00-12:00; PH off", "'2026 Oct 01 10:00-12:00'"),
        ("Mo-Fr 09:00-17:00; Mo-Su 10:00-12:00", "'Mo-Fr 09:00-17:00'"),
        ("Sa,Su,PH 10:00-15:00; Mo-Fr 09:00-17:00", "'Sa,Su,PH 10:00-15:00'"),
        ("Mo-Fr sunrise-sunset", "'sunrise-sunset'"),
        ("week 1-3 off", "'week'"),
        ('Mo "by appointment"', "'\"by'"),
        ("Mo-Fr 09:00-17:00 || off", "'Mo-Fr"),
        ("; ".join(["Mo off"] * 90), "'Mo off"),
        ("x" * 501, "'xxx"),
        ("<script>alert(1)</script>", "'<script>alert"),
    ],
)
def test_the_part_that_is_wrong_is_said(text: str, part: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        Hours.parse(text)
    assert str(caught.value).startswith(f"hours: {part}"), str(caught.value)
    assert canonical_hours(text) is None


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-11-23", "09:00-12:00,13:00-17:00"),  # Monday
        ("2026-11-28", "09:30-16:00"),  # Saturday
        ("2026-11-29", "off"),
        ("2026-10-01", "off"),  # National Day, a Thursday
        ("2026-10-10", "09:00-12:00,13:00-17:00"),  # a Saturday that is worked
        ("2026-09-20", "09:00-12:00,13:00-17:00"),  # a Sunday that is worked
        ("2026-02-16", "off"),  # New Year's Eve, by the moon
        ("2027-10-01", "off"),  # not announced yet: by law
        ("2027-10-04", "09:00-12:00,13:00-17:00"),
        ("2044-05-02", "off"),  # beyond the table: fixed dates only
        ("2044-01-28", "09:00-12:00,13:00-17:00"),
    ],
)
def test_holidays_and_exchanged_days(day: str, expected: str) -> None:
    assert times(BANK, day) == expected


def test_hours_that_do_not_name_holidays_follow_the_plain_week() -> None:
    plain = Hours.parse("Mo-Fr 09:00-17:00")
    assert times(plain, "2026-10-01") == "09:00-17:00"
    assert times(plain, "2026-10-10") == "off"


def test_dates_count_in_their_years_and_over_new_year() -> None:
    hours = Hours.parse("Mo-Su 09:00-17:00; Dec 25-Jan 03 10:00-12:00; 2026 Jan 02 off")
    assert [times(hours, d) for d in ("2025-12-24", "2025-12-25", "2026-01-02", "2027-01-02")] == [
        "09:00-17:00", "10:00-12:00", "off", "10:00-12:00",
    ]  # fmt: skip
    whole = Hours.parse("May-Sep Mo-Fr 08:30-17:30")
    assert [times(whole, d) for d in ("2026-04-30", "2026-05-01", "2026-09-30", "2026-10-01")] == [
        "off", "08:30-17:30", "08:30-17:30", "off",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-23T08:59:59", State(False, at("2026-11-23T09:00"))),
        ("2026-11-23T09:00", State(True, at("2026-11-23T12:00"))),
        ("2026-11-23T12:00", State(False, at("2026-11-23T13:00"))),
        ("2026-11-23T17:00", State(False, at("2026-11-24T09:00"))),
        ("2026-11-28T16:00", State(False, at("2026-11-30T09:00"))),
        ("2026-09-30T17:30", State(False, at("2026-10-08T09:00"))),
    ],
)
def test_the_state_and_its_next_change(now: str, expected: State) -> None:
    assert BANK.state(at(now)) == expected
    assert BANK.is_open(at(now)) == expected.is_open
    assert BANK.state(at(now).astimezone(UTC)) == expected, "whatever zone the time is in"


def test_past_midnight_belongs_to_its_first_day() -> None:
    bar = Hours.parse("Fr 22:00-26:00; Sa 01:00-03:00")
    assert bar.state(at("2026-11-27T23:00")) == State(True, at("2026-11-28T03:00"))
    assert bar.is_open(at("2026-11-28T00:30"))
    assert bar.state(at("2026-11-28T03:00")) == State(False, at("2026-12-04T22:00"))


def test_what_never_changes() -> None:
    assert Hours.parse("24/7").state(at("2026-11-23T03:00")) == State(True, None)
    assert Hours.parse("off").state(at("2026-11-23T03:00")) == State(False, None)
    assert Hours.parse("2020 Jan 01 09:00-12:00").state(at("2026-11-23T03:00")) == State(
        False, None
    )


def test_a_day_has_aware_openings() -> None:
    (morning, afternoon) = BANK.on(date(2026, 11, 23))
    assert (morning.start, afternoon.end) == (at("2026-11-23T09:00"), at("2026-11-23T17:00"))
    assert morning.start.utcoffset() == timedelta(hours=8)
    assert BANK.on(date(2026, 10, 1)) == ()


def test_week_and_exceptions() -> None:
    hours = Hours.parse("Mo-Fr 09:00-17:00; Sa,PH 10:00-12:00; 2026 Oct 01-07 off")
    day, short = (Span(540, 1020),), (Span(600, 720),)
    assert hours.week() == (day, day, day, day, day, short, ())
    october = Dates(2026, (10, 1), 2026, (10, 7))
    assert hours.exceptions() == (Rule(short, (), True), Rule((), (), False, (october,)))


def test_schema_org() -> None:
    kind = {"@type": "OpeningHoursSpecification"}
    week = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
    assert BANK.schema_org() == [
        kind | {"dayOfWeek": week, "opens": "09:00", "closes": "12:00"},
        kind | {"dayOfWeek": week, "opens": "13:00", "closes": "17:00"},
        kind | {"dayOfWeek": ["Saturday"], "opens": "09:30", "closes": "16:00"},
    ]
    unlike = BANK.schema_org(date(2026, 9, 18))[3:]
    assert [(each["validFrom"], each["opens"]) for each in unlike[:2]] == [
        ("2026-09-20", "09:00"), ("2026-09-20", "13:00"),
    ]  # fmt: skip  # the Sunday that is worked
    closed = [
        (each["validFrom"], each["validThrough"]) for each in unlike if each["closes"] == "00:00"
    ]
    # The Sundays among the holidays are as closed as any.
    assert closed == [
        ("2026-09-25", "2026-09-26"), ("2026-10-01", "2026-10-03"), ("2026-10-05", "2026-10-07"),
    ]  # fmt: skip
    always = Hours.parse("24/7").schema_org()[0]
    assert (always["opens"], always["closes"]) == ("00:00", "23:59")
    assert Hours.parse("Fr 22:00-26:00").schema_org()[0]["closes"] == "02:00"


def test_the_calendar_holds_together() -> None:
    """A day that is worked in exchange is a Saturday or Sunday, and no holiday is missing."""
    for year in range(2024, 2036):
        days = [date(year, 1, 1) + timedelta(n) for n in range(365)]
        kinds = {day: kind for day in days if (kind := kind_of(day)) is not None}
        assert all(day.weekday() > 4 for day, kind in kinds.items() if kind is Kind.WORKED)
        holidays = [day for day, kind in kinds.items() if kind is Kind.HOLIDAY]
        assert {(day.month, day.day) for day in holidays} >= {(1, 1), (5, 1), (10, 1), (10, 2)}
        assert len(holidays) >= 13 - 1  # Mid-autumn may fall on 1 to 3 October


ATOMS = ("Mo", "Mo-Fr", "Sa,Su", "PH", "2026 Oct 01-07", "May-Sep", "周一至周五", "节假日",
         "9:00-17:00", "22:00-26:00", "24/7", "off", "休息", ";", ",", "工作日", "每天",
         "下午1:30-5:00", "10月1日", "至", "x")  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from(ATOMS), max_size=9).map(" ".join))
def test_whatever_is_read_comes_back_and_state_agrees_with_days(text: str) -> None:
    try:
        hours = Hours.parse(text)
    except InvalidValue:
        return
    assert Hours.parse(str(hours)) == hours
    now = at("2026-09-29T00:00")
    for _ in range(12):
        is_open, until = hours.state(now)
        assert is_open == hours.is_open(now)
        if until is None:
            break
        assert until > now
        assert hours.is_open(until) != is_open
        assert hours.is_open(until - timedelta(minutes=1)) == is_open
        now = until


@given(st.text(max_size=60))
def test_no_text_is_more_than_refused(text: str) -> None:
    canonical = canonical_hours(text)
    assert canonical is None or canonical_hours(canonical) == canonical
