"""The screen of the course on a real terminal: keys, a typed command, a resize, and Ctrl-C."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pexpect
import pytest

from leaklab.features.course.course_state import STATE
from process.conftest import Leaklab, processes_of, wait_until

pytestmark = pytest.mark.process

F3, F6, F10, CTRL_C = "\x1bOR", "\x1b[17~", "\x1b[21~", "\x03"
ESCAPES = re.compile(r"\x1b\[[0-9;?<>=]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]")
IDLE, BUSY = "Type a command", "measuring; Ctrl-C ends it"
SECONDS = 60
# The screen, its command, and at least a supervisor and an agent.
MEASURING = 4


def own_size(environment: dict[str, str]) -> dict[str, str]:
    """Return an environment in which the size of the terminal is that of the terminal."""
    return {name: text for name, text in environment.items() if name not in {"COLUMNS", "LINES"}}


class Screen:
    """The screen in a terminal of its own; what is written to it is kept as text."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "leaklab", "learn"],
            cwd=str(folder),
            env=own_size(environment) | {"TERM": "xterm-256color"},
            dimensions=(40, 150),
            encoding="utf-8",
            codec_errors="replace",
            timeout=SECONDS,
        )
        self.text = ""

    def read(self) -> str:
        """Return everything that was written since the last `forget`."""
        with suppress(pexpect.TIMEOUT, pexpect.EOF):
            self.text += self.child.read_nonblocking(100_000, timeout=0.05)
        return ESCAPES.sub("", self.text)

    def press(self, keys: str) -> None:
        """Forget what was written, and press keys."""
        self.read()
        self.text = ""
        self.child.send(keys)

    def wait_for(self, *words: str) -> None:
        """Wait until each of these was written."""
        wait_until(lambda: all(word in self.read() for word in words), SECONDS)


@pytest.fixture
def course(place: Path, leaklab: Leaklab) -> Path:
    folder = place / "course"
    assert leaklab("learn", "init", "course").returncode == 0
    assert leaklab("learn", "next", "front_office", "--workspace", "course").returncode == 0
    return folder


@pytest.fixture
def screen(course: Path, environment: dict[str, str]) -> Iterator[Screen]:
    shown = Screen(course, environment)
    shown.wait_for("Front office", IDLE)
    yield shown
    shown.child.close(force=True)


def hints_of(course: Path) -> int:
    state = json.loads((course / STATE).read_bytes())
    hints = state["exercises"].get("front_office", {}).get("hints", 0)
    assert isinstance(hints, int)
    return hints


def test_a_hunt_on_the_screen(screen: Screen, course: Path) -> None:
    screen.press(F6)
    screen.wait_for("$ leaklab learn hint", "(3 hints left)", IDLE)
    screen.press(F3)
    screen.wait_for("$ leaklab learn measure", BUSY)
    screen.child.send(F6)  # held while it measures
    screen.wait_for("units (parent)", IDLE)
    assert hints_of(course) == 1
    screen.press("answer leak --resource memory\r")
    screen.wait_for("Right: it leaks, and that is the resource.", IDLE)
    screen.press("answer 'leak\r")
    screen.wait_for("No closing quotation")
    screen.press("")
    screen.child.setwinsize(30, 100)
    screen.wait_for("Front office, 4 of")
    screen.press(F10)
    screen.child.expect(pexpect.EOF)
    screen.child.close()
    assert screen.child.exitstatus == 0


def test_ctrl_c_ends_the_measurement_and_then_the_screen(screen: Screen, course: Path) -> None:
    screen.press("measure --units 50000000\r")
    screen.wait_for(BUSY)
    wait_until(lambda: len(processes_of(course.parent)) >= MEASURING)
    screen.press(CTRL_C)
    screen.wait_for(IDLE)
    wait_until(lambda: len(processes_of(course.parent)) == 1)
    screen.press(F6)
    screen.wait_for("(3 hints left)", IDLE)
    screen.press(CTRL_C)
    screen.child.expect(pexpect.EOF)
    screen.child.close()
    assert screen.child.exitstatus == 0
