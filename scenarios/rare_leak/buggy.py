"""A gateway in front of a slow service."""

from __future__ import annotations

from collections.abc import Callable

LARGEST_ANSWER = 100_000
OK, GATEWAY_TIMEOUT = 200, 504
SHOWN = 10


class Exchange:
    """One request on its way: its number, and the buffer that takes the answer."""

    __slots__ = ("buffer", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.buffer = bytearray(LARGEST_ANSWER)


class Gateway:
    """Passes requests on, and shows the latest that got no answer in time."""

    def __init__(self, service: Callable[[int, bytearray], int]) -> None:
        self._service = service
        self._timed_out: list[Exchange] = []

    def handle(self, number: int) -> tuple[int, bytes]:
        """The status of a request and the answer to it, which is empty if there was none."""
        exchange = Exchange(number)
        try:
            length = self._service(number, exchange.buffer)
        except TimeoutError:
            self._timed_out.append(exchange)
            return GATEWAY_TIMEOUT, b""
        return OK, bytes(exchange.buffer[:length])

    def latest_timeouts(self) -> list[int]:
        """The numbers of the latest ten requests that got no answer, the oldest first."""
        return [exchange.number for exchange in self._timed_out[-SHOWN:]]
