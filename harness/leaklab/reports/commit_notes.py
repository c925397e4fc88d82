"""Notes below the tables of asv's figures: what was left out, what changed, what is missing."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from leaklab.features.commits.changes import Change, Compared
from leaklab.features.commits.figures import Tracked
from leaklab.features.commits.measure import CommitComparison, CommitFigures, CommitHistory
from leaklab.features.commits.selection import Selection
from leaklab.model.errors import Exit
from leaklab.model.scenario import Mode

MAX_LISTED_CHARACTERS = 300
MAX_REASONS = 8
MAX_VERDICTS = 12
# The path of asv's checkout means nothing to a reader, so it is removed from reasons.
CHECKOUT = re.compile(r"\S*/\.asv/env/[0-9a-f]+/project/")


def of_commit(measured: CommitFigures, selection: Selection) -> list[str]:
    """Return the notes on the figures of one commit."""
    lines = reasons("", measured.tracked)
    if not any(benchmark.scenario for benchmark in measured.values):
        lines.append("nothing was measured: this commit has no figure of any scenario")
    return lines + left_out(selection, " that this commit does not change", "--all")


def of_comparison(
    comparison: CommitComparison, selection: Selection, base: str, head: str
) -> list[str]:
    """Return the notes on two commits.

    Args:
        comparison: The two commits.
        selection: Which scenarios were measured.
        base: The name of the first commit.
        head: The name of the second commit.
    """
    lines = verdict_changes(comparison.rows)
    for name, measured in ((base, comparison.base), (head, comparison.head)):
        lines += reasons(f" at {name}", measured.tracked)
        lines += _lacking(name, measured, comparison.rows)
    if comparison.is_empty:
        lines.append("nothing was compared: no scenario has figures on both commits")
    return lines + left_out(selection, " that neither commit changes", "--all")


def of_history(history: CommitHistory, selection: Selection) -> list[str]:
    """Return the notes on the last commits."""
    is_empty = history.exit is Exit.NOT_MEASURED and not history.failed
    lines = ["nothing was measured: no commit has a figure of any scenario"] if is_empty else []
    return lines + left_out(selection, "", "'leaklab bench --all'")


def left_out(selection: Selection, which: str, remedy: str) -> list[str]:
    """Name the scenarios measured beside the default set, and those that were not measured.

    Args:
        selection: Which scenarios were measured.
        which: A clause that describes those that are left out.
        remedy: The option or command that includes them.
    """
    lines = []
    if selection.included:
        lines.append(f"also measured, because they changed: {', '.join(selection.included)}")
    if selection.lacking:
        unknown = ", ".join(selection.lacking)
        remedy_of_unknown = "check out a commit that has it"
        lines.append(f"left out: {unknown}, not in the working tree; {remedy_of_unknown}")
    if names := selection.left_out:
        noun = "scenario" if len(names) == 1 else "scenarios"
        count = f"{len(names)} {noun} without bench = true{which}"
        lines.append(f"left out: {count}; {remedy} includes them: {_listed(names)}")
    return lines


def verdict_changes(rows: Sequence[Compared]) -> list[str]:
    """Describe each verdict that changed, with the modes in which it changed."""
    modes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        scenario, variant, mode = (*row.benchmark.label.split("/"), "", "")[:3]
        if row.verdicts and row.base != row.head:
            same = ", which counts as the same" if row.change is Change.SAME else ""
            modes[f"{row.verdicts}{same}", f"{scenario} {variant}"].append(mode)
    lines = [
        f"{change}: {name} ({', '.join(mode for mode in Mode if mode in changed)})"
        for (change, name), changed in modes.items()
    ]
    more = len(lines) - MAX_VERDICTS
    return lines[:MAX_VERDICTS] + ([f"… and {more} more verdicts"] if more > 0 else [])


def reasons(where: str, tracked: Tracked) -> list[str]:
    """Say why figures are missing, in at most `MAX_REASONS` lines; failures come first."""
    lines = [f"failed{where}: {reason}" for reason in tracked.failed.values()]
    lines += [f"not read{where}: {reason}" for reason in tracked.unread.values()]
    lines += [f"n/a{where}: {reason}" for reason in tracked.absent.values()]
    lines = list(dict.fromkeys(CHECKOUT.sub("", line) for line in lines))
    more = len(lines) - MAX_REASONS
    return lines[:MAX_REASONS] + ([f"… and {more} more"] if more > 0 else [])


def _lacking(name: str, measured: CommitFigures, rows: Iterable[Compared]) -> list[str]:
    """A line on the variants and modes that only the other commit has."""
    tracked = measured.tracked
    known = {*tracked.absent, *tracked.unread, *tracked.figures, *tracked.failed}
    lacking = dict.fromkeys(
        row.benchmark.label
        for row in rows
        if row.change is Change.ABSENT
        and row.benchmark not in measured.values
        and not known & {row.benchmark.label, row.benchmark.label.partition("/")[0]}
    )
    missing = f"n/a at {name}, which has no such variant or mode"
    return [f"{missing}: {_listed(list(lacking))}"] if lacking else []


def _listed(names: Sequence[str]) -> str:
    """As many whole names as fit into `MAX_LISTED_CHARACTERS`, and the number of the others."""
    shown = [names[0]]
    for name in names[1:]:
        if len(", ".join([*shown, name])) > MAX_LISTED_CHARACTERS:
            break
        shown.append(name)
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
