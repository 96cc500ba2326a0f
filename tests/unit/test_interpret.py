"""Whatever JSON comes as an answer, there is a Geocode that can be stored, or a ProviderError."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mapsvc.errors import BadAnswer, ProviderError
from mapsvc.geocoding.adapter import read_json
from mapsvc.geocoding.answers import NATIVE
from mapsvc.geocoding.interpret import interpret
from mapsvc.geocoding.record import from_json, to_json
from tests.integration.providers.answers import GOOD, QUESTION

NOW = datetime(2026, 11, 22, tzinfo=UTC)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-200, 200),
    st.floats(allow_nan=False, allow_infinity=False),
    st.just(10**400),
    st.text(max_size=8),
    st.sampled_from(["1", "0", "10000", "10001", "121.5,29.8", "nan,inf", "门牌号", "道路", ""]),
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)


def mutate(answer: Any, data: st.DataObject) -> Any:
    """``answer`` with something else at one place, at any depth."""
    if isinstance(answer, dict) and answer and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(answer)))
        return {**answer, key: mutate(answer[key], data)}
    if isinstance(answer, list) and answer and data.draw(st.booleans()):
        index = data.draw(st.integers(0, len(answer) - 1))
        return [*answer[:index], mutate(answer[index], data), *answer[index + 1 :]]
    return data.draw(trees)


def check(name: str, answer: Any) -> None:
    try:
        found = interpret(name, answer, query=QUESTION.text, options={}, located_at=NOW)
    except ProviderError as raised:
        error = raised
    else:
        assert from_json(to_json(found)) == found
        return
    assert error.provider == name
    assert str(error).isprintable()
    assert len(str(error)) < 400


@pytest.mark.parametrize("name", NATIVE)
@given(answer=trees)
def test_any_json(name: str, answer: Any) -> None:
    check(name, answer)


@pytest.mark.parametrize("name", NATIVE)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_good_answer_with_anything_in_any_place(name: str, data: st.DataObject) -> None:
    answer = GOOD[name]
    for _ in range(data.draw(st.integers(1, 3))):
        answer = mutate(answer, data)
    check(name, answer)


@given(text=st.text() | trees.map(json.dumps))
def test_any_text_is_json_that_can_be_stored_or_a_bad_answer(text: str) -> None:
    with contextlib.suppress(BadAnswer):
        answer = read_json("amap", text)
        assert json.loads(json.dumps(answer, allow_nan=False).encode("utf-8")) == answer
