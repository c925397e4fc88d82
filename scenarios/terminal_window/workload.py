"""A terminal window shows what `od -cx /dev/urandom` prints; a unit is 100 lines.

The window is an xterm on an X server without a screen (Xvfb). In the xterm a shell waits for a
request, lets `od` print, and asks the terminal for its status (`ESC [ 5 n`, VT100). The terminal
answers in order, so it has processed every line when its answer (`ESC [ 0 n`) arrives. Requests
and answers go through two FIFOs. The shell passes an answer on when the program that read it has
ended, so that all processes wait between two units.
"""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

LINES_PER_UNIT = 100
BYTES_PER_LINE = 8  # od -cx prints 16 bytes twice: as characters, and as words
ANSWER = b"\033[0n"
POLL_SECONDS = 0.1

# The server chooses a free display number, and keeps running without windows. Its only socket is an
# abstract one (unix(7)), which has no file that could be left behind.
XVFB = [
    *["Xvfb", "-noreset", "-nolisten", "tcp", "-nolisten", "unix"],
    *["-screen", "0", "800x600x8", "-displayfd"],
]

# malloc raises this threshold when a large block is freed. At the start of Xvfb that depends on the
# order of events, and so 560 KiB at the end of its heap were free and resident in some runs only.
FIXED_THRESHOLD = {"MALLOC_MMAP_THRESHOLD_": "131072"}

SHELL = r"""
exec 3<"$1" 4>"$2"
stty -icanon -echo
while read -r bytes <&3; do
    od -cx -N "$bytes" /dev/urandom
    printf '\033[5n'
    answer=$(head -c 4)
    printf %s "$answer" >&4
done
"""


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Let `od` print a hundred lines into the window, again and again."""
    requests, answers = fifo(lab, "requests"), fifo(lab, "answers")
    command = ["sh", "-c", SHELL, "sh", f"{lab.scratch}/requests", f"{lab.scratch}/answers"]
    request = f"{LINES_PER_UNIT * BYTES_PER_LINE}\n".encode("ascii")
    with xvfb(lab.scratch) as display:
        window = program.Window(display, command)
        try:
            while True:
                os.write(requests, request)
                wait_for_answer(answers, window)
                yield
        finally:
            window.close()
            os.close(requests)
            os.close(answers)


def fifo(lab: Lab, name: str) -> int:
    """Make a FIFO in the scratch folder, and return a descriptor for it.

    It is opened for reading and writing, which does not wait for the other side (fifo(7)).
    """
    path = f"{lab.scratch}/{name}"
    os.mkfifo(path)
    return os.open(path, os.O_RDWR)


@contextmanager
def xvfb(scratch: str) -> Iterator[str]:
    """Run an X server without a screen; yield its display.

    Raises:
        RuntimeError: it does not start.
    """
    log = f"{scratch}/xvfb.log"
    ready, ready_write = os.pipe()
    with open(log, "wb") as errors:
        server = subprocess.Popen(
            [*XVFB, str(ready_write)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, **FIXED_THRESHOLD},
            pass_fds=[ready_write],
        )
    os.close(ready_write)
    try:
        with open(ready, encoding="ascii") as pipe:
            number = pipe.readline().strip()
        if not number:
            raise RuntimeError(f"Xvfb did not start a display: {last_line(log)}")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


def last_line(log: str) -> str:
    """Return the last line with words in a log of an X server, which puts `(EE)` before errors."""
    with open(log, encoding="utf-8", errors="replace") as file:
        lines = [line.replace("(EE)", "").strip() for line in file]
    return next((line for line in reversed(lines) if line), "it printed no reason")


def wait_for_answer(answers: int, window: Any) -> None:
    """Wait until the terminal has processed everything that was printed.

    Raises:
        RuntimeError: the window is closed, or the answer is another one.
    """
    wait_until_readable(answers, window)
    answer = os.read(answers, len(ANSWER))
    if answer != ANSWER:
        raise RuntimeError(f"the terminal answered {answer!r}, not {ANSWER!r}")


def wait_until_readable(fd: int, window: Any) -> None:
    """Wait until something can be read from a descriptor.

    Raises:
        RuntimeError: the window is closed.
    """
    status = None
    while not select.select([fd], [], [], POLL_SECONDS)[0]:
        if status is not None:
            raise RuntimeError(f"the xterm ended by itself, with status {status}")
        status = window.status()


def check(program: Any, lab: Lab) -> None:
    """A command runs in a terminal of its own; the window closes with it, and ends it if closed."""
    with xvfb(lab.scratch) as display:
        for number, last in enumerate(["", "exec cat"]):
            path = f"{lab.scratch}/report-{number}"
            os.mkfifo(path)
            report = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            script = f"exec 3>{path}; test -t 0 && test -t 1 && echo $TERM {lab.seed} >&3; {last}"
            window = program.Window(display, ["sh", "-c", script])
            wait_until_readable(report, window)
            printed = os.read(report, 100).decode("ascii").split()
            assert printed == ["xterm", str(lab.seed)], f"the command printed {printed}"
            if last:
                assert window.status() is None, "the window closed before its command ended"
                window.close()
            assert ended(report), "the command outlived its window"
            os.close(report)
            window.close()
            assert window.status() is not None, "the window is open after close()"


def ended(report: int) -> bool:
    """Return whether the only writer of a FIFO ends within ten seconds."""
    readable = select.select([report], [], [], 10)[0]
    return bool(readable) and os.read(report, 1) == b""
