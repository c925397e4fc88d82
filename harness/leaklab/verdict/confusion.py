"""The confusion matrix: the known truth of every run against its verdict.

An undecided run is not right, nor is a run that could not be measured.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from leaklab.model.errors import Exit
from leaklab.model.job import Job
from leaklab.model.result import Result
from leaklab.model.scenario import Mode


class Answer(StrEnum):
    """The verdict on a run, or that it was not measured: the columns of the matrix."""

    LEAK = "leak"
    CLEAN = "clean"
    UNDECIDED = "undecided"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class JudgedRun:
    """One run: whether it is known to leak, the answer, and the reason of the answer."""

    label: str
    mode: Mode
    leaks: bool
    answer: Answer
    reason: str

    @property
    def right(self) -> bool:
        """Whether the answer agrees with the truth."""
        return self.answer is (Answer.LEAK if self.leaks else Answer.CLEAN)

    @property
    def wrong(self) -> bool:
        """Whether the answer contradicts the truth; undecided does not."""
        return self.answer is (Answer.CLEAN if self.leaks else Answer.LEAK)


@dataclass(frozen=True)
class Matrix:
    """The number of runs in each cell: (known to leak, answer)."""

    cells: Mapping[tuple[bool, Answer], int]

    @property
    def runs(self) -> int:
        """The number of all runs."""
        return sum(self.cells.values())

    def count(self, *answers: Answer, leaks: bool) -> int:
        """Return the number of leaking, or clean, runs with one of these answers."""
        return sum(self.cells.get((leaks, answer), 0) for answer in answers)

    @property
    def right(self) -> int:
        """The number of runs with an answer that agrees with the truth."""
        return self.count(Answer.LEAK, leaks=True) + self.count(Answer.CLEAN, leaks=False)

    @property
    def wrong(self) -> int:
        """The number of runs with an answer that contradicts the truth."""
        return self.count(Answer.CLEAN, leaks=True) + self.count(Answer.LEAK, leaks=False)

    @property
    def undecided(self) -> int:
        """The number of runs that were measured and are undecided."""
        return sum(self.count(Answer.UNDECIDED, leaks=leaks) for leaks in (True, False))

    @property
    def not_measured(self) -> int:
        """The number of runs that did not start or failed."""
        return sum(self.count(Answer.NOT_MEASURED, leaks=leaks) for leaks in (True, False))

    @property
    def exit(self) -> Exit:
        """The exit code: NOT_MEASURED before DIFFERS before AS_EXPECTED."""
        if self.not_measured:
            return Exit.NOT_MEASURED
        return Exit.AS_EXPECTED if self.right == self.runs else Exit.DIFFERS


def matrix(judgements: Sequence[JudgedRun]) -> Matrix:
    """Count runs by cell."""
    return Matrix(Counter((j.leaks, j.answer) for j in judgements))


def by_mode(judgements: Sequence[JudgedRun]) -> dict[Mode, Matrix]:
    """Return a matrix for each mode that was run, in the order of the modes."""
    run = {j.mode for j in judgements}
    return {mode: matrix([j for j in judgements if j.mode is mode]) for mode in Mode if mode in run}


def judged_runs(
    jobs: Sequence[Job], results: Sequence[Result], failures: Mapping[str, str]
) -> list[JudgedRun]:
    """Return the answer to each planned job.

    Args:
        jobs: The plan.
        results: The results, in any order.
        failures: By a job's label, why it could not be measured.
    """
    made = {
        (r.scenario, r.variant, r.mode, r.repeat): r for r in results if not r.end_reason.failed
    }
    by_place = {
        (j.scenario.name, j.variant, j.mode, j.repeat): (j, failures.get(j.label, "no result"))
        for j in jobs
    }
    return [_judgement(job, made.get(place), why) for place, (job, why) in by_place.items()]


def _judgement(job: Job, result: Result | None, why: str) -> JudgedRun:
    answer, reason = Answer.NOT_MEASURED, why
    if result is not None:
        answer = Answer(result.verdict.conclusion.value)
        reason = "; ".join(reason.text for reason in result.verdict.reasons)
    return JudgedRun(job.label, job.mode, bool(job.scenario.leaks(job.variant)), answer, reason)
