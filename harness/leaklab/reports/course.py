"""What the course shows: where the learner is, what was measured, and how answers are graded."""

from collections.abc import Sequence

from leaklab.features.course.course_state import (
    CourseState,
    Diagnosis,
    ExerciseProgress,
    GivenAnswer,
    Step,
)
from leaklab.features.course.diagnosis import LineGrade
from leaklab.features.course.exercises import Exercise
from leaklab.features.course.workspace import Workspace
from leaklab.model.text import counted
from leaklab.model.verdicts import Conclusion
from leaklab.reports.table import Table
from leaklab.reports.wrapping import wrapped

# What each step is, and the command that does it.
STEPS = {
    Step.DETECT: ("watch the program run", "watch"),
    Step.CONFIRM: ("measure it, and answer: a leak or not?", "measure"),
    Step.SIMPLIFY: ("find the smallest run that still shows it", "simplify"),
    Step.PROFILE: ("ask a profiler", "profile --with tracemalloc"),
    Step.ANALYSE: (
        "name the line that retains, and the pattern",
        "diagnose --line program.py:N --pattern P",
    ),
    Step.FIX: ("edit program.py", "check --on-save"),
    Step.VERIFY: ("have the fix judged", "check"),
}
# An innocent program has nothing to find and to fix.
STEPS_OF_ALL = (Step.DETECT, Step.CONFIRM)

ANSWER = "leaklab learn answer clean   (or: answer leak --resource RESOURCE)"
# "Next: " and this fit a line of 80 columns.
MAX_NEXT = 74
NOTED = "Noted. This is a hand-out: it is graded later."

LINE_TEXTS = {
    LineGrade.RIGHT: "The line is right: it keeps what should go.",
    LineGrade.ALLOCATES: "The memory is made there. Another line keeps it: who still refers to it?",
    LineGrade.SAME_FUNCTION: "The function is right, the line is not: which statement keeps it?",
    LineGrade.SAME_CLASS: "The class is right, the function is not.",
    LineGrade.ELSEWHERE: "The line does not keep it. Follow the references to what grows.",
    LineGrade.CHANGED: "You wrote that line. Name a line of the original program.",
    LineGrade.NO_LEAK: "No line keeps anything for good: is it a leak at all?",
}


def status_text(workspace: Workspace, state: CourseState) -> str:
    """Return where the learner is, how much is done, and what is next."""
    exercise = workspace.current(state)
    progress = state.of(exercise.name)
    over = sum(state.of(e.name).is_over for e in workspace.exercises)
    lines = [
        f"Exercise {exercise.number} of {len(workspace.exercises)}: {exercise.title}",
        f"{over} of {len(workspace.exercises)} are done. The story and the program are in",
        f"  {workspace.folder_of(exercise)}",
        "",
        *_step_lines(exercise, progress),
        "",
        f"Next: {next_text(exercise, progress)}",
    ]
    return "\n".join(lines) + "\n"


def compact_status_text(workspace: Workspace, state: CourseState) -> str:
    """Return the status in few and short lines, for a part of a screen."""
    exercise = workspace.current(state)
    progress = state.of(exercise.name)
    done = [f"[{'x' if _is_done(step, progress) else ' '}] {step:<9}" for step in Step]
    lines = [
        f"{exercise.title}, {exercise.number} of {len(workspace.exercises)}",
        str(workspace.program_of(exercise).relative_to(workspace.folder)),
        "",
        *(" ".join(done[i : i + 2]) for i in range(0, len(done), 2)),
        "",
        f"Next: {next_text(exercise, progress)}",
    ]
    return "\n".join(lines)


def next_text(exercise: Exercise, progress: ExerciseProgress) -> str:
    """Return the next command, and what it is for."""
    noted_as_clean = not exercise.is_graded and progress.answers[-1:] and not _is_leak(progress)
    if progress.is_over or noted_as_clean:
        return "leaklab learn next"
    answered = progress.has_right_answer or (progress.answers and not exercise.is_graded)
    if Step.CONFIRM in progress.steps and not answered:
        return ANSWER
    for step, (what, command) in STEPS.items():
        if step not in progress.steps:
            text = f"leaklab learn {command}   ({what})"
            return text if len(text) <= MAX_NEXT else f"leaklab learn {command}"
    return "leaklab learn check"


def _is_leak(progress: ExerciseProgress) -> bool:
    return progress.answers[-1].conclusion is Conclusion.LEAK


