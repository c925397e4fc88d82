"""The confusion matrix: what is known of every run against what was said of it.

A run that is undecided is not right, and neither is one that could not be measured. A pair that
is judged by its peaks is one judgement, of its buggy variant; its fixed run is what that one is
measured against.
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
    """What was said of a run: the columns of the matrix."""

    LEAK = "leak"
    CLEAN = "clean"
    UNDECIDED = "undecided"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class JudgedRun:
    """One run: whether it is known to leak, what was said, and why."""

    label: str
    mode: Mode
    leaks: bool
    said: Answer
    reason: str

    @property
    def right(self) -> bool:
        """Whether what was said is what is known."""
        return self.said is (Answer.LEAK if self.leaks else Answer.CLEAN)

    @property
    def wrong(self) -> bool:
        """Whether the opposite of what is known was said."""
        return self.said is (Answer.CLEAN if self.leaks else Answer.LEAK)


@dataclass(frozen=True)
class Matrix:
    """How many judgements fell into each cell: (known to leak, what was said)."""

    cells: Mapping[tuple[bool, Answer], int]

    @property
    def runs(self) -> int:
        """All of them."""
        return sum(self.cells.values())

    def count(self, *said: Answer, leaks: bool) -> int:
        """Those of which one of these was said, of the leaking or of the clean ones."""
        return sum(self.cells.get((leaks, word), 0) for word in said)

    @property
    def right(self) -> int:
        """Those of which was said what is known."""
        return self.count(Answer.LEAK, leaks=True) + self.count(Answer.CLEAN, leaks=False)

    @property
    def wrong(self) -> int:
        """Those of which the opposite was said."""
        return self.count(Answer.CLEAN, leaks=True) + self.count(Answer.LEAK, leaks=False)

    @property
    def undecided(self) -> int:
        """Those that were measured, and of which nothing was said."""
        return sum(self.count(Answer.UNDECIDED, leaks=leaks) for leaks in (True, False))

    @property
    def not_measured(self) -> int:
        """Those that could not be made, or broke off."""
        return sum(self.count(Answer.NOT_MEASURED, leaks=leaks) for leaks in (True, False))

    @property
    def exit(self) -> Exit:
        """The exit code: of a run that could not be measured, else of one that is not right."""
        if self.not_measured:
            return Exit.NOT_MEASURED
        return Exit.AS_EXPECTED if self.right == self.runs else Exit.DIFFERS


def matrix(judgements: Sequence[JudgedRun]) -> Matrix:
    """Count judgements by cell."""
    return Matrix(Counter((j.leaks, j.said) for j in judgements))


def by_mode(judgements: Sequence[JudgedRun]) -> dict[Mode, Matrix]:
    """A matrix for each mode that was run, in the order of the modes."""
    run = {j.mode for j in judgements}
    return {mode: matrix([j for j in judgements if j.mode is mode]) for mode in Mode if mode in run}


def judged_runs(
    jobs: Sequence[Job], results: Sequence[Result], failures: Mapping[str, str]
) -> list[JudgedRun]:
    """What was said of each job that was planned.

    Args:
        jobs: the plan.
        results: what was measured, in any order.
        failures: by a job's label, why it could not be measured.
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
    said, reason = Answer.NOT_MEASURED, why
    if result is not None:
        said = Answer(result.verdict.conclusion.value)
        reason = "; ".join(reason.text for reason in result.verdict.reasons)
    return JudgedRun(job.label, job.mode, bool(job.scenario.leaks(job.variant)), said, reason)
