"""Which of many answers to believe, and what the others say against it.

Finer precision wins over order of asking, but only among answers in the district that the
address names; among equals, the one that other answers lie close to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from mapsvc.address.plan import Question
from mapsvc.geo.geodesic import distance_m
from mapsvc.model import Geocode, Precision, ReviewCode, ReviewReason

SAME_PLACE_M = 500.0
"""Two exact answers farther apart than this, and than their radii, are not the same place."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answered, and to which question; None where it was asked by the address."""

    geocode: Geocode
    question: Question | None = None

    @property
    def rank(self) -> int:
        """The rank of its precision: 0 for building, 6 where nothing was found."""
        precision = self.geocode.precision
        return len(Precision) if precision is None else precision.rank


def best(answers: Sequence[Answer], agrees: Callable[[Geocode], bool]) -> Answer | None:
    """The answer to place a branch by, or None where nothing was found.

    Args:
        answers: in the order of the providers, each provider's finest question first.
        agrees: whether an answer lies in the district that the address names.
    """
    found = [answer for answer in answers if answer.geocode.found]

    def worth(answer: Answer) -> tuple[bool, int, bool, int, float]:
        near = sum(
            other.geocode.provider != answer.geocode.provider
            and separation_m(answer.geocode, other.geocode) <= _tolerance_m(answer, other)
            for other in found
        )
        corrected = answer.question is not None and bool(answer.question.corrected)
        return (
            not agrees(answer.geocode),
            answer.rank,
            corrected,
            -near,
            radius_m(answer.geocode),
        )

    return min(found, key=worth, default=None)  # the first of equals


def disagreements(answers: Sequence[Answer]) -> list[ReviewReason]:
    """What exact answers say against each other, each with its metres.

    ``providers_disagree`` compares every provider's best answer with the others';
    ``numbers_far_apart`` one provider's answers to the several house numbers of an address.
    """
    exact = [a for a in answers if a.geocode.found and a.rank <= Precision.STREET.rank]
    return [*_between_providers(exact), *_between_numbers(exact)]


def separation_m(one: Geocode, other: Geocode) -> float:
    """The geodesic distance in metres between two found answers."""
    if one.point is None or other.point is None:
        return float("inf")
    return float(distance_m(one.point.lon, one.point.lat, other.point.lon, other.point.lat))


def radius_m(geocode: Geocode) -> float:
    """The answer's own radius in metres, or the one that its precision stands for."""
    if geocode.radius_m is not None:
        return geocode.radius_m
    return geocode.precision.default_radius_m if geocode.precision else float("inf")


def _tolerance_m(one: Answer, other: Answer) -> float:
    return max(SAME_PLACE_M, radius_m(one.geocode) + radius_m(other.geocode))


def _between_providers(exact: Iterable[Answer]) -> Iterable[ReviewReason]:
    finest: dict[str, Answer] = {}
    for answer in exact:
        known = finest.get(answer.geocode.provider)
        if known is None or answer.rank < known.rank:
            finest[answer.geocode.provider] = answer
    for one, other in combinations(finest.values(), 2):
        apart = separation_m(one.geocode, other.geocode)
        if apart > _tolerance_m(one, other):
            providers = [one.geocode.provider, other.geocode.provider]
            detail = {"distance_m": round(apart), "providers": providers}
            yield ReviewReason(ReviewCode.PROVIDERS_DISAGREE, detail)


def _between_numbers(exact: Iterable[Answer]) -> Iterable[ReviewReason]:
    numbered = [
        (answer, f"{answer.question.street}{answer.question.number}号")
        for answer in exact
        if answer.question is not None
        and answer.question.number
        and not answer.question.corrected
        and answer.rank <= Precision.INTERPOLATED.rank
    ]
    worst: tuple[float, list[str]] | None = None
    for (one, one_text), (other, other_text) in combinations(numbered, 2):
        apart = separation_m(one.geocode, other.geocode)
        same_provider = one.geocode.provider == other.geocode.provider
        if same_provider and apart > _tolerance_m(one, other) and (not worst or apart > worst[0]):
            worst = apart, [one_text, other_text]
    if worst is not None:
        detail = {"distance_m": round(worst[0]), "numbers": worst[1]}
        yield ReviewReason(ReviewCode.NUMBERS_FAR_APART, detail)
