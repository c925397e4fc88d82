"""A series of readings whose length need not be known: it has a most length, and thins itself."""

from leaklab.model.signals import Reading, Samples, Signal

# Twice what is kept of one process by its agent: these are not spaced by the work.
MOST_ROWS = 384


class Series:
    """Readings by the work done; when full, every second one is dropped, and from then on only
    every second, fourth ... is kept."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, Reading]] = []
        self._stride = 1
        self._offered = 0

    def add(self, units: int, reading: Reading) -> None:
        """Offer a reading, made when so many units were done."""
        self._offered += 1
        if (self._offered - 1) % self._stride:
            return
        self._rows.append((units, reading))
        if len(self._rows) > MOST_ROWS:
            del self._rows[1::2]
            self._stride *= 2

    def samples(self) -> Samples:
        """The series by columns; one that was never read is empty."""
        columns = {signal: [getattr(r, signal) for _, r in self._rows] for signal in Signal}
        return Samples(
            units=[units for units, _ in self._rows],
            **{
                str(signal): values
                for signal, values in columns.items()
                if any(value is not None for value in values)
            },
        )
