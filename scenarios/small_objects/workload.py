"""A service answers requests and measures how long each one takes; a unit is one request.

Up to sixty requests are in progress at a time, each with its body, so the memory in use rises and
falls all the time. Monitoring reads the percentiles after every thousand requests.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import count
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

REQUESTS_PER_READING = 1000
MAX_IN_PROGRESS = 60


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Answer request after request."""
    times = program.ResponseTimes()
    random = Random(lab.seed)
    in_progress: deque[bytes] = deque()
    for number in count(1):
        in_progress.append(bytes(random.randrange(100, 2000)))
        while len(in_progress) > random.randrange(MAX_IN_PROGRESS):
            in_progress.popleft()
        times.add(response_time(random))
        if number % REQUESTS_PER_READING == 0:
            times.percentile(50)
            times.percentile(99)
        yield


def response_time(random: Random) -> float:
    """Return a response time in seconds: 2 ms for the network, 18 ms for the rest, a long tail."""
    return 0.002 + random.lognormvariate(-4, 0.8)


def check(program: Any, lab: Lab) -> None:
    """A percentile is within 5 % of that of all response times, of which one in 100 is sampled."""
    times = program.ResponseTimes()
    assert times.percentile(99) == 0, "there is a percentile without any request"
    random = Random(lab.seed)
    taken: list[float] = []
    for number in range(1, 20 * lab.units + 1):
        seconds = response_time(random)
        taken.append(seconds)
        for _ in range(100):
            times.add(seconds)
        if number in {1, 2, 10} or number == 20 * lab.units:
            ordered = sorted(taken)
            for percent in (1, 50, 90, 99, 100):
                expected = ordered[-(-number * percent // 100) - 1]
                percentile = times.percentile(percent)
                assert 0.95 < percentile / expected < 1.05, (
                    f"percentile({percent}) of {number} is {percentile}, expected {expected}"
                )
