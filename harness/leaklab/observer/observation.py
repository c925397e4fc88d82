"""What was seen of a run: its messages, and what was read of it from outside."""

from dataclasses import dataclass, field

from leaklab.model.measurement import EndReason
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

# Twice what is kept of one process by its agent: these readings are not spaced by the work.
MAX_TREE_ROWS = 384

# Of each process one at each doubling is asked for; a program may forge others.
MAX_SURVEYS = 1024


@dataclass
class Observation:
    """What was seen of a run.

    Of its agent and workers `baselines` and `finished`, by the number of the process; of the other
    messages the first of each kind; `bounded` are the containers that were told. `tree` is what was
    read of all processes together, `outside` of each one with a baseline, by its number, what
    its agent cannot know. `stopped` is why the lab ended the run, `service_death` how a service
    died where that ended it, else empty.
    `stopped_by_option` is the option that kept it from going on, `top_pid` its supervisor.
    `high_water_bytes` is, by pid, the last VmHWM seen of each process with a baseline. `memory_by`
    and `processes_by` are the means that held the limits, `refused` why not better ones. `looks`
    and `cpu_seconds` are what the observer itself did and took.
    """

    controlled: Controlled | None = None
    baselines: dict[int, Baseline] = field(default_factory=dict)
    finished: dict[int, Finished] = field(default_factory=dict)
    bounded: list[Bounded] = field(default_factory=list)
    failed: Failed | None = None
    died: Died | None = None
    exited: Exited | None = None
    tree: TreeSeries = field(default_factory=lambda: TreeSeries(MAX_TREE_ROWS))
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
    looks: int = 0
    cpu_seconds: float = 0.0

    def hear(self, message: AgentMessage) -> None:
        """Keep a message, unless one of its kind, and of its process, was heard before."""
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
