"""The growth of a verdict as a band: where a series goes from its last two octaves on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leaklab.model.verdicts import Verdict
from leaklab.verdict.resources import SIGNAL_LABELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The verdict judges the last two octaves: the work from a quarter of it to its end.
BEGIN_SHARE = 1 / 4
DASHES = (0, (4, 3))
# Where the band begins, the series may be at the height of a saw-tooth, so the lowest value of its
# next samples is taken.
LOW_SHARE = 1 / 16


@dataclass(frozen=True)
class Band:
    """Growth from one place of a chart on, with its 95 % interval.

    Attributes:
        x: Where it begins and ends on the x axis.
        begin: Where it begins on the y axis.
        ends: Where the lower bound, the estimate and the upper bound end on the y axis.
    """

    x: tuple[float, float]
    begin: float
    ends: tuple[float, float, float]


def band_of(
    rows: tuple[Sequence[float], Sequence[float]],
    verdict: Verdict,
    size: float = 1.0,
    start: float = 0.0,
) -> Band | None:
    """Return the growth of a verdict over a series; None where the verdict has no amounts.

    Args:
        rows: The x and the y of each sample, as they are drawn.
        verdict: The verdict, with its growth per unit of work or per second.
        size: The amount of the verdict's growth that is drawn as a slope of 1.
        start: The x from which on the verdict counts; what is before is left out.
    """
    if verdict.per_unit is None or verdict.low is None or verdict.high is None:
        return None
    begin, height = _origin(rows, start)
    end = rows[0][-1]
    low, middle, high = (
        height + rate / size * (end - begin)
        for rate in (verdict.low, verdict.per_unit, verdict.high)
    )
    return Band((begin, end), height, (low, middle, high))


def draw_band(axes: "Axes", band: Band, colour: str, ink: str) -> None:
    """Draw the estimate as a dashed line in `ink`, and the interval as a shaded band."""
    low, middle, high = ([band.begin, end] for end in band.ends)
    axes.fill_between(band.x, low, high, color=colour, alpha=0.25, linewidth=0)
    axes.plot(band.x, middle, color=ink, linewidth=1.1, linestyle=DASHES)


def band_note(verdicts: Iterable[Verdict]) -> str:
    """Return the words that explain the bands of these verdicts, as a note below a title."""
    signals = dict.fromkeys(SIGNAL_LABELS[v.signal] for v in verdicts if v.signal)
    growth = f"the verdict's growth of {' and '.join(signals)}"
    return f"dashed: {growth}; shaded: its 95 % interval" if signals else ""


def _origin(rows: tuple[Sequence[float], Sequence[float]], start: float) -> tuple[float, float]:
    """Return where the band begins: the lowest place soon after a quarter of the work."""
    span = rows[0][-1] - start
    begin, until = start + BEGIN_SHARE * span, start + (BEGIN_SHARE + LOW_SHARE) * span
    later = [(y, x) for x, y in zip(*rows, strict=True) if x >= begin]
    y, x = min([place for place in later if place[1] <= until], default=later[0])
    return float(x), float(y)
