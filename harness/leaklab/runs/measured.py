"""What was measured, put together: messages, the agent's tables and the observer's readings."""

import os
import re

from leaklab.agent.leaklab_agent import layout
from leaklab.model.job import Limits
from leaklab.model.measurement import (
    Container,
    Controls,
    EndReason,
    Measurement,
    ProcessRecord,
    Role,
    TreeRecord,
)
from leaklab.model.signals import Samples
from leaklab.observer.observation import Observation
from leaklab.observer.sample_tables import SampleTables
from leaklab.sandbox.launch import Child, describe_exit
from leaklab.sandbox.protocol import Baseline, Died, Failed, Finished

OUTPUT_TAIL_BYTES = 2000
# The line of a warning, and below it that of its source, which Python 3.13 shortens.
TRACKER_WARNING = re.compile(r"^.*resource_tracker.*(?:\n[ \t]+warnings\.warn\(.*)?\n?", re.M)
LIMIT_MET = {"descriptors": EndReason.DESCRIPTOR_LIMIT, "memory": EndReason.MEMORY_LIMIT}


def make_measurement(
    seen: Observation, tables: SampleTables, cpu: int, tail: str, limits: Limits
) -> Measurement:
    """What a run came to.

    Args:
        seen: the messages of the run and the observer's readings.
        tables: the samples.
        cpu: the processor the run was pinned to.
        tail: the end of what the program printed, kept for a process that died without a word.
        limits: what it was held to.
    """
    ended, detail = _how_it_ended(seen)
    died = ended in (EndReason.DIED, EndReason.WORKER_DIED)
    return Measurement(
        end_reason=ended,
        detail=detail,
        stopped_by_option=seen.stopped_by_option,
        units_done=tables.units_done_in_all() or sum(f.units for f in _workers(seen)),
        processes=records(seen, tables),
        tree=TreeRecord(samples=seen.tree.samples()),
        tree_peak_pss_bytes=seen.tree_peak_pss_bytes,
        tree_pss_longest_gap_seconds=seen.longest_gap_seconds,
        cgroup_peak_bytes=seen.cgroup_peak_bytes,
        controls=_controls(seen, cpu, limits),
        output_tail=seen.failed.traceback if seen.failed else tail if died else "",
    )


def records(seen: Observation, tables: SampleTables) -> list[ProcessRecord]:
    """What is known of each process, also of a run under way, by their numbers. A program may have
    forged baselines of others."""
    numbers = [number for number in sorted(seen.baselines) if 0 <= number < tables.processes]
    return [_record(seen, seen.baselines[number], tables) for number in numbers]


def _workers(seen: Observation) -> list[Finished]:
    """The reports of those who worked: of a pool its workers, else the one process."""
    reports = seen.finished
    return [reports[n] for n in reports if n or len(reports) == 1]


def _record(seen: Observation, baseline: Baseline, tables: SampleTables) -> ProcessRecord:
    finished = seen.finished.get(baseline.process, Finished())
    high_water = seen.high_water_bytes.get(baseline.pid)
    outside = seen.outside.get(baseline.process)
    peak = finished.peak_rss_bytes or high_water or baseline.rss_bytes
    return ProcessRecord(
        pid=baseline.pid,
        role=Role.WORKER if baseline.process else Role.PARENT,
        number=baseline.process,
        units_done=finished.units or tables.units_done(baseline.process),
        baseline_rss_bytes=baseline.rss_bytes,
        baseline_file_bytes=baseline.file_bytes,
        peak_rss_bytes=peak - baseline.rss_bytes,
        samples=tables.samples(baseline.process),
        pin_kept=finished.pin_kept,
        cpu_seconds=finished.cpu_seconds,
        collector_on=finished.collector_on,
        at_start=baseline.at_start,
        outside=outside.samples() if outside else Samples(),
        stops=tables.stops(baseline.process, baseline.rss_bytes),
        bounded=_containers(seen, baseline.process),
        at_end=finished.at_end,
        after_collect=finished.after_collect,
        after_trim=finished.after_trim,
    )


def _containers(seen: Observation, process: int) -> list[Container]:
    return [
        Container(units=told.units, name=name, entries=entries, maximum=maximum)
        for told in seen.bounded
        if told.process == process
        for name, entries, maximum in told.containers
    ]


def _controls(seen: Observation, cpu: int, limits: Limits) -> Controls:
    applied = seen.controlled
    found = seen.baselines.values()
    return Controls(
        aslr_off=bool(applied and applied.aslr_off),
        huge_pages_off=bool(applied and applied.huge_pages_off),
        own_shared_memory=bool(applied and applied.own_shared_memory),
        pinned_cpu=cpu,
        high_water_reset=bool(found) and all(b.high_water_reset for b in found),
        memory_limit_by=seen.memory_by,
        process_limit_by=seen.processes_by,
        memory_limit_bytes=limits.memory_bytes,
        process_limit=limits.processes,
        descriptor_limit=limits.descriptors,
        refused=[*(applied.refused if applied else []), *seen.refused],
    )


def _how_it_ended(seen: Observation) -> tuple[EndReason, str]:
    if seen.stopped:
        return seen.stopped, seen.service_death
    if seen.failed:
        return _failure(seen.failed)
    if seen.died:
        return EndReason.WORKER_DIED, _worker_death(seen.died)
    if 0 in seen.finished:
        return EndReason.COMPLETED, ""
    status = seen.exited.status if seen.exited else None
    died = EndReason.DIED if seen.baselines else EndReason.NOT_STARTED
    return died, _death(status)


def _worker_death(died: Died) -> str:
    status = -died.exitcode if died.exitcode < 0 else died.exitcode << 8
    return f"worker {died.process}: {_death(status)}"


def _death(status: int | None) -> str:
    """How a process ended in mid-run, from its wait status."""
    if status is None or os.WIFSIGNALED(status):
        return describe_exit(status)
    if os.waitstatus_to_exitcode(status) == layout.NO_CHANNEL:
        return "the program closed descriptors that are the lab's"
    return f"{describe_exit(status)} in mid-run (os._exit?)"


def _failure(failed: Failed) -> tuple[EndReason, str]:
    whose = f"worker {failed.process}: " if failed.process else ""
    if failed.ended_early:
        done, asked = failed.ended_early
        words = f"the workload ended after {done:,} of {asked:,} units: make it yield more"
        return EndReason.PROGRAM_FAILED, whose + (words if done else "the workload never yields")
    where = f"{failed.where[0]}:{failed.where[1]}: " if failed.where else ""
    first_line = failed.message.strip().partition("\n")[0]
    ended = LIMIT_MET.get(failed.limit or "", EndReason.PROGRAM_FAILED)
    return ended, f"{whose}{where}{failed.error}: {first_line}"


def tail_of(child: Child) -> str:
    """The end of what the program printed; what multiprocessing's resource tracker says of a pool
    that was killed is not the program's."""
    try:
        text = child.output.read_bytes()[-OUTPUT_TAIL_BYTES:].decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(TRACKER_WARNING.sub("", text).splitlines())
