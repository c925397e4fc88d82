"""The report of a watch, for the table and for `--json`."""

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
from leaklab.verdict.wording import Per, with_text

WATCH_SCHEMA = 6
ENDED_ADVICE = "the program ended; give it more work, or lower --interval"
MAX_SHOWN_PROCESSES = 20
MAX_GENERATIONS = 20


class WatchedProcess(Struct, frozen=True, kw_only=True):
    """One process at its last reading.

    `growth_per_second` is in bytes and None if there are too few readings. It is that of its PSS
    without files; of its PSS if the kernel does not separate files; and of its anonymous RSS if
    there are too few readings of PSS. `samples` is its series of the signal that the verdict
    quotes, by columns: `seconds`, and the signal.
    """

    pid: int
    command: str
    rss_bytes: int
    shared_bytes: int
    vms_bytes: int
    pss_bytes: int | None
    memory_percent: float
    growth_per_second: float | None
    last_rss_bytes: list[int]
    samples: dict[str, list[float]] = {}


class WatchReport(Struct, frozen=True, kw_only=True):
    """The report of a watch.

    Schema history: 1 the first; 2 conclusions and reasons by name; 3 `resident_samples`,
    `generations`, `container`, and PSS in fewer rows than RSS;
    4 `ended` is `end_reason`, `how` is `end_detail`; 5 `projection` is `forecast`, and in it
    `speed_class` is `span` and `speed_bytes` is `growth_bytes`; six kinds of reasons have other
    names; 6 `samples` of each process, and in `generations`: `later_rise_bytes`, `unjudged_bytes`
    and `unjudged_share`.

    `per` is the unit of the verdict's amounts, a second. The amounts and `forecast` are None if
    there were too few readings. `processes` are the largest ones alive at the last sample,
    `processes_left_out` is the number of the others, and `processes_unreadable` the maximum number
    of processes with unreadable memory. `command_status` is the exit code, or a signal as a
    negative number; it is None if leaklab did not start the process, or had to kill it.

    `samples` are the sums over the tree by columns: `seconds`, and a column for each signal. A
    large process is read seldom. `resident_samples` are those of resident memory alone, which is
    read more often. Their `anon_bytes` is RSS less the shared memory in it, so that a page counts
    once for each process that maps it. `generations` are the processes that started and ended, by
    their commands. `container` is the control group of the tree, None if it cannot be read.
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
    forecast: Forecast | None
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
        """The conclusion on all resources: a leak if any of them leaks."""
        leaks = Conclusion.LEAK in self.verdict.others.values()
        return Conclusion.LEAK if leaks else self.verdict.conclusion


@dataclass(frozen=True)
class WatchQuestion:
    """The resource that a watch judges, the machine's memory, and the limit of the forecast."""

    resource: Resource
    machine_bytes: int
    limit: MemoryLimit


def watch_report(
    watch: Watch, target: WatchTarget, question: WatchQuestion, ending: WatchEnd
) -> WatchReport:
    """Make the report at the end of a watch that has readings."""
    verdict = watch.verdict(question.resource)
    if ending is WatchEnd.ENDED:
        verdict = with_text(verdict, Per.SECOND, ENDED_ADVICE)
    largest = watch.processes(MAX_SHOWN_PROCESSES)
    return WatchReport(
        command=target.name,
        pid=target.pid,
        end_reason=ending.value,
        end_detail=target.describe_end(),
        command_status=target.status,
        seconds=watch.seconds,
        verdict=verdict,
        forecast=forecast_of(watch, verdict, question.limit),
        tree=watch.now,
        processes=[watched_process(p, question.machine_bytes, verdict.signal) for p in largest],
        processes_left_out=watch.process_count() - len(largest),
        processes_unreadable=watch.unreadable,
        samples=columns(watch.samples),
        resident_samples=resident_columns(watch.resident_samples),
        generations=watch.generations()[:MAX_GENERATIONS],
        container=container_of(watch),
    )


def watched_process(
    process: ProcessHistory, machine_bytes: int, signal: Signal | None = None
) -> WatchedProcess:
    """Make the report's row of a process.

    Args:
        process: The readings of the process.
        machine_bytes: The machine's memory, of which percentages are made.
        signal: The signal of `samples`; None for no samples.
    """
    reading, growth = process.reading, process.growth()
    seconds, values = process.rows(signal) if signal else ((), ())
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
        samples={"seconds": [*seconds], signal.value: [*values]} if signal else {},
    )


def forecast_of(watch: Watch, verdict: Verdict, limit: MemoryLimit) -> Forecast | None:
    """Forecast when the tree's memory reaches its limit, also if another resource is judged.

    The tree's memory is its PSS, and its growth that of the signal that decides on memory. The
    forecast is None if there are too few readings.
    """
    if watch.too_short:
        return None
    return forecast(watch.now.pss_bytes or 0, limit, watch.growth_of_memory(verdict))


def columns(samples: Sequence[tuple[float, Reading]]) -> dict[str, list[float | None]]:
    """Return a series by columns, without the signals that were never read."""
    readings = [msgspec.structs.asdict(reading) for _, reading in samples]
    by_signal = {signal.value: [reading[signal.value] for reading in readings] for signal in READ}
    read = {
        name: values for name, values in by_signal.items() if any(v is not None for v in values)
    }
    return {"seconds": [round(seconds, 3) for seconds, _ in samples], **read}


def resident_columns(samples: Sequence[tuple[float, Reading]]) -> dict[str, list[float | None]]:
    """Return a series of resident memory by columns, with a column for its anonymous part."""
    anon: list[float | None] = [reading.anon_bytes for _, reading in samples]
    return {**columns(samples), Signal.ANON.value: anon}


def container_of(watch: Watch) -> ContainerGrowth | None:
    """Return the control group at the end and its growth; None if it was not read."""
    if not watch.containers:
        return None
    first, last = watch.containers[0], watch.containers[-1]
    growth = ContainerGrowth(now=last, grew=container_growth(first, last))
    if not watch.shared_memory_bytes:
        return growth
    before, after = watch.shared_memory_bytes[0], watch.shared_memory_bytes[-1]
    changes = {"dev_shm_bytes": after, "dev_shm_grew_bytes": after - before}
    return msgspec.structs.replace(growth, **changes)
