"""The agent's questions: which are heard, when they are decided, and what is answered."""

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from leaklab.agent.leaklab_agent.layout import COLLECT, END, GO_ON
from leaklab.model.scenario import Scope
from leaklab.observer.checkpoints import CheckpointOrder, Checkpoints, Decision
from leaklab.observer.observation import Observation

Decide = Callable[[int], Decision]


class Pipe(NamedTuple):
    heard: int
    said: int


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    ends = Pipe(*os.pipe())
    os.set_blocking(ends.heard, False)
    yield ends
    os.close(ends.heard)
    os.close(ends.said)


def ask(pipe: Pipe, decide: Decide, *units: int) -> Observation:
    """Ask at these units, and see what was kept."""
    checkpoints = Checkpoints(pipe.said, lambda n, _: decide(n), lambda: 0, Scope.PROCESS)
    seen = Observation()
    for done in units:
        if checkpoints.is_new(done):
            checkpoints.answer(done, seen)
    return seen


def test_what_is_decided_is_answered(pipe: Pipe) -> None:
    decisions = {
        8: Decision(CheckpointOrder.GO_ON, next_units=16),
        16: Decision(CheckpointOrder.END),
    }
    ask(pipe, decisions.__getitem__, 8, 16)
    assert GO_ON + END == os.read(pipe.heard, 9)


def test_between_two_decisions_a_run_goes_on(pipe: Pipe) -> None:
    asked = []

    def decide(units: int) -> Decision:
        asked.append(units)
        return Decision(CheckpointOrder.GO_ON, next_units=2 * units)

    ask(pipe, decide, *range(1, 21))
    assert [5, 10, 20] == asked
    assert GO_ON * 20 == os.read(pipe.heard, 99)


def test_what_held_a_run_back_is_kept(pipe: Pipe) -> None:
    seen = ask(pipe, lambda _: Decision(CheckpointOrder.END, stopped_by_option="--budget"), 8)
    assert "--budget" == seen.stopped_by_option


def test_what_the_agent_cannot_have_said_is_not_answered(pipe: Pipe) -> None:
    ask(pipe, lambda _: Decision(CheckpointOrder.GO_ON), 3, *[3] * 100_000, 2, 4)
    assert GO_ON * 2 == os.read(pipe.heard, 1 << 20)


def test_answers_without_a_reader_are_lost(pipe: Pipe) -> None:
    ask(pipe, lambda _: Decision(CheckpointOrder.GO_ON), *range(100_000))
    assert set(GO_ON) == set(os.read(pipe.heard, 1 << 20))


def test_where_a_collection_is_ordered_the_agent_asks_again_at_the_same_units(pipe: Pipe) -> None:
    decisions = iter(
        [Decision(CheckpointOrder.COLLECT), Decision(CheckpointOrder.GO_ON, next_units=16)]
    )
    ask(pipe, lambda _: next(decisions), 8, 8, 8)
    assert COLLECT + GO_ON == os.read(pipe.heard, 9)


def test_a_collection_that_was_in_vain_is_not_ordered_for_ever(pipe: Pipe) -> None:
    ask(pipe, lambda _: Decision(CheckpointOrder.COLLECT), 8, 8, 8)
    assert COLLECT + GO_ON == os.read(pipe.heard, 9)
