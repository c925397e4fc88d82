"""The series of a watch that a chart shows: the tree, its largest processes, and the forecast."""

from collections.abc import Iterable
from typing import TypeAlias

from leaklab.features.watch.forecast import Forecast
from leaklab.features.watch.report import WatchedProcess, WatchReport
from leaklab.model.errors import BadInput
from leaklab.model.scenario import Resource
from leaklab.model.signals import Signal
from leaklab.model.verdicts import ReasonKind
from leaklab.reports.drawing import NEAR_LIMIT
from leaklab.verdict.resources import SIGNAL_LABELS

TimedRows: TypeAlias = tuple[list[float], list[float]]

MAX_PROCESS_LINES = 5
# The limit and the way to it are drawn where it is reached within this many times the watched time.
MAX_AHEAD = 3.0


def watched_signal(report: WatchReport) -> Signal:
    """Return the signal that is drawn: that of the verdict, or else resident memory."""
    return report.verdict.signal or Signal.ANON


def tree_rows(report: WatchReport) -> TimedRows:
    """Return the seconds, and the bytes or pieces of all processes together.

    Raises:
        BadInput: The watch has no readings of the signal.
    """
    signal = watched_signal(report)
    columns = report.resident_samples if signal is Signal.ANON else report.samples
    rows = _rows(columns["seconds"], columns.get(signal.value, []))
    if not rows[0]:
        raise BadInput(f"the watch has no readings of {SIGNAL_LABELS[signal]} to draw; omit --plot")
    return rows


def process_rows(report: WatchReport) -> list[tuple[WatchedProcess, TimedRows]]:
    """Return the largest processes with their series; none where the tree is one process."""
    if (report.tree.processes or 1) < 2:
        return []
    signal = watched_signal(report).value
    rows = [
        (p, _rows(p.samples.get("seconds", []), p.samples.get(signal, [])))
        for p in report.processes
    ]
    return [(process, own) for process, own in rows if own[0]][:MAX_PROCESS_LINES]


def near_forecast(report: WatchReport) -> Forecast | None:
    """Return the forecast where its limit is near enough to be drawn: half reached, or soon."""
    forecast = report.forecast
    if forecast is None or report.verdict.resource is not Resource.MEMORY:
        return None
    is_half_reached = forecast.held_bytes >= NEAR_LIMIT * forecast.limit_bytes
    return forecast if is_half_reached or seconds_ahead(report) else None


def seconds_ahead(report: WatchReport) -> float:
    """Return the time to the limit that is drawn after the last reading; 0 if it is too long."""
    until = (report.forecast and report.forecast.seconds_to_limit) or 0.0
    return until if until <= MAX_AHEAD * report.seconds else 0.0


def start_up_seconds(report: WatchReport) -> float:
    """Return how long the start-up took that the verdict leaves out."""
    reasons = (r.seconds for r in report.verdict.reasons if r.kind is ReasonKind.START_UP)
    return next(reasons, None) or 0.0


def _rows(seconds: Iterable[float | None], values: Iterable[float | None]) -> TimedRows:
    """Return the readings in which the signal was read."""
    pairs = zip(seconds, values, strict=False)
    rows = [(x, y) for x, y in pairs if x is not None and y is not None]
    return [x for x, _ in rows], [y for _, y in rows]
