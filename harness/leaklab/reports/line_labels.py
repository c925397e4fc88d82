"""The labels of the lines of a chart: beside the ends of their lines, and apart from each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leaklab.reports.drawing import DOTS_PER_INCH, LABEL_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Of the size of the letters.
LINE_HEIGHT = 1.3
GAP_POINTS = 7.0
POINTS_PER_INCH = 72


@dataclass(frozen=True)
class LineLabel:
    """The text of a line, of one row or more; `value` is where the line ends, on the y axis."""

    text: str
    colour: str
    value: float


def write_labels(axes: "Axes", labels: Sequence[LineLabel], size: float = LABEL_SIZE) -> None:
    """Write the labels to the right of the axes, which must have their final size and limits."""
    pixels = axes.get_window_extent().height
    whole = pixels / DOTS_PER_INCH * POINTS_PER_INCH
    heights = [(size * LINE_HEIGHT * (x.text.count("\n") + 1) + GAP_POINTS) / whole for x in labels]
    right = axes.get_xlim()[1]
    places = axes.transAxes.inverted().transform(
        axes.transData.transform([(right, label.value) for label in labels])
    )
    centres = spread([float(y) for _, y in places], heights)
    for label, centre in zip(labels, centres, strict=True):
        axes.text(
            1.025,
            centre,
            label.text,
            color=label.colour,
            fontsize=size,
            va="center",
            linespacing=LINE_HEIGHT,
            transform=axes.transAxes,
        )


def spread(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Return a place for each label, as near as possible to the one that it wants.

    Labels do not overlap, and keep their order. They are between 0 and 1 where there is room.

    Args:
        wanted: The wanted centre of each label, as a share of the height.
        heights: The height of each label.
    """
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    centres = [0.0] * len(order)
    lowest = 0.0
    for number in order:
        centres[number] = max(wanted[number], lowest + heights[number] / 2)
        lowest = centres[number] + heights[number] / 2
    highest = max(1.0, sum(heights))
    for number in reversed(order):
        centres[number] = min(centres[number], highest - heights[number] / 2)
        highest = centres[number] - heights[number] / 2
    return centres
