"""An auditor opens the ledger at nine and closes it at noon every day; a unit is one hour.

In the other 21 hours of a day the program is idle, like many services at night.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

HOURS = 24
OPENS, CLOSES = 9, 12
ACCOUNTS = 200


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Work hour after hour, from midnight on."""
    path, _ = write_ledger(lab.scratch, lab.seed, int(lab.options["bookings"]))
    ledger = program.Ledger(path)
    random = Random(lab.seed)
    for hour in (hours % HOURS for hours in count()):
        if hour == OPENS:
            ledger.open()
        if hour == CLOSES:
            ledger.close()
        if OPENS <= hour < CLOSES:
            ledger.balance(account(random.randrange(ACCOUNTS)))
        yield


def write_ledger(folder: str, seed: int, bookings: int) -> tuple[str, dict[str, int]]:
    """Write a ledger; return its path and the balance of each account in cents."""
    random = Random(seed).random
    balances = {account(number): 0 for number in range(ACCOUNTS)}
    path = f"{folder}/ledger.csv"
    with open(path, "w", encoding="ascii") as file:
        for number in range(bookings):
            name, cents = account(int(ACCOUNTS * random())), int(2_000_000 * random()) - 1_000_000
            balances[name] += cents
            file.write(f"2026-{number % 12 + 1:02}-{number % 28 + 1:02};{name};{cents}\n")
    return path, balances


def account(number: int) -> str:
    """Return the name of an account."""
    return f"account {number:06}"


def check(program: Any, lab: Lab) -> None:
    """Every balance is right while the ledger is open, and zero while it is closed."""
    path, balances = write_ledger(lab.scratch, lab.seed, bookings=100 * lab.units)
    ledger = program.Ledger(path)
    random = Random(lab.seed)
    for _ in range(3):
        loaded = ledger.open()
        assert loaded == 100 * lab.units, f"{loaded} of {100 * lab.units} bookings were loaded"
        for name in random.sample(sorted(balances), 20):
            balance = ledger.balance(name)
            assert balance == balances[name], f"{name} has {balance}, not {balances[name]}"
        ledger.close()
        left = {name: ledger.balance(name) for name in balances if ledger.balance(name)}
        assert not left, f"the closed ledger still has balances: {left}"
