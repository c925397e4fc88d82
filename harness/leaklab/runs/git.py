"""git, asked about a checkout without touching it."""

import subprocess
from collections.abc import Sequence
from pathlib import Path


def git(root: Path, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run git at `root` without taking any lock there.

    Raises:
        OSError: there is no git.
    """
    command = ["git", "--no-optional-locks", "-C", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
