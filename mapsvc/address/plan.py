"""The questions that an address becomes for the geocoders, from exact to coarse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mapsvc.address.divisions import gazetteer
from mapsvc.address.numbers import asked, is_kilometre, spoken
from mapsvc.address.parts import Address
from mapsvc.address.towns import check_town
from mapsvc.address.zones import possible_districts
from mapsvc.model import Precision

MAX_QUESTIONS = 20
"""Of an address with more, the first exact questions and all coarse ones are kept."""

_EXTENSIVE = (
    *(
        "大学",
        "学院",
        "校区",
        "公园",
        "园",
        "园区",
        "工业区",
        "小区",
        "新村",
        "家园",
        "苑",
        "里",
        "城",
    ),
    *("市场", "商贸城", "机场", "商务区", "港", "码头", "景区", "农场", "林场", "牧场"),
)
"""Places so wide that their point is no building's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to a geocoder: the whole text, and its parts for those that want them."""

    text: str
    """The whole question as one canonical string, such as 浙江省宁波市鄞州区天童北路933号."""
    best: Precision
    """The precision that an answer to it can have at best."""
    province: str = ""
    city: str = ""
    """A municipality is its own city: province and city are both 北京市."""
    district: str = ""
    town: str = ""
    street: str = ""
    """The street without the number; for a village the village."""
    number: str = ""
    """The house number without 号: 933, 1234弄56, on a highway 12公里."""
    corrected: str = ""
    """How the text was corrected, such as 道林镇 → 逍林镇."""
    place: str = ""
    """A named place (金融中心2号楼) or a crossing, which stands in ``text`` behind the town."""
    zone: str = ""
    """A functional zone, which stands in ``text`` in the district's place."""


@dataclass(frozen=True, slots=True)
class _Area:
    """The administrative part of questions: as published, or one reading of it."""

    province: str
    city: str
    district: str
    zone: str = ""
    town: str = ""
    corrected: str = ""

    def question(
        self, best: Precision, *, street: str = "", number: str = "", place: str = ""
    ) -> Question:
        said = place or (street + (spoken(number) if number else ""))
        municipal = self.city == self.province
        return Question(
            text="".join((
                self.province, "" if municipal else self.city, self.district, self.zone, self.town,
                said,
            )),
            best=best,
            province=self.province,
            city=self.city,
            district=self.district,
            town=self.town,
            street=street,
            number=number,
            corrected=self.corrected,
            place=place,
            zone=self.zone,
        )  # fmt: skip


def plan(address: Address, *, limit: int = MAX_QUESTIONS) -> tuple[Question, ...]:
    """The questions to ask for an address, from exact to coarse, without duplicates.

    Every number of every street; then named places, crossings, streets, village, town, district
    and city. Each step is asked as published, then with a zone read as each district that it
    can lie in (高新区 as 鄞州区), then with an unknown town corrected to the nearest official one
    and marked so. A coarse question that two steps share is asked once.

    Args:
        address: from `mapsvc.address.parts.parse`.
        limit: how many questions at most.

    >>> from mapsvc.address.parts import parse
    >>> [question.text for question in plan(parse("宁波海曙中山西路166-168号"))][:2]
    ['浙江省宁波市海曙区中山西路166号', '浙江省宁波市海曙区中山西路168号']
    """
    areas = list(_areas(address))
    exact = _unique(_exact(address, areas))
    coarse = _unique(_coarse(address, areas))
    if not exact and not (address.streets or address.village) and address.rest:
        exact = [areas[0].question(Precision.BUILDING, place=address.rest)]
    kept = exact[: max(limit - len(coarse), 1)]
    return tuple(_unique(iter(kept + coarse)))[:limit]


def _unique(questions: Iterator[Question]) -> list[Question]:
    first: dict[str, Question] = {}
    for question in questions:
        if question.text:
            first.setdefault(question.text, question)
    return list(first.values())


def _areas(address: Address) -> Iterator[_Area]:
    # A stated district says more than a zone, which is then left out of the questions.
    zone = "" if address.district else address.zone
    published = _Area(address.province, address.city, address.district, zone, address.town)
    yield published
    for code in possible_districts(zone, address.codes) if zone else ():
        if district := gazetteer().get(code):
            yield replace(published, district=district.name, zone="")
    codes = possible_districts(zone, address.codes) if zone else ()
    check = check_town(address.town, codes or address.codes)
    if check.nearest:
        town = check.nearest[0]
        district = gazetteer().get(town.district)
        yield replace(
            published,
            district=district.name if district else published.district,
            zone="",
            town=town.name,
            corrected=f"{address.town} → {town.name}",
        )


def _exact(address: Address, areas: list[_Area]) -> Iterator[Question]:
    numbered = [
        (street.name, number, house)
        for street in address.streets
        for written in street.numbers
        for number, house in asked(written)
    ]
    for area in areas:
        for street, number, house in numbered:
            best = Precision.BUILDING if house else Precision.INTERPOLATED
            best = Precision.STREET if is_kilometre(number) else best
            yield area.question(best, street=street, number=number)
    for area in areas:
        for place in address.places:
            if place.building:
                yield area.question(Precision.BUILDING, place=place.name + place.building)
            yield area.question(_extent(place.name), place=place.name)
    for area in areas:
        if address.crossing:
            crossing = f"{'与'.join(address.crossing)}交叉口"
            yield area.question(Precision.INTERPOLATED, place=crossing)
        for landmark in address.landmarks:
            yield area.question(Precision.INTERPOLATED, place=landmark)


def _extent(place: str) -> Precision:
    return Precision.INTERPOLATED if place.endswith(_EXTENSIVE) else Precision.BUILDING


def _coarse(address: Address, areas: list[_Area]) -> Iterator[Question]:
    for area in areas:
        for street in address.streets:
            if street.name != address.village:
                yield area.question(Precision.STREET, street=street.name)
    for area in areas:
        if address.village:
            yield area.question(Precision.TOWN, street=address.village)
    for area in areas:
        if area.town:
            yield area.question(Precision.TOWN)
    for area in areas:
        if area.district or area.zone:
            yield replace(area, town="", corrected="").question(Precision.DISTRICT)
    if address.city:
        yield _Area(address.province, address.city, "").question(Precision.CITY)
