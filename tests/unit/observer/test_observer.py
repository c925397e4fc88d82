"""The observer of a run that is nothing but its messages."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
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
from leaklab.sandbox.launch import Child
from leaklab.sandbox.protocol import AgentMessage, Baseline, Reached
from toys import ToyProbes

LIMITS = Limits(memory_bytes=1 << 30, time_seconds=60)
PID = 4711


class Tree(ToyProbes):
    """One process, which holds a page more whenever it is read."""

    def __init__(self) -> None:
        self.held = 0

    def descendants(self, pid: int, max_pids: int) -> list[int]:
        return [PID]

    def reading(self, pid: int) -> Reading | None:
        self.held += 4096
        return Reading(pss_anon_bytes=self.held, pss_bytes=self.held, rss_bytes=self.held)


class Messages:
    """A child that says these things and is gone."""

    def __init__(self, *messages: AgentMessage) -> None:
        self.supervisor = SimpleNamespace(pid=1)
        self.output = Path(os.devnull)
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
    """A run of 20 units that asks after each, and what was known of its tree at each decision."""
    known = []

    def decide(units: int, seen: Observation) -> Decision:
        known.append(list(seen.tree.samples().pss_anon_bytes))
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
    seen, known = observed(pipe[1], Scope.TREE)
    assert [4096 * n for n in range(1, 21)] == seen.tree.samples().pss_anon_bytes
    assert list(range(1, 21)) == seen.tree.samples().units
    assert [5, 10, 20] == [len(row) for row in known]
    assert GO_ON * 19 + END == os.read(pipe[0], 99)


def test_a_tree_that_is_not_judged_is_read_at_its_own_pace(pipe: tuple[int, int]) -> None:
    seen, _ = observed(pipe[1], Scope.PROCESS)
    assert set(seen.tree.samples().units) <= {0}
    assert GO_ON * 19 + END == os.read(pipe[0], 99)
