"""The claim about leaks of megabytes a second, an hour, a day and a week: when each is seen.

Fast leaks are real programs that are watched. Slow ones are simulated: `leaklab watch` would need
days for them. The simulated series is the best that can be: a line in whole pages that nothing
disturbs, judged by the same function.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct

from leaklab.features.quality.claims.bench import CLAIMS_PACKAGE, Bench
from leaklab.features.quality.claims.claim import ClaimOutcome, Finding
from leaklab.features.watch.loop import (
    READING_CPU_BUDGET,
    RESIDENT_CPU_BUDGET,
    Watch,
    WatchEnd,
    WatchSettings,
    follow,
)
from leaklab.features.watch.targets import started
from leaklab.model.scenario import Resource
from leaklab.model.signals import Signal
from leaklab.model.units import MIB, PAGE_BYTES, format_bytes, format_duration
from leaklab.model.verdicts import Conclusion
from leaklab.observer.cpu_budget import CpuBudget
from leaklab.observer.probes import platform_probes
from leaklab.verdict.over_time import judge_over_time

# The names have their article: "1 MiB a second".
PERIODS_SECONDS = {
    "a second": 1,
    "a minute": 60,
    "an hour": 3600,
    "a day": 86_400,
    "a week": 604_800,
}
WATCHED_PERIODS = ("a second", "a minute")
READ_EACH_SECONDS = 0.5
WATCH_LENGTHS = (5, 10, 15, 20, 30, 45, 60, 90, 120)
# Longer watches are simulated up to four weeks, each length 1.5 times the one before.
MAX_SIMULATED_SECONDS = 4 * 604_800
SIMULATED_RATIO = 1.5
SIMULATED_READINGS = 400
BASE_BYTES = 12 * MIB


class LeakSpeed(Struct, frozen=True):
    """When a leak of 1 MiB in a period is seen.

    Attributes:
        period: The name of the period.
        simulated_seconds: The length of watch at which a simulated leak is seen; None if none is.
        watched_seconds: The same of a program that was watched; None if it was not seen.
    """

    period: str
    simulated_seconds: float | None
    watched_seconds: float | None = None


def measure_speeds(bench: Bench) -> list[LeakSpeed]:
    """Watch the fast leaks at the same time, and simulate all of them."""
    for period in WATCHED_PERIODS:
        rate = MIB / PERIODS_SECONDS[period]
        bench.commands.append(
            f"leaklab watch -- python -m {CLAIMS_PACKAGE}.programs.leaking {rate:.0f}"
        )
    with ThreadPoolExecutor(len(WATCHED_PERIODS)) as threads:
        rates = [MIB / PERIODS_SECONDS[period] for period in WATCHED_PERIODS]
        watched = dict(zip(WATCHED_PERIODS, threads.map(seconds_until_seen, rates), strict=True))
    return [
        LeakSpeed(period, simulated_until_seen(MIB / seconds), watched.get(period))
        for period, seconds in PERIODS_SECONDS.items()
    ]


def seconds_until_seen(rate: float) -> float | None:
    """Watch a program that leaks, until the verdict is a leak; return the length of the watch.

    Args:
        rate: Bytes per second.

    Returns:
        The length in seconds, one of `WATCH_LENGTHS`; None if it is not seen in the longest.
    """
    command = [sys.executable, "-m", f"{CLAIMS_PACKAGE}.programs.leaking", str(rate)]
    with (
        Path(os.devnull).open("wb") as sink,
        started(command, sink.fileno(), platform_probes()) as target,
    ):
        settings = WatchSettings(target.pids, platform_probes(), time.monotonic, READ_EACH_SECONDS)
        watch = Watch(settings, CpuBudget(READING_CPU_BUDGET), CpuBudget(RESIDENT_CPU_BUDGET))
        detected: list[float] = []
        follow(watch, _waiting(watch, detected), lambda _: None)
    return detected[0] if detected else None


def _waiting(watch: Watch, detected: list[float]) -> Callable[[float], WatchEnd | None]:
    """Return a function that waits for the next reading, and ends the watch at the verdict."""
    lengths = list(WATCH_LENGTHS)

    def wait(seconds: float) -> WatchEnd | None:
        """Wait; return a reason to end if the leak was seen, or the longest watch is over."""
        time.sleep(seconds)
        if watch.elapsed_seconds() < lengths[0]:
            return None
        length = lengths.pop(0)
        if watch.verdict(Resource.MEMORY).conclusion is Conclusion.LEAK:
            detected.append(length)
        return WatchEnd.TIME if detected or not lengths else None

    return wait


def simulated_until_seen(rate: float) -> float | None:
    """Return the shortest simulated watch, in seconds, in which a leak is seen; None if none is.

    Args:
        rate: Bytes per second.
    """
    length = float(WATCH_LENGTHS[0])
    while length <= MAX_SIMULATED_SECONDS:
        rows = {Signal.PSS_ANON: simulated_rows(rate, length)}
        if judge_over_time(rows, Resource.MEMORY).conclusion is Conclusion.LEAK:
            return length
        length *= SIMULATED_RATIO
    return None


def simulated_rows(rate: float, seconds: float) -> tuple[Sequence[float], Sequence[float]]:
    """Return the times of the readings of a watch, and the memory: a line in whole pages."""
    count = min(SIMULATED_READINGS, int(seconds / READ_EACH_SECONDS))
    times = [seconds * i / count for i in range(count + 1)]
    return times, [BASE_BYTES + rate * at // PAGE_BYTES * PAGE_BYTES for at in times]


def judge_speeds(speeds: list[LeakSpeed]) -> Finding:
    """Judge whether a leak of 1 MiB in a period needs that period to be seen."""
    measured = [_phrase(speed) for speed in speeds]
    early = [s for s in speeds if _until(s) < PERIODS_SECONDS[s.period]]
    if not early:
        reason = "Each leak was seen after its own period, and not earlier."
        return Finding(measured=measured, outcome=ClaimOutcome.HOLDS, reason=reason)
    slowest = early[-1]
    share = _until(slowest) / PERIODS_SECONDS[slowest.period]
    return Finding(
        measured=measured,
        outcome=ClaimOutcome.CONDITIONAL,
        reason="other allocations of the program hide the leak for as long. What is needed is not "
        f"a megabyte: 1 MiB {slowest.period} is seen after {format_duration(_until(slowest))}, "
        f"which is {format_bytes(share * MIB)} of growth, if nothing else moves. The noise of a "
        "program decides how long to watch, and not the unit in which its leak is counted.",
    )


def _until(speed: LeakSpeed) -> float:
    """Return when a leak is seen, as watched where it was; infinity if it is not."""
    return speed.watched_seconds or speed.simulated_seconds or float("inf")


def _phrase(speed: LeakSpeed) -> str:
    simulated = speed.simulated_seconds
    text = f"1 MiB {speed.period}: simulated "
    text += "not seen in 4 weeks" if simulated is None else f"{format_duration(simulated)}"
    if speed.period not in WATCHED_PERIODS:
        return text
    watched = speed.watched_seconds
    longest = format_duration(WATCH_LENGTHS[-1])
    return text + (
        f", watched {format_duration(watched)}" if watched else f", not seen in {longest}"
    )
