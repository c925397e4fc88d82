"""What runs inside a measured process. The standard library's lightest parts only, in the syntax of
Python 3.8; nothing of the rest of leaklab. `channel.py` documents the protocol.

A pool's task is defined here. dill looks a task up by the name of its module; for a name with a dot
it makes new strings each time, some hundred of which stay in the interpreter's cache of attributes
and look like a leak.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .worker import Worker

WORKER: Worker | None = None  # a pool's task finds nothing else in its process


def run_order(order: tuple[Any, ...]) -> tuple[int, Any, object]:
    """The pool's only task: carry out an order, its name and arguments."""
    assert WORKER is not None, "the pool's initializer has made it"
    return WORKER.run_order(*order)


def set_worker(worker: Worker) -> None:
    """Make a worker known to the tasks in this process."""
    global WORKER  # noqa: PLW0603
    WORKER = worker
