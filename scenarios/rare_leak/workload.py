"""Requests go through a gateway to a service; a unit is one request.

Every thousandth request arrives while the service writes its checkpoint, and gets no answer in
time. The seed decides which request of each thousand it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Send request after request to the gateway."""
    gateway = program.Gateway(service(lab))
    for number in count(1):
        gateway.handle(number)
        yield


def service(lab: Lab) -> Callable[[int, bytearray], int]:
    """Return a service that writes its answer into a buffer and returns its length."""
    between = int(lab.options["requests_between_checkpoints"])
    if between < 1:
        raise ValueError(f"requests_between_checkpoints is {between}: it must be at least 1")

    def answer(number: int, buffer: bytearray) -> int:
        if (number + lab.seed) % between == 0:
            raise TimeoutError
        body = b"answer %d" % number
        buffer[: len(body)] = body
        return len(body)

    return answer


def check(program: Any, lab: Lab) -> None:
    """Every request gets its answer or the right status, and the latest time-outs are listed."""
    answer = service(lab)
    gateway = program.Gateway(answer)
    timed_out: list[int] = []
    for number in range(1, 100 * lab.units + 1):
        status, body = gateway.handle(number)
        try:
            length = answer(number, bytearray(100))
            assert (status, body) == (200, b"answer %d" % number), (
                f"request {number} got {status} {body!r}"
            )
            assert len(body) == length, f"answer {number} is cut short"
        except TimeoutError:
            timed_out.append(number)
            assert (status, body) == (504, b""), f"request {number} got {status} {body!r}"
        latest = gateway.latest_timeouts()
        assert latest == timed_out[-10:], f"latest_timeouts() gave {latest} after {number}"