def _is_done(step: Step, progress: ExerciseProgress) -> bool:
    """Return whether a step was done; measuring confirms nothing without an answer."""
    return step in progress.steps and (step is not Step.CONFIRM or bool(progress.answers))


def _step_lines(exercise: Exercise, progress: ExerciseProgress) -> list[str]:
    """Return a line for each step; of an innocent program that is over, only those it needs."""
    is_innocent = exercise.is_graded and not exercise.leaks
    steps = STEPS_OF_ALL if progress.is_over and is_innocent else tuple(STEPS)
    return [
        f"  [{'x' if _is_done(step, progress) else ' '}] {step:<9} {STEPS[step][0]}"
        for step in steps
    ]


def answer_text(answer: GivenAnswer, exercise: Exercise) -> str:
    """Return how an answer is graded, with what is right about a wrong one."""
    if not exercise.is_graded:
        return NOTED
    if answer.right and exercise.leaks:
        return "Right: it leaks, and that is the resource."
    if answer.right:
        return "Right: it does not leak. There is nothing to fix."
    if answer.conclusion == "leak" and exercise.leaks:
        return "It leaks, but not that: which column of 'leaklab learn measure' never stops?"
    if answer.conclusion == "leak":
        return "No: what grows here stops growing, or goes. Measure more units: --units."
    return "No: something grows with every unit and never stops. Measure more units: --units."


def diagnosis_text(diagnosis: Diagnosis, exercise: Exercise) -> str:
    """Return how a diagnosis is graded, with what is right about a wrong one."""
    if not exercise.is_graded:
        return NOTED
    line = LINE_TEXTS[diagnosis.line_grade]
    if diagnosis.line_grade is LineGrade.NO_LEAK:
        return line
    pattern = "The pattern is right." if diagnosis.pattern_is_right else "It is another pattern."
    return "\n".join(wrapped(f"{line} {pattern}"))


def list_table(workspace: Workspace, state: CourseState) -> Table:
    """Return a row for each exercise."""
    rows = []
    for exercise in workspace.exercises:
        progress = state.of(exercise.name)
        rows.append(
            (
                f"{exercise.number}",
                exercise.name,
                exercise.title,
                f"{exercise.scenario.level}",
                outcome_word(progress),
            )
        )
    columns = ("no.", "exercise", "story", "level", "outcome")
    return Table(columns, rows, right=frozenset({"no.", "level"}))


def outcome_word(progress: ExerciseProgress) -> str:
    """Return the outcome of an exercise in a word or two."""
    if progress.passed:
        return "passed"
    if progress.gave_up:
        return "given up"
    return "begun" if progress.begun else ""


def certificate_text(workspace: Workspace, state: CourseState) -> str:
    """Return what the learner has done, with the figures."""
    passed = [e for e in workspace.exercises if state.of(e.name).passed]
    first = [e for e in passed if _is_first(state.of(e.name).answers)]
    named = [e for e in passed if _is_first(state.of(e.name).diagnoses)]
    leaks = [e for e in passed if e.leaks]
    hints = sum(state.of(e.name).hints for e in workspace.exercises)
    skipped = sum(len(STEPS) - len(state.of(e.name).steps) for e in leaks)
    return "\n".join(
        [
            "leaklab: certificate of a leak hunter",
            "",
            f"exercises passed          {len(passed)} of {len(workspace.exercises)}",
            f"leak or not, at once      {len(first)} of {len(passed)}",
            f"line and pattern, at once {len(named)} of {len(leaks)} leaks",
            f"hints                     {hints}",
            f"steps skipped             {skipped}",
            "",
        ]
    )


def _is_first(attempts: Sequence[GivenAnswer] | Sequence[Diagnosis]) -> bool:
    """Return whether the first attempt was right."""
    if not attempts:
        return False
    first = attempts[0]
    return first.right if isinstance(first, GivenAnswer) else first.is_right


def hints_text(hints: Sequence[str], shown: int) -> str:
    """Return the hints that were shown, numbered."""
    if not hints:
        return "This is a hand-out: it has no hints. Ask your teacher.\n"
    numbered = [f"{number}. {hint}" for number, hint in enumerate(hints[:shown], 1)]
    lines = [line for hint in numbered for line in wrapped(hint)]
    left = len(hints) - shown
    more = f"{counted(left, 'hint')} left" if left else "that was the last hint"
    return "\n".join([*lines, f"({more})"]) + "\n"
