"""The session's temporary folder, which is removed even if the harness is killed."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from leaklab.model.errors import NotMeasured
from leaklab.model.units import format_bytes
from leaklab.sandbox.removal import remove_tree

# Several times the bytecode of all modules that scenarios import. On a full disk Python saves
# truncated bytecode, and the next run fails with an error that seems to be its own.
MIN_FREE_BYTES = 32 << 20
DISK_ADVICE = "free some disk space, or set TMPDIR to another folder"

# Waits for the end of its input, which comes when the harness closes it or dies.
JANITOR = "import shutil, sys; sys.stdin.read(); shutil.rmtree(sys.argv[1], ignore_errors=True)"


@contextmanager
def session_folder() -> Iterator[Path]:
    """Make the session's folder; remove it on exit.

    Its path always has the same length, because the measured process has the path in its memory. If
    the harness dies, a janitor process removes the folder. A run's supervisor does so, too, but no
    supervisor is alive between runs.

    Raises:
        NotMeasured: The folder cannot be made, or the disk has too little free space.
    """
    with ExitStack() as stack:
        with reporting_disk_errors("the temporary folder"):
            folder = Path(tempfile.mkdtemp(prefix="leaklab-"))
        stack.callback(remove_tree, folder)
        if (free := shutil.disk_usage(folder).free) < MIN_FREE_BYTES:
            raise NotMeasured(
                f"{folder.parent} has {format_bytes(free)} of free disk space and a session needs "
                f"{format_bytes(MIN_FREE_BYTES)}; {DISK_ADVICE}"
            )
        janitor = subprocess.Popen(  # noqa: S603  (this interpreter and a constant)
            [sys.executable, "-I", "-S", "-c", JANITOR, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        stack.callback(janitor.communicate)
        yield folder


@contextmanager
def run_folder(session: Path, slot: int) -> Iterator[Path]:
    """Make a run's folder, with the program's working folder `home` and a `tmp`; remove it on exit.

    Args:
        session: The session's folder.
        slot: The number of the run among those made at the same time. The path has the same length
            for all slots.

    Raises:
        NotMeasured: The folder cannot be made.
    """
    folder = session / f"run-{slot:02}"
    with reporting_disk_errors(folder):
        make_parts(folder)
    try:
        yield folder
    finally:
        remove_tree(folder)


def make_parts(folder: Path) -> None:
    """Make the folder of a process of the lab, with the subfolders that its environment names.

    Raises:
        OSError: The folder cannot be made, or exists already.
    """
    for part in ("home", "tmp"):
        (folder / part).mkdir(parents=True)


@contextmanager
def reporting_disk_errors(what: Path | str) -> Iterator[None]:
    """Turn an OSError about the temporary folder, such as a full disk, into a message of one line.

    Raises:
        NotMeasured: It names the file of the OSError, or `what` if that has no file.
    """
    try:
        yield
    except OSError as error:
        raise NotMeasured(f"{error.filename or what}: {error.strerror}; {DISK_ADVICE}") from error
