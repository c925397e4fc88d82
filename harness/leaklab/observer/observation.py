"""The observation of a run: its messages, and the readings made from outside."""

from dataclasses import dataclass, field

from leaklab.model.measurement import EndReason
from leaklab.observer.replaced_processes import ReplacedProcesses
from leaklab.observer.series import TreeSeries
from leaklab.sandbox.cgroups import OBSERVER
from leaklab.sandbox.protocol import (
    AgentMessage,
    Baseline,
    Bounded,
    Controlled,
    Died,
    Exited,
    Failed,
    Finished,
    Reached,
)

# Twice the rows of an agent's table, because these readings are not spaced by the work.
MAX_TREE_ROWS = 384

# The harness requests one survey of each process per doubling, but a program may forge more.
MAX_SURVEYS = 1024


@dataclass
class Observation:
    """The messages of a run and the readings made of it from outside.

    Attributes:
        controlled, failed, died, exited: The first message of each type.
        baselines, finished: The messages of the agent (0) and the workers, by their numbers.
        bounded: The surveys of containers that state a maximum.
        tree: The readings of all processes together.
        replaced: The processes that started and ended, where the tree is judged.
        outside: Readings that an agent cannot make, by the number of each process with a baseline.
        stopped: The reason why the lab ended the run.
        stopped_by_option: The option that kept the run from going on.
        top_pid: The pid of the supervisor.
        service_death: How a service died, if that ended the run; otherwise empty.
        high_water_bytes: By pid, the last VmHWM of each process with a baseline.
        tree_peak_pss_bytes: The highest PSS of all processes together.
        longest_gap_seconds: The longest time without a reading of PSS.
        cgroup_peak_bytes: The high-water mark of the cgroup.
        oom_kills: How many processes the kernel killed at the run's memory limit.
        memory_by, processes_by: What enforced the limits, as in `Confinement`.
        refused: Why no cgroup enforced a limit.
        polls, cpu_seconds: How often the observer polled the run, and the CPU time that it took.
    """

    controlled: Controlled | None = None
    baselines: dict[int, Baseline] = field(default_factory=dict)
    finished: dict[int, Finished] = field(default_factory=dict)
    bounded: list[Bounded] = field(default_factory=list)
    failed: Failed | None = None
    died: Died | None = None
    exited: Exited | None = None
    tree: TreeSeries = field(default_factory=lambda: TreeSeries(MAX_TREE_ROWS))
    replaced: ReplacedProcesses = field(default_factory=ReplacedProcesses)
    outside: dict[int, TreeSeries] = field(default_factory=dict)
    stopped: EndReason | None = None
    stopped_by_option: str = ""
    top_pid: int = 0
    service_death: str = ""
    high_water_bytes: dict[int, int] = field(default_factory=dict)
    tree_peak_pss_bytes: int | None = None
    longest_gap_seconds: float | None = None
    cgroup_peak_bytes: int | None = None
    oom_kills: int = 0
    memory_by: str = OBSERVER
    processes_by: str = OBSERVER
    refused: list[str] = field(default_factory=list)
    polls: int = 0
    cpu_seconds: float = 0.0

    def record(self, message: AgentMessage) -> None:
        """Keep the first message of each type and process, and the last MAX_SURVEYS surveys."""
        match message:
            case Baseline():
                self.baselines.setdefault(message.process, message)
            case Finished():
                self.finished.setdefault(message.process, message)
            case Controlled():
                self.controlled = self.controlled or message
            case Failed():
                self.failed = self.failed or message
            case Died():
                self.died = self.died or message
            case Exited():
                self.exited = self.exited or message
            case Bounded():
                self.bounded = [*self.bounded, message][-MAX_SURVEYS:]
            case Reached():
                pass
