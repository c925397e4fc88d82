"""The ledger of a business, in memory while it is open."""

from __future__ import annotations


class Ledger:
    """Bookings in a file of lines `date;account;cents`, which is loaded as a whole."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._bookings: list[tuple[str, int]] = []

    def open(self) -> int:
        """Load the file; return the number of its bookings."""
        with open(self._path, "rb") as file:
            rows = [line.split(";") for line in file.read().decode("ascii").splitlines()]
        self._bookings = [(account, int(cents)) for _, account, cents in rows]
        return len(self._bookings)

    def balance(self, account: str) -> int:
        """Return the sum of an account's bookings, in cents."""
        return sum(cents for name, cents in self._bookings if name == account)

    def close(self) -> None:
        """Release the bookings; the file can be loaded again."""
        self._bookings = []
