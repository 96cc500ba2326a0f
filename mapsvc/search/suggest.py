"""What a few typed letters can mean, best first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mapsvc.address.parts import parse
from mapsvc.model import Point
from mapsvc.search.matching import Rank, Span, Wanted, spans
from mapsvc.search.places import BRANCHES, known
from mapsvc.search.vocabulary import Named, bank_names, place_names
from mapsvc.snapshot import Snapshot

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
    """A branch's id, the code of a bank, area or town, or the text of a place."""
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

    Areas, banks and towns that begin with the text come before branches, and branches before
    things that only hold it. Of things of one kind the one with more branches comes first.
    """
    wanted = Wanted.of(text)
    if not wanted.text or limit < 1:
        return []
    found = sorted(_things(snapshot, wanted), key=lambda pair: pair[0])
    first = [thing for order, thing in found if order[0] < Rank.INSIDE]
    rest = [thing for order, thing in found if order[0] >= Rank.INSIDE]
    chosen = _shared(first)[:limit]
    chosen += [_branch(f, wanted) for f in snapshot.suggested(text, limit - len(chosen))]
    if len(chosen) < limit:
        chosen += _place(snapshot, text, wanted)
    return [*chosen, *_shared(rest)][:limit]


def _shared(found: Sequence[Suggestion]) -> list[Suggestion]:
    """At most `_SHARE` of each kind."""
    left = dict.fromkeys(Kind, _SHARE)
    chosen = []
    for thing in found:
        if left[thing.kind]:
            left[thing.kind] -= 1
            chosen.append(thing)
    return chosen


Order = tuple[Rank, int, int, str]


def _things(snapshot: Snapshot, wanted: Wanted) -> Iterator[tuple[Order, Suggestion]]:
    areas, towns = place_names(snapshot)
    of_district = {entry.district.code: entry.count for entry in snapshot.districts}
    for rank, named in areas.find(wanted):
        count = sum(of_district.get(code, 0) for code in snapshot.areas.get(named.code).districts)
        yield (rank, 0, -count, named.code), _thing(Kind.DISTRICT, named, wanted, count)
    of_bank = {known.bank.code: known.count for known in snapshot.banks}
    for rank, named in bank_names().find(wanted):
        # One that is named in full and has none is said to have none.
        if (count := of_bank.get(named.code, 0)) or rank is Rank.WHOLE:
            yield (rank, 1, -count, named.code), _thing(Kind.BANK, named, wanted, count)
    for rank, named in towns.find(wanted):
        yield (rank, 2, 0, named.code), _thing(Kind.TOWN, named, wanted, None)


def _thing(kind: Kind, named: Named, wanted: Wanted, count: int | None) -> Suggestion:
    typed = spans(wanted, named.name)
    return Suggestion(kind, named.code, named.name, named.name_en, named.detail, count, typed)


def _place(snapshot: Snapshot, text: str, wanted: Wanted) -> Iterator[Suggestion]:
    """The place of an address on a road that branches are on."""
    if not parse(text).streets:
        return
    found = known(snapshot, text)
    if found is not None and found.source == BRANCHES:
        typed = spans(wanted, found.label)
        yield Suggestion(Kind.PLACE, text.strip(), found.label, "", "", None, typed, found.point)


def _branch(feature: bytes, wanted: Wanted) -> Suggestion:
    branch = json.loads(feature)
    given, place = branch["properties"], branch["geometry"]
    return Suggestion(
        *(Kind.BRANCH, given["id"], given["name"], "", given["address"], None),
        spans(wanted, given["name"]),
        Point(*place["coordinates"]) if place else None,
    )
