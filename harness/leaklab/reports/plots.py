"""A chart of two saved results: the judged resource of each, over the units of work done.

`drawing` has the style, and writes the file.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leaklab.model.errors import BadInput
from leaklab.model.result import Result
from leaklab.model.scenario import Resource, Scope
from leaklab.model.signals import Samples, Signal
from leaklab.model.units import MIB, format_bytes
from leaklab.reports.drawing import BLUE, LABEL_SIZE, VERMILION, save_picture, style_axes
from leaklab.reports.runs import growth_text
from leaklab.verdict.pairs import ResultComparison, label
from leaklab.verdict.resources import COUNTED, SIGNAL_LABELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The axes' part of the picture; the labels of the lines are to the right of it.
AXES = (0.085, 0.13, 0.64, 0.77)
# The smallest distance of two labels, as a share of the axes' height: the height of three lines.
LABEL_DISTANCE = 0.2


@dataclass(frozen=True)
class Series:
    """A line of the chart: `values` are in MiB or in pieces, after `units` units of work."""

    result: Result
    units: list[int]
    values: list[float]


def save_plot(path: Path, comparison: ResultComparison) -> None:
    """Draw both results of a comparison into a file, up to the work that both of them did.

    The same comparison gives the same bytes of SVG (with the same matplotlib).

    Args:
        path: The file to write; its suffix, .svg or .png, is the format.
        comparison: Two results over the same work.

    Raises:
        BadInput: The suffix is another, matplotlib is not installed, the results are judged by
            different resources, or one has no samples.
        NotMeasured: The file cannot be written.
    """
    save_picture(path, lambda figure: _draw(figure, comparison))


def series_of(result: Result) -> Series:
    """Select the samples of the judged process, or of the tree where the tree is judged.

    Memory is RSS above the process's baseline (of a tree, PSS without files), in MiB. A run that
    is judged by another resource shows the number of its pieces.

    Raises:
        BadInput: The result has no such samples.
    """
    samples, baseline = _samples(result)
    signal = signal_of(result)
    rows = [
        (units, (value - baseline) / MIB if signal.in_bytes else float(value))
        for units, value in zip(samples.units, samples.column(signal), strict=False)
        if value is not None
    ]
    if not rows:
        raise BadInput(f"{label(result)} has no samples of {SIGNAL_LABELS[signal]}; run it again")
    return Series(result, [units for units, _ in rows], [value for _, value in rows])


def signal_of(result: Result) -> Signal:
    """Return the signal that shows the resource by which a result is judged."""
    resource = result.verdict.resource
    if resource is not Resource.MEMORY:
        return COUNTED[resource][0]
    return Signal.PSS_ANON if result.scope is Scope.TREE else Signal.RSS


def _samples(result: Result) -> tuple[Samples, int]:
    """The samples of what is judged, and the baseline in bytes that is subtracted from them."""
    if result.scope is Scope.TREE:
        return (result.tree.samples if result.tree else Samples()), 0
    if not result.processes:
        return Samples(), 0
    process = result.processes[result.worst_process or 0]
    return process.samples, process.baseline_rss_bytes


def _draw(figure: "Figure", comparison: ResultComparison) -> None:
    if signal_of(comparison.a) is not signal_of(comparison.b):
        raise BadInput("--plot needs two results that are judged by the same resource: omit --plot")
    a, b = _until_common_end(series_of(comparison.a), series_of(comparison.b))
    _fill(figure.add_axes(AXES), a, b)


def _until_common_end(a: Series, b: Series) -> tuple[Series, Series]:
    """Both series up to the work that both runs did."""
    end = min(a.units[-1], b.units[-1])

    def cut(one: Series) -> Series:
        """Return a series without the samples after the common end."""
        kept = sum(units <= end for units in one.units)
        return Series(one.result, one.units[:kept], one.values[:kept])

    return cut(a), cut(b)


def _fill(axes: "Axes", a: Series, b: Series) -> None:
    """Draw the lines, their labels and the axes."""
    only_a_leaks = a.result.verdict.is_leak and not b.result.verdict.is_leak
    colours = (VERMILION, BLUE) if only_a_leaks else (BLUE, VERMILION)
    for series, colour in zip((a, b), colours, strict=True):
        axes.plot(series.units, series.values, color=colour, linewidth=2.5)
    values = [*a.values, *b.values]
    axes.set_xlim(0, max(a.units[-1], b.units[-1], 1))
    axes.set_ylim(min(0.0, *values), 1.08 * max(values) or 1.0)
    heights = _label_heights(axes, a, b)
    place: dict[str, Any] = {"va": "center", "fontsize": LABEL_SIZE, "transform": axes.transAxes}
    for text, colour, height in zip(_labels(a.result, b.result), colours, heights, strict=True):
        axes.text(1.02, height, text, color=colour, **place)
    axes.set_title(_title(a.result, b.result), loc="left", fontweight="bold", pad=12)
    axes.set_xlabel(f"units of work (a unit is one {a.result.unit})")
    axes.set_ylabel(_y_label(a.result))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    style_axes(axes)


def _label_heights(axes: "Axes", a: Series, b: Series) -> tuple[float, float]:
    """Where the labels go, as shares of the axes' height: beside the ends, and apart."""
    low, high = axes.get_ylim()
    first, second = ((series.values[-1] - low) / (high - low) for series in (a, b))
    lacking = max(LABEL_DISTANCE - abs(first - second), 0.0) / 2
    shift = lacking if first > second else -lacking
    # A label at the very bottom would be beside the numbers of the axis of units.
    lift = max(LABEL_DISTANCE / 2 - min(first + shift, second - shift), 0.0)
    return first + shift + lift, second - shift + lift


def _labels(a: Result, b: Result) -> tuple[str, str]:
    same = a.variant is b.variant
    return _label("A: " * same, a), _label("B: " * same, b)


def _label(prefix: str, result: Result) -> str:
    growth = growth_text(result.verdict)
    rate = {"0": "no growth", "-": "growth not known"}.get(growth, f"{growth} per {result.unit}")
    peak = f"peak {format_bytes(result.peak_bytes or 0)}"
    return f"{prefix}{result.variant}: {result.verdict.conclusion}\n{rate}\n{peak}"


def _title(a: Result, b: Result) -> str:
    names = dict.fromkeys(f"{result.scenario} ({result.mode})" for result in (a, b))
    return " and ".join(names)


def _y_label(result: Result) -> str:
    signal = signal_of(result)
    if signal is Signal.RSS:
        return "RSS above the baseline [MiB]"
    return f"{SIGNAL_LABELS[signal]} [MiB]" if signal.in_bytes else SIGNAL_LABELS[signal]
