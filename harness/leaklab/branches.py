"""Commits measured by asv: one of them, two against each other, or the last so many."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leaklab.asvrun import Asv, Said, parse_benchmark
from leaklab.changes import Benchmark, Change, Compared, compare
from leaklab.errors import Exit, InfrastructureBroke
from leaklab.figures import Tracked

RAN = 0
SOME_FAILED = 2


@dataclass(frozen=True)
class Measured:
    """A commit's figures as asv saved them, None for one that failed, and why there are none."""

    commit: str
    values: Mapping[Benchmark, float | None]
    tracked: Tracked

    @property
    def exit(self) -> Exit:
        """Whether all could be measured."""
        return Exit.NOT_MEASURED if None in self.values.values() else Exit.AS_EXPECTED


@dataclass(frozen=True)
class Comparison:
    """Two commits side by side."""

    base: Measured
    head: Measured
    factor: float
    rows: Sequence[Compared]

    @property
    def exit(self) -> Exit:
        """What could not be measured on the second commit weighs more than what is worse."""
        found = {row.change for row in self.rows}
        if Change.FAILED in found:
            return Exit.NOT_MEASURED
        return Exit.DIFFERS if Change.WORSE in found else Exit.AS_EXPECTED


@dataclass(frozen=True)
class Regression:
    """A step upwards in the history of a figure, as asv's step detection finds it: after `before`
    and up to `after`; `before` is None where the history begins between them."""

    benchmark: Benchmark
    before: str | None
    after: str
    was: float
    became: float


def measure(asv: Asv, commit: str, *words: str) -> Measured:
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


def smoke(asv: Asv, commit: str, *words: str) -> Measured:
    """Run what measures one commit, and keep nothing: the figures are what the suite noted.

    Args:
        asv: asv in the checkout.
        commit: its hash.
        words: more words for `asv run`.

    Raises:
        InfrastructureBroke: the suite noted nothing.
    """
    _begin(asv, [commit])
    said = asv.run("run", "--show-stderr", "--quick", "--dry-run", *words, f"{commit}^!")
    if (tracked := asv.tracked(commit)) is None:
        raise _broke(asv, commit, said)
    values: dict[Benchmark, float | None] = {}
    for label, figures in tracked.figures.items():
        values[Benchmark("peak_rss", label)] = figures.peak_rss_bytes
        values[Benchmark("growth", label)] = figures.growth_per_unit
    values |= {Benchmark("peak_rss", label): None for label in tracked.failed}
    return Measured(commit, values, tracked)


def compare_commits(asv: Asv, base: str, head: str, factor: float, *words: str) -> Comparison:
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
    rows = compare(before.values, after.values, factor, said.marks())
    return Comparison(before, after, factor, rows)


def measure_history(asv: Asv, commits: Sequence[str]) -> None:
    """Measure those of the commits that have no figures yet.

    Raises:
        InfrastructureBroke: asv left no figures of one of them.
    """
    asv.know_machine()
    hashes = asv.state / "hashes"
    hashes.parent.mkdir(parents=True, exist_ok=True)
    hashes.write_text("\n".join(commits), encoding="utf-8")
    said = asv.run("run", "--show-stderr", "--skip-existing-successful", f"HASHFILE:{hashes}")
    missing = [commit for commit in commits if asv.values(commit) is None]
    if missing:
        raise _broke(asv, missing[0], said)


def publish(asv: Asv) -> list[Regression]:
    """Make the site of all that was measured, and hand back the regressions that asv finds.

    Raises:
        InfrastructureBroke: asv could not.
    """
    said = asv.run("publish", "--no-pull")
    try:
        site = asv.root / ".asv" / "html"
        found = json.loads((site / "regressions.json").read_text(encoding="utf-8"))
        index = json.loads((site / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InfrastructureBroke(f"asv made no site: {said.last()}; see {asv.log}") from error
    hashes = index["revision_to_hash"]
    return [
        Regression(parse_benchmark(name), hashes.get(str(before)), hashes[str(after)], was, became)
        for name, _, _, _, _, _, jumps in found["regressions"]
        for before, after, was, became in jumps
    ]


def _begin(asv: Asv, commits: Sequence[str]) -> float:
    """Make sure that what asv leaves of these commits is new; when that was."""
    asv.know_machine()
    asv.forget(commits)
    return time.time()


def _measured(asv: Asv, commit: str, began: float, said: Said) -> Measured:
    values, tracked = asv.values(commit, began), asv.tracked(commit)
    if values is None or tracked is None:
        raise _broke(asv, commit, said)
    return Measured(commit, values, tracked)


def _broke(asv: Asv, commit: str, said: Said) -> InfrastructureBroke:
    words = f"asv left no figures of {commit[:8]}: {said.last()}"
    return InfrastructureBroke(f"{words}; all it said is in {asv.log}")
