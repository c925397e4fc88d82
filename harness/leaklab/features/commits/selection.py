"""Which scenarios are measured: those with `bench = true`, and those that differ in two commits.

A scenario differs if its own files differ, or those of the fixtures that it uses. The fixtures that
it uses are read from the second commit alone. If it used others in the first one, the files that
import them differ anyway.
"""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from leaklab.features.commits.fixture_use import (
    FIXTURES,
    SCENARIOS,
    fixture_of,
    fixtures_by_scenario,
    scenario_of,
)
from leaklab.features.commits.repository import Repository
from leaklab.model.errors import BadInput
from leaklab.model.scenario import Scenario

# Imported with every scenario.
SHARED = f"{SCENARIOS}/__init__.py"


@dataclass(frozen=True)
class Selection:
    """The names of scenarios beside those with `bench = true`.

    Attributes:
        included: Measured because the commits change them.
        left_out: Not measured.
        lacking: Changed, and not measured because the working tree lacks them.
    """

    included: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


def select(scenarios: Sequence[Scenario], changed: Collection[str]) -> Selection:
    """Select the scenarios to measure beside those with `bench = true`.

    Args:
        scenarios: All scenarios of the working tree; only these can be measured.
        changed: The names of the scenarios that the commits change.
    """
    others = sorted(scenario.name for scenario in scenarios if not scenario.bench)
    return Selection(
        included=tuple(name for name in others if name in changed),
        left_out=tuple(name for name in others if name not in changed),
        lacking=tuple(sorted(set(changed) - {scenario.name for scenario in scenarios})),
    )


def require_committed(
    names: Iterable[str],
    working_tree: Collection[str],
    committed: Mapping[str, Collection[str]],
) -> None:
    """Check that scenarios can be measured: each must be in one of the commits.

    Args:
        names: The names of the scenarios.
        working_tree: The names of all scenarios of the working tree.
        committed: The names of all scenarios of each commit, by its hash.

    Raises:
        BadInput: A scenario is in none of them.
    """
    known = sorted({name for of_commit in committed.values() for name in of_commit})
    for name in names:
        if name not in known:
            commits = " or ".join(commit[:8] for commit in committed)
            advice = "commit it first" if name in working_tree else "'leaklab list' names them all"
            close = difflib.get_close_matches(name, known)
            similar = f"; similar names in the commit: {', '.join(close)}" if close else ""
            raise BadInput(f"commit {commits} has no scenario {name!r}: {advice}{similar}")


def changed_between(repository: Repository, base: str, head: str) -> set[str]:
    """Return the names of the scenarios that differ between two commits."""
    paths = repository.differing(base, head)
    is_shared = any(path == SHARED or path.startswith(f"{FIXTURES}/") for path in paths)
    return changed_scenarios(paths, repository.sources(head) if is_shared else {})


def changed_by(repository: Repository, commit: str) -> set[str]:
    """Return the names of the scenarios that a commit changes; empty for the first commit."""
    parent = repository.parent_of(commit)
    return changed_between(repository, parent, commit) if parent else set()


def changed_scenarios(paths: Iterable[str], sources: Mapping[str, str]) -> set[str]:
    """Return the scenarios that differing files belong to, and those that use such files.

    Args:
        paths: The files that differ, relative to the root.
        sources: The modules and scenario.toml files of the second commit, by their paths.
    """
    differing = set(paths)
    modules = {fixture_of(path) for path in differing}
    used = fixtures_by_scenario(sources)
    own = {scenario_of(path) for path in differing}
    users = {name for name, fixtures in used.items() if fixtures & modules}
    all_names = set(used) if SHARED in differing else set()
    return (own | users | all_names) - {""}
