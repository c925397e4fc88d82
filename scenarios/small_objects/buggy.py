"""The response times of a service, as percentiles."""

from __future__ import annotations

from math import ceil

REQUESTS_PER_SAMPLE = 100


class ResponseTimes:
    """Samples one response time in a hundred, which costs little and is enough for percentiles."""

    def __init__(self) -> None:
        self._requests = 0
        self._samples: list[float] = []

    def add(self, seconds: float) -> None:
        """Add the response time of a request."""
        self._requests += 1
        if self._requests % REQUESTS_PER_SAMPLE == 0:
            self._samples.append(seconds)

    def percentile(self, percent: float) -> float:
        """Return the time in seconds in which that many percent of the requests were answered.

        Before the first sample, it is 0.
        """
        rank = ceil(len(self._samples) * percent / 100)
        return sorted(self._samples)[rank - 1] if rank else 0.0
