"""`leaklab learn answer`."""

from pathlib import Path

import click

from leaklab.cli.learn import course_options, exercise_option, open_hunt, write_lines, write_next
from leaklab.features.course.course_state import Step
from leaklab.features.course.grading import graded_answer, passes_as_innocent
from leaklab.model.errors import BadInput, Exit
from leaklab.model.scenario import Resource
from leaklab.model.verdicts import Conclusion
from leaklab.reports.course import answer_text

CLEAN, LEAK = str(Conclusion.CLEAN), str(Conclusion.LEAK)


@click.command("answer", epilog="Exit code 1 if the answer is wrong.")
@click.argument("conclusion", type=click.Choice([LEAK, CLEAN]))
@click.option(
    "--resource",
    type=click.Choice([resource.value for resource in Resource]),
    help="What leaks.",
)
@exercise_option
@course_options
def command(
    conclusion: str,
    resource: str | None,
    exercise: str | None,
    workspace: Path | None,
    catalogue: Path | None,
) -> Exit:
    """Say whether the program leaks, and what.

    For example: leaklab learn answer clean, or leaklab learn answer leak --resource memory. A wrong
    answer is counted, and you may answer again.
    """
    if (conclusion == LEAK) is not bool(resource):
        raise BadInput(
            "'leak' needs what leaks, and 'clean' does not: leaklab learn answer leak "
            "--resource memory, for example"
        )
    hunt = open_hunt(workspace, exercise, catalogue)
    named = Resource(resource) if resource else None
    answer = graded_answer(hunt.exercise, Conclusion(conclusion), named)
    with hunt.changing() as progress:
        progress.do(Step.CONFIRM)
        progress.answers.append(answer)
        if hunt.exercise.is_graded and passes_as_innocent(hunt.exercise, progress):
            progress.passed = not progress.gave_up
            progress.finish()
    write_lines(answer_text(answer, hunt.exercise))
    if answer.right or not hunt.exercise.is_graded:
        write_next(hunt)
    return Exit.AS_EXPECTED if answer.right or not hunt.exercise.is_graded else Exit.DIFFERS
