"""Measurement of commits by asv: of one, of two side by side, or of a history."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

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
    """A commit's figures as asv saved them, and the suite's note on missing ones."""

    commit: str
    values: Values
    tracked: Tracked

    @property
    def exit(self) -> Exit:
        """AS_EXPECTED if a figure of a scenario was measured and none failed."""
        failed = any(value.amount is None for value in self.values.values())
        is_empty = not any(benchmark.scenario for benchmark in self.values)
        return Exit.NOT_MEASURED if failed or is_empty else Exit.AS_EXPECTED


@dataclass(frozen=True)
class CommitComparison:
    """The comparison of two commits."""

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
        """NOT_MEASURED if the head failed or nothing was compared; DIFFERS if a figure is worse."""
        changes = {row.change for row in self.rows}
        if Change.FAILED in changes or self.is_empty or self.head.tracked.unread:
            return Exit.NOT_MEASURED
        return Exit.DIFFERS if Change.WORSE in changes else Exit.AS_EXPECTED


@dataclass(frozen=True)
class CommitHistory:
    """A history of measured commits.

    `figures` counts the figures of scenarios; `failed` has a line for each one that failed.
    """

    figures: int
    failed: Sequence[str]

    @property
    def exit(self) -> Exit:
        """AS_EXPECTED if there are figures and none failed."""
        return Exit.NOT_MEASURED if self.failed or not self.figures else Exit.AS_EXPECTED


@dataclass(frozen=True)
class Regression:
    """A step upwards in the history of a figure, found by asv's step detection.

    It lies in the commits after `before` up to `after`; without a `before`, in `after` itself.
    """

    benchmark: Benchmark
    before: str | None
    after: str
    was: float
    became: float
    unit: str


def measure_commit(asv: Asv, commit: str, *options: str) -> CommitFigures:
    """Measure one commit.

    Args:
        asv: Asv in the checkout.
        commit: Its hash.
        options: More options of `asv run`.

    Raises:
        InfrastructureBroke: Asv saved no figures.
    """
    began = _begin(asv, [commit])
    output = asv.run("run", "--show-stderr", *options, f"{commit}^!")
    return _read_figures(asv, commit, began, output)


def measure_quickly(asv: Asv, commit: str, *options: str) -> CommitFigures:
    """Measure one commit without saving asv results; the figures are those that the suite noted.

    Args:
        asv: Asv in the checkout.
        commit: Its hash.
        options: More options of `asv run`.

    Raises:
        InfrastructureBroke: The suite noted nothing.
    """
    _begin(asv, [commit])
    output = asv.run("run", "--show-stderr", "--quick", "--dry-run", *options, f"{commit}^!")
    tracked = asv.read_tracked(commit)
    if tracked is None or (output.code and not tracked.failed):
        raise _no_figures(asv, commit, output)
    values = {Benchmark(m, label): Value(None) for label in tracked.failed for m in METRICS}
    for label, figures in tracked.figures.items():
        values |= {Benchmark(m, label): Value(a) for m, a in _amounts(figures).items()}
    return CommitFigures(commit, values, tracked)


def _amounts(figures: TrackedFigures) -> dict[str, float]:
    """Return the suite's numbers of a run by its metrics."""
    growth = figures.growth_per_unit
    known = {} if growth is None else {GROWTH: growth}
    verdict = VERDICTS.index(figures.verdict)
    return {PEAK: figures.peak_rss_bytes, VERDICT: verdict, **known}


def compare_commits(
    asv: Asv, base: str, head: str, factor: float, *options: str
) -> CommitComparison:
    """Measure two commits, and compare the head with the base.

    Args:
        asv: Asv in the checkout.
        base: The hash of the commit to compare with.
        head: The hash of the commit to judge.
        factor: The factor from which a figure counts as worse.
        options: More options of `asv continuous`.

    Raises:
        InfrastructureBroke: Asv saved no figures of one of them.
    """
    began = _begin(asv, [base, head])
    output = asv.run("continuous", "--show-stderr", f"--factor={factor}", *options, base, head)
    before, after = (_read_figures(asv, commit, began, output) for commit in (base, head))
    rows = compare_values(before.values, after.values, factor, output.marks())
    return CommitComparison(before, after, factor, rows)


def measure_history(asv: Asv, commits: Sequence[str]) -> CommitHistory:
    """Measure the commits that have no figures yet, and return what all of them have.

    Raises:
        InfrastructureBroke: Asv saved no figures of one of them.
    """
    asv.register_machine()
    hashes = asv.state / "hashes"
    hashes.write_text("\n".join(commits), encoding="utf-8")
    output = asv.run("run", "--show-stderr", "--skip-existing-successful", f"HASHFILE:{hashes}")
    count, failed = 0, []
    for commit in commits:
        if (values := asv.read_values(commit)) is None:
            raise _no_figures(asv, commit, output)
        count += sum(1 for benchmark in values if benchmark.scenario)
        lost = sorted(b.label for b, value in values.items() if value.amount is None)
        failed += [f"failed at {commit[:8]}: {label}" for label in dict.fromkeys(lost)]
    return CommitHistory(count, failed)


def publish(asv: Asv) -> list[Regression]:
    """Make asv's site, and return asv's regressions; of verdicts only those that got worse.

    Raises:
        InfrastructureBroke: Asv could not make the site.
    """
    output = asv.run("publish", "--no-pull")
    if output.code:
        raise _no_site(asv, output)
    try:
        site = asv.root / ".asv" / "html"
        regressions = json.loads((site / "regressions.json").read_text(encoding="utf-8"))
        index = json.loads((site / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _no_site(asv, output) from error
    return [step for step in _steps(regressions, index) if _is_worse(step)]


def _steps(regressions: dict[str, Any], index: dict[str, Any]) -> Iterator[Regression]:
    """The steps in the documents of asv's site."""
    hashes = index["revision_to_hash"]
    units = {name: benchmark["unit"] for name, benchmark in index["benchmarks"].items()}
    for name, _, _, _, _, _, jumps in regressions["regressions"]:
        for before, after, was, became in jumps:
            yield Regression(
                benchmark=parse_benchmark(name),
                before=hashes.get(str(before)),
                after=hashes[str(after)],
                was=was,
                became=became,
                unit=units[name.partition("(")[0]],
            )


def _no_site(asv: Asv, output: AsvOutput) -> InfrastructureBroke:
    return InfrastructureBroke(f"asv made no site: {output.last_line()}; see {asv.log}")


def _is_worse(step: Regression) -> bool:
    if step.benchmark.metric != VERDICT:
        return True
    return change_of_verdict(step.benchmark, step.was, step.became) is Change.WORSE


def _begin(asv: Asv, commits: Sequence[str]) -> float:
    """Remove the notes on commits and return the present time, to recognise new results."""
    asv.register_machine()
    asv.remove_notes(commits)
    return time.time()


def _read_figures(asv: Asv, commit: str, began: float, output: AsvOutput) -> CommitFigures:
    values, tracked = asv.read_values(commit, began), asv.read_tracked(commit)
    if values is None or tracked is None:
        raise _no_figures(asv, commit, output)
    for label, figures in tracked.figures.items():
        if (growth := values.get(benchmark := Benchmark(GROWTH, label))) is not None:
            values[benchmark] = replace(growth, interval=figures.growth_interval)
    return CommitFigures(commit, values, tracked)


def _no_figures(asv: Asv, commit: str, output: AsvOutput) -> InfrastructureBroke:
    problem = f"asv saved no figures of {commit[:8]}: {output.last_line()}"
    return InfrastructureBroke(f"{problem}; its whole output is in {asv.log}")
