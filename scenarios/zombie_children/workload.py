"""Users push to a repository with a hook; a unit is one push.

The hook is `true`, which ends at once, before the next push.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Push again and again, each time after the hook of the push before has ended."""
    hooks = program.Hooks(["true"])
    random = Random(lab.seed)
    try:
        while True:
            pid = hooks.run(commit(random))
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # WNOWAIT: it stays a zombie
            yield
    finally:
        hooks.stop()


def commit(random: Random) -> str:
    """Return the name of a commit."""
    return f"{random.getrandbits(160):040x}"


def check(program: Any, lab: Lab) -> None:
    """The hook runs for every push, and has ended when `stop` returns.

    Here the hook is `mkdir`, and a push is the name of a folder.
    """
    from pathlib import Path

    random = Random(lab.seed)
    hooks = program.Hooks(["mkdir"])
    for pushes in (lab.units, 1):
        folders = [Path(lab.scratch, commit(random)) for _ in range(pushes)]
        for folder in folders:
            hooks.run(str(folder))
        hooks.stop()
        missing = [folder for folder in folders if not folder.is_dir()]
        assert not missing, f"the hook did not run for {len(missing)} of {pushes} pushes"
