"""Commits measured by asv: one of them, two against each other, or the last so many."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from leaklab.features.commits.asv import Asv, AsvOutput, parse_benchmark
from leaklab.features.commits.changes import (
    GROWTH,
    METRICS,
    PEAK,
    VERDICT,
    VERDICTS,
    Benchmark,
    Change,
    Compared,
    Value,
    Values,
    change_of_verdict,
    compare_values,
)
from leaklab.features.commits.figures import Tracked, TrackedFigures
from leaklab.model.errors import Exit, InfrastructureBroke


@dataclass(frozen=True)
class CommitFigures:
    """A commit's figures as asv saved them, and why there are none of others."""

    commit: str
    values: Values
    tracked: Tracked

    @property
    def exit(self) -> Exit:
        """Whether all could be measured, and there was something to measure."""
        failed = any(value.amount is None for value in self.values.values())
        is_empty = not any(benchmark.scenario for benchmark in self.values)
        return Exit.NOT_MEASURED if failed or is_empty else Exit.AS_EXPECTED


@dataclass(frozen=True)
class CommitComparison:
    """Two commits side by side."""

    base: CommitFigures
    head: CommitFigures
    factor: float
    rows: Sequence[Compared]

    @property
    def is_empty(self) -> bool:
        """Whether no figure of any scenario could be compared."""
        return all(r.change is Change.ABSENT for r in self.rows if r.benchmark.scenario)

    @property
    def exit(self) -> Exit:
        """What could not be measured, or read, on the second commit weighs more than what is worse;
        and where nothing was compared, nothing is known to be as good."""
        found = {row.change for row in self.rows}
        if Change.FAILED in found or self.is_empty or self.head.tracked.unread:
            return Exit.NOT_MEASURED
        return Exit.DIFFERS if Change.WORSE in found else Exit.AS_EXPECTED


@dataclass(frozen=True)
class CommitHistory:
    """Commits that were measured: how many figures of scenarios they have, and a line on each that
    could not be measured."""

    figures: int
    failed: Sequence[str]

    @property
    def exit(self) -> Exit:
        """Whether all could be measured, and there was something to measure."""
        return Exit.NOT_MEASURED if self.failed or not self.figures else Exit.AS_EXPECTED


@dataclass(frozen=True)
class Regression:
    """A step upwards in the history of a figure, as asv's step detection finds it: in the commits
    after `before` and up to `after`; without a `before`, in the commit `after` itself."""

    benchmark: Benchmark
    before: str | None
    after: str
    was: float
    became: float
    unit: str


def measure_commit(asv: Asv, commit: str, *words: str) -> CommitFigures:
    """Measure one commit.

    Args:
        asv: asv in the checkout.
        commit: its hash.
        words: more words for `asv run`.

    Raises:
        InfrastructureBroke: asv left no figures.
    """
    began = _begin(asv, [commit])
    said = asv.run("run", "--show-stderr", *words, f"{commit}^!")
    return _measured(asv, commit, began, said)


def measure_quickly(asv: Asv, commit: str, *words: str) -> CommitFigures:
    """Run what measures one commit, and save no results: the figures are what the suite noted.

    Args:
        asv: asv in the checkout.
        commit: its hash.
        words: more words for `asv run`.

    Raises:
        InfrastructureBroke: the suite noted nothing.
    """
    _begin(asv, [commit])
    said = asv.run("run", "--show-stderr", "--quick", "--dry-run", *words, f"{commit}^!")
    tracked = asv.read_tracked(commit)
    if tracked is None or (said.code and not tracked.failed):
        raise _broke(asv, commit, said)
    values = {Benchmark(m, label): Value(None) for label in tracked.failed for m in METRICS}
    for label, figures in tracked.figures.items():
        values |= {Benchmark(m, label): Value(a) for m, a in _amounts(figures).items()}
    return CommitFigures(commit, values, tracked)


def _amounts(figures: TrackedFigures) -> dict[str, float]:
    """What the suite makes of the figures of a run, by its metrics."""
    growth = figures.growth_per_unit
    known = {} if growth is None else {GROWTH: growth}
    verdict = VERDICTS.index(figures.verdict)
    return {PEAK: figures.peak_rss_bytes, VERDICT: verdict, **known}


