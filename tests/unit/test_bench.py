"""The benchmarks' page says what its JSON holds, and goals are judged rightly."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.figures import Figure, Goal, at_least, at_most, faster, up_to
from bench.results import Result, read
from bench.tables import BEGIN, END, number, put_into, rendered
from tests.unit.doc_pages import ROOT, text_of

PAGE = "docs/benchmarks.md"


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return read(ROOT / "docs" / "benchmarks.json")


def test_the_page_holds_the_figures_of_its_json(results: list[Result]) -> None:
    assert put_into(text_of(PAGE), results) == text_of(PAGE)


def test_every_goal_is_in_the_page(results: list[Result]) -> None:
    assert {result.benchmark for result in results} >= {"nearest", "assign"}
    missed = [f for result in results for f in result.figures if f.met is False]
    assert text_of(PAGE).count("**missed**") == 2 * len(missed)  # above, and in its section


def test_a_changed_figure_changes_the_page(results: list[Result]) -> None:
    first, *others = results
    figures = (replace(first.figures[0], value=7.77), *first.figures[1:])
    spoiled = [replace(first, figures=figures), *others]
    assert put_into(text_of(PAGE), spoiled) != text_of(PAGE)


@pytest.mark.parametrize(
    ("value", "peer_value", "goal", "held", "met"),
    [
        (30.0, 25.0, at_most(1.5), 1.2, True),
        (40.0, 25.0, at_most(1.5), 1.6, False),
        (70.0, 100.0, at_least(0.7), 0.7, True),
        (69.0, 100.0, at_least(0.7), 0.69, False),
        (10.0, 80.0, faster(8), 8.0, True),
        (11.0, 80.0, faster(8), 80 / 11, False),
        (1.5, None, up_to(1.5), 1.5, True),
        (0, 17, up_to(0), 0, True),
        (1, 17, up_to(0), 1, False),
        (5.0, None, at_least(1), None, False),
    ],
)
def test_goals(
    value: float, peer_value: float | None, goal: Goal, held: float | None, met: bool
) -> None:
    figure = Figure("work", 15, value, "s", "a peer", peer_value, goal)
    assert figure.held == pytest.approx(held)
    assert figure.met is met


def test_the_table_marks_what_was_missed() -> None:
    figures = (
        Figure("fast", 1_000_000, 1.0, "s", "a peer", 2.0, at_most(1), note="a note"),
        Figure("slow", 1_000_000, 3.0, "s", "a peer", 2.0, at_most(1), profile="90% in a loop"),
    )
    text = rendered([Result("cache", "2026-01-01 00:00", 60.0, (0.1, 1.5), "a machine", figures)])
    assert "Goals: 1 of 2 met" in text
    assert "| fast <sup>1</sup> | 1,000,000 | 1 s | a peer | 2 s | 0.5 | ≤ 1× | met |" in text
    assert "| slow | 1,000,000 | 3 s | a peer | 2 s | 1.5 | ≤ 1× | **missed** |" in text
    assert "```text\n90% in a loop\n```" in text


def test_markers_stand_once() -> None:
    assert text_of(PAGE).count(BEGIN) == text_of(PAGE).count(END) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.01234, "0.0123"), (100.0, "100"), (999.9, "1,000"), (1_234_567, "1,230,000")],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text
