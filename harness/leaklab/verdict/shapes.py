"""The shape of a series that does not leak: a plateau, a saw-tooth, or level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from leaklab.model.scenario import Growth

if TYPE_CHECKING:
    import numpy as np

    from leaklab.verdict.octaves import Octave


def clean_shape(
    units: Sequence[float], values: Sequence[float], last: Octave, noise_floor: float
) -> Growth:
    """Return the shape of a clean series.

    Args:
        units: The work done at each sample, rising.
        values: The reading at each sample.
        last: The last octave of the series.
        noise_floor: Growth over an octave that counts as none, in the unit of `values`.

    Returns:
        BOUNDED for a series that rose and became level, SAWTOOTH for one that rises and falls
        repeatedly, NONE for one that was level from the beginning.
    """
    import numpy as np

    x, y = np.asarray(units), np.asarray(values, dtype=np.float64)
    climbed = float(last.minima.min() - y[0])
    tail = y[x > x[-1] / 2]
    swing = float(np.ptp(tail))
    if climbed > max(noise_floor, swing):
        return Growth.BOUNDED
    if swing > noise_floor and _falls(tail) >= 2:
        return Growth.SAWTOOTH
    return Growth.BOUNDED if climbed > noise_floor else Growth.NONE


def _falls(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> int:
    """Count the falls from the top quarter of the range to the bottom quarter."""
    import numpy as np

    share = (values - values.min()) / np.ptp(values)
    extremes = share[(share > 0.75) | (share < 0.25)] > 0.5
    return int((np.diff(extremes.astype(int)) < 0).sum())
