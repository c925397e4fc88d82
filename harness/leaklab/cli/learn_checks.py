"""Checking a fix from the command line: as a whole, or quickly each time that it is saved."""

from collections.abc import Callable

from leaklab.cli import progress
from leaklab.cli.learn import RUN_SECONDS, Hunt, write_next
from leaklab.cli.learn_solution import solution_page
from leaklab.cli.pager import Paging, show_page
from leaklab.features.course.check_plan import CheckPlan
from leaklab.features.course.course_state import Step
from leaklab.features.course.fix_check import LearnersProgram, check_fix
from leaklab.features.course.fix_report import FixReport
from leaklab.features.course.grading import fix_passes
from leaklab.model.errors import BadInput
from leaklab.model.scenario import Mode
from leaklab.reports.course_figures import fix_text
from leaklab.runs.limits import make_limits

QUICK_CHECK_SECONDS = 20.0


def check_whole(hunt: Hunt, write: Callable[[str], None]) -> bool:
    """Check the fix in every mode, note the outcome, and return whether it passes."""
    report = whole_report(hunt)
    passes = note_check(hunt, report)
    write(fix_text(report, hunt.exercise, passes=passes))
    if passes:
        show_page(solution_page(hunt), Paging.WHERE_LONG)
        write_next(hunt)
    return passes


def whole_report(hunt: Hunt) -> FixReport:
    """Check the fix in every mode."""
    plan = CheckPlan(hunt.exercise.scenario.modes, make_limits(None, RUN_SECONDS))
    with progress.open_progress() as listener:
        return check_fix(learners_program(hunt), plan, listener)


def quick_report(hunt: Hunt) -> FixReport:
    """Check the fix in one process, without the reference."""
    plan = CheckPlan((Mode.INLINE,), make_limits(None, QUICK_CHECK_SECONDS), with_reference=False)
    with progress.open_progress() as listener:
        return check_fix(learners_program(hunt), plan, listener)


def note_check(hunt: Hunt, report: FixReport) -> bool:
    """Note a whole check, and return whether the exercise is passed."""
    with hunt.changing() as done:
        changed = hunt.workspace.source_of(hunt.exercise) != hunt.exercise.program
        passes = fix_passes(hunt.exercise, done, report, changed=changed)
        if changed:
            done.do(Step.FIX)
        done.do(Step.VERIFY)
        done.checks += 1
        if passes:
            done.passed = not done.gave_up
            done.finish()
    return passes


def check_on_save(hunt: Hunt, write: Callable[[str], None]) -> None:
    """Check quickly now and each time that the program is saved, until Ctrl-C.

    Raises:
        BadInput: The package that watches files is not installed.
    """
    try:
        from watchfiles import watch  # noqa: PLC0415  (a package of the extra `course`)
    except ImportError:
        raise BadInput("--on-save needs watchfiles: pip install 'leaklab[course]'") from None
    path = hunt.workspace.program_of(hunt.exercise)
    write(fix_text(quick_report(hunt), hunt.exercise, passes=False))
    write(f"waiting for {path} to be saved; Ctrl-C ends it")
    for changes in watch(path.parent, raise_interrupt=True):
        if any(changed == str(path.resolve()) for _, changed in changes):
            try:
                write(fix_text(quick_report(hunt), hunt.exercise, passes=False))
            except BadInput as error:  # the file is being replaced
                write(str(error))


def learners_program(hunt: Hunt) -> LearnersProgram:
    """Return the learner's program as it is now."""
    path = hunt.workspace.program_of(hunt.exercise)
    source = hunt.workspace.source_of(hunt.exercise)
    return LearnersProgram(hunt.catalogue, hunt.exercise, source, path)
