"""Where results are saved when --results does not say it.

A folder `results` belongs to whoever made it, so it is used where it exists, and created in a
checkout of leaklab only. Elsewhere results go to the user's state folder (XDG Base Directory
Specification), not into the folder of a program that happens to be the current one.
"""

import os
from pathlib import Path

RESULTS_VARIABLE = "LEAKLAB_RESULTS"
RESULTS_NAME = "results"


def default_results() -> Path:
    """Return the folder of sessions for the current folder; it may not exist yet."""
    here = Path(RESULTS_NAME)
    if here.is_dir():
        return here
    checkout = _checkout()
    if checkout is not None:
        return here if checkout.samefile(".") else checkout / RESULTS_NAME
    return _state_folder() / "leaklab" / RESULTS_NAME


def _checkout() -> Path | None:
    """Return the root of the leaklab checkout that contains the current folder, if any."""
    try:
        current = Path.cwd()
    except OSError:  # the current folder was removed
        return None
    folders = (current, *current.parents)
    return next((f for f in folders if (f / "harness" / "leaklab").is_dir()), None)


def _state_folder() -> Path:
    folder = Path(os.environ.get("XDG_STATE_HOME", ""))
    if folder.is_absolute():  # a relative path is ignored, as specified
        return folder
    return Path(os.path.expanduser("~/.local/state"))  # noqa: PTH111  (raises nothing without HOME)
