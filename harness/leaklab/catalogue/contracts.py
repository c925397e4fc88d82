"""Checking a scenario: the linter, then the functional contract of each variant."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from leaklab.catalogue.blanks import require_no_blanks
from leaklab.catalogue.folders import Catalogue
from leaklab.catalogue.lint import lint
from leaklab.catalogue.plan import missing_requirement
from leaklab.model.errors import BadInput, Exit, InvalidFile, LabError, NotMeasured
from leaklab.model.job import Job
from leaklab.model.measurement import EndReason, Measurement
from leaklab.model.scenario import Mode, Scenario, Variant

# Several seeds, because the contract must hold for any seed.
ROUNDS = ((1, 1), (2, 100), (20_261_121, 100))  # (seed, units)


class ContractRunner(Protocol):
    """Runs functional contracts."""

    def check(self, job: Job) -> Measurement:
        """Run the contract of the variant of a job."""


@dataclass(frozen=True)
class CheckedScenario:
    """The result of checking a scenario.

    Attributes:
        name: The scenario.
        problems: What is wrong with it and what to do, one line each.
        heading: The file that all of the problems are in; empty where there are several files.
        skipped: What this machine lacks for its contracts; empty if nothing.
        unknown: Why its contracts could not be run; empty if they were.
    """

    name: str
    problems: list[str] = field(default_factory=list)
    heading: str = ""
    skipped: str = ""
    unknown: str = ""

    @property
    def exit(self) -> Exit:
        """The exit code for this scenario alone; a skipped one counts as expected."""
        if self.unknown:
            return Exit.NOT_MEASURED
        return Exit.BAD_INPUT if self.problems else Exit.AS_EXPECTED

    @property
    def lines(self) -> list[str]:
        """The lines to show."""
        skipped = [f"skipped: {self.skipped}"] if self.skipped else []
        unknown = [f"not checked: {self.unknown}"] if self.unknown else []
        heading = [f"{self.heading}:"] if self.heading else []
        return [*heading, *self.problems, *skipped, *unknown] or ["ok"]


def check_contracts(
    catalogue: Catalogue, name: str, runner: ContractRunner, on_progress: Callable[[str], None]
) -> CheckedScenario:
    """Find all problems of a scenario.

    Args:
        catalogue: The catalogue with the scenario.
        name: The name of the scenario.
        runner: Runs the contracts.
        on_progress: Called with the name of each contract before it runs.

    Returns:
        The blanks that are left, or else the linter's problems, or else the broken contracts.
    """
    problems: list[str] = []
    try:
        require_no_blanks(catalogue, name)
        scenario = catalogue.load(name)
        problems += lint(catalogue, scenario)
        if problems:
            return CheckedScenario(name, problems)
        if missing := missing_requirement(scenario):
            return CheckedScenario(name, skipped=missing)
        for job in _jobs(scenario):
            on_progress(f"{scenario.name}/{job.variant}")
            problems += _broken(job, runner.check(job))
        return CheckedScenario(name, problems)
    except InvalidFile as error:
        return CheckedScenario(name, list(error.problems), error.heading)
    except BadInput as error:
        return CheckedScenario(name, [*problems, str(error)])
    except LabError as error:
        return CheckedScenario(name, problems, unknown=str(error))


def _jobs(scenario: Scenario) -> Iterator[Job]:
    for variant in scenario.variants:
        for seed, units in ROUNDS:
            yield _job(scenario, variant, seed, units)


def _job(scenario: Scenario, variant: Variant, seed: int, units: int) -> Job:
    return Job(
        scenario=scenario,
        variant=variant,
        mode=Mode.INLINE,
        units=units,
        seed=seed,
        options=scenario.options,
    )


def _broken(job: Job, measurement: Measurement) -> Iterator[str]:
    if measurement.end_reason is EndReason.NOT_STARTED:
        raise NotMeasured(f"{job.variant}.py: {measurement.detail}")
    if measurement.end_reason is not EndReason.COMPLETED:
        why = measurement.detail or measurement.end_reason
        yield f"{job.variant}.py breaks the contract (seed {job.seed}): {why}"
