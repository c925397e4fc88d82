"""Whether a scenario keeps its word: lint, then its functional contract on every variant."""

from collections.abc import Callable, Iterator
from typing import Protocol

from leaklab.catalogue import Catalogue
from leaklab.check import lint
from leaklab.errors import LabError
from leaklab.model import Job, Mode, Scenario
from leaklab.record import Ended, Trace
from leaklab.runner import refuse_missing

# Seeds of our own choosing prove little: the contract must hold for any.
SEEDS = (1, 2, 20_261_121)
UNITS = (1, 100)


class Checker(Protocol):
    """Whatever can run a contract."""

    def check(self, job: Job) -> Trace:
        """Run the contract of the job's variant."""


def problems(
    catalogue: Catalogue, name: str, checker: Checker, tell: Callable[[str], None]
) -> list[str]:
    """Everything wrong with a scenario, a line each.

    Args:
        catalogue: where it is.
        name: which one.
        checker: runs the contracts.
        tell: is told which contract runs, for progress.
    """
    try:
        scenario = catalogue.load(name)
        found = lint(catalogue, scenario)
        if found:
            return found
        refuse_missing(scenario)
        return list(_broken_contracts(scenario, checker, tell))
    except LabError as error:
        return [str(error)]


def _broken_contracts(
    scenario: Scenario, checker: Checker, tell: Callable[[str], None]
) -> Iterator[str]:
    for variant in scenario.variants:
        for seed, units in zip(SEEDS, (UNITS[0], UNITS[1], UNITS[1]), strict=True):
            tell(f"{scenario.name}/{variant}")
            job = Job(
                scenario=scenario,
                variant=variant,
                mode=Mode.INLINE,
                units=units,
                seed=seed,
                options=scenario.options,
            )
            trace = checker.check(job)
            if trace.ended is not Ended.COMPLETED:
                why = trace.detail or trace.ended
                yield f"{variant}.py breaks the contract (seed {seed}): {why}"
