"""Ctrl-C and SIGTERM as something to wait for, in a command that ends with a report."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

# `select` refuses an infinite timeout.
MAX_WAIT_SECONDS = 3600.0
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupts() -> Iterator[int]:
    """Yield a descriptor that gets one byte for each SIGINT (Ctrl-C) or SIGTERM (`timeout`).

    A signal that was ignored when leaklab started stays ignored.
    """
    read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    before = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    for number in (n for n, handler in before.items() if handler is not signal.SIG_IGN):
        signal.signal(number, lambda *_: os.write(write, b"x"))
    try:
        yield read
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(read)
        os.close(write)
