"""`leaklab learn diagnose`."""

from pathlib import Path

import click

from leaklab.cli.learn import course_options, exercise_option, open_hunt, write_lines, write_next
from leaklab.cli.learn_patterns import PATTERNS_EPILOG
from leaklab.features.course.course_state import Step
from leaklab.features.course.grading import graded_diagnosis, read_place
from leaklab.model.errors import Exit
from leaklab.model.scenario import Pattern
from leaklab.reports.course import diagnosis_text


@click.command("diagnose", epilog=f"{PATTERNS_EPILOG}\n\nExit code 1 if the diagnosis is wrong.")
@click.option("--line", required=True, metavar="FILE:N", help="The line that retains.")
@click.option(
    "--pattern",
    required=True,
    type=click.Choice([p.value for p in Pattern if p is not Pattern.NONE]),
    metavar="PATTERN",
    help="The mistake, one of those below.",
)
@exercise_option
@course_options
def command(
    line: str, pattern: str, exercise: str | None, workspace: Path | None, catalogue: Path | None
) -> Exit:
    """Name the line that retains, and the pattern of the mistake.

    The line that retains is not always the one that allocates. For example: leaklab learn diagnose
    --line program.py:12 --pattern unclosed-resource. A wrong diagnosis is counted, and you may try
    again.
    """
    hunt = open_hunt(workspace, exercise, catalogue)
    source = hunt.workspace.source_of(hunt.exercise)
    place = read_place(line, source, hunt.exercise)
    diagnosis = graded_diagnosis(hunt.exercise, place, Pattern(pattern), source)
    with hunt.changing() as progress:
        progress.do(Step.ANALYSE)
        progress.diagnoses.append(diagnosis)
    write_lines(diagnosis_text(diagnosis, hunt.exercise))
    if diagnosis.is_right or not hunt.exercise.is_graded:
        write_next(hunt)
    return Exit.AS_EXPECTED if diagnosis.is_right or not hunt.exercise.is_graded else Exit.DIFFERS
