"""A service answers requests and logs what it does; a unit is one request.

The service is healthy, unless the option `requests_per_error` makes every N-th request fail.
"""

# pathlib would add 2 MiB.
from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger
    from typing import Any

    from fixtures.lab import Lab


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Answer request after request."""
    logger = program.open_log(os.path.join(lab.scratch, "orders.log"))
    requests_per_error = int(lab.options["requests_per_error"])
    random = Random(lab.seed)
    try:
        for number in count(1):
            answer(logger, number, random)
            if requests_per_error and number % requests_per_error == 0:
                logger.error("request %d: the payment was refused", number)
            yield
    finally:
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()


def answer(logger: Logger, number: int, random: Random) -> None:
    """Answer a request: four lines of details."""
    order, customer = random.randrange(10**6, 10**7), random.randrange(10**6, 10**7)
    logger.info("request %d: order %d of customer %d", number, order, customer)
    logger.debug("request %d: the customer is in the database", number)
    logger.debug("request %d: the price is %.2f", number, random.randrange(10**5) / 100)
    logger.info("request %d: done in %.1f ms", number, 5 + 20 * random.random())


def check(program: Any, lab: Lab) -> None:
    """An error is in the log at once, with the thousand lines before it or as many as there are."""
    path = os.path.join(lab.scratch, "orders.log")
    logger = program.open_log(path)
    random, expected = Random(lab.seed), Random(lab.seed)
    since_error: list[str] = []
    for number in range(1, 20 * lab.units + 1):
        answer(logger, number, random)
        since_error += lines(number, expected)
        if number in {1, 2, 600} or number == 20 * lab.units:
            logger.error("request %d failed", number)
            since_error.append(f"ERROR request {number} failed")
            written = log_lines(path)[-min(len(since_error), 1000) :]
            assert written == since_error[-1000:], (
                f"the log of request {number} goes from {written[:1]} to {written[-1:]}"
            )
            since_error.clear()


def lines(number: int, random: Random) -> list[str]:
    """Return what the log has of a request that `answer` answered."""
    order, customer = random.randrange(10**6, 10**7), random.randrange(10**6, 10**7)
    price, milliseconds = random.randrange(10**5) / 100, 5 + 20 * random.random()
    return [
        f"INFO request {number}: order {order} of customer {customer}",
        f"DEBUG request {number}: the customer is in the database",
        f"DEBUG request {number}: the price is {price:.2f}",
        f"INFO request {number}: done in {milliseconds:.1f} ms",
    ]


def log_lines(path: str) -> list[str]:
    """Return the lines of the log, of the rotated files first."""
    written: list[str] = []
    for name in (f"{path}.3", f"{path}.2", f"{path}.1", path):
        if os.path.exists(name):
            with open(name, encoding="utf-8") as file:
                written += file.read().splitlines()
    return written
