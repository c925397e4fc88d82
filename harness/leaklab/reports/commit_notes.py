"""The lines below the tables of what asv tracks: what was left out, which verdicts changed, and why
figures are missing."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from leaklab.features.commits.changes import Change, Compared
from leaklab.features.commits.figures import Tracked
from leaklab.features.commits.measure import CommitComparison, CommitFigures, CommitHistory
from leaklab.features.commits.selection import Selection
from leaklab.model.errors import Exit
from leaklab.model.scenario import Mode
from leaklab.model.text import cut_to

MAX_CHARACTERS = 300
MAX_REASONS = 8
MAX_VERDICTS = 12
# The folder of asv's checkout says nothing to anybody.
CHECKOUT = re.compile(r"\S*/\.asv/env/[0-9a-f]+/project/")


def of_commit(measured: CommitFigures, selection: Selection) -> list[str]:
    """What is to be said of one commit's figures."""
    lines = reasons("", measured.tracked)
    if not any(benchmark.scenario for benchmark in measured.values):
        lines.append("nothing was measured: this commit has no figure of any scenario")
    return lines + left_out(selection, " that this commit does not change", "--all")


def of_comparison(found: CommitComparison, selection: Selection, base: str, head: str) -> list[str]:
    """What is to be said of two commits.

    Args:
        found: the two commits.
        selection: what was measured of them.
        base: how the first is called.
        head: how the second is called.
    """
    lines = verdict_changes(found.rows)
    for name, measured in ((base, found.base), (head, found.head)):
        lines += reasons(f" at {name}", measured.tracked)
        lines += _lacking(name, measured, found.rows)
    if found.is_empty:
        lines.append("nothing was compared: no scenario has figures on both commits")
    return lines + left_out(selection, " that neither commit changes", "--all")


def of_history(history: CommitHistory, selection: Selection) -> list[str]:
    """What is to be said of the last commits."""
    is_empty = history.exit is Exit.NOT_MEASURED and not history.failed
    lines = ["nothing was measured: no commit has a figure of any scenario"] if is_empty else []
    return lines + left_out(selection, "", "'leaklab bench --all'")


def left_out(selection: Selection, which: str, remedy: str) -> list[str]:
    """What was taken in beside the default set, and what was not measured, by name.

    Args:
        selection: what becomes of the scenarios.
        which: says more of those that are left out.
        remedy: what takes them in.
    """
    lines = []
    if selection.taken_in:
        lines.append(f"taken in, for they were changed: {', '.join(selection.taken_in)}")
    if selection.lacking:
        unknown = ", ".join(selection.lacking)
        lines.append(f"left out: {unknown}, which the working tree lacks: check out what has it")
    if names := selection.left_out:
        noun = "scenario" if len(names) == 1 else "scenarios"
        words = f"left out: {len(names)} {noun} without bench = true{which}"
        shown = cut_to(", ".join(names), MAX_CHARACTERS)
        lines.append(f"{words}; {remedy} takes them in: {shown}")
    return lines


def verdict_changes(rows: Sequence[Compared]) -> list[str]:
    """Each verdict that changed, in words, with the modes in which it did."""
    modes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        scenario, variant, mode = (*row.benchmark.label.split("/"), "", "")[:3]
        if row.verdicts and row.base != row.head:
            same = ", which counts as the same" if row.change is Change.SAME else ""
            modes[f"{row.verdicts}{same}", f"{scenario} {variant}"].append(mode)
    lines = [
        f"{words}: {name} ({', '.join(mode for mode in Mode if mode in of)})"
        for (words, name), of in modes.items()
    ]
    more = len(lines) - MAX_VERDICTS
    return lines[:MAX_VERDICTS] + ([f"… and {more} more verdicts"] if more > 0 else [])


def reasons(where: str, tracked: Tracked) -> list[str]:
    """Why there are no figures, at most so many lines; a failure comes before what is n/a."""
    lines = [f"failed{where}: {reason}" for reason in tracked.failed.values()]
    lines += [f"not read{where}: {reason}" for reason in tracked.unread.values()]
    lines += [f"n/a{where}: {reason}" for reason in tracked.absent.values()]
    lines = list(dict.fromkeys(CHECKOUT.sub("", line) for line in lines))
    more = len(lines) - MAX_REASONS
    return lines[:MAX_REASONS] + ([f"… and {more} more"] if more > 0 else [])


def _lacking(name: str, measured: CommitFigures, rows: Iterable[Compared]) -> list[str]:
    """A line on the variants and modes that this commit's scenarios lack, and the other's have."""
    tracked = measured.tracked
    known = {*tracked.absent, *tracked.unread, *tracked.figures, *tracked.failed}
    lacking = dict.fromkeys(
        row.benchmark.label
        for row in rows
        if row.change is Change.ABSENT
        and row.benchmark not in measured.values
        and not known & {row.benchmark.label, row.benchmark.label.partition("/")[0]}
    )
    words = cut_to(", ".join(lacking), MAX_CHARACTERS)
    return [f"n/a at {name}, which has no such variant or mode: {words}"] if lacking else []
