"""Log which modules' memory grows, from inside a service: snapshots by tracemalloc, as records.

This folder needs the standard library only and keeps to the syntax of Python 3.8, so a service may
also have a copy of it. `leaklab logs` reads the records; `records.py` describes them.
"""

from __future__ import annotations

import asyncio
import threading

from .snapshots import Trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["TracingThread", "trace_leak"]


async def trace_leak(
    delay: float = 60.0,
    top: int = 20,
    trace: int = 3,
    *,
    frames: int = 1,
    logger: Any = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Log the memory of each module at once and every `delay` seconds, until it is stopped.

    It ends when its task is cancelled or `stop` is set. It then stops tracemalloc if it started it.
    The event loop stands still while a snapshot is made: about 0.1 s for 160,000 blocks.
    For tornado: `IOLoop.current().spawn_callback(trace_leak, delay=300)`.
    For asyncio: `asyncio.create_task(trace_leak(delay=300))`; keep the task.

    Args:
        delay: The seconds from the end of one snapshot to the next.
        top: How many files each list has.
        trace: How many tracebacks are logged with each snapshot.
        frames: The length of the tracebacks. 1 names the allocating line only. 25 names its callers
            and made a request of a tornado service several times as expensive as 1 did
            (`leaklab selftest trace-leak`). Where tracemalloc is tracing already, its own length
            counts.
        logger: A logger of `logging`, which gets the fields as text and as `extra`; one
            with keywords, as structlog has them; or a function that takes a dictionary. None is
            the logger `leaklab.trace_leak`.
        stop: Setting it ends the trace.

    Raises:
        ValueError: A number is out of range.
        TypeError: `logger` is none of these.
    """
    current = Trace(delay, top, trace, frames, logger)
    with current.running():
        await _log_until(current, asyncio.Event() if stop is None else stop)


async def _log_until(current: Trace, stop: asyncio.Event) -> None:
    while True:
        # In another thread, a snapshot took longer, requests waited as long, and RSS was 14 MiB
        # larger.
        current.log(current.snapshot())
        try:
            await asyncio.wait_for(stop.wait(), current.delay)
        except asyncio.TimeoutError:
            continue
        return


class TracingThread(threading.Thread):
    """The same trace in a thread, for a program without an event loop; see `trace_leak`.

    `TracingThread(delay=300).start()` begins the trace, and `stop()` ends it. The thread does not
    keep the interpreter from ending.
    """

    def __init__(
        self,
        delay: float = 60.0,
        top: int = 20,
        trace: int = 3,
        *,
        frames: int = 1,
        logger: Any = None,
    ) -> None:
        """Prepare a trace.

        Raises:
            ValueError: A number is out of range.
            TypeError: `logger` is none that `trace_leak` takes.
        """
        super().__init__(name="leaklab.trace_leak", daemon=True)
        self._trace = Trace(delay, top, trace, frames, logger)
        self._stopped = threading.Event()

    def run(self) -> None:
        """Log until `stop` is called."""
        with self._trace.running():
            while True:
                self._trace.log(self._trace.snapshot())
                if self._stopped.wait(self._trace.delay):
                    return

    def stop(self) -> None:
        """End the trace, and wait until tracemalloc is as it was before."""
        self._stopped.set()
        if self.is_alive():
            self.join()
