"""The agent's questions and their answers: at a checkpoint it waits to be told whether to go on."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from leaklab.agent.leaklab_agent.layout import COLLECT, END, GO_ON, SURVEY
from leaklab.model.scenario import Scope
from leaklab.observer.observation import Observation
from leaklab.verdict.growth import MIN_BLOCKS


class CheckpointOrder(Enum):
    """What an agent is told at a checkpoint; after the last two it asks again."""

    GO_ON = GO_ON
    END = END
    COLLECT = COLLECT
    SURVEY = SURVEY


@dataclass(frozen=True)
class Decision:
    """What a run is to do, and if it goes on, from how many units on that is decided again.

    `stopped_by_option` is the option that ends a run which is not certain.
    """

    order: CheckpointOrder
    stopped_by_option: str = ""
    next_units: int = 0


class Checkpoints:
    """Answers the agent of one run.

    Where a tree is judged, `reads_tree` says that it is read at each checkpoint, while all its
    processes wait, and only there: so the same run reads the same.
    """

    def __init__(
        self,
        orders_fd: int,
        decide: Callable[[int, Observation], Decision],
        units_done: Callable[[], int],
        scope: Scope,
    ) -> None:
        """Prepare to answer.

        Args:
            orders_fd: the agent reads from the other end of it.
            decide: asked when as many units are done as its last decision said.
            units_done: the work done so far, as of the last sample.
            scope: what is judged.
        """
        self.units_done = units_done
        self.reads_tree = scope is Scope.TREE
        self._orders_fd = orders_fd
        self._decide = decide
        self._reached = 0
        self._asks_again = False
        self._ordered: list[CheckpointOrder] = []
        self._next_units = MIN_BLOCKS
        # A program may forge the agent's questions without reading the answers: these are lost.
        os.set_blocking(orders_fd, False)

    def is_new(self, units: int) -> bool:
        """Whether this can be the agent's question: the units that it reports only rise, but where
        it was told to ask again."""
        return units > self._reached or (self._asks_again and units == self._reached)

    def answer(self, units: int, seen: Observation) -> None:
        """Decide, if that is due, and answer."""
        self._reached = units
        decision = Decision(CheckpointOrder.GO_ON, next_units=self._next_units)
        if units >= self._next_units:
            decision = self._decide(units, seen)
            seen.stopped_by_option = decision.stopped_by_option
        if decision.order in self._ordered:  # it was in vain, and would be for ever
            decision = Decision(CheckpointOrder.GO_ON, next_units=2 * units)
        self._asks_again = decision.order in (CheckpointOrder.COLLECT, CheckpointOrder.SURVEY)
        self._ordered = [*self._ordered, decision.order] if self._asks_again else []
        if decision.order is CheckpointOrder.GO_ON:
            self._next_units = decision.next_units
        with suppress(BlockingIOError):
            os.write(self._orders_fd, decision.order.value)
