"""What a watch found, as it is shown and as `--json` prints it."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from leaklab.features.watch.container import ContainerGrowth, container_growth
from leaklab.features.watch.forecast import Forecast, MemoryLimit, forecast
from leaklab.features.watch.history import ProcessHistory
from leaklab.features.watch.loop import Watch, WatchEnd
from leaklab.features.watch.targets import WatchTarget
from leaklab.model.scenario import Resource
from leaklab.model.signals import READ, Reading, Signal
from leaklab.model.verdicts import Conclusion, Verdict
from leaklab.verdict.generations import Generations

WATCH_SCHEMA = 4
MAX_SHOWN_PROCESSES = 20
MAX_GENERATIONS = 20


class WatchedProcess(Struct, frozen=True, kw_only=True):
    """One process as it was read last; `growth_per_second` is of its PSS without files (of its PSS
    where the kernel does not tell them apart, of its anonymous RSS where PSS was read too seldom),
    in bytes; None where it was read too seldom."""

    pid: int
    command: str
    rss_bytes: int
    shared_bytes: int
    vms_bytes: int
    pss_bytes: int | None
    memory_percent: float
    growth_per_second: float | None
    last_rss_bytes: list[int]


class WatchReport(Struct, frozen=True, kw_only=True):
    """A watch.

    Schema history: 1 the first; 2 conclusions and reasons by name; 3 `resident_samples`,
    `generations`, `container`, and PSS in fewer rows than RSS;
    4 `ended` is `end_reason`, `how` is `end_detail`.

    The verdict's amounts are per second, as `per` says; they and the projection are
    None where there were too few readings.

    `processes` are those alive at the last look, the largest first; `processes_left_out` how many
    more there were, `processes_unreadable` the most at a time whose memory may not be read.
    `samples` are the sums over the tree, by columns: `seconds`, and a column for each signal; a
    large process is read seldom. `resident_samples` are those of resident memory alone, which is
    read more often: there `anon_bytes` counts a page once for each process that has it, RSS less
    the shared memory in it.
    `generations` are the processes that came and went, by their commands; `container` is the
    control group that the tree lives in, None where it cannot be read.
    `command_status` is as a shell tells it, a signal as a negative number; None where the process
    was not started by leaklab, or had to be killed.
    """

    schema: int = WATCH_SCHEMA
    command: str
    pid: int
    end_reason: str
    end_detail: str
    command_status: int | None
    seconds: float
    per: str = "second"
    verdict: Verdict
    projection: Forecast | None
    tree: Reading
    processes: list[WatchedProcess]
    processes_left_out: int
    processes_unreadable: int
    samples: dict[str, list[float | None]]
    resident_samples: dict[str, list[float | None]] = {}
    generations: list[Generations] = []
    container: ContainerGrowth | None = None

    @property
    def conclusion(self) -> Conclusion:
        """The answer to "does it leak?": yes, where any resource leaks."""
        leaks = Conclusion.LEAK in self.verdict.others.values()
        return Conclusion.LEAK if leaks else self.verdict.conclusion


@dataclass(frozen=True)
class WatchQuestion:
    """What is asked of a watch: the verdict on which resource, what per cents of memory are of,
    and the limit to project to."""

    resource: Resource
    machine_bytes: int
    limit: MemoryLimit


def watch_report(
    watch: Watch, target: WatchTarget, question: WatchQuestion, ending: WatchEnd
) -> WatchReport:
    """All that is known at the end of a watch that has readings."""
    verdict = watch.verdict(question.resource)
    largest = watch.processes(MAX_SHOWN_PROCESSES)
    return WatchReport(
        command=target.name,
        pid=target.pid,
        end_reason=ending.value,
        end_detail=target.describe_end(),
        command_status=target.status,
        seconds=watch.seconds,
        verdict=verdict,
        projection=forecast_of(watch, verdict, question.limit),
        tree=watch.now,
        processes=[watched_process(p, question.machine_bytes) for p in largest],
        processes_left_out=watch.process_count() - len(largest),
        processes_unreadable=watch.unreadable,
        samples=columns(watch.samples),
        resident_samples=resident_columns(watch.resident_samples),
        generations=watch.generations()[:MAX_GENERATIONS],
        container=container_of(watch),
    )


def watched_process(process: ProcessHistory, machine_bytes: int) -> WatchedProcess:
    """One process of the table; the memory of the machine is what per cents are of."""
    reading, growth = process.reading, process.growth()
    return WatchedProcess(
        pid=process.pid,
        command=process.command,
        rss_bytes=reading.rss_bytes or 0,
        shared_bytes=reading.shared_bytes or 0,
        vms_bytes=reading.vms_bytes or 0,
        pss_bytes=reading.pss_bytes,
        memory_percent=100 * (reading.rss_bytes or 0) / machine_bytes,
        growth_per_second=growth.estimate if growth else None,
        last_rss_bytes=list(process.last_rss_bytes),
    )


def forecast_of(watch: Watch, verdict: Verdict, limit: MemoryLimit) -> Forecast | None:
    """When the tree's memory comes to its limit, whatever the verdict is about: what it holds is
    its PSS, and its growth that of the signal which decides on memory."""
    if watch.too_short:
        return None
    return forecast(watch.now.pss_bytes or 0, limit, watch.growth_of_memory(verdict))


def columns(samples: Sequence[tuple[float, Reading]]) -> dict[str, list[float | None]]:
    """A series by columns; a signal that was never read has none."""
    readings = [msgspec.structs.asdict(reading) for _, reading in samples]
    found = {signal.value: [reading[signal.value] for reading in readings] for signal in READ}
    read = {name: values for name, values in found.items() if any(v is not None for v in values)}
    return {"seconds": [round(seconds, 3) for seconds, _ in samples], **read}


def resident_columns(samples: Sequence[tuple[float, Reading]]) -> dict[str, list[float | None]]:
    """A series of resident memory by columns, with what of it is anonymous."""
    anon: list[float | None] = [reading.anon_bytes for _, reading in samples]
    return {**columns(samples), Signal.ANON.value: anon}


def container_of(watch: Watch) -> ContainerGrowth | None:
    """The control group at the end, and its growth."""
    if not watch.containers:
        return None
    first, last = watch.containers[0], watch.containers[-1]
    found = ContainerGrowth(now=last, grew=container_growth(first, last))
    if not watch.shared_memory_bytes:
        return found
    before, after = watch.shared_memory_bytes[0], watch.shared_memory_bytes[-1]
    changes = {"dev_shm_bytes": after, "dev_shm_grew_bytes": after - before}
    return msgspec.structs.replace(found, **changes)
