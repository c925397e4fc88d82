"""The response times of a service, as percentiles."""

from __future__ import annotations

from array import array
from itertools import accumulate
from math import ceil, log

REQUESTS_PER_SAMPLE = 100
SHORTEST, RATIO, BUCKETS = 0.0001, 1.05, 280


class ResponseTimes:
    """Samples one response time in a hundred, which costs little and is enough for percentiles."""

    def __init__(self) -> None:
        self._requests = 0
        self._counts = array("Q", [0] * BUCKETS)

    def add(self, seconds: float) -> None:
        """Add the response time of a request."""
        self._requests += 1
        if self._requests % REQUESTS_PER_SAMPLE == 0:
            self._counts[_bucket(seconds)] += 1

    def percentile(self, percent: float) -> float:
        """Return the time in seconds in which that many percent of the requests were answered.

        Before the first sample, it is 0.
        """
        rank = ceil(sum(self._counts) * percent / 100)
        reached = sum(total < rank for total in accumulate(self._counts))
        return SHORTEST * RATIO ** (reached + 0.5) if rank else 0.0


def _bucket(seconds: float) -> int:
    """Return the bucket of a time; each is 5 % wider than the one before it."""
    return min(int(log(max(seconds, SHORTEST) / SHORTEST, RATIO)), BUCKETS - 1)
