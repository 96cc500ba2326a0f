"""The names of areas, banks and towns, ready to be searched by text and pinyin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from weakref import WeakKeyDictionary

from mapsvc.address.divisions import short
from mapsvc.address.pinyin import spelled
from mapsvc.address.searched import key, word_starts
from mapsvc.address.towns import shipped_towns, stem
from mapsvc.areas import Areas
from mapsvc.lists.banks import banks
from mapsvc.search.matching import Rank, Wanted
from mapsvc.snapshot import Snapshot
from mapsvc.snapshot.lines import Lines

_LATIN = "\x1f"
"""Before an English name, in which only beginnings of words are found: gh is not in Shanghai."""


@dataclass(frozen=True, slots=True)
class Named:
    """Something with names; the first one is shown."""

    code: str
    name: str
    name_en: str
    detail: str
    others: tuple[str, ...] = ()
    """Further names that it is found by."""


class Vocabulary:
    """Named things, found by any of their names.

    >>> names = Vocabulary([Named("330212", "鄞州区", "Yinzhou", "宁波市", ("鄞州",))])
    >>> [(rank.name, named.code) for rank, named in names.find(Wanted.of("yz"))]
    [('WHOLE', '330212')]
    """

    def __init__(self, things: Sequence[Named]) -> None:
        self._things = things
        self._numbers: list[int] = []
        forms: list[str] = []
        for number, thing in enumerate(things):
            found = dict.fromkeys(key(name) for name in (thing.name, *thing.others) if key(name))
            found |= dict.fromkeys(f"{_LATIN}{word}" for word in word_starts(thing.name_en))
            forms += found
            self._numbers += [number] * len(found)
        spellings = [spelled(form) for form in forms]
        self._forms = forms
        self._texts, self._spellings = Lines(forms), Lines(spellings)
        self._sizes = [spelling.count(" ") for spelling in spellings]

    def find(self, wanted: Wanted) -> Iterator[tuple[Rank, Named]]:
        """What matches, each once with its best rank, in no particular order.

        Pinyin is looked for at the beginning of names alone.
        """
        best: dict[int, Rank] = {}
        for line, start, end in self._texts.holding(wanted.text):
            form = self._forms[line]
            begins = start == (1 if form[0] == _LATIN else 0)
            if begins and end == len(form):
                self._note(best, line, Rank.WHOLE)
            elif begins or form[0] != _LATIN:
                self._note(best, line, Rank.BEGINS if begins else Rank.INSIDE)
        for reading in wanted.readings:
            for line, _, _ in self._spellings.matching(f"^{reading.pattern}"):
                is_all = len(reading.pieces) == self._sizes[line]
                self._note(best, line, Rank.WHOLE if is_all else Rank.BEGINS)
        for number, rank in best.items():
            yield rank, self._things[number]

    def _note(self, best: dict[int, Rank], line: int, rank: Rank) -> None:
        number = self._numbers[line]
        best[number] = min(rank, best.get(number, rank))


@cache
def bank_names() -> Vocabulary:
    """All known banks."""
    return Vocabulary(
        [
            Named(bank.code, bank.short, bank.name_en, bank.name, (bank.name, *bank.aliases))
            for bank in banks().values()
        ]
    )


_places: WeakKeyDictionary[Areas, tuple[Vocabulary, Vocabulary]] = WeakKeyDictionary()


def place_names(snapshot: Snapshot) -> tuple[Vocabulary, Vocabulary]:
    """The areas, each of which has a page of its own, and the official towns of the districts."""
    areas = snapshot.areas
    if areas not in _places:
        cities = {
            entry.district.code: entry.district.city or entry.district.province
            for entry in snapshot.districts
        }
        _places[areas] = (_area_names(areas, cities), _town_names(areas))
    return _places[areas]


def _area_names(areas: Areas, cities: Mapping[str, str]) -> Vocabulary:
    # Also what lies above the roots, and is passed over by views: it has its pages, too.
    above = {part for root in areas.roots for part in (f"{root[:2]}0000", f"{root[:4]}00")}
    codes = [*sorted(code for code in above - {*areas.roots} if code in areas), *areas.roots]
    known: dict[str, Named] = {}
    for code in codes:
        area = areas.get(code)
        codes += [child for child in area.children if child not in known]
        within = cities.get(code) or (areas.get(area.parent).name if area.parent else "")
        known[code] = Named(code, area.name, area.name_en, within, (short(area.name),))
    return Vocabulary(list(known.values()))


def _town_names(areas: Areas) -> Vocabulary:
    codes = [code for root in areas.roots for code in areas.get(root).districts]
    return Vocabulary(
        [
            Named(town.code, town.name, "", areas.get(town.district).name, (stem(town.name),))
            for town in shipped_towns().within(codes)
            if town.district in areas
        ]
    )
