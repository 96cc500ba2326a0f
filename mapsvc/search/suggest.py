"""What a few typed letters can mean, best first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from mapsvc.address.searched import key
from mapsvc.address.towns import shipped_towns
from mapsvc.model import Point
from mapsvc.search.matching import Match, Rank, Span, match
from mapsvc.snapshot import BranchQuery, Snapshot

_SHARE = 4
"""So many districts, and as many banks and towns, are suggested where more than that match."""


class Kind(StrEnum):
    """What a suggestion is; in the order in which equally good ones stand."""

    DISTRICT = "district"
    BANK = "bank"
    TOWN = "town"
    BRANCH = "branch"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing that the typed text can mean."""

    kind: Kind
    key: str
    """A branch's id, the code of a bank, district or town, or the address of a place."""
    name: str
    name_en: str
    detail: str
    """What tells it from others of that name: a branch's address, the city of a district."""
    count: int | None
    """How many branches it has; None where that is not counted."""
    spans: tuple[Span, ...]
    """Which characters of ``name`` were typed."""
    point: Point | None = None


def suggest(snapshot: Snapshot, text: str, limit: int) -> list[Suggestion]:
    """At most ``limit`` suggestions, best first.

    Districts, banks and towns that begin with the text come before branches, and branches before
    things that only hold it.
    """
    typed = key(text)
    if not typed or limit < 1:
        return []
    found = sorted(_things(snapshot, typed), key=lambda pair: pair[0])
    first = [thing for order, thing in found if order[0] < Rank.INSIDE]
    rest = [thing for order, thing in found if order[0] >= Rank.INSIDE]
    chosen = _shared(first)
    if len(chosen) < limit:
        chosen += _branches(snapshot, typed, limit - len(chosen))
    return [*chosen, *_shared(rest)][:limit]


def _shared(found: list[Suggestion]) -> list[Suggestion]:
    """At most `_SHARE` of each kind."""
    left = dict.fromkeys(Kind, _SHARE)
    chosen = []
    for thing in found:
        if left[thing.kind]:
            left[thing.kind] -= 1
            chosen.append(thing)
    return chosen


Order = tuple[Rank, int, int, str]


def _things(snapshot: Snapshot, typed: str) -> Iterator[tuple[Order, Suggestion]]:
    for entry in snapshot.districts:
        district = entry.district
        if found := _best(typed, district.name, district.name_en):
            yield (
                (found.rank, 0, -entry.count, district.code),
                Suggestion(
                    *(Kind.DISTRICT, district.code, district.name, district.name_en),
                    *(district.city or district.province, entry.count, found.spans),
                ),
            )
    for known in snapshot.banks:
        bank = known.bank
        if found := _best(typed, bank.short, bank.name, bank.name_en, *bank.aliases):
            yield (
                (found.rank, 1, -known.count, bank.code),
                Suggestion(
                    *(Kind.BANK, bank.code, bank.short, bank.name_en),
                    *(bank.name, known.count, found.spans),
                ),
            )
    names = {entry.district.code: entry.district.name for entry in snapshot.districts}
    for town in shipped_towns().within(names):
        if found := match(typed, town.name):
            yield (
                (found.rank, 2, 0, town.code),
                Suggestion(
                    *(Kind.TOWN, town.code, town.name, "", names[town.district], None),
                    found.spans,
                ),
            )


def _best(typed: str, shown: str, *others: str) -> Match | None:
    """The best match among a thing's names; only those of the shown one have spans."""
    found = [match(typed, shown)]
    matched = (match(typed, other) for other in others)
    found += [Match(each.rank, ()) for each in matched if each]
    return min(filter(None, found), key=lambda each: each.rank, default=None)


def _branches(snapshot: Snapshot, typed: str, limit: int) -> Iterator[Suggestion]:
    for feature in snapshot.page(BranchQuery(q=typed), limit).features:
        branch = json.loads(feature)
        given, place = branch["properties"], branch["geometry"]
        matched = match(typed, given["name"])
        yield Suggestion(
            *(Kind.BRANCH, given["id"], given["name"], "", given["address"], None),
            matched.spans if matched else (),
            Point(*place["coordinates"]) if place else None,
        )
