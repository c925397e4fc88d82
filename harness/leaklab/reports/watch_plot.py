"""A chart of a watch: the memory or another resource of a tree and of its processes, over time."""

import textwrap
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any

from leaklab.features.watch.forecast import Forecast
from leaklab.features.watch.report import WatchedProcess, WatchReport
from leaklab.model.errors import one_line
from leaklab.model.scenario import Resource
from leaklab.model.text import cut, cut_to, without_folder
from leaklab.model.units import format_bytes
from leaklab.model.verdicts import Conclusion
from leaklab.reports.drawing import (
    LABEL_SIZE,
    LINE_STYLES,
    Picture,
    byte_unit,
    draw_limit,
    format_axis,
    save_picture,
    stacked_axes,
    style_axes,
    time_unit,
    write_title,
)
from leaklab.reports.growth_band import DASHES, band_note, band_of, draw_band
from leaklab.reports.line_labels import LineLabel, write_labels
from leaklab.reports.palette import Palette
from leaklab.reports.watch import forecast_text, growth, rate, verdict_on_memory
from leaklab.reports.watch_series import (
    TimedRows,
    near_forecast,
    process_rows,
    seconds_ahead,
    start_up_seconds,
    tree_rows,
    watched_signal,
)
from leaklab.verdict.resources import SIGNAL_LABELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_PROCESS_NAME = 20
NOTE_WIDTH = 92


@dataclass(frozen=True)
class _Scales:
    """The units of both axes: their names, and their size in seconds, and in bytes or pieces."""

    time: tuple[str, float]
    value: tuple[str, float]

    def drawn(self, rows: TimedRows) -> TimedRows:
        """Return rows of seconds and bytes or pieces as they are drawn."""
        return [x / self.time[1] for x in rows[0]], [y / self.value[1] for y in rows[1]]


def save_watch_plot(picture: Picture, report: WatchReport) -> None:
    """Draw a watch into a file: all processes together, and the largest of them.

    Args:
        picture: The file to write, and its theme.
        report: What was watched.

    Raises:
        BadInput: The watch has nothing to draw, or matplotlib is not installed.
        NotMeasured: The file cannot be written.
    """
    save_picture(picture, lambda figure, palette: _draw(figure, palette, report))


def _draw(figure: "Figure", palette: Palette, report: WatchReport) -> None:
    note = _note(report)
    (axes,) = stacked_axes(figure, 1, note)
    rows, ahead = tree_rows(report), near_forecast(report)
    highest = max([*rows[1], ahead.limit_bytes if ahead else 1.0])
    end = rows[0][-1] + (seconds_ahead(report) if ahead else 0.0)
    in_bytes = watched_signal(report).in_bytes
    scales = _Scales(time_unit(end), byte_unit(highest) if in_bytes else ("", 1.0))
    axes.set_xlim(0, end / scales.time[1] or 1.0)
    axes.set_ylim(0, 1.08 * highest / scales.value[1])
    _name_axes(axes, report, scales)
    style_axes(axes, palette)
    write_title(axes, f"{_name(report)}: {report.conclusion}", note)
    labels = [_draw_tree(axes, palette, report, scales)]
    styles = zip(
        cycle([palette.others[1], *palette.leaks[1:], palette.text]), cycle(LINE_STYLES[1:])
    )
    for (process, own), style in zip(process_rows(report), styles, strict=False):
        labels.append(_draw_process(axes, process, scales.drawn(own), style))
    if ahead:
        limit = float(ahead.limit_bytes)
        draw_limit(axes, palette, limit / scales.value[1], f"limit of {format_bytes(limit)}")
        _draw_forecast(axes, palette, report, ahead, scales)
    write_labels(axes, labels, LABEL_SIZE - 1)


def _draw_tree(axes: "Axes", palette: Palette, report: WatchReport, scales: _Scales) -> LineLabel:
    """Draw all processes together with the growth of the verdict; return the label."""
    rows = tree_rows(report)
    seconds, values = scales.drawn(rows)
    of_conclusion = {Conclusion.LEAK: palette.leaks[0], Conclusion.CLEAN: palette.others[0]}
    colour = of_conclusion.get(report.verdict.conclusion, palette.others[2])
    thick: dict[str, Any] = {"linewidth": 2.5, "marker": "o", "markevery": [-1]}
    axes.plot(seconds, values, color=colour, clip_on=False, **thick)
    start = start_up_seconds(report) / scales.time[1]
    band = band_of((seconds, values), report.verdict, scales.value[1] / scales.time[1], start)
    if band:
        draw_band(axes, band, colour, palette.text)
    count, thin = report.tree.processes or 1, len(process_rows(report))
    amount = format_bytes(rows[1][-1]) if watched_signal(report).in_bytes else f"{rows[1][-1]:,.0f}"
    name = "thick: all processes" if count > 1 else f"process {report.pid}"
    which = [f"thin: {thin} of {count:,} processes"] if thin else []
    return LineLabel("\n".join([name, f"  {amount} at the end", *which]), colour, values[-1])


def _draw_process(
    axes: "Axes", process: WatchedProcess, rows: TimedRows, style: tuple[str, str]
) -> LineLabel:
    """Draw one process as a thin line; return its label."""
    colour, dashes = style
    axes.plot(*rows, color=colour, linestyle=dashes, linewidth=1.4)
    name = cut_to(one_line(without_folder(process.command)), MAX_PROCESS_NAME)
    return LineLabel(f"{process.pid} {name}\n  {_growth(process)}", colour, rows[1][-1])


def _growth(process: WatchedProcess) -> str:
    """The growth of a process in its label."""
    per_second = rate(process)
    if per_second == "0":
        return "no growth"
    return f"{per_second} a second" if per_second else "growth not known"


def _draw_forecast(
    axes: "Axes", palette: Palette, report: WatchReport, ahead: Forecast, scales: _Scales
) -> None:
    """Draw the way to the limit from the last reading on, if that is not too long."""
    until = seconds_ahead(report)
    if not until:
        return
    rows, limit = tree_rows(report), float(ahead.limit_bytes)
    now, value = rows[0][-1], rows[1][-1]
    ends = [now + x for x in (ahead.soonest_seconds, ahead.latest_seconds) if x is not None]
    corners = scales.drawn(([now, *ends], [value, *(limit for _ in ends)]))
    axes.fill(*corners, color=palette.leaks[0], alpha=0.25, linewidth=0)
    way = scales.drawn(([now, now + until], [value, limit]))
    axes.plot(*way, color=palette.text, linewidth=1.1, linestyle=DASHES)


def _name_axes(axes: "Axes", report: WatchReport, scales: _Scales) -> None:
    name = SIGNAL_LABELS[watched_signal(report)]
    axes.set_xlabel(f"time since the watch began [{scales.time[0]}]")
    axes.set_ylabel(f"{name} [{scales.value[0]}]" if scales.value[0] else name)
    format_axis(axes.xaxis, whole=False)
    format_axis(axes.yaxis, whole=not scales.value[0])


def _name(report: WatchReport) -> str:
    return one_line(cut(without_folder(report.command)))


def _note(report: WatchReport) -> str:
    """The growth, the forecast, and what the band is."""
    verdict = report.verdict
    lines = [f"growth: {growth(verdict)}"]
    if report.forecast and verdict.resource is Resource.MEMORY:
        lines += [forecast_text(report.forecast, verdict_on_memory(verdict))]
    lines += [band_note([verdict])] if verdict.per_unit is not None else []
    return "\n".join(textwrap.fill(line, NOTE_WIDTH) for line in lines if line)
