"""The session's temporary folder, which goes away even if the harness is killed."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

# Waits for the end of its input, which only the harness can end, by closing it or by dying.
JANITOR = "import shutil, sys; sys.stdin.read(); shutil.rmtree(sys.argv[1], ignore_errors=True)"


@contextmanager
def session_folder() -> Iterator[Path]:
    """A folder whose path has always the same length, for it lies in the measured process's
    memory. Every run's supervisor removes it, too, if the harness dies; between runs none lives.
    """
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="leaklab-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
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
def run_folder(session: Path) -> Iterator[Path]:
    """A run's own folder, with a `home` in it, the program's working folder."""
    folder = session / "run"
    (folder / "home").mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
