"""Customers of forty shops ask for the price of a delivery; a unit is five requests.

The service runs in this process. The client is a process of its own, `fixtures/load.py`. The clock
of the service advances by ten seconds with each request, and one quote in four is accepted.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab
    from fixtures.serving import Service

BATCH = 5
SHOPS = 40
SECONDS_PER_REQUEST = 10
ACCEPTED = 1 / 4
PARAGRAPHS = 30
VALID_SECONDS = 900


class Clock:
    """The time of the service."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.seconds


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Ask for quote after quote."""
    clock, random, count = Clock(), Random(lab.seed), int(lab.options["postcodes"])
    service = start(program, lab, clock, count, int(lab.options["service_port"]))
    try:
        while True:
            quotes = [a_quote(random, count) for _ in range(BATCH)]
            clock.seconds += SECONDS_PER_REQUEST * BATCH
            for page in ok(service.serve(quotes)):
                if random.random() < ACCEPTED:
                    ok(service.serve([("PUT", f"/quotes/{number_on(page)}", "{}")]))
            yield
    finally:
        service.close()


def start(program: Any, lab: Lab, clock: Clock, count: int, port: int = 0) -> Service:
    """Load the tariff and the pages, and start the service."""
    from fixtures.serving import Service

    if count < 1:
        raise ValueError(f"postcodes={count}: at least 1 is needed")
    postcodes = ((f"P{number:06}", number % 9) for number in range(count))
    pages = {f"shop{shop}.html": template(shop) for shop in range(SHOPS)}
    application = program.application(postcodes, pages, clock, lab.seed)
    return Service(application, lab.services["load"], port)


def template(shop: int) -> str:
    """Return the page of a shop: its terms of delivery, and the price."""
    terms = "".join(
        f"<p>{{% if cents > {100 * n} %}}Shop {shop}, section {n}.{{% end %}}</p>\n"
        for n in range(PARAGRAPHS)
    )
    return f"<html>{terms}<b>{{{{ cents }}}}</b><i>{{{{ number }}}}</i></html>"


def a_quote(random: Random, count: int) -> tuple[str, str, str]:
    """Return the request of a customer: method, path, and body."""
    postcode, grams = random.randrange(count), random.randrange(100, 30_000)
    return "GET", f"/shops/shop{random.randrange(SHOPS)}/quotes/P{postcode:06}/{grams}", ""


def ok(responses: list[tuple[int, str]]) -> list[str]:
    """Return the bodies of responses that all succeeded."""
    for status, body in responses:
        if status != 200:
            raise RuntimeError(f"the service answered {status}: {body}")
    return [body for _, body in responses]


def number_on(page: str) -> str:
    """Return the number of the quote on a page."""
    return page.partition("<i>")[2].partition("</i>")[0]


def check(program: Any, lab: Lab) -> None:
    """A quote has the right price, and is accepted once, and only in time."""
    clock, random, count = Clock(), Random(lab.seed), 500
    service = start(program, lab, clock, count)
    try:
        for late in [False, True] * max(2, min(lab.units, 20)):
            request = a_quote(random, count)
            _, _, _, _, postcode, grams = request[1].split("/")
            price = 390 + 110 * (int(postcode[1:]) % 9) + int(grams) // 100 * 5
            (page,) = ok(service.serve([request]))
            assert f"<b>{price}</b>" in page, f"{request[1]} is not quoted at {price}: {page[-80:]}"
            clock.seconds += VALID_SECONDS + 1 if late else 1
            accept = ("PUT", f"/quotes/{number_on(page)}", "{}")
            statuses = [status for status, _ in service.serve([accept, accept])]
            expected = [410, 410] if late else [200, 410]
            assert statuses == expected, f"accepted with {statuses}, expected {expected}"
    finally:
        service.close()
