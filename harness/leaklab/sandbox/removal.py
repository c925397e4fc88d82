"""Removing a folder that a program has filled: of any depth, and whatever its permissions are."""

import contextlib
import itertools
import shutil
import subprocess
from pathlib import Path


def remove_tree(folder: Path) -> None:
    """Remove a folder and all that is in it.

    What cannot be removed is moved aside, so that its name can be used again.
    """
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        return
    # The programs of the system go to any depth. A folder without rights is innocent, too: the
    # module cache of Go is read-only.
    for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
        with contextlib.suppress(OSError):
            subprocess.run(  # noqa: S603  (programs of the system, and a folder of the lab)
                [*command, "--", str(folder)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
    if folder.exists():
        _move_aside(folder)


def _move_aside(folder: Path) -> None:
    for number in itertools.count(1):
        aside = folder.with_name(f"{folder.name}-left-{number}")
        if not aside.exists():
            with contextlib.suppress(OSError):
                folder.rename(aside)
            return
