"""The git repository of a checkout: its commits, and files that are not committed."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from leaklab.model.errors import BadInput
from leaklab.model.text import cut
from leaklab.runs.git import git

# The folders of a commit that asv measures.
MEASURED = ("scenarios", "fixtures")
# A commit belongs to the history if it changed one of these folders.
WORTH_MEASURING = ("scenarios", "fixtures", "harness")


@dataclass(frozen=True)
class Repository:
    """A checkout with commits that asv can measure, as `open_repository` has checked."""

    root: Path

    def hash_of(self, name: str) -> str:
        """Return the full hash of a commit, by any name that git knows.

        Raises:
            BadInput: Git knows no commit of that name.
        """
        command = ("rev-parse", "--verify", "--quiet", "--end-of-options")
        full_hash = self._git(*command, f"{name}^{{commit}}")
        if not re.fullmatch(r"[0-9a-f]{40,64}", full_hash):
            problem = f"there is no commit {cut(name)!r} here"
            raise BadInput(
                f"{problem}; 'git branch --all' lists branches, 'git fetch' gets new commits"
            )
        return full_hash

    def uncommitted(self) -> list[str]:
        """Return the files of scenarios and fixtures that are changed or untracked."""
        command = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--")
        return [line[3:] for line in self._git(*command, *MEASURED).split("\0") if line]

    def newest(self, count: int) -> list[str]:
        """Return the hashes of the last commits that changed scenarios, fixtures or the harness.

        The newest one is first.
        """
        command = ("log", "--first-parent", f"--max-count={count}", "--format=%H", "--")
        return self._git(*command, *WORTH_MEASURING).splitlines()

    def parent_of(self, commit: str) -> str | None:
        """Return the hash of a commit's first parent; None for the first commit of all."""
        command = ("rev-parse", "--verify", "--quiet", "--end-of-options")
        return self._git(*command, f"{commit}^1") or None

    def differing(self, base: str, head: str) -> list[str]:
        """Return the files of scenarios and fixtures that differ between two commits.

        Files that are in only one of them are included. Paths are relative to the root.
        """
        command = ("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", base, head, "--")
        return [path for path in self._git(*command, *MEASURED).split("\0") if path]

    def scenarios_of(self, commit: str) -> set[str]:
        """Return the names of the scenarios of a commit."""
        command = ("ls-tree", "-r", "-z", "--name-only", commit, "--", "scenarios")
        paths = [path.split("/") for path in self._git(*command).split("\0")]
        return {path[1] for path in paths if len(path) == 3 and path[2] == "scenario.toml"}

    def sources(self, commit: str) -> dict[str, str]:
        """Return the modules and scenario.toml files of a commit's scenarios and fixtures.

        The keys are paths relative to the root, the values the text of the files.
        """
        listed = self._git("ls-tree", "-r", "-z", "--name-only", commit, "--", *MEASURED)
        paths = [path for path in listed.split("\0") if path.endswith((".py", "/scenario.toml"))]
        return {path: self._git("show", f"{commit}:{path}") for path in paths}

    def _git(self, *command: str) -> str:
        """Return the output of git; empty if it fails."""
        completed = git(self.root, command)
        return completed.stdout.rstrip("\n") if completed.returncode == 0 else ""


def open_repository(root: Path) -> Repository:
    """Open the repository at `root`.

    Raises:
        BadInput: Git is not installed, there is no repository or no commit, or the clone is
            shallow, so that asv could not check out its commits.
    """
    if shutil.which("git") is None:
        raise BadInput("git is not installed, and asv measures commits: install git")
    if not (root / ".git").exists():
        raise BadInput(f"{root} is not a git checkout, and asv measures commits: use a clone")
    shallow = git(root, ["rev-parse", "--is-shallow-repository"])
    if shallow.returncode:
        problem = f"git cannot read {root}: {' '.join(shallow.stderr.split())}"
        raise BadInput(f"{problem}; 'git status' must work there")
    if shallow.stdout.strip() == "true":
        problem = "this clone is shallow, and asv cannot check out its commits"
        raise BadInput(f"{problem}: run 'git fetch --unshallow'")
    repository = Repository(root)
    repository.hash_of("HEAD")
    return repository
