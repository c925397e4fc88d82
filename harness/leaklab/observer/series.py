"""A series of readings whose length need not be known: it has a most length, and thins itself."""

from leaklab.model.signals import READ, Reading, Samples, Signal

# Readings come unevenly, from 0.6 to 1.6 times their mean distance: one that comes sooner than half
# of it is from before the series was thinned.
NEAREST = 0.5


class TreeSeries:
    """Readings by work done, or by time. When it is full every second one goes, and from then on
    those that come sooner than the others lie apart are not kept."""

    def __init__(self, max_rows: int) -> None:
        """An empty one."""
        self.rows: list[tuple[float, Reading]] = []
        self.spacing = 0.0
        self._max_rows = max_rows

    def add(self, at: float, reading: Reading) -> None:
        """Keep a reading made after this much work or time, if there is room for it."""
        if self.rows and at - self.rows[-1][0] < self.spacing * NEAREST:
            return
        self.rows.append((at, reading))
        if len(self.rows) >= self._max_rows:
            del self.rows[1::2]
            self.spacing = (self.rows[-1][0] - self.rows[0][0]) / (len(self.rows) - 1)

    def of(self, signal: Signal) -> tuple[list[float], list[float]]:
        """Where a signal was read, and what."""
        pairs = [(at, getattr(reading, signal.value)) for at, reading in self.rows]
        known = [(at, float(value)) for at, value in pairs if value is not None]
        return [at for at, _ in known], [value for _, value in known]

    def samples(self) -> Samples:
        """The series by columns, of one by work done; a signal that was never read has none."""
        columns = {signal: [getattr(r, signal) for _, r in self.rows] for signal in READ}
        return Samples(
            units=[int(units) for units, _ in self.rows],
            **{
                str(signal): values
                for signal, values in columns.items()
                if any(value is not None for value in values)
            },
        )
