"""The errors of leaklab, each with its exit code.

A message is one line: what happened, then what to do. `cli/exit_codes.py` prints it and returns the
exit code; no other package exits or prints.
"""

from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import ClassVar


class Exit(IntEnum):
    """The exit codes of a command."""

    AS_EXPECTED = 0
    DIFFERS = 1
    BAD_INPUT = 2
    NOT_MEASURED = 3
    INFRASTRUCTURE = 4


class LabError(Exception):
    """An error that the user can act on; `str()` of it is the line to show."""

    exit: ClassVar[Exit] = Exit.NOT_MEASURED


def printable(text: str) -> str:
    """Replace each non-printable character, which could move a terminal's cursor, by `?`."""
    return "".join(c if c.isprintable() else "?" for c in text)


def printable_lines(text: str) -> str:
    """Replace the non-printable characters of a text of several lines, except line ends and tabs,
    by `?`."""
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)


def one_line(text: str) -> str:
    """Return any text as one printable line, each run of white space as one blank."""
    return printable(" ".join(text.split()))


class BadInput(LabError):
    """The request, or a file that it names, is wrong."""

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
    """The request was valid, but the measurement could not be made."""

    exit = Exit.NOT_MEASURED


class NotSaved(NotMeasured):
    """A result could not be saved; the following ones could not be saved either."""


class Skipped(NotMeasured):
    """The scenario needs something that is not installed; the message says what to install."""


class InfrastructureBroke(LabError):
    """asv, its environment or the checkout failed."""

    exit = Exit.INFRASTRUCTURE


class Cancelled(NotMeasured):
    """The run was cancelled, because the session is ending."""
