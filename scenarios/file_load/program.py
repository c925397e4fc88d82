"""The ledger of a business, in memory for as long as somebody works with it."""

from __future__ import annotations


class Ledger:
    """Bookings in a file, one `date;account;cents` a line, loaded whole to be asked about."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._bookings: list[tuple[str, int]] = []

    def open(self) -> int:
        """Load the file; return how many bookings it has."""
        with open(self._path, "rb") as file:
            rows = [line.split(";") for line in file.read().decode("ascii").splitlines()]
        self._bookings = [(account, int(cents)) for _, account, cents in rows]
        return len(self._bookings)

    def balance(self, account: str) -> int:
        """The sum of an account's bookings, in cents."""
        return sum(cents for name, cents in self._bookings if name == account)

    def close(self) -> None:
        """The work is done; the file can be loaded again."""
        self._bookings = []
