"""The session's temporary folder, which goes away even if the harness is killed."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from leaklab.model.errors import NotMeasured
from leaklab.model.units import format_bytes

# The bytecode of all that scenarios import, some times over. Where there is no room for it, Python
# saves it cut short, and the next run fails as if by a fault of its own.
MIN_FREE_BYTES = 32 << 20

# Waits for the end of its input, which only the harness can end, by closing it or by dying.
JANITOR = "import shutil, sys; sys.stdin.read(); shutil.rmtree(sys.argv[1], ignore_errors=True)"


@contextmanager
def session_folder() -> Iterator[Path]:
    """A folder whose path has always the same length, for it lies in the measured process's
    memory. Every run's supervisor removes it, too, if the harness dies; between runs none lives.

    Raises:
        NotMeasured: it cannot be made, or there is too little room.
    """
    with ExitStack() as stack:
        with reporting_disk_errors("the temporary folder"):
            folder = Path(tempfile.mkdtemp(prefix="leaklab-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if (free := shutil.disk_usage(folder).free) < MIN_FREE_BYTES:
            words = f"{folder.parent} has {format_bytes(free)} left, of the"
            raise NotMeasured(
                f"{words} {format_bytes(MIN_FREE_BYTES)} that a session needs; make room, or "
                "name another folder with TMPDIR"
            )
        janitor = subprocess.Popen(  # noqa: S603  (our own interpreter and our own line)
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
    """A run's own folder, with a `home` in it, the program's working folder, and a `tmp`.

    Args:
        session: the session's folder.
        slot: which of the runs that are made at a time; the path's length is the same for all.

    Raises:
        NotMeasured: it cannot be made.
    """
    folder = session / f"run-{slot:02}"
    with reporting_disk_errors(folder):
        make_parts(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_parts(folder: Path) -> None:
    """Make the folder of a process of the lab, with what its environment names in it.

    Raises:
        OSError: it cannot be made, or is there already.
    """
    for part in ("home", "tmp"):
        (folder / part).mkdir(parents=True)


@contextmanager
def reporting_disk_errors(what: Path | str) -> Iterator[None]:
    """Say in one line what the temporary folder would not take: it is full, or not writable.

    Raises:
        NotMeasured: naming `what`, or the file that it was about.
    """
    try:
        yield
    except OSError as error:
        words = f"{error.filename or what}: {error.strerror}"
        raise NotMeasured(f"{words}; make room, or name another folder with TMPDIR") from error
