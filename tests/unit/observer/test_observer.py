"""The observer of a simulated run that consists of messages."""

import os
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest

from leaklab.agent.leaklab_agent.layout import END, GO_ON
from leaklab.model.job import Limits
from leaklab.model.scenario import Scope
from leaklab.model.signals import Reading
from leaklab.observer.checkpoints import CheckpointOrder, Checkpoints, Decision
from leaklab.observer.observation import Observation
from leaklab.observer.observer import Observer
from leaklab.sandbox.cgroups import UNCONFINED
from leaklab.sandbox.child import Child
from leaklab.sandbox.protocol import AgentMessage, Baseline, Reached
from toys import ToyProbes

LIMITS = Limits(memory_bytes=1 << 30, time_seconds=60)
PID = 4711


class Tree(ToyProbes):
    """One process that has a page more at each reading."""

    def __init__(self) -> None:
        self.held = 0

    def descendants(self, pid: int, max_pids: int) -> list[int]:
        return [PID]

    def reading(self, pid: int) -> Reading | None:
        self.held += 4096
        return Reading(pss_anon_bytes=self.held, pss_bytes=self.held, rss_bytes=self.held)


class Messages:
    """A child that sends these messages and has ended."""

    def __init__(self, *messages: AgentMessage) -> None:
        self.supervisor = SimpleNamespace(pid=1)
        self.output = SimpleNamespace(limit=lambda _: None)
        self.closed = False
        self._left = list(messages)

    def read_messages(self, timeout_seconds: float) -> list[AgentMessage]:
        output, self._left = self._left[:1], self._left[1:]
        self.closed = not self._left
        return output

    def stop(self) -> None:
        raise AssertionError("nothing is to be stopped")


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def observed(orders_fd: int, scope: Scope) -> tuple[Observation, list[list[int | None]]]:
    """Return the readings of the tree at each decision of a run of 20 units."""
    known = []

    def decide(units: int, observation: Observation) -> Decision:
        known.append(list(observation.tree.samples().pss_anon_bytes))
        return Decision(
            CheckpointOrder.GO_ON if units < 20 else CheckpointOrder.END, next_units=2 * units
        )

    checkpoints = Checkpoints(orders_fd, decide, lambda: 0, scope)
    baseline = Baseline(0, PID, 1 << 20, high_water_reset=True)
    child = Messages(baseline, *(Reached(units) for units in range(1, 21)))
    observer = Observer(
        cast("Child", child),
        LIMITS,
        Tree(),
        UNCONFINED,
        threading.Event(),
        checkpoints=checkpoints,
    )
    return observer.watch(lambda: None), known


def test_a_tree_that_is_judged_is_read_at_each_checkpoint_before_it_is_decided(
    pipe: tuple[int, int],
) -> None:
    observation, known = observed(pipe[1], Scope.TREE)
    assert [4096 * n for n in range(1, 21)] == observation.tree.samples().pss_anon_bytes
    assert list(range(1, 21)) == observation.tree.samples().units
    assert [5, 10, 20] == [len(row) for row in known]
    assert GO_ON * 19 + END == os.read(pipe[0], 99)


def test_a_tree_that_is_not_judged_is_read_at_its_own_pace(pipe: tuple[int, int]) -> None:
    observation, _ = observed(pipe[1], Scope.PROCESS)
    assert set(observation.tree.samples().units) <= {0}
    assert GO_ON * 19 + END == os.read(pipe[0], 99)
