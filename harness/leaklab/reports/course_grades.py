"""The tables of those who teach and of authors: grades of a class, and proofs of exercises."""

from collections.abc import Sequence
from datetime import datetime

from leaklab.features.course.class_grades import PASSED, UNCHANGED, ExerciseGrade
from leaklab.features.course.exercise_proofs import ExerciseProof
from leaklab.reports.table import Table

# A fix that does not pass; the reason is a note.
FAILED = "not passed"
CONDEMNED = {True: "yes", False: "NO", None: ""}


def grades_table(grades: Sequence[ExerciseGrade]) -> Table:
    """Return a row for each learner and exercise."""
    rows = [
        (
            g.workspace,
            g.exercise,
            _try(g.answer_at),
            _try(g.diagnosis_at),
            f"{g.hints}",
            minutes_between(g.begun, g.finished),
            "given up" if g.gave_up else _fix_word(g),
        )
        for g in grades
    ]
    columns = ("workspace", "exercise", "answer", "diagnosis", "hints", "minutes", "fix")
    notes = ["answer, diagnosis: at which try it was right"]
    notes += [f"{g.workspace}, {g.exercise}: {g.fix}" for g in grades if _fix_word(g) == FAILED]
    return Table(columns, rows, right=frozenset({"hints", "minutes"}), notes=notes)


def _fix_word(grade: ExerciseGrade) -> str:
    return grade.fix if grade.fix in (PASSED, UNCHANGED) else FAILED


def minutes_between(begun: str, finished: str) -> str:
    """Return the minutes between two times; a dash if one is missing."""
    if not begun or not finished:
        return "-"
    seconds = (datetime.fromisoformat(finished) - datetime.fromisoformat(begun)).total_seconds()
    return f"{seconds / 60:.0f}"


def _try(number: int | None) -> str:
    return "-" if number is None else f"try {number}"


def proofs_table(proofs: Sequence[ExerciseProof]) -> Table:
    """Return a row for each exercise: whether its reference passes, and its leak does not."""
    rows = [
        (
            proof.exercise,
            "skipped" if proof.skipped else "NO" if proof.reference_problems else "yes",
            CONDEMNED[proof.condemned],
            f"{proof.seconds:.1f}",
        )
        for proof in proofs
    ]
    alarms = frozenset(row for row, proof in enumerate(proofs) if not proof.holds)
    notes = [f"{proof.exercise}: {text}" for proof in proofs for text in _proof_notes(proof)]
    columns = ("exercise", "reference passes", "leak fails", "seconds")
    return Table(columns, rows, right=frozenset({"seconds"}), alarms=alarms, notes=notes)


def _proof_notes(proof: ExerciseProof) -> list[str]:
    return [*proof.reference_problems, *filter(None, [proof.skipped])]
