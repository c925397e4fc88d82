"""A chart of a log: the memory of modules over time, and below it what each added."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leaklab.features.logs.report import FileGrowth, LogReport
from leaklab.features.watch.forecast import GrowthRate
from leaklab.model.units import MIB, format_bytes
from leaklab.model.verdicts import Conclusion
from leaklab.reports.drawing import BLUE, LABEL_SIZE, VERMILION, save_picture, style_axes
from leaklab.reports.logs import growth_in, shared_span, short_names
from leaklab.reports.table import shorten_middle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Warm colours for modules that leak, cool ones for the others, all of Okabe and Ito.
LEAK_COLOURS = (VERMILION, "#E69F00", "#CC79A7")
OTHER_COLOURS = (BLUE, "#009E73", "#56B4E9")
UPPER = (0.085, 0.56, 0.62, 0.36)
LOWER = (0.085, 0.12, 0.62, 0.36)
LABEL_STEP = 0.145
MAX_LABEL = 30
# The longest time that is shown in each unit, and the seconds of the unit.
TIME_UNITS = (("s", 1.0, 600.0), ("min", 60.0, 36_000.0), ("h", 3600.0, 864_000.0))


def save_log_plot(path: Path, report: LogReport) -> None:
    """Draw the modules that leak, and the largest of the others, into a file.

    Args:
        path: The file to write; its suffix, .svg or .png, is the format.
        report: What the log shows.

    Raises:
        BadInput: The suffix is another, or matplotlib is not installed.
        NotMeasured: The file cannot be written.
    """
    save_picture(path, lambda figure: _draw(figure, report))


def plotted(files: Iterable[FileGrowth]) -> list[tuple[FileGrowth, str]]:
    """Return the modules that are drawn, each with its colour."""
    every = list(files)
    leaking = [growth for growth in every if growth.conclusion is Conclusion.LEAK]
    others = [growth for growth in every if growth.conclusion is not Conclusion.LEAK]
    others.sort(key=lambda growth: -growth.size_bytes)
    chosen = [*zip(leaking, LEAK_COLOURS, strict=False), *zip(others, OTHER_COLOURS, strict=False)]
    return sorted(chosen, key=lambda pair: -pair[0].size_bytes)


def time_unit(seconds: float) -> tuple[str, float]:
    """Return the unit in which a time is drawn, and its seconds."""
    fitting = ((name, unit) for name, unit, longest in TIME_UNITS if seconds <= longest)
    return next(fitting, ("d", 86_400.0))


def _draw(figure: "Figure", report: LogReport) -> None:
    upper, lower = figure.add_axes(UPPER), figure.add_axes(LOWER)
    name, unit = time_unit(report.seconds)
    chosen = plotted(report.files)
    for growth, colour in chosen:
        times = [at / unit for at in growth.seconds]
        sizes = [size / MIB for size in growth.sizes_bytes]
        style: dict[str, Any] = {"color": colour, "linewidth": 2.0}
        upper.plot(times, sizes, **style)
        lower.plot(times, [size - sizes[0] for size in sizes], **style)
    for axes in (upper, lower):
        axes.set_xlim(0, max(report.seconds / unit, 1e-9))
        style_axes(axes)
    upper.set_ylim(bottom=0)
    upper.set_xticklabels([])
    upper.set_ylabel("size [MiB]")
    lower.set_ylabel("added [MiB]")
    lower.set_xlabel(f"time since the trace began [{name}]")
    upper.set_title(f"traced memory: {report.conclusion}", loc="left", fontweight="bold", pad=10)
    _label(upper, chosen)


def _label(axes: "Axes", chosen: Sequence[tuple[FileGrowth, str]]) -> None:
    """Name each line in its colour, the largest first."""
    names = short_names(growth.file for growth, _ in chosen)
    span = shared_span([growth for growth, _ in chosen])
    per = GrowthRate(amount=0.0, span=span).per
    place: dict[str, Any] = {"va": "top", "fontsize": LABEL_SIZE - 1, "transform": axes.transAxes}
    for number, (growth, colour) in enumerate(chosen):
        rate = growth_in(growth, span)
        grows = "no growth" if rate == "0" else f"{rate} {per}"
        lines = [
            shorten_middle(names[growth.file], MAX_LABEL),
            f"{growth.conclusion}, {format_bytes(growth.size_bytes)}, {grows}",
        ]
        height = 1.0 - 2 * LABEL_STEP * number
        axes.text(1.03, height, "\n".join(lines), color=colour, **place)
