"""Work on batches beside this process: the same results, in order, whatever becomes of helpers."""

from __future__ import annotations

import multiprocessing
import os

import pytest

from mapsvc.snapshot.cores import on_all_cores


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})


def doubled(number: int) -> tuple[int, bool]:
    return 2 * number, multiprocessing.parent_process() is not None


def killed(number: int) -> int:
    if multiprocessing.parent_process() is not None:
        os._exit(9)
    return 2 * number


def failing(number: int) -> int:
    if number == 5:
        raise ValueError(number)
    return number


def test_results_are_in_the_order_of_the_batches() -> None:
    found = list(on_all_cores(doubled, range(30)))
    assert [number for number, _ in found] == list(range(0, 60, 2))
    assert {is_beside for _, is_beside in found} == {False, True}


def test_few_batches_start_no_process() -> None:
    assert not any(is_beside for _, is_beside in on_all_cores(doubled, range(4)))


def test_one_core_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0})
    assert list(on_all_cores(killed, range(10))) == list(range(0, 20, 2))


def test_what_a_killed_process_had_to_do_is_done_here() -> None:
    assert list(on_all_cores(killed, range(30))) == list(range(0, 60, 2))


def test_an_error_beside_is_an_error() -> None:
    with pytest.raises(ValueError, match="5"):
        list(on_all_cores(failing, range(30)))
