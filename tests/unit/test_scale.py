"""The colour scale: whole, without gaps, in order."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapsvc.web.scale import LEVELS, Scale


@pytest.mark.parametrize(
    ("most", "labels"),
    [
        (0, ["0"]),
        (1, ["0", "1"]),
        (3, ["0", "1", "2–3"]),
        (8, ["0", "1", "2–3", "4–7", "8+"]),
        (31, ["0", "1", "2–3", "4–7", "8–15", "16–31"]),
        (32, ["0", "1–2", "3–6", "7–14", "15–30", "31+"]),
    ],
)
def test_labels(most: int, labels: list[str]) -> None:
    assert [step.label for step in Scale.upto(most).steps] == labels


@given(st.integers(0, 100_000))
def test_every_count_has_a_class_and_more_is_never_paler(most: int) -> None:
    scale = Scale.upto(most)
    counts = sorted({0, 1, most, most // 2, most // 7, max(most - 1, 0)} & set(range(most + 1)))
    levels = [scale.level(count) for count in counts]
    assert levels == sorted(levels)
    assert all(0 <= level <= LEVELS for level in levels)
    assert all((level == 0) == (count == 0) for level, count in zip(levels, counts, strict=True))


@given(st.integers(1, 100_000))
def test_classes_follow_each_other_without_a_gap(most: int) -> None:
    steps = Scale.upto(most).steps
    for before, after in pairwise(steps):
        assert before.last is not None
        assert after.first == before.last + 1
        assert after.level > before.level
