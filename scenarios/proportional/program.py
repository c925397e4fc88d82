"""Account statements of the length that the customer chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator

MAX_BOOKINGS = 50_000


class Statement:
    """The bookings of an account as rows of number, amount and balance after it, in cents."""

    def __init__(self, bookings: Iterator[int]) -> None:
        self.rows: list[tuple[int, int, int]] = []
        self.balance = 0
        for number, cents in enumerate(bookings, start=1):
            self.balance += cents
            self.rows.append((number, cents, self.balance))


class Bank:
    """Makes statements from bookings that are stored elsewhere."""

    def __init__(self, bookings: Callable[[int, int], Iterator[int]]) -> None:
        self._bookings = bookings

    def statement(self, account: int, count: int) -> Statement:
        """Return a statement of `count` bookings, and of MAX_BOOKINGS at most."""
        return Statement(self._bookings(account, min(count, MAX_BOOKINGS)))
