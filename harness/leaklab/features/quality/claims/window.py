"""A real xterm in which `od` runs: its memory over time, and what gives it back.

`python -m leaklab.features.quality.claims.window` prints the figures as JSON. Xvfb is the screen.
Everything runs under the lab's supervisor, so nothing is left behind.
"""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import msgspec
import psutil

from leaklab.features.watch.targets import started
from leaklab.model.errors import NotMeasured
from leaklab.observer.probes import platform_probes
from leaklab.sandbox.scratch import session_folder

PROGRAMS = ("xterm", "Xvfb", "od")
MOMENTS_SECONDS = (0, 10, 30, 60)
# `od -cx` prints two lines for each 16 bytes: as characters, and as words.
BYTES_OF_LINE = 8
SETTLE_SECONDS = 1.0
MAX_START_SECONDS = 20.0
WINDOW_POLL_SECONDS = 0.5
# The share of the free memory that the window may take; it prints as fast as the machine can.
MAX_WINDOW_SHARE = 0.25
# xterm keeps no more lines than this.
SAVED_LINES = 10_000_000

SCRIPT = """
exec 3>"$1"
Xvfb -noreset -nolisten tcp -nolisten unix -screen 0 800x600x8 -displayfd 3 &
while [ ! -s "$1" ]; do sleep 0.1; done
exec 3>&-
exec xterm -display ":$(cat "$1")" -sl "$2" -hold -e od -cx /dev/urandom
"""


class Moment(msgspec.Struct, frozen=True):
    """The window after some seconds of printing.

    Attributes:
        seconds: The time since `od` started.
        lines: The lines that `od` has printed.
        rss_bytes: The resident memory of the xterm.
        vms_bytes: Its address space.
    """

    seconds: float
    lines: int
    rss_bytes: int
    vms_bytes: int


class WindowFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of a window.

    Attributes:
        moments: The window while `od` prints.
        stopped_rss_bytes: The resident memory when `od` is stopped.
        ended_rss_bytes: The same when `od` has ended.
        is_closed: Whether the xterm's process is gone when the window is closed.
        machine_bytes: The memory of the machine.
    """

    moments: list[Moment]
    stopped_rss_bytes: int
    ended_rss_bytes: int
    is_closed: bool
    machine_bytes: int


def measure_window() -> WindowFigures:
    """Open a window, let `od` print in it, and close it.

    Raises:
        NotMeasured: A program is not installed, or the window does not open.
    """
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        raise NotMeasured(
            f"{', '.join(missing)} not installed: apt-get install xterm xvfb coreutils"
        )
    with session_folder() as folder, Path(os.devnull).open("wb") as sink:
        command = ["sh", "-c", SCRIPT, "sh", str(folder / "display"), str(SAVED_LINES)]
        with started(command, sink.fileno(), platform_probes()) as target:
            xterm = psutil.Process(target.pid)
            try:
                return _observed(xterm, _child(xterm, "od"))
            except psutil.Error as error:
                raise NotMeasured(f"the window closed early: {error}; try again") from error


def _observed(xterm: psutil.Process, od: psutil.Process) -> WindowFigures:
    moments = []
    began = od.create_time()
    max_bytes = MAX_WINDOW_SHARE * psutil.virtual_memory().available
    for seconds in MOMENTS_SECONDS:
        while time.time() < began + seconds and xterm.memory_info().rss < max_bytes:
            time.sleep(min(WINDOW_POLL_SECONDS, max(began + seconds - time.time(), 0)))
        moments.append(_moment(xterm, od))
        if moments[-1].rss_bytes >= max_bytes:
            break
    od.send_signal(signal.SIGSTOP)
    time.sleep(SETTLE_SECONDS)
    stopped = xterm.memory_info().rss
    od.kill()
    time.sleep(SETTLE_SECONDS)
    ended = xterm.memory_info().rss
    screens = [child for child in xterm.children() if child.name() == "Xvfb"]
    xterm.terminate()
    psutil.wait_procs([xterm], timeout=SETTLE_SECONDS)
    for screen in screens:
        screen.terminate()
    return WindowFigures(
        moments=moments,
        stopped_rss_bytes=stopped,
        ended_rss_bytes=ended,
        is_closed=not xterm.is_running() or xterm.status() == psutil.STATUS_ZOMBIE,
        machine_bytes=psutil.virtual_memory().total,
    )


def _moment(xterm: psutil.Process, od: psutil.Process) -> Moment:
    memory, read = xterm.memory_info(), od.io_counters().read_chars
    return Moment(time.time() - od.create_time(), read // BYTES_OF_LINE, memory.rss, memory.vms)


def _child(parent: psutil.Process, name: str) -> psutil.Process:
    """Wait for a child of a name.

    Raises:
        NotMeasured: There is none after `MAX_START_SECONDS`.
    """
    end = time.monotonic() + MAX_START_SECONDS
    while time.monotonic() < end:
        for child in parent.children():
            if child.name() == name:
                return child
        time.sleep(0.1)
    raise NotMeasured(f"no {name} started within {MAX_START_SECONDS:.0f} s; try again")


def main() -> None:
    """Print the figures, or the reason why there are none."""
    try:
        sys.stdout.write(msgspec.json.encode(measure_window()).decode() + "\n")
    except NotMeasured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
