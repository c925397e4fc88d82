"""What a run is asked to do: the job, and the limits it may not pass."""

from collections.abc import Mapping

from msgspec import Struct

from leaklab.model.scenario import Mode, Option, Scenario, Variant


class Limits(Struct, frozen=True, kw_only=True):
    """What a run may use before it is stopped, with its samples kept.

    Memory is what is resident in the whole tree, `processes` how many live in it at a time,
    `descriptors` how many each of them may have open. Output beyond its limit is thrown away.
    """

    memory_bytes: int
    time_seconds: float
    processes: int = 256
    descriptors: int = 16_384
    output_bytes: int = 1 << 20


class Job(Struct, frozen=True, kw_only=True):
    """One run to make: a scenario's variant in a mode, with everything that decides its figures.

    `units` is the run's total, of which each of `workers` does its share. With a budget of CPU
    time the run goes on beyond that, twice as far each time, until its verdict is certain or the
    next doubling might take more than the budget. `python` is the path of the interpreter that runs
    it, None for the lab's own.
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
        """How people name it: `word_index/buggy/inline`."""
        return f"{self.scenario.name}/{self.variant}/{self.mode}"
