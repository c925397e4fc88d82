"""The confusion matrix as tables: the whole, and a row for each mode."""

from collections.abc import Sequence

from leaklab.reports.table import Table
from leaklab.verdict.confusion import Answer, JudgedRun, Matrix, by_mode, matrix

OF_TRUTH = {True: Answer.LEAK, False: Answer.CLEAN}
COUNTS = ("right", "wrong", "undecided", "not measured")


def confusion_tables(found: Sequence[JudgedRun]) -> tuple[Table, Table]:
    """The whole, and below it the modes."""
    return whole(matrix(found)), modes(found)


def whole(found: Matrix) -> Table:
    """What is known by what was said; a line marked where a run is not right."""
    return Table(
        columns=("known", *Answer),
        rows=[
            (str(known), *(str(found.count(said, leaks=leaks)) for said in Answer))
            for leaks, known in OF_TRUTH.items()
        ],
        right=frozenset(Answer),
        alarms=frozenset(
            i
            for i, (leaks, known) in enumerate(OF_TRUTH.items())
            if found.count(*Answer, leaks=leaks) > found.count(known, leaks=leaks)
        ),
    )


def modes(judgements: Sequence[JudgedRun]) -> Table:
    """A row for each mode; below it each run that is not right, with its reason."""
    found = by_mode(judgements)
    whole = matrix(judgements)
    return Table(
        columns=("mode", "runs", *COUNTS),
        rows=[(str(mode), str(m.runs), *map(str, _counts(m))) for mode, m in found.items()],
        right=frozenset({"runs", *COUNTS}),
        alarms=frozenset(i for i, m in enumerate(found.values()) if m.right < m.runs),
        notes=[
            *(_named(j) for j in judgements if not j.right),
            f"{whole.runs} runs, {whole.right} as known",
        ],
    )


def _counts(found: Matrix) -> tuple[int, int, int, int]:
    return found.right, found.wrong, found.undecided, found.not_measured


def _named(judgement: JudgedRun) -> str:
    known = "a leak" if judgement.leaks else "clean"
    return f"{judgement.label}: {judgement.said} (known: {known}): {judgement.reason}"


def confusion_json(judgements: Sequence[JudgedRun]) -> dict[str, object]:
    """The same for machines."""
    found = matrix(judgements)
    return {
        "runs": found.runs,
        "right": found.right,
        "matrix": _cells(found),
        "modes": {str(mode): _cells(m) for mode, m in by_mode(judgements).items()},
        "not_right": [
            {
                "run": j.label,
                "known": str(OF_TRUTH[j.leaks]),
                "said": str(j.said),
                "reason": j.reason,
            }
            for j in judgements
            if not j.right
        ],
    }


def _cells(found: Matrix) -> dict[str, dict[str, int]]:
    return {
        str(known): {str(said): found.count(said, leaks=leaks) for said in Answer}
        for leaks, known in OF_TRUTH.items()
    }
