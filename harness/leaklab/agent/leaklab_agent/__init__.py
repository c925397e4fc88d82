"""The code that runs inside a measured process; `channel.py` documents the protocol.

It imports only the lightest modules of the standard library and nothing else of leaklab, and keeps
to the syntax of Python 3.8.

The task of a pool is defined here because dill looks a task up by the name of its module. For a
name with a dot dill makes new strings at every look-up; about a hundred of them stay in the
interpreter's attribute cache and look like a leak.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .worker import Worker

WORKER: Worker | None = None  # a pool's task has no other way to reach its worker


def run_order(order: tuple[Any, ...]) -> tuple[int, Any, object]:
    """Carry out an order, given as its name and arguments. This is the pool's only task.

    Returns:
        The worker's number, its answer, and the description of a failure or None.
    """
    assert WORKER is not None, "the pool's initializer sets the worker"
    return WORKER.run_order(*order)


def set_worker(worker: Worker) -> None:
    """Make a worker known to the tasks in this process."""
    global WORKER  # noqa: PLW0603
    WORKER = worker
