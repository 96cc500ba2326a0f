"""What a branch's data means, in a visitor's words: precision, distances, doubts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.numbers import format_compact_decimal
from flask_babel import format_decimal, get_locale

from mapsvc.areas import Area, Level
from mapsvc.model import Precision, ReviewCode
from mapsvc.web.display import shown
from mapsvc.web.i18n import gettext, ngettext
from mapsvc.web.scale import Step

DistrictName = Callable[[str], str]
"""A district's name in the visitor's language, by its code."""

_LARGE = 100
"""Numbers that a legend has no room for."""


def number(value: int) -> str:
    """A number with its thousands parted, as both languages do it.

    >>> number(1234567)
    '1,234,567'
    """
    return f"{value:,}"


def branches(value: int) -> str:
    """A number of branches."""
    return ngettext("%(count)s branch", "%(count)s branches", value, count=number(value))


def step(value: Step) -> str:
    """A class of the colour scale; of large numbers only the least one, at its shortest."""
    if (value.last or value.first) < _LARGE:
        return value.label
    least = format_compact_decimal(value.first, fraction_digits=1, locale=get_locale())
    # Chinese shortens from ten thousand on, and leaves numbers before that without a comma.
    return f"{number(value.first) if least.isdecimal() else least}+"


@dataclass(frozen=True, slots=True)
class LevelWords:
    """What is said of the areas of one level."""

    one: str
    all: str
    numbers: str
    picture: str
    others: str
    without: str


def of_level(level: Level) -> LevelWords:
    """What is said of provinces, of cities, of districts."""
    if level == "province":
        return LevelWords(
            one=gettext("Province"),
            all=gettext("All provinces"),
            numbers=gettext("Branches per province"),
            picture=gettext("Map of the provinces and branches"),
            others=gettext("Other provinces"),
            without=gettext("Provinces without a branch:"),
        )
    if level == "city":
        return LevelWords(
            one=gettext("City"),
            all=gettext("All cities"),
            numbers=gettext("Branches per city"),
            picture=gettext("Map of the cities and branches"),
            others=gettext("Other cities"),
            without=gettext("Cities without a branch:"),
        )
    return LevelWords(
        one=gettext("District"),
        all=gettext("All districts"),
        numbers=gettext("Branches per district"),
        picture=gettext("Map of the districts and branches"),
        others=gettext("Other districts"),
        without=gettext("No branch on this list:"),
    )


def of_areas(areas: Sequence[Area]) -> LevelWords:
    """What is said of the areas of one view: of most of them, where levels are mixed."""
    levels = Counter(area.level for area in areas)
    return of_level(levels.most_common(1)[0][0] if levels else "district")


def distance(metres: float) -> str:
    """A distance as people say it: whole metres to a kilometre, then tenths of one."""
    step = 10 if metres >= 100 else 1
    rounded = round(metres / step) * step
    if rounded < 1000:
        return gettext("%(number)s m", number=rounded)
    kilometres = round(metres / 1000, 1 if metres < 10_000 else 0)
    return gettext("%(number)s km", number=format_decimal(kilometres))


def precision(value: Precision | None, radius_m: float | None) -> str:
    """How exact a place is, in a few words."""
    if value is None:
        return gettext("Place not known yet")
    if not value.is_approximate:
        return gettext("Exact place")
    radius = value.default_radius_m if radius_m is None else radius_m
    return gettext("Approximate place, within about %(distance)s", distance=distance(radius))


def origin(value: Precision | None) -> str:
    """What the place was found by, as a sentence."""
    return {
        None: gettext("No place was found for this address yet."),
        Precision.BUILDING: gettext("The building itself was found."),
        Precision.INTERPOLATED: gettext("Worked out from other house numbers on the same road."),
        Precision.STREET: gettext("Only the road is certain, not the place along it."),
        Precision.TOWN: gettext("Only the town or subdistrict is certain."),
        Precision.DISTRICT: gettext("Only the district is certain."),
        Precision.CITY: gettext("Only the city is certain."),
    }[value]


def doubt(reason: Mapping[str, Any], district_name: DistrictName) -> str:
    """One review reason as the API gives it (``code`` and figures), as a sentence."""
    say = _DOUBTS.get(ReviewCode(reason["code"]), _unsure)
    return say(reason, district_name)


def _unsure(_reason: Mapping[str, Any], _name: DistrictName) -> str:
    return gettext("The place is still being checked.")


def _low_precision(reason: Mapping[str, Any], _name: DistrictName) -> str:
    return origin(Precision(reason["precision"]))


def _district_mismatch(reason: Mapping[str, Any], name: DistrictName) -> str:
    stated = gettext(", ").join(name(code) for code in reason["stated"])
    return gettext(
        "The address says %(stated)s, but the place found lies in %(located)s.",
        stated=stated,
        located=name(reason["located"]),
    )


def _near_border(reason: Mapping[str, Any], _name: DistrictName) -> str:
    return gettext(
        "The place is %(distance)s from a district border, so the neighbouring district is "
        "possible, too.",
        distance=distance(reason["border_m"]),
    )


def _zone_alias(reason: Mapping[str, Any], _name: DistrictName) -> str:
    zone = reason.get("zone")
    if not zone:
        return gettext("The address names a development zone, which is no district.")
    return gettext(
        "“%(zone)s” is a development zone, not a district; the district was found by the place.",
        zone=shown(str(zone)),
    )


def _unknown_town(reason: Mapping[str, Any], _name: DistrictName) -> str:
    town, nearest = reason.get("town"), reason.get("nearest")
    if not town:
        return gettext("No official town has the name in this address.")
    if not nearest:
        return gettext("There is no official town called “%(town)s”.", town=shown(str(town)))
    return gettext(
        "There is no official town called “%(town)s”; “%(nearest)s” may be meant. The address is "
        "shown as published.",
        town=shown(str(town)),
        nearest=shown(str(nearest)),
    )


def _numbers_far_apart(_reason: Mapping[str, Any], _name: DistrictName) -> str:
    return gettext("The address names two house numbers that lie far apart.")


def _providers_disagree(_reason: Mapping[str, Any], _name: DistrictName) -> str:
    return gettext("Two sources give different places for this address.")


def _address_changed(_reason: Mapping[str, Any], _name: DistrictName) -> str:
    return gettext("The published address has changed; the new place is not verified yet.")


def _not_found(_reason: Mapping[str, Any], _name: DistrictName) -> str:
    return origin(None)


_DOUBTS: dict[ReviewCode, Callable[[Mapping[str, Any], DistrictName], str]] = {
    ReviewCode.LOW_PRECISION: _low_precision,
    ReviewCode.DISTRICT_MISMATCH: _district_mismatch,
    ReviewCode.ZONE_ALIAS: _zone_alias,
    ReviewCode.UNKNOWN_TOWN: _unknown_town,
    ReviewCode.NEAR_BORDER: _near_border,
    ReviewCode.NUMBERS_FAR_APART: _numbers_far_apart,
    ReviewCode.PROVIDERS_DISAGREE: _providers_disagree,
    ReviewCode.ADDRESS_CHANGED: _address_changed,
    ReviewCode.NOT_FOUND: _not_found,
}
