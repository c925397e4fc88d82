"""A chart of a projection: the measured peaks, the law that fits them, and where it leads.

Both axes are logarithmic, because the sizes that are run and the one that is projected to differ by
orders of magnitude. The axis of memory has its lines at powers of two, as its units do.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from leaklab.features.projection.project import VariantProjection
from leaklab.model.scenario import Scope, Variant
from leaklab.model.units import PAGE_BYTES, format_bytes
from leaklab.reports.drawing import (
    NOTE_SIZE,
    Picture,
    draw_limit,
    save_picture,
    stacked_axes,
    style_axes,
    write_title,
)
from leaklab.reports.growth_band import DASHES
from leaklab.reports.line_labels import LineLabel, write_labels
from leaklab.reports.palette import Palette
from leaklab.reports.projection import format_units, prediction_interval, reached

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOTE = (
    "dots: measured; dashed: the likeliest law; shaded: the 95 % interval of all plausible laws\n"
    "right of the grey line: sizes that were not run"
)
# For numbers such as `128 MiB`.
LEFT_INCHES_OF_BYTES = 1.15
MARKERS_OF_VARIANTS = {Variant.BUGGY: "o", Variant.FIXED: "s", Variant.PROGRAM: "^"}
# A limit that is farther above the peaks is not drawn, because they would become flat lines.
MAX_LIMIT_RATIO = 16
CURVE_POINTS = 64
MAX_TICKS = 7


def save_projection_plot(picture: Picture, projections: Sequence[VariantProjection]) -> None:
    """Draw the variants of a scenario into a file, up to the size that they are projected to.

    Args:
        picture: The file to write, and its theme.
        projections: The variants, projected to the same target; at least one.

    Raises:
        BadInput: The suffix is unknown, or matplotlib is not installed.
        NotMeasured: The file cannot be written.
    """
    save_picture(picture, lambda figure, palette: _draw(figure, palette, projections))


def memory_ticks(low: float, high: float) -> list[float]:
    """Return a few powers of two from `low` to `high` bytes, in equal ratios."""
    first, last = math.ceil(math.log2(low)), math.floor(math.log2(high))
    step = max(1, math.ceil((last - first + 1) / MAX_TICKS))
    return [2.0**power for power in range(first, last + 1) if power % step == 0]


def _draw(figure: "Figure", palette: Palette, projections: Sequence[VariantProjection]) -> None:
    (axes,) = stacked_axes(figure, 1, NOTE, LEFT_INCHES_OF_BYTES)
    one = projections[0]
    smallest, largest = one.points[0].units, one.points[-1].units
    axes.set_xscale("log")
    axes.set_yscale("log", base=2)
    axes.set_xlim(smallest / 1.2, max(one.target.units, largest))
    axes.set_ylim(*_range(projections))
    labels = [
        _draw_variant(axes, p, (palette.leaks if p.variant is Variant.BUGGY else palette.others)[0])
        for p in projections
    ]
    limit = max(p.crossing.limit_bytes for p in projections)
    if 0 < limit <= MAX_LIMIT_RATIO * axes.get_ylim()[1]:
        draw_limit(axes, palette, limit, f"limit: {format_bytes(one.target.limit_bytes)}")
    axes.axvline(largest, color=palette.others[2], linewidth=1.2, zorder=0.5)
    _name_axes(axes, one)
    style_axes(axes, palette)
    write_title(axes, f"{one.scenario}, projected to {format_units(one.target.units)} units", NOTE)
    write_labels(axes, labels, NOTE_SIZE)


def _range(projections: Sequence[VariantProjection]) -> tuple[float, float]:
    """Return the lowest and the highest memory of the axes, in bytes."""
    peaks = [point.peak_bytes for p in projections for point in p.points]
    low = max(min(peaks) / 2, PAGE_BYTES)
    high = max([*peaks, *(p.prediction.high_bytes for p in projections)])
    return low, max(2 * high, 4 * low)


def _draw_variant(axes: "Axes", projection: VariantProjection, colour: str) -> LineLabel:
    """Draw the peaks, the law and its interval; return the label."""
    points = projection.points
    end = max(projection.target.units, points[-1].units)
    sizes = sorted({round(x) for x in np.geomspace(points[0].units, end, CURVE_POINTS)})
    curve = [projection.laws.predict(size) for size in sizes]
    low, high = [x.low_bytes for x in curve], [x.high_bytes for x in curve]
    # A logarithmic axis has no zero.
    floor = axes.get_ylim()[0]
    axes.fill_between(sizes, np.maximum(low, floor), high, color=colour, alpha=0.25, linewidth=0)
    law = [max(x.peak_bytes, floor) for x in curve]
    axes.plot(sizes, law, color=colour, linewidth=1.8, linestyle=DASHES)
    measured: dict[str, Any] = {
        "linestyle": "none",
        "marker": MARKERS_OF_VARIANTS[projection.variant],
    }
    peaks = [max(point.peak_bytes, floor) for point in points]
    axes.plot([point.units for point in points], peaks, color=colour, **measured)
    return LineLabel(_label(projection), colour, law[-1])


def _label(projection: VariantProjection) -> str:
    predicted = projection.prediction
    limit = format_bytes(projection.target.limit_bytes)
    return "\n".join(
        [
            f"{projection.variant}: {projection.laws.best.law}",
            f"  {format_bytes(predicted.peak_bytes)}",
            f"  ({prediction_interval(predicted)})",
            f"  limit of {limit}:",
            f"  {_when(projection)}",
        ]
    )


def _when(projection: VariantProjection) -> str:
    """Say at which size the limit is reached."""
    size = reached(projection)
    if size == "never":
        return "never reached"
    return f"reached {size}" if projection.crossing.units is None else f"reached at {size}"


def _name_axes(axes: "Axes", one: VariantProjection) -> None:
    axes.set_xlabel(f"units of work (a unit is one {one.unit})")
    is_tree = one.scope is Scope.TREE
    axes.set_ylabel("peak PSS without files" if is_tree else "peak RSS above the baseline")
    low, high = axes.get_ylim()
    axes.set_yticks(memory_ticks(low, high))
    axes.yaxis.set_major_formatter(lambda value, _: format_bytes(value))
    axes.xaxis.set_major_formatter(lambda value, _: format_units(value))
    axes.minorticks_off()
