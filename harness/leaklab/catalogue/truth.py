"""The ground truth of each program of a scenario, in full, for authors of tools."""

from msgspec import Struct

from leaklab.catalogue.folders import Catalogue, source_of
from leaklab.model.scenario import Growth, Pattern, Resource, Scenario, Variant


class GroundTruth(Struct, frozen=True, kw_only=True):
    """What is known of one program. Places are paths from the root of the catalogue.

    Attributes:
        variant: The variant.
        file: Its program.
        growth: Its growth; None if that is unknown.
        leaks: Whether it leaks; None if that is unknown.
        resource: What it leaks; None if it does not.
        pattern: The mistake, or `none`.
        culprit: The line that retains, as `file:line`; None if it does not leak.
        allocation: The other file that allocates what is retained; None if `file` or a library
            does, or if it does not leak.
        is_exercise: Whether it is the program that a learner gets.
    """

    variant: Variant
    file: str
    growth: Growth | None
    leaks: bool | None
    resource: Resource | None
    pattern: Pattern
    culprit: str | None
    allocation: str | None
    is_exercise: bool


def ground_truths(catalogue: Catalogue, scenario: Scenario) -> list[GroundTruth]:
    """Return the ground truth of each variant of a scenario, in their order.

    Raises:
        BadInput: The buggy program cannot be read.
    """
    return [_ground_truth(catalogue, scenario, variant) for variant in scenario.variants]


def _ground_truth(catalogue: Catalogue, scenario: Scenario, variant: Variant) -> GroundTruth:
    file = f"scenarios/{scenario.name}/{variant}.py"
    leaks = scenario.leaks(variant)
    culprit = _line_of_culprit(catalogue, scenario) if leaks else None
    exercise_variant = scenario.exercise_variant or scenario.variants[0]
    return GroundTruth(
        variant=variant,
        file=file,
        growth=scenario.growth_of(variant),
        leaks=leaks,
        resource=scenario.resource if leaks else None,
        pattern=scenario.pattern if leaks else Pattern.NONE,
        culprit=f"{file}:{culprit}" if culprit else None,
        allocation=scenario.buggy.allocation if leaks and scenario.buggy else None,
        is_exercise=bool(scenario.exercise) and variant is exercise_variant,
    )


def _line_of_culprit(catalogue: Catalogue, scenario: Scenario) -> int | None:
    """Return the number of the line that retains; None if buggy.py does not have it."""
    if scenario.buggy is None:
        return None
    lines = source_of(catalogue, scenario.name, Variant.BUGGY).splitlines()
    numbers = (n for n, line in enumerate(lines, 1) if scenario.buggy.culprit in line)
    return next(numbers, None)
