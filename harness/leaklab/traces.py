"""What was measured, put together: messages, the agent's table and the observer's readings."""

import os
import signal

from leaklab import agent
from leaklab.observer import Observation
from leaklab.protocol import Baseline, Failed, Finished
from leaklab.record import Controls, Ended, ProcessRecord, Role, Trace
from leaklab.table import SampleTable


def make_trace(seen: Observation, table: SampleTable, cpu: int, tail: str) -> Trace:
    """What a run came to.

    Args:
        seen: the messages of the run and the observer's readings.
        table: the samples.
        cpu: the processor the run was pinned to.
        tail: the end of what the program printed, kept for a process that died without a word.
    """
    ended, detail = _how_it_ended(seen)
    return Trace(
        ended=ended,
        detail=detail,
        units_done=seen.finished.units if seen.finished else table.units_done(),
        processes=[_process(seen, seen.baseline, table)] if seen.baseline else [],
        tree_peak_pss_bytes=seen.tree_peak_pss_bytes,
        tree_pss_longest_gap_seconds=seen.longest_gap_seconds,
        controls=_controls(seen, cpu),
        output_tail=seen.failed.traceback if seen.failed else tail if ended is Ended.DIED else "",
    )


def _process(seen: Observation, baseline: Baseline, table: SampleTable) -> ProcessRecord:
    finished = seen.finished or Finished()
    peak = finished.peak_rss_bytes or seen.high_water_bytes or baseline.rss_bytes
    return ProcessRecord(
        pid=baseline.pid,
        role=Role.PARENT,
        baseline_rss_bytes=baseline.rss_bytes,
        peak_rss_bytes=peak - baseline.rss_bytes,
        samples=table.samples(),
        cpu_seconds=finished.cpu_seconds,
        collector_on=finished.collector_on,
        after_collect=finished.after_collect,
        after_trim=finished.after_trim,
    )


def _controls(seen: Observation, cpu: int) -> Controls:
    applied = seen.controlled
    return Controls(
        aslr_off=bool(applied and applied.aslr_off),
        huge_pages_off=bool(applied and applied.huge_pages_off),
        pinned_cpu=cpu,
        high_water_reset=bool(seen.baseline and seen.baseline.high_water_reset),
        refused=applied.refused if applied else [],
    )


def _how_it_ended(seen: Observation) -> tuple[Ended, str]:
    if seen.stopped:
        return seen.stopped, ""
    if seen.failed:
        return _failure(seen.failed)
    if seen.finished:
        return Ended.COMPLETED, ""
    status = seen.exited.status if seen.exited else None
    died = Ended.DIED if seen.baseline else Ended.NOT_STARTED
    return died, _death(status)


def _death(status: int | None) -> str:
    if status is None:
        return "its supervisor was killed"
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    code = os.waitstatus_to_exitcode(status)
    if code == agent.NO_CHANNEL:
        return "the program closed descriptors that are the lab's"
    return f"it left with exit status {code} in mid-run (os._exit?)"


def _failure(failed: Failed) -> tuple[Ended, str]:
    if failed.error == "MemoryError":
        return Ended.MEMORY_LIMIT, "an allocation was refused"
    if failed.error == "EndedEarlyError":
        done, asked = failed.args
        words = f"the workload ended after {done:,} of {asked:,} units: make it yield more"
        return Ended.PROGRAM_FAILED, "the workload never yields" if done == 0 else words
    where = f"{failed.where[0]}:{failed.where[1]}: " if failed.where else ""
    first_line = failed.message.strip().partition("\n")[0]
    return Ended.PROGRAM_FAILED, f"{where}{failed.error}: {first_line}"
