"""The git repository of a checkout, as asv needs it: commits by name, and what is in none."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from leaklab.model.errors import BadInput
from leaklab.model.text import cut
from leaklab.runs.git import git

# What asv measures a commit by.
MEASURED = ("scenarios", "fixtures")
# What a commit must have touched for the history to look at it.
WORTH_MEASURING = ("scenarios", "fixtures", "harness")


@dataclass(frozen=True)
class Repository:
    """A checkout whose commits can be measured; `open_repository` makes sure of that."""

    root: Path

    def hash_of(self, name: str) -> str:
        """The full hash of a commit by any name that git knows.

        Raises:
            BadInput: there is none of that name.
        """
        words = ("rev-parse", "--verify", "--quiet", "--end-of-options")
        asked = self._git(*words, f"{name}^{{commit}}")
        if not re.fullmatch(r"[0-9a-f]{40,64}", asked):
            what = f"there is no commit {cut(name)!r} here"
            raise BadInput(
                f"{what}; 'git branch --all' names the branches, 'git fetch' brings more"
            )
        return asked

    def uncommitted(self) -> list[str]:
        """The files of scenarios and fixtures that differ from the commit, or are not in it."""
        words = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--")
        return [line[3:] for line in self._git(*words, *MEASURED).split("\0") if line]

    def newest(self, count: int) -> list[str]:
        """The hashes of the last commits that touched what is measured, or what measures, the
        newest first."""
        words = ("log", "--first-parent", f"--max-count={count}", "--format=%H", "--")
        return self._git(*words, *WORTH_MEASURING).splitlines()

    def parent_of(self, commit: str) -> str | None:
        """The hash of a commit's first parent; None of the first commit of all."""
        words = ("rev-parse", "--verify", "--quiet", "--end-of-options")
        return self._git(*words, f"{commit}^1") or None

    def differing(self, base: str, head: str) -> list[str]:
        """The files of scenarios and fixtures that are not the same in two commits, or are in one
        of them only, by their paths from the root."""
        words = ("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", base, head, "--")
        return [path for path in self._git(*words, *MEASURED).split("\0") if path]

    def scenarios_of(self, commit: str) -> set[str]:
        """Return the names of the scenarios of a commit."""
        words = ("ls-tree", "-r", "-z", "--name-only", commit, "--", "scenarios")
        paths = [path.split("/") for path in self._git(*words).split("\0")]
        return {path[1] for path in paths if len(path) == 3 and path[2] == "scenario.toml"}

    def sources(self, commit: str) -> dict[str, str]:
        """The Python modules and the scenario.toml files of a commit's scenarios and fixtures, by
        their paths from the root."""
        listed = self._git("ls-tree", "-r", "-z", "--name-only", commit, "--", *MEASURED)
        paths = [path for path in listed.split("\0") if path.endswith((".py", "/scenario.toml"))]
        return {path: self._git("show", f"{commit}:{path}") for path in paths}

    def _git(self, *words: str) -> str:
        """What git prints; empty where it fails."""
        found = git(self.root, words)
        return found.stdout.rstrip("\n") if found.returncode == 0 else ""


def open_repository(root: Path) -> Repository:
    """The repository at `root`.

    Raises:
        BadInput: git is not installed, there is no repository or no commit, or the clone is
            shallow, so that asv could not check out its commits.
    """
    if shutil.which("git") is None:
        raise BadInput("git is not installed, and asv measures commits: install git")
    if not (root / ".git").exists():
        raise BadInput(f"{root} is no git checkout, and asv measures commits: use a clone")
    shallow = git(root, ["rev-parse", "--is-shallow-repository"])
    if shallow.returncode:
        raise BadInput(f"git does not read {root}: {' '.join(shallow.stderr.split())}")
    if shallow.stdout.strip() == "true":
        words = "this clone is shallow, and asv cannot check its commits out"
        raise BadInput(f"{words}: run 'git fetch --unshallow'")
    repository = Repository(root)
    repository.hash_of("HEAD")
    return repository
