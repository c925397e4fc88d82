"""Account statements, as long as the customer wants them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

MOST_BOOKINGS = 50_000


class Statement:
    """The bookings of an account in rows: number, amount and the balance after it, in cents."""

    def __init__(self, bookings: Iterator[int]) -> None:
        self.rows: list[tuple[int, int, int]] = []
        self.balance = 0
        for number, cents in enumerate(bookings, start=1):
            self.balance += cents
            self.rows.append((number, cents, self.balance))


class Bank:
    """Makes statements from the bookings, which are elsewhere."""

    def __init__(self, bookings: Callable[[int, int], Iterator[int]]) -> None:
        self._bookings = bookings

    def statement(self, account: int, count: int) -> Statement:
        """A statement of so many bookings, but of MOST_BOOKINGS at the most."""
        return Statement(self._bookings(account, min(count, MOST_BOOKINGS)))
