"""The answers to the agent, which waits at each checkpoint until the harness sends an order."""

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
    """An order to the agent at a checkpoint. After COLLECT and SURVEY the agent asks again."""

    GO_ON = GO_ON
    END = END
    COLLECT = COLLECT
    SURVEY = SURVEY


@dataclass(frozen=True)
class Decision:
    """What a run does next.

    Attributes:
        order: The order to the agent.
        stopped_by_option: The option that ends a run although its verdict is not certain.
        next_units: With GO_ON, the units after which the next decision is due.
    """

    order: CheckpointOrder
    stopped_by_option: str = ""
    next_units: int = 0


class Checkpoints:
    """Answers the agent of one run.

    If a tree is judged, `reads_tree` is true: the observer then reads the tree at each checkpoint,
    while all its processes wait, and at no other time. The readings of equal runs are then equal.
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
            orders_fd: The write end of the pipe from which the agent reads its orders.
            decide: Makes a decision, given the units done and the observation. It is called when
                the units of its last decision are done.
            units_done: Returns the work done, as of the last sample.
            scope: Whether the processes or the tree are judged.
        """
        self.units_done = units_done
        self.reads_tree = scope is Scope.TREE
        self._orders_fd = orders_fd
        self._decide = decide
        self._reached = 0
        self._asks_again = False
        self._ordered: list[CheckpointOrder] = []
        self._next_units = MIN_BLOCKS
        # A program may forge the agent's messages and never read the answers. Answers that fill the
        # pipe are dropped, so that the harness does not block.
        os.set_blocking(orders_fd, False)

    def is_new(self, units: int) -> bool:
        """Return whether the agent can have sent this message: the units that it reports rise,
        unless it was ordered to ask again."""
        return units > self._reached or (self._asks_again and units == self._reached)

    def answer(self, units: int, observation: Observation) -> None:
        """Make a decision, if one is due, and send the order."""
        self._reached = units
        decision = Decision(CheckpointOrder.GO_ON, next_units=self._next_units)
        if units >= self._next_units:
            decision = self._decide(units, observation)
            observation.stopped_by_option = decision.stopped_by_option
        if decision.order in self._ordered:  # repeating it would change nothing
            decision = Decision(CheckpointOrder.GO_ON, next_units=2 * units)
        self._asks_again = decision.order in (CheckpointOrder.COLLECT, CheckpointOrder.SURVEY)
        self._ordered = [*self._ordered, decision.order] if self._asks_again else []
        if decision.order is CheckpointOrder.GO_ON:
            self._next_units = decision.next_units
        with suppress(BlockingIOError):
            os.write(self._orders_fd, decision.order.value)
