"""The confusion matrix as tables: one of all runs, and one with a row for each mode."""

from collections.abc import Sequence

from leaklab.model.text import counted
from leaklab.reports.table import Table
from leaklab.verdict.confusion import Answer, JudgedRun, Matrix, by_mode, matrix

OF_TRUTH = {True: Answer.LEAK, False: Answer.CLEAN}
COUNTS = ("right", "wrong", "undecided", "not measured")


def confusion_tables(judged_runs: Sequence[JudgedRun]) -> tuple[Table, Table]:
    """Return the table of all runs and the table of the modes."""
    return whole(matrix(judged_runs)), modes(judged_runs)


def whole(counts: Matrix) -> Table:
    """Build the matrix, a row for each truth; a row with a run that is not right is an alarm."""
    return Table(
        columns=("known", *Answer),
        rows=[
            (str(known), *(str(counts.count(answer, leaks=leaks)) for answer in Answer))
            for leaks, known in OF_TRUTH.items()
        ],
        right=frozenset(Answer),
        alarms=frozenset(
            i
            for i, (leaks, known) in enumerate(OF_TRUTH.items())
            if counts.count(*Answer, leaks=leaks) > counts.count(known, leaks=leaks)
        ),
    )


def modes(judged_runs: Sequence[JudgedRun]) -> Table:
    """Build a row for each mode; the notes name each run that is not right, with its reason."""
    matrices = by_mode(judged_runs)
    total = matrix(judged_runs)
    return Table(
        columns=("mode", "runs", *COUNTS),
        rows=[(str(mode), str(m.runs), *map(str, _counts(m))) for mode, m in matrices.items()],
        right=frozenset({"runs", *COUNTS}),
        alarms=frozenset(i for i, m in enumerate(matrices.values()) if m.right < m.runs),
        notes=[
            *(_named(run) for run in judged_runs if not run.right),
            f"{counted(total.runs, 'run')}, {total.right} as known",
        ],
    )


def _counts(counts: Matrix) -> tuple[int, int, int, int]:
    return counts.right, counts.wrong, counts.undecided, counts.not_measured


def _named(run: JudgedRun) -> str:
    known = "a leak" if run.leaks else "clean"
    return f"{run.label}: {run.answer} (known: {known}): {run.reason}"


def confusion_json(judged_runs: Sequence[JudgedRun]) -> dict[str, object]:
    """Return both tables as values that JSON can encode."""
    total = matrix(judged_runs)
    return {
        "runs": total.runs,
        "right": total.right,
        "matrix": _cells(total),
        "modes": {str(mode): _cells(m) for mode, m in by_mode(judged_runs).items()},
        "not_right": [
            {
                "run": run.label,
                "known": str(OF_TRUTH[run.leaks]),
                "said": str(run.answer),
                "reason": run.reason,
            }
            for run in judged_runs
            if not run.right
        ],
    }


def _cells(counts: Matrix) -> dict[str, dict[str, int]]:
    return {
        str(known): {str(answer): counts.count(answer, leaks=leaks) for answer in Answer}
        for leaks, known in OF_TRUTH.items()
    }
