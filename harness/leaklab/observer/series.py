"""A series of readings with a maximum length: a full series drops every second reading."""

from leaklab.model.signals import READ, Reading, Samples, Signal

# Readings are spaced by 0.6 to 1.6 times their mean distance. A reading that follows after less
# than half of it belongs to the denser spacing from before the series was thinned.
MIN_SHARE_OF_SPACING = 0.5


class TreeSeries:
    """Readings by work done or by time.

    A full series drops every second reading. From then on it ignores readings that follow the last
    one after less than half the mean spacing of its readings.
    """

    def __init__(self, max_rows: int) -> None:
        """Make an empty series of fewer than `max_rows` readings."""
        self.rows: list[tuple[float, Reading]] = []
        self.spacing = 0.0
        self._max_rows = max_rows

    def add(self, at: float, reading: Reading) -> None:
        """Add a reading made after `at` work or time, unless it follows the last one too soon."""
        if self.rows and at - self.rows[-1][0] < self.spacing * MIN_SHARE_OF_SPACING:
            return
        self.rows.append((at, reading))
        if len(self.rows) >= self._max_rows:
            del self.rows[1::2]
            self.spacing = (self.rows[-1][0] - self.rows[0][0]) / (len(self.rows) - 1)

    def of(self, signal: Signal) -> tuple[list[float], list[float]]:
        """Return the positions at which a signal was read, and its values."""
        pairs = [(at, getattr(reading, signal.value)) for at, reading in self.rows]
        known = [(at, float(value)) for at, value in pairs if value is not None]
        return [at for at, _ in known], [value for _, value in known]

    def samples(self) -> Samples:
        """Return a series by work done as columns. A signal that was never read has no column."""
        columns = {signal: [getattr(r, signal) for _, r in self.rows] for signal in READ}
        return Samples(
            units=[int(units) for units, _ in self.rows],
            **{
                str(signal): values
                for signal, values in columns.items()
                if any(value is not None for value in values)
            },
        )
