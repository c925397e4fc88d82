"""Customers request account statements, short ones and long ones; a unit is one request.

The form offers 50, 500, 5,000 or all bookings; fewer customers choose the larger numbers. A unit
ends while the statement is being sent, so it is still in memory; after that it is released.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, islice
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

OFFERED = (50, 500, 5_000)
OF_100_CUSTOMERS = (60, 25, 10, 5)


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Answer request after request."""
    bank = program.Bank(bookings)
    for account, count in requests(lab.seed, int(lab.options["all"])):
        statement = bank.statement(account, count)
        yield
        del statement


def requests(seed: int, everything: int) -> Iterator[tuple[int, int]]:
    """Yield account and number of bookings of each request; `everything` stands for "all"."""
    random = Random(seed)
    while True:
        count = random.choices((*OFFERED, everything), OF_100_CUSTOMERS)[0]
        yield random.randrange(1_000_000), count


def bookings(account: int, count: int) -> Iterator[int]:
    """Return an account's invented bookings in cents: the same each time."""
    return ((account + number) * 7919 % 100_003 - 50_000 for number in range(count))


def check(program: Any, lab: Lab) -> None:
    """Every statement has at most MAX_BOOKINGS rows, and the right amounts and balances."""
    bank = program.Bank(bookings)
    requested = requests(lab.seed, everything=2 * program.MAX_BOOKINGS)
    for account, count in islice(requested, lab.units):
        statement = bank.statement(account, count)
        given = min(count, program.MAX_BOOKINGS)
        numbers = [number for number, _, _ in statement.rows]
        assert numbers == list(range(1, given + 1)), f"{count} bookings gave {len(numbers)} rows"
        amounts = [cents for _, cents, _ in statement.rows]
        assert amounts == list(bookings(account, given)), f"account {account} has wrong amounts"
        balances = [balance for _, _, balance in statement.rows]
        assert balances == list(accumulate(amounts)), f"account {account} has wrong balances"
        assert statement.balance == sum(amounts), f"the balance is not {sum(amounts)}"
