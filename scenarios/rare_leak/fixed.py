"""A gateway in front of a slow service."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

MAX_ANSWER_BYTES = 100_000
OK, GATEWAY_TIMEOUT = 200, 504
SHOWN = 10


class Exchange:
    """One request in progress: its number, and the buffer for the answer."""

    __slots__ = ("buffer", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.buffer = bytearray(MAX_ANSWER_BYTES)


class Gateway:
    """Passes requests on, and lists the latest that got no answer in time."""

    def __init__(self, service: Callable[[int, bytearray], int]) -> None:
        self._service = service
        self._timed_out: deque[Exchange] = deque(maxlen=SHOWN)

    def handle(self, number: int) -> tuple[int, bytes]:
        """Return the status of a request, and its answer, which is empty after a time-out."""
        exchange = Exchange(number)
        try:
            length = self._service(number, exchange.buffer)
        except TimeoutError:
            self._timed_out.append(exchange)
            return GATEWAY_TIMEOUT, b""
        return OK, bytes(exchange.buffer[:length])

    def latest_timeouts(self) -> list[int]:
        """Return the numbers of the latest ten requests without an answer, the oldest first."""
        return [exchange.number for exchange in self._timed_out]
