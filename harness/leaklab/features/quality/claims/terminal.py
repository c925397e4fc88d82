"""The claims about a terminal that keeps every line."""

from msgspec import Struct

from leaklab.features.quality.claims.bench import Bench
from leaklab.features.quality.claims.claim import ClaimOutcome, Finding, is_near, times
from leaklab.features.quality.claims.window import SAVED_LINES, WindowFigures
from leaklab.model.units import MIB, format_bytes

# The longest time of the tables. It is projected, because it would take 20 GB here.
PROJECTED_SECONDS = 600
LINES_OF_UNIT = 1000
# A tenth of the window's memory; less counts as none.
MAX_KEPT_LOSS = 0.1


class ScrollFigures(Struct, frozen=True):
    """A window over time, and the memory of a line in a Python program's buffer."""

    window: WindowFigures
    python_bytes_of_line: float


def measure_window_once(bench: Bench) -> WindowFigures:
    """Observe an xterm in which `od` prints."""
    return bench.program("window", gives=WindowFigures)


def measure_scroll(bench: Bench) -> ScrollFigures:
    """Observe an xterm over time, and a scroll buffer in Python by its lines."""
    (result,) = bench.runs("scroll_buffer", "--variant", "buggy", "--units", "600")
    per_line = (result.verdict.per_unit or 0) / LINES_OF_UNIT
    return ScrollFigures(measure_window_once(bench), per_line)


def judge_scroll(figures: ScrollFigures) -> Finding:
    """Judge whether a time alone gives the lines and the memory."""
    of_line, last = _bytes_of_line(figures.window), figures.window.moments[-1]
    measured = _scroll_phrases(figures)
    if is_near(of_line, figures.python_bytes_of_line):
        return Finding(
            measured=measured,
            outcome=ClaimOutcome.HOLDS,
            reason="A line takes about the same in both terminals, so a time gives the memory on "
            f"a machine that prints {last.lines / last.seconds:,.0f} lines a second.",
        )
    return Finding(
        measured=measured,
        outcome=ClaimOutcome.CONDITIONAL,
        reason="the terminal and the speed of the machine are the table's own. The growth is a "
        "line, but the program prints as fast as it can, and a line took "
        f"{times(of_line, figures.python_bytes_of_line)} as much in xterm as in a Python list. "
        "The bytes of a line are worth noting, and the minutes are not.",
    )


def _bytes_of_line(window: WindowFigures) -> float:
    first, last = window.moments[0], window.moments[-1]
    return (last.rss_bytes - first.rss_bytes) / (last.lines - first.lines)


def _scroll_phrases(figures: ScrollFigures) -> list[str]:
    first, last = figures.window.moments[0], figures.window.moments[-1]
    seconds = last.seconds - first.seconds
    speed = (last.lines - first.lines) / seconds
    lines = last.lines + (PROJECTED_SECONDS - last.seconds) * speed
    projected = last.rss_bytes + (min(lines, SAVED_LINES) - last.lines) * _bytes_of_line(
        figures.window
    )
    full = f", full at {SAVED_LINES:,} lines" if lines > SAVED_LINES else ""
    return [
        *(
            f"xterm after {m.seconds:.0f} s: {m.lines:,} lines, {format_bytes(m.rss_bytes)}"
            for m in figures.window.moments
        ),
        (
            f"projected to 10 min at the rate of these {seconds:.0f} s: "
            f"{format_bytes(projected)}{full}"
        ),
        (
            f"a line takes {_bytes_of_line(figures.window):,.0f} B in xterm and "
            f"{figures.python_bytes_of_line:.0f} B in a Python list"
        ),
    ]


def judge_percentage(figures: WindowFigures) -> Finding:
    """Judge what the growth of %MEM shows: a hundredth of a machine, whatever its size."""
    total = figures.machine_bytes
    measured = [
        f"{100 * m.rss_bytes / total:.1f} % after {m.seconds:.0f} s ({format_bytes(m.rss_bytes)})"
        for m in figures.moments
    ]
    step = total / 1000
    measured.append(f"the last digit of %MEM is {format_bytes(step)} here")
    outcome = ClaimOutcome.HOLDS if step < MIB else ClaimOutcome.CONDITIONAL
    return Finding(
        measured=measured,
        outcome=outcome,
        reason="the machine of the table is known: %MEM is RES divided by the memory of the "
        f"machine. On this one of {format_bytes(total)}, a leak of less than {format_bytes(step)} "
        "does not change it. RES in bytes shows the same growth everywhere."
        if outcome is ClaimOutcome.CONDITIONAL
        else f"The last digit of %MEM is {format_bytes(step)}, which is fine enough for this leak.",
    )


def judge_closing(figures: WindowFigures) -> Finding:
    """Judge what stopping, ending and closing give back."""
    before = figures.moments[-1].rss_bytes
    kept = min(figures.stopped_rss_bytes, figures.ended_rss_bytes)
    measured = [
        f"while od prints: {format_bytes(before)}",
        f"od stopped: {format_bytes(figures.stopped_rss_bytes)}",
        f"od ended: {format_bytes(figures.ended_rss_bytes)}",
        "window closed: no process" if figures.is_closed else "window closed: the process is left",
    ]
    holds = kept >= before * (1 - MAX_KEPT_LOSS) and figures.is_closed
    return Finding(
        measured=measured,
        outcome=ClaimOutcome.HOLDS if holds else ClaimOutcome.WRONG,
        reason="The lines belong to the terminal and not to the program that prints, so they are "
        "freed when the terminal's process ends, and not before."
        if holds
        else "Ending the program that prints gave memory back, or closing the window did not.",
    )
