"""A terminal shows what `od -cx /dev/urandom` prints, through a pipe; a unit is 1,000 lines.

The pipe is read in completely filled blocks of fixed size. The size of a single read depends on
the load of the machine, so the peak would vary from run to run.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

LINES_PER_UNIT = 1000
BLOCK_BYTES = 64 * 1024


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Print a thousand lines, again and again."""
    import subprocess

    terminal = program.Terminal()
    od = subprocess.Popen(
        ["od", "-cx", "/dev/urandom"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        bufsize=0,
    )
    assert od.stdout is not None
    printed = lines(od.stdout)
    try:
        while True:
            for line in islice(printed, LINES_PER_UNIT):
                terminal.write(line)
            if od.poll() is not None:
                raise RuntimeError(f"od ended early, with status {od.returncode}")
            yield
    finally:
        od.kill()
        od.stdout.close()
        od.wait()


def lines(pipe: Any) -> Iterator[bytes]:
    """Yield the lines that come through an unbuffered pipe, until it ends."""
    block = bytearray(BLOCK_BYTES)
    view = memoryview(block)
    rest = b""
    filled = 0
    while True:
        read = pipe.readinto(view[filled:])
        if not read:
            return
        filled = (filled + read) % BLOCK_BYTES
        if filled == 0:
            *whole, rest = (rest + block).split(b"\n")
            yield from whole


def check(program: Any, lab: Lab) -> None:
    """Compare screens, scrolled back or not, with the printed lines."""
    random = Random(lab.seed)
    printed = [f"{number:07o} {random.getrandbits(64):x}" for number in range(3000)]
    terminal = program.Terminal()
    assert terminal.screen(24) == [], "a new terminal is not empty"
    for count, line in enumerate(printed, start=1):
        terminal.write(f"{line}\n".encode("ascii"))
        if count in {1, 23, 24, 25, 1000, len(printed)}:
            for back in (0, 1, 24, 500):
                visible = printed[max(0, count - back - 24) : max(0, count - back)]
                screen = list(terminal.screen(24, back))
                assert screen == visible, (
                    f"after {count} lines, {back} scrolled back: {len(screen)} lines are visible,"
                    f" from {screen[:1]} to {screen[-1:]},"
                    f" expected {len(visible)}, from {visible[:1]} to {visible[-1:]}"
                )
