"""A user's program: where it is, and why it cannot be executed."""

import shutil
import stat
from pathlib import Path

from leaklab.model.errors import BadInput
from leaklab.model.text import cut
from leaklab.sandbox.child import Child


def find_program(program: str) -> Path:
    """Return the file of a program that is named by its path, or is on the PATH.

    Raises:
        BadInput: There is no such file, or it is not executable.
    """
    path = shutil.which(program)
    if path is None:
        raise BadInput(f"{cut(program)!r} cannot be started: {_why_not(program)}")
    return Path(path)


def current_folder() -> Path:
    """Return the current folder.

    Raises:
        BadInput: It was removed.
    """
    try:
        return Path.cwd()
    except OSError as error:
        raise BadInput(f"the current folder: {error.strerror}; change to another one") from error


def require_executed(name: str, child: Child) -> None:
    """Check that the supervisor could execute a program that has ended.

    Raises:
        BadInput: It could not, and wrote the kernel's error.
    """
    if error := child.output.text().strip():
        problem = f"{name!r} cannot be started: {error}"
        raise BadInput(f"{problem}; put its interpreter in front of it")


def _why_not(program: str) -> str:
    """Return why a program cannot be executed, and what to do about it."""
    if "/" not in program:
        return "it is not on the PATH; name one that is, or give its path (./…)"
    try:
        mode = Path(program).stat().st_mode
    except OSError as error:
        return f"{error.strerror}; name an existing program"
    if stat.S_ISDIR(mode):
        return "it is a folder; name a program in it"
    return "it is not executable; put its interpreter in front of it, or use chmod +x"
