"""An outbox: what comes in is queued, and sent on in the order in which it came."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

SAMPLE_EVERY = 7
SAMPLES = 2_000


class Outbox:
    """Queues messages; of those sent, every seventh is kept for a while, for the auditors."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._waiting: deque[bytes] = deque()
        self._sent = 0
        self._samples: deque[bytes] = deque(maxlen=SAMPLES)

    def put(self, message: bytes) -> None:
        """Take a message in."""
        self._waiting.append(message)

    def flush(self) -> None:
        """Send all that is waiting."""
        while self._waiting:
            message = self._waiting.popleft()
            self._send(message)
            self._sent += 1
            if self._sent % SAMPLE_EVERY == 0:
                self._samples.append(message)

    def samples(self) -> list[bytes]:
        """The latest 2,000 samples, the oldest first."""
        return list(self._samples)
