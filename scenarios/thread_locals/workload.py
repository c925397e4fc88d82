"""Customers chat with a support desk; a unit is one chat.

A customer asks twelve questions, each on one of forty topics, and then closes the chat.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from itertools import count
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

TOPICS = 40


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Serve customer after customer."""
    desk = program.Desk(compose)
    random = Random(lab.seed)
    questions = range(int(lab.options["questions"]))
    baseline = ending_threads()
    for customer in count(1):
        desk.open(customer)
        for _ in questions:
            desk.ask(customer, topic(random.randrange(TOPICS)))
        desk.close(customer)
        while ending_threads() > baseline:
            os.sched_yield()
        yield


def ending_threads() -> int:
    """Return the number of threads that have ended for Python but not yet for the kernel.

    `join` returns shortly before the kernel removes a thread. A thread that starts in between
    cannot reuse its stack; how often that happens is random, and the peak would vary.
    """
    threads = os.stat("/proc/self/task").st_nlink - 2
    return threads - threading.active_count()


def topic(number: int) -> str:
    """Return the name of a topic."""
    return f"topic-{number:02}"


def compose(name: str) -> str:
    """Return the answer on a topic: 4 KiB of text that is the same each time."""
    return "\n".join(f"{line:02} on {name}: see section {line * 7919:>35}" for line in range(64))


def check(program: Any, lab: Lab) -> None:
    """Every answer is right, no chat composes an answer twice, and closing a chat ends it."""
    composed = []

    def composing(name: str) -> str:
        composed.append(name)
        return compose(name)

    desk = program.Desk(composing)
    random = Random(lab.seed)
    customers = range(1, 4)
    for _ in range(lab.units // 20 + 1):
        for customer in customers:
            desk.open(customer)
        composed.clear()
        for _ in range(60):
            name = topic(random.randrange(TOPICS))
            answer = desk.ask(random.choice(customers), name)
            assert answer == compose(name), f"the answer on {name} is {answer!r}"
        again = {name for name in composed if composed.count(name) > len(customers)}
        assert not again, f"a chat composed its answers twice on {sorted(again)}"
        for customer in customers:
            desk.close(customer)
            assert refuses(desk, customer), f"the chat of customer {customer} is still open"


def refuses(desk: Any, customer: int) -> bool:
    """Return whether `ask` raises KeyError for a customer without a chat."""
    try:
        desk.ask(customer, topic(0))
    except KeyError:
        return True
    return False
