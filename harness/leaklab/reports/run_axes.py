"""The axes with the runs of one scenario: the judged resource of each process, over its work."""

from collections.abc import Sequence
from itertools import chain, cycle
from typing import TYPE_CHECKING, Any

from leaklab.model.result import Result
from leaklab.model.scenario import Criterion, Resource, Scope
from leaklab.model.signals import Signal
from leaklab.model.text import counted
from leaklab.model.units import format_bytes
from leaklab.model.verdicts import Verdict
from leaklab.reports.drawing import (
    LINE_STYLES,
    NEAR_LIMIT,
    byte_unit,
    draw_limit,
    format_axis,
    style_axes,
    write_title,
)
from leaklab.reports.growth_band import band_note, band_of, draw_band
from leaklab.reports.line_labels import LineLabel, write_labels
from leaklab.reports.palette import Palette
from leaklab.reports.run_series import RunSeries, signal_of
from leaklab.reports.runs import growth_text
from leaklab.verdict.resources import SIGNAL_LABELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_OTHERS = 7
MARKERS = ("o", "s", "^")


def fill_run_axes(
    axes: "Axes", palette: Palette, runs: Sequence[RunSeries], names: Sequence[str], title: str
) -> None:
    """Draw the lines of runs, their bands, labels and limit.

    Args:
        axes: Empty axes of their final size.
        palette: The colours.
        runs: The runs, judged by the same resource; at least one.
        names: The name of each run in its label.
        title: The title.
    """
    in_bytes = signal_of(runs[0].result).in_bytes
    highest = max(max(line.values) for run in runs for line in (run.main, *run.others))
    name, size = byte_unit(highest) if in_bytes else ("", 1)
    colours = colours_of([run.result for run in runs], palette)
    for run, colour, marker in zip(runs, colours, cycle(MARKERS), strict=False):
        _draw_run(axes, palette, run, (colour, marker), size)
    _set_limits(axes, runs, size)
    limits = [limit for run in runs if (limit := near_limit(run)) is not None]
    if limits:
        draw_limit(axes, palette, min(limits) / size, "memory limit")
    _name_axes(axes, runs[0].result, name)
    style_axes(axes, palette)
    write_title(axes, title, band_note(filter(None, map(_drawn_verdict, runs))))
    labels = [
        LineLabel(_label(run, name), colour, run.main.values[-1] / size)
        for run, name, colour in zip(runs, names, colours, strict=True)
    ]
    write_labels(axes, labels)


def colours_of(results: Sequence[Result], palette: Palette) -> list[str]:
    """Return a colour for each result: warm for those that leak, cool for the others."""
    warm, cool = cycle(palette.leaks), cycle(palette.others)
    return [next(warm if result.verdict.is_leak else cool) for result in results]


def near_limit(run: RunSeries) -> float | None:
    """Return the memory limit of a run on the scale of its line; None where it is far or unknown.

    The limit applies to all processes together, so the line of one among several has none.
    """
    result, limit = run.result, run.result.controls.memory_limit_bytes
    of_one = result.scope is Scope.TREE or len(result.processes) == 1
    if result.verdict.resource is not Resource.MEMORY or not limit or not of_one:
        return None
    baseline = 0 if result.scope is Scope.TREE else result.baseline_rss_bytes or 0
    return limit - baseline if max(run.main.values) + baseline >= NEAR_LIMIT * limit else None


def _draw_run(
    axes: "Axes", palette: Palette, run: RunSeries, style: tuple[str, str], size: float
) -> None:
    colour, marker = style
    for line, dashes in zip(run.others[:MAX_OTHERS], cycle(LINE_STYLES[1:]), strict=False):
        values = [value / size for value in line.values]
        axes.plot(line.units, values, color=colour, linewidth=1.3, linestyle=dashes)
    values = [value / size for value in run.main.values]
    thick: dict[str, Any] = {"linewidth": 2.5, "marker": marker, "markevery": [-1]}
    axes.plot(run.main.units, values, color=colour, clip_on=False, **thick)
    verdict = _drawn_verdict(run)
    band = band_of((run.main.units, values), verdict, size) if verdict else None
    if band:
        draw_band(axes, band, colour, palette.text)


def _drawn_verdict(run: RunSeries) -> Verdict | None:
    """Return the verdict if it has a growth, in the unit of the line that is drawn."""
    verdict = None if run.result.judge is Criterion.PEAK else run.verdict
    if verdict is None or verdict.signal is None or verdict.per_unit is None:
        return None
    return verdict if verdict.signal.in_bytes == signal_of(run.result).in_bytes else None


def _set_limits(axes: "Axes", runs: Sequence[RunSeries], size: float) -> None:
    """Show the whole work of the judged lines; that of a pool's parent is the sum of all."""
    end = max(run.main.units[-1] for run in runs)
    shown = [run.main for run in runs] + [line for run in runs for line in run.others]
    values = list(chain.from_iterable(line.until(end).values for line in shown))
    axes.set_xlim(0, max(end, 1))
    axes.set_ylim(min(0.0, *values) / size, 1.08 * max(values) / size or 1.0)


def _name_axes(axes: "Axes", result: Result, unit: str) -> None:
    pool = (
        " of each process" if len(result.processes) > 1 and result.scope is not Scope.TREE else ""
    )
    axes.set_xlabel(f"units of work{pool} (a unit is one {result.unit})")
    signal = signal_of(result)
    what = "RSS above the baseline" if signal is Signal.RSS else SIGNAL_LABELS[signal]
    axes.set_ylabel(f"{what} [{unit}]" if unit else what)
    format_axis(axes.xaxis, whole=True)
    format_axis(axes.yaxis, whole=not unit)


def _label(run: RunSeries, name: str) -> str:
    """The verdict in words, the growth, the peak, and which process of several it is about."""
    result = run.result
    lines = [f"{name}: {result.verdict.conclusion}", _growth(result)]
    if result.verdict.resource is Resource.MEMORY:
        lines += [_peak(result)]
    if run.others:
        count = counted(len(run.others), "other")
        shown = f", {MAX_OTHERS} drawn" if len(run.others) > MAX_OTHERS else ""
        lines += [f"thick: {run.main.name}", f"thin: {count}{shown}"]
    if result.end_reason.stopped:
        lines += [str(result.end_reason)]
    return "\n".join(lines)


def _peak(result: Result) -> str:
    """The peak, and the work of its process where the run went on beyond that."""
    peak = f"peak {format_bytes(result.peak_bytes or 0)}"
    if result.units_done <= result.units or result.scope is Scope.TREE:
        return peak
    return f"{peak} at {result.units // result.workers:,}"


def _growth(result: Result) -> str:
    if result.judge is Criterion.PEAK:
        return "judged by its peak"
    growth = growth_text(result.verdict)
    rate = {"0": "no growth", "-": "growth not known"}
    return rate.get(growth, f"{growth} per {result.unit}")
