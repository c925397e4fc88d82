"""The ways a command can fail, each with its exit code.

A message is one line: what happened, then what to do about it. `cli/exit_codes.py` prints it and
gives the code; nothing below the command line exits or prints.
"""

from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import ClassVar


class Exit(IntEnum):
    """What the command's exit code says."""

    AS_EXPECTED = 0
    DIFFERS = 1
    BAD_INPUT = 2
    NOT_MEASURED = 3
    INFRASTRUCTURE = 4


class LabError(Exception):
    """Something the user can act on; `str()` of it is the one line to show."""

    exit: ClassVar[Exit] = Exit.NOT_MEASURED


def printable(text: str) -> str:
    """Text without control characters and the like, which could move a terminal's cursor; `?`
    stands for each."""
    return "".join(c if c.isprintable() else "?" for c in text)


def one_line(text: str) -> str:
    """Any text as one clean line: white space folded, and printable."""
    return printable(" ".join(text.split()))


class BadInput(LabError):
    """What was asked for, or a scenario's own text, is wrong."""

    exit = Exit.BAD_INPUT


class InvalidFile(BadInput):
    """A file has mistakes.

    Attributes:
        heading: The file and the number of its mistakes.
        problems: The mistakes, one line each: what is wrong, and what to write.
    """

    def __init__(self, path: Path, problems: Sequence[str]) -> None:
        """Name the file and all of its mistakes in one line."""
        self.problems = tuple(problems)
        if len(self.problems) == 1:
            self.heading = f"{path} has 1 problem"
            super().__init__(f"{path}: {self.problems[0]}")
            return
        self.heading = f"{path} has {len(self.problems)} problems"
        numbered = (f"({number}) {text}" for number, text in enumerate(self.problems, start=1))
        super().__init__(f"{self.heading}: {'; '.join(numbered)}")


class NotMeasured(LabError):
    """The request was sound, and the measurement still could not be made."""

    exit = Exit.NOT_MEASURED


class NotSaved(NotMeasured):
    """A result could not be saved, and so the next ones could not be."""


class Skipped(NotMeasured):
    """The scenario needs something this machine lacks; the message says what to install."""


class InfrastructureBroke(LabError):
    """What stands around the measurement failed: asv, its environment, a checkout."""

    exit = Exit.INFRASTRUCTURE


class Cancelled(NotMeasured):
    """The session is ending, and this run was given up for it."""
