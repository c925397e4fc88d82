"""How a command ends: with an exit code, and where it failed with one line on stderr.

This is the one place where errors end. click's own `main` would leave with 1, which means a wrong
verdict here, where the reader of a pipe is gone.
"""

import os
import sys
import traceback
from collections.abc import Sequence

import click
from click.shell_completion import shell_complete

from leaklab.cli import streams
from leaklab.cli.main import load_command
from leaklab.model.errors import Exit, LabError, one_line, printable

COMPLETION = "_LEAKLAB_COMPLETE"


def run_command(command: click.Command, words: Sequence[str]) -> int:
    """Run a command line; its exit code.

    Args:
        command: the command.
        words: what follows its name.
    """
    try:
        code = _invoke(command, words)
        streams.flush()
    except streams.ReaderGone as error:
        streams.to_devnull(1)
        return error.exit
    except Exception as error:  # noqa: BLE001  (a fault of ours is one line, too)
        if isinstance(error, streams.OutputLost):
            streams.to_devnull(1)
        streams.write_stderr(message(error))
        return _code(error)
    return code


def message(error: Exception) -> str:
    """What standard error is told: one line, after the traceback where --debug asks for it."""
    line = f"leaklab: {one_line(_words(error))}\n"
    if not debugging():
        return line
    trace = "".join(traceback.format_exception(error)).rstrip()
    return "".join(f"{printable(part)}\n" for part in trace.splitlines()) + line


def debugging() -> bool:
    """Whether tracebacks are wanted; asked of the words themselves, for a command line that is
    wrong has no parsed options."""
    return "--debug" in own_words(sys.argv[1:])


def own_words(words: Sequence[str]) -> Sequence[str]:
    """A command line without the command that `watch` is to start, whose words are its own."""
    name = next((i for i, word in enumerate(words) if not word.startswith("-")), len(words))
    if words[name : name + 1] != ["watch"]:
        return words

    rest = list(words[name + 1 :])
    parsed = load_command("watch").make_context("watch", rest, resilient_parsing=True)
    return words[: len(words) - len(parsed.params["words"] or ())]


def _invoke(command: click.Command, words: Sequence[str]) -> int:
    if instruction := os.environ.get(COMPLETION):
        return shell_complete(command, {}, "leaklab", COMPLETION, instruction)
    try:
        with command.make_context("leaklab", list(words)) as context:
            return int(command.invoke(context) or Exit.AS_EXPECTED)
    except click.exceptions.Exit as left:  # --help and --version
        return left.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return Exit.BAD_INPUT


def _code(error: Exception) -> Exit:
    if isinstance(error, LabError):
        return error.exit
    return Exit.BAD_INPUT if isinstance(error, click.ClickException) else Exit.NOT_MEASURED


def _words(error: Exception) -> str:
    if isinstance(error, LabError):
        return str(error)
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "leaklab"
        return f"{error.format_message()} ('{path} --help' shows how)"
    return f"a fault in leaklab ({type(error).__name__}: {error}); --debug shows where"
