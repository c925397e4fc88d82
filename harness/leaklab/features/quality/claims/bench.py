"""The bench on which claims are measured: leaklab's own commands, and small programs.

A figure comes from a command line that a reader can repeat, and the bench notes each of them. The
same command line runs once, however many claims use its figures.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from leaklab.model.errors import NotMeasured, one_line
from leaklab.model.measurement import EndReason
from leaklab.model.result import Result
from leaklab.model.text import cut_to

MAX_COMMAND_SECONDS = 400
MAX_FAILURE_MESSAGE = 200
CLAIMS_PACKAGE = __package__

Figures = TypeVar("Figures")


class Bench:
    """Runs commands within a folder, and notes them.

    Attributes:
        commands: The command lines since the last `begin`, as a reader can type them.
    """

    def __init__(self, folder: Path, on_step: Callable[[str], None]) -> None:
        """Run commands in a folder; `on_step` is told what is being run."""
        self.commands: list[str] = []
        self._folder = folder
        self._on_step = on_step
        self._outputs: dict[tuple[str, ...], bytes] = {}

    def begin(self) -> None:
        """Forget the command lines of the claim before."""
        self.commands = []

    def leaklab(self, *arguments: str, gives: type[Figures]) -> Figures:
        """Run a command of leaklab with `--json`, and return what it printed.

        Args:
            arguments: The sub-command and its arguments, without `--json`.
            gives: The type of its output.

        Raises:
            NotMeasured: It failed.
        """
        command = [sys.executable, "-m", "leaklab", *arguments, "--json"]
        return self._decoded(f"leaklab {shlex.join(arguments)}", command, gives)

    def runs(self, *arguments: str) -> list[Result]:
        """Run scenarios by `leaklab run`, and return the results.

        Raises:
            NotMeasured: A run failed.
        """
        results = self.leaklab("run", *arguments, gives=list[Result])
        for result in results:
            if result.end_reason is not EndReason.COMPLETED:
                line = f"'leaklab run {shlex.join(arguments)}'"
                raise NotMeasured(f"{line}: {result.end_reason}; run it alone to see why")
        return results

    def program(self, name: str, *arguments: str, gives: type[Figures]) -> Figures:
        """Run a module of this package, and return what it printed.

        Args:
            name: The module below the package.
            arguments: Its arguments.
            gives: The type of its output.

        Raises:
            NotMeasured: It failed.
        """
        module = [f"{CLAIMS_PACKAGE}.{name}", *arguments]
        return self._decoded(
            f"python -m {shlex.join(module)}", [sys.executable, "-m", *module], gives
        )

    def _decoded(self, line: str, command: Sequence[str], gives: type[Figures]) -> Figures:
        self.commands.append(line)
        self._on_step(line)
        key = tuple(command)
        if key not in self._outputs:
            self._outputs[key] = self._output(line, command)
        try:
            return msgspec.json.decode(self._outputs[key], type=gives)
        except msgspec.MsgspecError as error:
            raise NotMeasured(f"'{line}' printed something else: {error}") from error

    def _output(self, line: str, command: Sequence[str]) -> bytes:
        """Return the output of a command; an exit code alone is no failure, because it judges."""
        try:
            completed = subprocess.run(  # noqa: S603  (leaklab's own commands)
                command,
                cwd=self._folder,
                env={**os.environ, "LEAKLAB_RESULTS": str(self._folder / "results")},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=MAX_COMMAND_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NotMeasured(f"'{line}' took more than {MAX_COMMAND_SECONDS} s") from None
        if not completed.stdout.strip() or completed.stdout.strip() == b"[]":
            lines = completed.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
            raise NotMeasured(cut_to(one_line(lines[-1]), MAX_FAILURE_MESSAGE))
        return completed.stdout


def peak_of(result: Result) -> int:
    """Return the peak of a run in bytes, above its interpreter.

    Raises:
        NotMeasured: It was not read.
    """
    if result.peak_rss_bytes is None:
        raise NotMeasured(f"{result.scenario}/{result.variant}: no peak was read; run it again")
    return result.peak_rss_bytes