def compare_commits(asv: Asv, base: str, head: str, factor: float, *words: str) -> CommitComparison:
    """Measure two commits, and compare the second with the first.

    Args:
        asv: asv in the checkout.
        base: the hash of the commit to compare with.
        head: the hash of the commit to judge.
        factor: how much more is worse.
        words: more words for `asv continuous`.

    Raises:
        InfrastructureBroke: asv left no figures of one of them.
    """
    began = _begin(asv, [base, head])
    said = asv.run("continuous", "--show-stderr", f"--factor={factor}", *words, base, head)
    before, after = (_measured(asv, commit, began, said) for commit in (base, head))
    rows = compare_values(before.values, after.values, factor, said.marks())
    return CommitComparison(before, after, factor, rows)


def measure_history(asv: Asv, commits: Sequence[str]) -> CommitHistory:
    """Measure those of the commits that have no figures yet.

    Raises:
        InfrastructureBroke: asv left no figures of one of them.
    """
    asv.register_machine()
    hashes = asv.state / "hashes"
    hashes.write_text("\n".join(commits), encoding="utf-8")
    said = asv.run("run", "--show-stderr", "--skip-existing-successful", f"HASHFILE:{hashes}")
    count, failed = 0, []
    for commit in commits:
        if (values := asv.read_values(commit)) is None:
            raise _broke(asv, commit, said)
        count += sum(1 for benchmark in values if benchmark.scenario)
        lost = sorted(b.label for b, value in values.items() if value.amount is None)
        failed += [f"failed at {commit[:8]}: {label}" for label in dict.fromkeys(lost)]
    return CommitHistory(count, failed)


def publish(asv: Asv) -> list[Regression]:
    """Make the site of all that was measured, and hand back the regressions that asv finds; of a
    verdict only those that `continuous` would call worse.

    Raises:
        InfrastructureBroke: asv could not.
    """
    said = asv.run("publish", "--no-pull")
    if said.code:
        raise InfrastructureBroke(f"asv made no site: {said.last_line()}; see {asv.log}")
    try:
        site = asv.root / ".asv" / "html"
        found = json.loads((site / "regressions.json").read_text(encoding="utf-8"))
        index = json.loads((site / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InfrastructureBroke(f"asv made no site: {said.last_line()}; see {asv.log}") from error
    hashes = index["revision_to_hash"]
    units = {name: benchmark["unit"] for name, benchmark in index["benchmarks"].items()}
    steps = [
        Regression(
            benchmark=parse_benchmark(name),
            before=hashes.get(str(before)),
            after=hashes[str(after)],
            was=was,
            became=became,
            unit=units[name.partition("(")[0]],
        )
        for name, _, _, _, _, _, jumps in found["regressions"]
        for before, after, was, became in jumps
    ]
    return [step for step in steps if _is_worse(step)]


def _is_worse(step: Regression) -> bool:
    if step.benchmark.metric != VERDICT:
        return True
    return change_of_verdict(step.benchmark, step.was, step.became) is Change.WORSE


def _begin(asv: Asv, commits: Sequence[str]) -> float:
    """Make sure that what asv leaves of these commits is new; when that was."""
    asv.register_machine()
    asv.remove_notes(commits)
    return time.time()


def _measured(asv: Asv, commit: str, began: float, said: AsvOutput) -> CommitFigures:
    values, tracked = asv.read_values(commit, began), asv.read_tracked(commit)
    if values is None or tracked is None:
        raise _broke(asv, commit, said)
    for label, figures in tracked.figures.items():
        if (growth := values.get(benchmark := Benchmark(GROWTH, label))) is not None:
            values[benchmark] = replace(growth, interval=figures.growth_interval)
    return CommitFigures(commit, values, tracked)


def _broke(asv: Asv, commit: str, said: AsvOutput) -> InfrastructureBroke:
    words = f"asv left no figures of {commit[:8]}: {said.last_line()}"
    return InfrastructureBroke(f"{words}; all it said is in {asv.log}")
