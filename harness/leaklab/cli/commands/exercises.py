"""`leaklab selftest exercises`."""

import sys
from pathlib import Path

import click

from leaklab import reports
from leaklab.catalogue.folders import open_catalogue
from leaklab.cli import options, progress
from leaklab.cli.learn import RUN_SECONDS
from leaklab.features.course.exercise_proofs import (
    ProofPlan,
    chosen_exercises,
    exercise_proofs,
)
from leaklab.features.course.exercises import exercises_of
from leaklab.model.errors import Exit
from leaklab.model.scenario import Mode
from leaklab.reports.course_grades import proofs_table
from leaklab.runs.limits import make_limits


@click.command("exercises")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@options.mode(Mode.INLINE.value)
@options.common
def command(names: tuple[str, ...], mode: tuple[str, ...], catalogue: Path | None) -> Exit:
    """Check the exercises' own programs as if a learner had written them.

    The reference must pass, and the program that leaks must not. A name is that of an exercise or
    of a scenario. Exit code 1 if an exercise does not hold.
    """
    opened = open_catalogue(catalogue)
    exercises = chosen_exercises(exercises_of(opened), names)
    plan = ProofPlan(options.make_modes(mode), make_limits(None, RUN_SECONDS))
    with progress.open_progress() as listener:
        proofs = list(exercise_proofs(opened, exercises, plan, listener))
    reports.print_table(proofs_table(proofs), sys.stdout)
    return Exit.AS_EXPECTED if all(proof.holds for proof in proofs) else Exit.DIFFERS
