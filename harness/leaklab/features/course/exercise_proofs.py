"""Proofs that an exercise can be solved: its reference passes as a fix, and its program does not.

An exercise without a leak passes unchanged; there is nothing that must fail.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from msgspec import Struct

from leaklab.catalogue.folders import Catalogue
from leaklab.features.course.check_plan import CheckPlan
from leaklab.features.course.diagnosis import PROGRAM_FILE
from leaklab.features.course.exercises import Exercise
from leaklab.features.course.fix_check import LearnersProgram, check_fix
from leaklab.features.course.fix_report import leak_problems
from leaklab.model.errors import BadInput, Skipped
from leaklab.model.job import Limits
from leaklab.model.scenario import Mode
from leaklab.runs.listener import Listener


class ExerciseProof(Struct, frozen=True, kw_only=True):
    """What the check of fixes says of an exercise's own programs.

    Attributes:
        exercise: The exercise.
        reference_problems: Why the reference does not pass; empty if it does.
        condemned: Whether the program that leaks fails because it leaks; None if none leaks.
        seconds: How long both checks took.
        skipped: What is not installed; empty if the exercise was checked.
    """

    exercise: str
    reference_problems: list[str] = []
    condemned: bool | None = None
    seconds: float = 0.0
    skipped: str = ""

    @property
    def holds(self) -> bool:
        """Whether the reference passes and the program that leaks does not."""
        return not self.reference_problems and self.condemned is not False


@dataclass(frozen=True)
class ProofPlan:
    """How exercises are proven.

    Attributes:
        modes: The modes; of an exercise, those that it has. Empty takes all that it has.
        limits: The limits of each run.
    """

    modes: Sequence[Mode]
    limits: Limits

    def for_exercise(self, exercise: Exercise) -> CheckPlan:
        """Return the plan of the checks of an exercise; its first mode if it has none of these."""
        own = exercise.scenario.modes
        wanted = [mode for mode in own if not self.modes or mode in self.modes]
        return CheckPlan(wanted or own[:1], self.limits)


def chosen_exercises(exercises: Sequence[Exercise], names: Iterable[str]) -> list[Exercise]:
    """Return the exercises of these names, or of these scenarios; all where there is no name.

    Raises:
        BadInput: A name is unknown.
    """
    wanted = set(names)
    known = {name for e in exercises for name in (e.name, e.scenario.name)}
    if unknown := sorted(wanted - known):
        raise BadInput(f"no exercise {unknown[0]!r}; 'leaklab learn list' shows all")
    return [e for e in exercises if not wanted or wanted & {e.name, e.scenario.name}]


def exercise_proofs(
    catalogue: Catalogue, exercises: Iterable[Exercise], plan: ProofPlan, listener: Listener
) -> Iterator[ExerciseProof]:
    """Check each exercise's own programs as if a learner had written them.

    Args:
        catalogue: The catalogue of the exercises.
        exercises: The exercises.
        plan: The modes and limits.
        listener: Receives the progress.

    Raises:
        LabError: Something other than a program is at fault.
    """
    for exercise in exercises:
        began = time.monotonic()
        try:
            yield _proof(catalogue, exercise, plan.for_exercise(exercise), listener, began)
        except Skipped as missing:
            yield ExerciseProof(exercise=exercise.name, skipped=str(missing))


def _proof(
    catalogue: Catalogue, exercise: Exercise, plan: CheckPlan, listener: Listener, began: float
) -> ExerciseProof:
    def program(source: str) -> LearnersProgram:
        """Return a text as a learner's program."""
        return LearnersProgram(catalogue, exercise, source, exercise.folder / PROGRAM_FILE)

    reference = check_fix(program(exercise.reference), plan, listener)
    condemned = None
    if exercise.leaks:
        buggy = check_fix(program(exercise.program), plan, listener)
        condemned = any(leak_problems(mode.own, mode.before) for mode in buggy.modes)
    return ExerciseProof(
        exercise=exercise.name,
        reference_problems=reference.all_problems,
        condemned=condemned,
        seconds=time.monotonic() - began,
    )
