"""A chart of a log: the memory of modules over time, and below it what each added."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leaklab.features.logs.report import FileGrowth, LogReport
from leaklab.features.watch.forecast import GrowthRate
from leaklab.model.units import MIB, format_bytes
from leaklab.model.verdicts import Conclusion
from leaklab.reports.drawing import (
    LABEL_SIZE,
    LINE_STYLES,
    Picture,
    save_picture,
    style_axes,
    time_unit,
)
from leaklab.reports.logs import growth_in, shared_span, short_names
from leaklab.reports.palette import Palette
from leaklab.reports.table import shorten_middle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UPPER = (0.1, 0.56, 0.605, 0.36)
LOWER = (0.1, 0.12, 0.605, 0.36)
LABEL_STEP = 0.145
MAX_LABEL = 28


@dataclass(frozen=True)
class ModuleLine:
    """A module that is drawn, with the colour and the style of its line."""

    growth: FileGrowth
    colour: str
    style: str


def save_log_plot(picture: Picture, report: LogReport) -> None:
    """Draw the modules that leak, and the largest of the others, into a file.

    Args:
        picture: The file to write, and its theme.
        report: What the log shows.

    Raises:
        BadInput: The suffix is another, or matplotlib is not installed.
        NotMeasured: The file cannot be written.
    """
    save_picture(picture, lambda figure, palette: _draw(figure, palette, report))


def plotted(files: Iterable[FileGrowth], palette: Palette) -> list[ModuleLine]:
    """Return the modules that are drawn, the largest first, those that leak in warm colours."""
    every = list(files)
    leaking = [growth for growth in every if growth.conclusion is Conclusion.LEAK]
    others = [growth for growth in every if growth.conclusion is not Conclusion.LEAK]
    others.sort(key=lambda growth: -growth.size_bytes)
    chosen = [
        *zip(leaking, palette.leaks, LINE_STYLES, strict=False),
        *zip(others, palette.others, LINE_STYLES, strict=False),
    ]
    lines = [ModuleLine(*line) for line in chosen]
    return sorted(lines, key=lambda line: -line.growth.size_bytes)


def _draw(figure: "Figure", palette: Palette, report: LogReport) -> None:
    upper, lower = figure.add_axes(UPPER), figure.add_axes(LOWER)
    name, unit = time_unit(report.seconds)
    chosen = plotted(report.files, palette)
    for line in chosen:
        times = [at / unit for at in line.growth.seconds]
        sizes = [size / MIB for size in line.growth.sizes_bytes]
        style: dict[str, Any] = {"color": line.colour, "linestyle": line.style, "linewidth": 2.0}
        upper.plot(times, sizes, **style)
        lower.plot(times, [size - sizes[0] for size in sizes], **style)
    for axes in (upper, lower):
        axes.set_xlim(0, max(report.seconds / unit, 1e-9))
        axes.yaxis.set_major_formatter("{x:,g}")
        style_axes(axes, palette)
    upper.set_ylim(bottom=0)
    upper.set_xticklabels([])
    upper.set_ylabel("size [MiB]")
    lower.set_ylabel("added [MiB]")
    lower.set_xlabel(f"time since the trace began [{name}]")
    upper.set_title(f"traced memory: {report.conclusion}", loc="left", fontweight="bold", pad=10)
    _label(upper, chosen)


def _label(axes: "Axes", chosen: Sequence[ModuleLine]) -> None:
    """Name each line in its colour, the largest first."""
    names = short_names(line.growth.file for line in chosen)
    span = shared_span([line.growth for line in chosen])
    per = GrowthRate(amount=0.0, span=span).per
    place: dict[str, Any] = {"va": "top", "fontsize": LABEL_SIZE - 1, "transform": axes.transAxes}
    for number, line in enumerate(chosen):
        growth = line.growth
        rate = growth_in(growth, span)
        grows = "no growth" if rate == "0" else f"{rate} {per}"
        texts = [
            shorten_middle(names[growth.file], MAX_LABEL),
            f"{growth.conclusion}, {format_bytes(growth.size_bytes)}, {grows}",
        ]
        height = 1.0 - 2 * LABEL_STEP * number
        axes.text(1.03, height, "\n".join(texts), color=line.colour, **place)
