"""What follows the administrative part: villages, streets, house numbers, places, units.

A table of rules, each a pattern that is tried at one place of the text and a step that files what
it matched. Nothing is thrown away: what no rule knows goes to ``rest``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from mapsvc.address import grammar
from mapsvc.address.numbers import split_numbers


@dataclass(slots=True)
class Body:
    """The parts in the order of the text."""

    streets: list[tuple[str, list[str]]] = field(default_factory=list)
    """What house numbers are given on, with the numbers."""
    places: list[tuple[str, str]] = field(default_factory=list)
    """A named place, and the building of it that was written right behind."""
    village: str = ""
    crossing: tuple[str, ...] = ()
    buildings: list[str] = field(default_factory=list)
    floors: list[str] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)
    landmarks: list[str] = field(default_factory=list)
    relations: list[str] = field(default_factory=list)
    rest: str = ""
    last: str = ""
    """What was read last: street, number, village, place, unit, relation or nothing."""


def _separator(body: Body, match: re.Match[str]) -> int:
    if match[0] == "和":
        ahead = grammar.STREET.match(match.string, match.end())
        if body.last not in {"street", "number"} or not ahead or _is_stump(ahead[0]):
            return 0
    return match.end()


def _is_stump(street: str) -> bool:
    """平路 and 义大道 are what 和平路 and 和义大道 leave behind."""
    return len(re.sub(f"[东南西北中]?{grammar.ROAD}$", "", street)) < 2


def _street(body: Body, match: re.Match[str]) -> int:
    name, start = match[0], match.start()
    place = grammar.PLACE_THEN.match(name)
    if place and len(place[2]) > 1 and not grammar.DIRECTED.fullmatch(place[2]):
        body.places.append((place[1], ""))
        name, start = place[2], start + place.end(1)
    body.streets.append((name, []))
    body.last = "street"
    return start + len(name)


def _named(body: Body, match: re.Match[str]) -> int:
    if grammar.STALLS.match(match[1]) or len(match[1]) < 2:
        return 0
    body.streets.append((match[1], []))
    body.last = "street"
    return match.end()


def _numbers(body: Body, match: re.Match[str]) -> int:
    if body.last in {"village", "place"}:
        if body.last == "place" and grammar.STALLS.match(body.places[-1][0]):
            return 0
        name = body.village if body.last == "village" else body.places.pop()[0]
        body.streets.append((name, []))
    elif body.last not in {"street", "number"} or not body.streets:
        return 0
    known = body.streets[-1][1]
    if body.last == "number" and not match.string[: match.start()].endswith(
        (",", "及", "和", "与")
    ):
        return 0
    known += [number for number in split_numbers(match[0]) if number not in known]
    body.last = "number"
    return match.end()


def _bare_numbers(body: Body, match: re.Match[str]) -> int:
    return _numbers(body, match) if body.last == "street" else 0


def _kilometres(body: Body, match: re.Match[str]) -> int:
    if body.last != "street":
        return 0
    body.streets[-1][1].append(match[0].removesuffix("处"))
    body.last = "number"
    return match.end()


def _village(body: Body, match: re.Match[str]) -> int:
    if body.village or body.last == "place":
        return 0
    body.village, body.last = match[1], "village"
    return match.end()


def _group(body: Body, match: re.Match[str]) -> int:
    if body.last != "village":
        return 0
    body.rooms.append(match[0])
    return match.end()


def _building(body: Body, match: re.Match[str]) -> int:
    body.buildings.append(match[0])
    if body.last == "place":
        name, building = body.places[-1]
        body.places[-1] = (name, building + match[0])
        return match.end()
    body.last = "unit"
    return match.end()


def _floor(body: Body, match: re.Match[str]) -> int:
    body.floors.append(match[0])
    body.last = "unit"
    return match.end()


def _room(body: Body, match: re.Match[str]) -> int:
    body.rooms.append(match[0])
    body.last = "unit"
    return match.end()


def _bare_room(body: Body, match: re.Match[str]) -> int:
    housed = body.last in {"unit", "number"} or (
        body.last == "place"
        and (bool(body.places[-1][1]) or grammar.STALLS.match(body.places[-1][0]))
    )
    return _room(body, match) if housed else 0


def _crossing(body: Body, match: re.Match[str]) -> int:
    if body.last == "street" and len(body.streets) > 1 and not body.crossing:
        body.crossing = (body.streets[-2][0], body.streets[-1][0])
    body.relations.append(match[0])
    body.last = "relation"
    return match.end()


def _relation(body: Body, match: re.Match[str]) -> int:
    if body.last == "place":
        name, building = body.places.pop()
        body.landmarks.append(name + building)
    elif not body.last:
        return 0
    body.relations.append(match[0])
    body.last = "relation"
    return match.end()


def _inside(body: Body, match: re.Match[str]) -> int:
    return match.end() if body.last else 0


def _place(body: Body, match: re.Match[str]) -> int:
    text, start = match.string, match.start()
    end = start + 1
    while end < len(text) and grammar.PLACE_CHARACTER.match(text, end):
        if end - start > 1 and grammar.STOP.match(text, end):
            break
        end += 1
    name = text[start:end]
    if not re.search("[㐀-鿿a-z]{2}", name):
        body.rest += name  # as a whole, or each of its characters would be read to its end again
        return end
    body.places.append((name, ""))
    body.last = "place"
    return end


def _rest(body: Body, match: re.Match[str]) -> int:
    body.rest += match[0]
    return match.end()


_RULES: tuple[tuple[re.Pattern[str], Callable[[Body, re.Match[str]], int]], ...] = (
    (grammar.AND, _separator),
    (grammar.CROSSING, _crossing),
    (grammar.RELATION, _relation),
    (grammar.INSIDE, _inside),
    (grammar.HIGHWAY, _street),
    (grammar.KILOMETRE_MARK, _kilometres),
    (grammar.NUMBERS, _numbers),
    (grammar.LANE, _numbers),
    (grammar.GROUP, _group),
    (grammar.BUILDING, _building),
    (grammar.FLOOR, _floor),
    (grammar.ROOM, _room),
    (grammar.BARE, _bare_numbers),
    (grammar.BARE_ROOM, _bare_room),
    (grammar.VILLAGE, _village),
    (grammar.RING, _street),
    (grammar.STREET, _street),
    (grammar.NAMED, _named),
    (grammar.WEAK, _street),
    (grammar.PLACE_CHARACTER, _place),
    (re.compile(".", re.DOTALL), _rest),
)
"""The first rule whose pattern matches here and whose step takes it (a step that leaves it says
0) moves on; the last takes any character."""


def read_body(text: str) -> Body:
    """Read the part of a canonical address behind the administrative one."""
    body = Body()
    position = 0
    while position < len(text):
        for pattern, step in _RULES:
            match = pattern.match(text, position)
            end = step(body, match) if match and match.end() > position else 0
            if end:
                position = end
                break
    return body
