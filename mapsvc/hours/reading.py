"""From text to rules: the tokens of both ways of writing, and one grammar over them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from mapsvc.hours.parts import (
    CLOCK,
    DATE,
    DAY,
    DAY_READERS,
    ZHOU,
    read_dates,
    read_span,
    refuse,
)
from mapsvc.hours.rules import ALL_DAY, EVERY_DAY, Dates, Rule, Span

FORM = "written like Mo-Fr 09:00-17:00; Sa 09:30-16:00; PH off"
_MOST_CHARS = 500
_MOST_RULES = 50

_PH = "ph\\b|(?:国家|国定)?(?:法定)?(?:节假日|假日|公众假期|节日|假期)"

_TOKENS = {
    "blank": r"[\s:()]+|为|是|均|都|逢|含|的",
    "end": r";",
    "comma": r",",
    "always": r"24/7\b|24\s*小时(?:营业|服务|自助服务|自助|开放)?|全天候?(?:营业|服务|开放)?",
    "dates": rf"{DATE}(?:\s*-\s*(?:{DATE}|\d{{1,2}}(?![\d:])[日号]?))?",
    "times": rf"{CLOCK}\s*-\s*{CLOCK}",
    "except": rf"除(?:{_PH})(?:之?外)?|(?:{_PH})\s*除外",
    "holidays": _PH,
    "workdays": r"工作日",
    "weekend": r"双休日|休息日|(?:周|星期)末",
    "off": r"off\b|closed\b|(?:暂停|停止|不对外|不)(?:营业|办公|开放|服务)"
    r"|休息|休业|停业|歇业|关门|关闭|公休|休",
    "every": r"每[天日]|天天|全[年周](?:无休)?|daily\b",
    "chinese days": rf"每?{ZHOU}[一二三四五六日天]"
    rf"(?:\s*[-,]?\s*{ZHOU}?[一二三四五六日天])*",
    "days": rf"{DAY}(?![a-z])(?:\s*-\s*{DAY}(?![a-z]))?",
    "open": r"对外营业|营业|开放|办公",
}
"""Each kind of token as it is written; the first that fits is meant."""
_TOKEN = re.compile(
    "|".join(f"(?P<t{number}>{pattern})" for number, pattern in enumerate(_TOKENS.values())),
    re.IGNORECASE,
)
_KINDS = tuple(_TOKENS)
_TITLE = re.compile(r"^\s*(?:对外|柜面|网点)?(?:营业|开放|办公|服务|工作)时间\s*:?")
_SPELLINGS = str.maketrans(
    {
        **dict.fromkeys("~〜—–―−‐‑至到", "-"),
        **dict.fromkeys("、", ","),
        **dict.fromkeys("。\n\r|", ";"),
    }
)


class _Token(NamedTuple):
    kind: str
    text: str


def read_rules(text: str) -> tuple[Rule, ...]:
    """The rules of opening hours; see docs/data.md for what can be written.

    Raises:
        InvalidValue: the name is ``hours``, the value the part that is wrong.
    """
    if len(text) > _MOST_CHARS:
        refuse(text, f"a text of at most {_MOST_CHARS} characters")
    plain = unicodedata.normalize("NFKC", text).translate(_SPELLINGS)
    rules = _Reader().read(_tokens(_TITLE.sub("", plain)))
    if not rules:
        refuse(text, FORM)
    if len(rules) > _MOST_RULES:
        refuse(text, f"hours of at most {_MOST_RULES} rules")
    _refuse_hidden(rules)
    return tuple(rules)


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            before, after = (re.split(r"[\s,;]", part) for part in (text[:at], text[at:]))
            refuse(
                f"{before[-1]}{after[0]}",
                f"a weekday, date, holiday, time or off; hours are {FORM}",
            )
        yield _Token(_KINDS[(match.lastindex or 1) - 1], match[0])
        at = match.end()


@dataclass(slots=True)
class _Draft:
    """A rule while it is read."""

    texts: list[str] = field(default_factory=list)
    weekdays: set[int] = field(default_factory=set)
    dates: list[Dates] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    holidays: bool = False
    every_day: bool = False
    off: bool = False
    after_comma: bool = False

    @property
    def is_timed(self) -> bool:
        return self.off or bool(self.spans)

    @property
    def is_selecting(self) -> bool:
        return bool(self.weekdays or self.dates or self.holidays or self.every_day)


class _Reader:
    """Puts tokens together. Days after times begin another rule, with or without a semicolon."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._draft = _Draft()
        self._closed_on_holidays = False

    def read(self, tokens: Iterator[_Token]) -> list[Rule]:
        comma = False
        for token in tokens:
            if token.kind in {"blank", "open"}:
                continue
            if token.kind == "end":
                self._finish()
            elif token.kind != "comma":
                self._take(token, after_comma=comma)
            comma = token.kind == "comma"
        self._finish()
        if self._closed_on_holidays and not any(rule.holidays for rule in self._rules):
            # Before what is said of dates: that is meant for itself.
            regular = [rule for rule in self._rules if not rule.dates]
            dated = [rule for rule in self._rules if rule.dates]
            return [*regular, Rule(holidays=True), *dated]
        return self._rules

    def _take(self, token: _Token, *, after_comma: bool) -> None:
        kind, text = token
        if kind == "except":
            self._closed_on_holidays = True
            return
        is_time = kind in {"times", "off", "always"}
        if not is_time and self._draft.is_timed:
            self._finish()
            self._draft.after_comma = after_comma
        draft = self._draft
        draft.texts.append(text)
        if kind == "times":
            draft.spans.append(read_span(text))
        elif kind == "always":
            draft.spans.append(ALL_DAY)
        elif kind == "off":
            draft.off = True
        elif kind == "dates":
            draft.dates.append(read_dates(text))
        elif kind == "holidays":
            draft.holidays = True
        elif kind == "every":
            draft.every_day = True
        else:
            self._closed_on_holidays |= kind == "workdays"
            draft.weekdays |= DAY_READERS[kind](text)

    def _finish(self) -> None:
        draft, self._draft = self._draft, _Draft()
        if not draft.texts:
            return
        written = " ".join(draft.texts)
        if not draft.is_timed:
            refuse(written, "followed by times such as 09:00-17:00, or by off")
        if draft.off and draft.spans:
            refuse(written, "either times or off: a rule has one of them")
        weekdays = set(EVERY_DAY) if draft.every_day or not draft.is_selecting else draft.weekdays
        rule = Rule(
            spans=_in_order(draft.spans, written),
            weekdays=tuple(sorted(weekdays)),
            holidays=draft.holidays,
            dates=tuple(draft.dates),
        )
        if draft.after_comma and rule.spans and rule.is_regular:
            for other in self._rules:
                if other.is_regular and set(other.days) & set(rule.days):
                    refuse(
                        written,
                        "clear after a comma: the days have times already; write all times of a "
                        "day in one rule (We 09:00-12:00,14:00-18:00), or ; before another rule",
                    )
        self._rules.append(rule)


def _in_order(spans: list[Span], written: str) -> tuple[Span, ...]:
    for one, other in pairwise(spans):
        if other.start < one.end:
            refuse(
                written,
                f"in order: {other} begins before {one} ends; the afternoon's hours are 13 to 24, "
                "or after 下午",
            )
    return tuple(spans)


def _refuse_hidden(rules: list[Rule]) -> None:
    """A rule that a later one replaces by mistake: the last one that fits a day counts."""
    for number, rule in enumerate(rules):
        later = rules[number + 1 :]
        covered = {day for other in later if not other.dates for day in other.days}
        if rule.dates:
            is_hidden = bool(covered & set(rule.days)) or any(
                other.holidays and not other.dates for other in later
            )
        elif rule.holidays:
            is_hidden = any(not other.dates for other in later)
        else:
            is_hidden = covered >= set(rule.days)
        if is_hidden:
            refuse(
                str(rule),
                "in its place: a later rule is for the same days, and the last one counts; the "
                "plain week comes first, then holidays (PH), then dates",
            )
