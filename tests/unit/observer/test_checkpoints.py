"""The agent's requests: when they are decided, and the answers."""

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
    reader: int
    writer: int


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    ends = Pipe(*os.pipe())
    os.set_blocking(ends.reader, False)
    yield ends
    os.close(ends.reader)
    os.close(ends.writer)


def ask(pipe: Pipe, decide: Decide, *units: int) -> Observation:
    """Ask at these units; return the reasons that were kept."""
    checkpoints = Checkpoints(pipe.writer, lambda n, _: decide(n), lambda: 0, Scope.PROCESS)
    observation = Observation()
    for done in units:
        if checkpoints.is_new(done):
            checkpoints.answer(done, observation)
    return observation


def test_a_decision_is_answered(pipe: Pipe) -> None:
    decisions = {
        8: Decision(CheckpointOrder.GO_ON, next_units=16),
        16: Decision(CheckpointOrder.END),
    }
    ask(pipe, decisions.__getitem__, 8, 16)
    assert GO_ON + END == os.read(pipe.reader, 9)


def test_a_run_continues_between_two_decisions(pipe: Pipe) -> None:
    decided_at = []

    def decide(units: int) -> Decision:
        decided_at.append(units)
        return Decision(CheckpointOrder.GO_ON, next_units=2 * units)

    ask(pipe, decide, *range(1, 21))
    assert [5, 10, 20] == decided_at
    assert GO_ON * 20 == os.read(pipe.reader, 99)


def test_the_reason_for_extending_a_run_is_kept(pipe: Pipe) -> None:
    observation = ask(
        pipe, lambda _: Decision(CheckpointOrder.END, stopped_by_option="--budget"), 8
    )
    assert "--budget" == observation.stopped_by_option


def test_an_impossible_message_is_not_answered(pipe: Pipe) -> None:
    ask(pipe, lambda _: Decision(CheckpointOrder.GO_ON), 3, *[3] * 100_000, 2, 4)
    assert GO_ON * 2 == os.read(pipe.reader, 1 << 20)


def test_answers_without_a_reader_are_lost(pipe: Pipe) -> None:
    ask(pipe, lambda _: Decision(CheckpointOrder.GO_ON), *range(100_000))
    assert set(GO_ON) == set(os.read(pipe.reader, 1 << 20))


def test_after_a_collection_the_agent_asks_again_at_the_same_units(pipe: Pipe) -> None:
    decisions = iter(
        [Decision(CheckpointOrder.COLLECT), Decision(CheckpointOrder.GO_ON, next_units=16)]
    )
    ask(pipe, lambda _: next(decisions), 8, 8, 8)
    assert COLLECT + GO_ON == os.read(pipe.reader, 9)


def test_a_collection_without_effect_is_not_repeated_forever(pipe: Pipe) -> None:
    ask(pipe, lambda _: Decision(CheckpointOrder.COLLECT), 8, 8, 8)
    assert COLLECT + GO_ON == os.read(pipe.reader, 9)
