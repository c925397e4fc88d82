"""An outbox that queues messages and sends them in the order in which they came."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

SAMPLE_EVERY = 7
SAMPLES = 2_000


class Outbox:
    """Queues messages; every seventh sent message stays for a while, for the auditors."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._waiting: deque[bytes] = deque()
        self._sent = 0
        self._samples: deque[bytes] = deque(maxlen=SAMPLES)

    def put(self, message: bytes) -> None:
        """Queue a message."""
        self._waiting.append(message)

    def flush(self) -> None:
        """Send all queued messages."""
        while self._waiting:
            message = self._waiting.popleft()
            self._send(message)
            self._sent += 1
            if self._sent % SAMPLE_EVERY == 0:
                self._samples.append(message)

    def samples(self) -> list[bytes]:
        """Return the latest 2,000 samples, the oldest first."""
        return list(self._samples)
