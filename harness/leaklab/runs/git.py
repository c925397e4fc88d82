"""Read-only calls of git in a checkout."""

import subprocess
from collections.abc import Sequence
from pathlib import Path


def git(root: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run git at `root` without taking a lock there; a failure of git does not raise.

    Raises:
        OSError: Git is not installed.
    """
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
