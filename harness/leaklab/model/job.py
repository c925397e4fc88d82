"""A job, which describes one run, and the limits of a run."""

from collections.abc import Mapping

from msgspec import Struct

from leaklab.model.scenario import Mode, Option, Scenario, Variant


class Limits(Struct, frozen=True, kw_only=True):
    """The limits of a run. A run that exceeds one is stopped, and its samples are kept.

    Attributes:
        memory_bytes: The resident memory of the whole tree of processes.
        time_seconds: The time from start to end.
        processes: The number of processes in the tree at a time.
        descriptors: The open descriptors of each process.
        output_bytes: The output that is kept; more output is discarded and does not stop the run.
    """

    memory_bytes: int
    time_seconds: float
    processes: int = 256
    descriptors: int = 16_384
    output_bytes: int = 1 << 20


class Job(Struct, frozen=True, kw_only=True):
    """One run to make: a variant of a scenario in a mode, with all settings that affect it.

    Attributes:
        scenario: The scenario.
        variant: The program of the scenario.
        mode: How it is executed.
        units: The units of work of the whole run; each of `workers` does its share.
        seed: The seed of all random choices.
        options: The options of the scenario.
        workers: The number of worker processes; 1 inline.
        repeat: The number of the repetition, from 1.
        budget_seconds: The CPU time up to which the run goes on beyond `units`, to twice the work
            each time, until its verdict is certain. None fixes the length of the run.
        python: The path of the interpreter that runs it; None for leaklab's own.
    """

    scenario: Scenario
    variant: Variant
    mode: Mode
    units: int
    seed: int
    options: Mapping[str, Option]
    workers: int = 1
    repeat: int = 1
    budget_seconds: float | None = None
    python: str | None = None

    @property
    def label(self) -> str:
        """The name of the run: `word_index/buggy/inline`."""
        return f"{self.scenario.name}/{self.variant}/{self.mode}"
