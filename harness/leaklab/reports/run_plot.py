"""Charts of runs: those of a session, and two saved ones that are compared."""

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from leaklab.model.errors import BadInput
from leaklab.model.result import Result
from leaklab.model.text import counted
from leaklab.reports.drawing import Picture, save_picture, stacked_axes
from leaklab.reports.palette import Palette
from leaklab.reports.run_axes import fill_run_axes
from leaklab.reports.run_series import RunSeries, series_of, signal_of
from leaklab.verdict.pairs import ResultComparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_PANELS = 6


def save_run_plot(picture: Picture, results: Sequence[Result]) -> str:
    """Draw the runs of a session into a file, a panel for each scenario and mode.

    The variants share a panel. Of repeats the first one is drawn, of many panels the first
    `MAX_PANELS`. Results that failed are left out.

    Returns:
        What was drawn, as a line of text.

    Raises:
        BadInput: No result has samples to draw, or matplotlib is not installed.
        NotMeasured: The file cannot be written.
    """
    panels = panels_of(results)
    if not panels:
        raise BadInput("no run has samples to draw; omit --plot")
    shown = panels[:MAX_PANELS]

    def draw(figure: "Figure", palette: Palette) -> None:
        """Draw the panels, one above the other."""
        for axes, runs in zip(stacked_axes(figure, len(shown)), shown, strict=True):
            names = [str(run.result.variant) for run in runs]
            fill_run_axes(axes, palette, runs, names, _title(runs[0].result))

    save_picture(picture, draw)
    drawn = f"drawn in {picture.path}"
    if shown == panels:
        return drawn
    which = f"the first {MAX_PANELS} of {len(panels)} charts"
    return f"{drawn}: {which}; name scenarios to draw the other {len(panels) - MAX_PANELS}"


def save_comparison_plot(picture: Picture, comparison: ResultComparison) -> None:
    """Draw both results of a comparison into a file, up to the work that both of them did.

    Args:
        picture: The file to write, and its theme.
        comparison: Two results over the same work.

    Raises:
        BadInput: The results are judged by different resources, one has no samples, or matplotlib
            is not installed.
        NotMeasured: The file cannot be written.
    """
    a, b = comparison.a, comparison.b
    if signal_of(a) is not signal_of(b):
        raise BadInput("--plot needs two results that are judged by the same resource: omit --plot")
    runs = _until_common_end(series_of(a), series_of(b))
    sides = ("A: ", "B: ") if a.variant is b.variant else ("", "")
    names = [f"{side}{run.result.variant}" for side, run in zip(sides, runs, strict=True)]
    title = " and ".join(dict.fromkeys(map(_title, (a, b))))

    def draw(figure: "Figure", palette: Palette) -> None:
        """Draw both runs into the same axes."""
        (axes,) = stacked_axes(figure, 1)
        fill_run_axes(axes, palette, runs, names, title)

    save_picture(picture, draw)


def panels_of(results: Sequence[Result]) -> list[list[RunSeries]]:
    """Return the first run of each variant that has samples, by scenario and mode."""
    panels: dict[tuple[str, str], dict[str, RunSeries]] = {}
    for result in results:
        if result.end_reason.failed:
            continue
        variants = panels.setdefault((result.scenario, result.mode), {})
        if result.variant not in variants:
            with contextlib.suppress(BadInput):  # it ended before its first sample
                variants[result.variant] = series_of(result)
    return [list(variants.values()) for variants in panels.values() if variants]


def _until_common_end(*runs: RunSeries) -> list[RunSeries]:
    """Return the main lines alone, up to the work that both runs did.

    The growth of a verdict is that of the last two octaves, which a line that is cut does not have.
    """
    end = min(run.main.units[-1] for run in runs)
    is_cut = any(run.main.units[-1] > end for run in runs)
    return [
        RunSeries(run.result, run.main.until(end), None if is_cut else run.verdict) for run in runs
    ]


def _title(result: Result) -> str:
    workers = f", {counted(result.workers, 'worker')}" if result.mode.is_pool else ""
    repeat = f", repeat {result.repeat}" if result.repeat > 1 else ""
    return f"{result.scenario} ({result.mode}{workers}{repeat})"
