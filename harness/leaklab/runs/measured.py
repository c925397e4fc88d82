"""The measurement of a run, from its messages, the agent's tables and the observer's readings."""

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
from leaklab.sandbox.child import Child
from leaklab.sandbox.launch import describe_exit
from leaklab.sandbox.protocol import Baseline, Died, Failed, Finished

OUTPUT_TAIL_BYTES = 2000
# The line of a warning, and below it the line of its source, which Python 3.13 shortens.
TRACKER_WARNING = re.compile(r"^.*resource_tracker.*(?:\n[ \t]+warnings\.warn\(.*)?\n?", re.M)
LIMIT_MET = {"descriptors": EndReason.DESCRIPTOR_LIMIT, "memory": EndReason.MEMORY_LIMIT}


def make_measurement(
    observation: Observation, tables: SampleTables, cpu: int, tail: str, limits: Limits
) -> Measurement:
    """Make the measurement of a run that has ended.

    Args:
        observation: The messages of the run and the observer's readings.
        tables: The samples.
        cpu: The CPU that the run was pinned to.
        tail: The end of the program's output, kept if a process died without an error message.
        limits: The limits of the run.
    """
    end_reason, detail = _end_of(observation)
    died = end_reason in (EndReason.DIED, EndReason.WORKER_DIED)
    return Measurement(
        end_reason=end_reason,
        detail=detail,
        stopped_by_option=observation.stopped_by_option,
        units_done=tables.total_units_done() or sum(f.units for f in _workers(observation)),
        processes=records(observation, tables),
        tree=TreeRecord(samples=observation.tree.samples(), replaced=observation.replaced.lives()),
        tree_peak_pss_bytes=observation.tree_peak_pss_bytes,
        tree_pss_longest_gap_seconds=observation.longest_gap_seconds,
        cgroup_peak_bytes=observation.cgroup_peak_bytes,
        controls=_controls(observation, cpu, limits),
        output_tail=observation.failed.traceback if observation.failed else tail if died else "",
    )


def records(observation: Observation, tables: SampleTables) -> list[ProcessRecord]:
    """Make the record of each process by its number, also while the run is under way.

    Numbers without a table are left out, because a program can forge a baseline message.
    """
    numbers = [number for number in sorted(observation.baselines) if 0 <= number < tables.processes]
    return [_record(observation, observation.baselines[number], tables) for number in numbers]


def _workers(observation: Observation) -> list[Finished]:
    """Return the final messages of the workers of a pool, or of the one process."""
    reports = observation.finished
    return [reports[n] for n in reports if n or len(reports) == 1]


def _record(observation: Observation, baseline: Baseline, tables: SampleTables) -> ProcessRecord:
    finished = observation.finished.get(baseline.process, Finished())
    high_water = observation.high_water_bytes.get(baseline.pid)
    outside = observation.outside.get(baseline.process)
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
        bounded=_containers(observation, baseline.process),
        at_end=finished.at_end,
        after_collect=finished.after_collect,
        after_trim=finished.after_trim,
    )


def _containers(observation: Observation, process: int) -> list[Container]:
    return [
        Container(units=survey.units, name=name, entries=entries, maximum=maximum)
        for survey in observation.bounded
        if survey.process == process
        for name, entries, maximum in survey.containers
    ]


def _controls(observation: Observation, cpu: int, limits: Limits) -> Controls:
    applied = observation.controlled
    baselines = observation.baselines.values()
    return Controls(
        aslr_off=bool(applied and applied.aslr_off),
        huge_pages_off=bool(applied and applied.huge_pages_off),
        own_shared_memory=bool(applied and applied.own_shared_memory),
        pinned_cpu=cpu,
        high_water_reset=bool(baselines) and all(b.high_water_reset for b in baselines),
        memory_limit_by=observation.memory_by,
        process_limit_by=observation.processes_by,
        memory_limit_bytes=limits.memory_bytes,
        process_limit=limits.processes,
        descriptor_limit=limits.descriptors,
        refused=[*(applied.refused if applied else []), *observation.refused],
    )


def _end_of(observation: Observation) -> tuple[EndReason, str]:
    if observation.stopped:
        return observation.stopped, observation.service_death
    if observation.failed:
        return _failure(observation.failed)
    if observation.died:
        return EndReason.WORKER_DIED, _worker_death(observation.died)
    if 0 in observation.finished:
        return EndReason.COMPLETED, ""
    status = observation.exited.status if observation.exited else None
    died = EndReason.DIED if observation.baselines else EndReason.NOT_STARTED
    return died, _death(status)


def _worker_death(died: Died) -> str:
    status = -died.exitcode if died.exitcode < 0 else died.exitcode << 8
    return f"worker {died.process}: {_death(status)}"


def _death(status: int | None) -> str:
    """Describe how a process ended during a run, from its wait status."""
    if status is None or os.WIFSIGNALED(status):
        return describe_exit(status)
    if os.waitstatus_to_exitcode(status) == layout.NO_CHANNEL:
        return "the program closed descriptors that are the lab's"
    return f"{describe_exit(status)} during the run (os._exit?)"


def _failure(failed: Failed) -> tuple[EndReason, str]:
    process = f"worker {failed.process}: " if failed.process else ""
    if failed.ended_early:
        done, needed = failed.ended_early
        problem = f"the workload ended after {done:,} of {needed:,} units: make it yield more"
        if not done:
            problem = "the workload never yields"
        return EndReason.PROGRAM_FAILED, process + problem
    where = f"{failed.where[0]}:{failed.where[1]}: " if failed.where else ""
    first_line = failed.message.strip().partition("\n")[0]
    end_reason = LIMIT_MET.get(failed.limit or "", EndReason.PROGRAM_FAILED)
    return end_reason, f"{process}{where}{failed.error}: {first_line}"


def tail_of(child: Child) -> str:
    """Return the end of the program's output.

    Warnings of multiprocessing's resource tracker about a killed pool are removed, because they
    are not the program's output.
    """
    text = child.output.tail(OUTPUT_TAIL_BYTES)
    return "\n".join(TRACKER_WARNING.sub("", text).splitlines())
