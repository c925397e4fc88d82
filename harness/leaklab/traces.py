"""What was measured, put together: the agent's records, its table and the observer's readings."""

import os
import signal
from typing import Any

from leaklab import agent
from leaklab.launch import Record
from leaklab.observer import Observation
from leaklab.record import Controls, Ended, ProcessRecord, Reading, Role, Samples, Trace


def units_done(rows: memoryview) -> int:
    """The work done when the agent last took a sample."""
    count = rows[0]
    return int(rows[1 + (count - 1) * agent.WIDTH]) if count else 0


def _samples(rows: memoryview) -> Samples:
    table = [rows[1 + i * agent.WIDTH : 1 + (i + 1) * agent.WIDTH] for i in range(rows[0])]
    columns: dict[str, list[Any]] = {
        name: [None if row[1 + at] == agent.NOT_READ else row[1 + at] for row in table]
        for at, name in enumerate(agent.SIGNALS)
    }
    return Samples(units=[row[0] for row in table], **columns)


def make_trace(seen: Observation, rows: memoryview, cpu: int, tail: str) -> Trace:
    """What a run came to.

    Args:
        seen: the agent's records and the observer's readings.
        rows: the samples' table, in the agent's layout.
        cpu: the processor the run was pinned to.
        tail: the end of what the program printed, kept for a process that died without a word.
    """
    ended, detail = _how_it_ended(seen)
    failed = seen.records.get("failed", {})
    return Trace(
        ended=ended,
        detail=detail,
        units_done=seen.records.get("finished", {}).get("units", units_done(rows)),
        processes=_processes(seen, rows),
        tree_peak_pss_bytes=seen.tree_peak_pss_bytes,
        tree_pss_longest_gap_seconds=seen.longest_gap_seconds,
        controls=_controls(seen, cpu),
        output_tail=failed.get("traceback", tail if ended is Ended.DIED else ""),
    )


def _processes(seen: Observation, rows: memoryview) -> list[ProcessRecord]:
    baseline, finished = seen.records.get("baseline"), seen.records.get("finished", {})
    if baseline is None:
        return []
    peak = finished.get("peak_rss_bytes") or seen.high_water_bytes or baseline["rss_bytes"]
    return [
        ProcessRecord(
            pid=baseline["pid"],
            role=Role.PARENT,
            baseline_rss_bytes=baseline["rss_bytes"],
            peak_rss_bytes=peak - baseline["rss_bytes"],
            samples=_samples(rows),
            cpu_seconds=finished.get("cpu_seconds"),
            collector_on=finished.get("collector_on", True),
            after_collect=_reading(finished.get("after_collect")),
            after_trim=_reading(finished.get("after_trim")),
        )
    ]


def _reading(found: dict[str, int] | None) -> Reading | None:
    return Reading(**found) if found else None


def _controls(seen: Observation, cpu: int) -> Controls:
    applied = seen.records.get("controls", {})
    baseline = seen.records.get("baseline", {})
    return Controls(
        aslr_off=applied.get("aslr_off", False),
        huge_pages_off=applied.get("huge_pages_off", False),
        pinned_cpu=cpu,
        high_water_reset=baseline.get("high_water_reset", False),
        refused=applied.get("refused", []),
    )


def _how_it_ended(seen: Observation) -> tuple[Ended, str]:
    if seen.stopped:
        return seen.stopped, ""
    if "failed" in seen.records:
        return _failure(seen.records["failed"])
    if "finished" in seen.records:
        return Ended.COMPLETED, ""
    status = seen.records.get("exit", {}).get("status")
    if "baseline" not in seen.records and status is not None and os.WIFEXITED(status):
        return Ended.NOT_STARTED, f"the agent ended with status {os.WEXITSTATUS(status)}"
    return Ended.DIED, _death(status)


def _failure(failed: Record) -> tuple[Ended, str]:
    if failed["error"] == "MemoryError":
        return Ended.MEMORY_LIMIT, "an allocation was refused"
    if failed["error"] == "EndedEarlyError":
        done, asked = failed["args"]
        words = f"the workload ended after {done:,} of {asked:,} units: make it yield more"
        return Ended.PROGRAM_FAILED, "the workload never yields" if done == 0 else words
    where = f"{failed['where'][0]}:{failed['where'][1]}: " if failed["where"] else ""
    first_line = failed["message"].strip().partition("\n")[0]
    return Ended.PROGRAM_FAILED, f"{where}{failed['error']}: {first_line}"


def _death(status: int | None) -> str:
    if status is None:
        return "its supervisor was killed"
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"it left with exit status {os.waitstatus_to_exitcode(status)} in mid-run (os._exit?)"
