"""Run a command line: every error ends here, as an exit code and one line on standard error.

click's own `main` is not used: it exits with 1 when the reader of a pipe is gone, and 1 means a
wrong verdict here.
"""

import os
import sys
import traceback
from collections.abc import Sequence

import click
from click.shell_completion import shell_complete

from leaklab.cli import streams
from leaklab.cli.main import NEXT_STEPS, load_command
from leaklab.model.errors import Exit, LabError, one_line, printable

COMPLETION = "_LEAKLAB_COMPLETE"


def run_command(command: click.Command, arguments: Sequence[str]) -> int:
    """Run a command line, and return its exit code.

    Args:
        command: The command.
        arguments: Its arguments.
    """
    try:
        code = _invoke(command, arguments)
        streams.flush()
    except streams.ReaderGone as error:
        streams.to_devnull(1)
        return error.exit
    except Exception as error:  # noqa: BLE001  (a bug in leaklab is reported on one line, too)
        if isinstance(error, streams.OutputLost):
            streams.to_devnull(1)
        streams.write_stderr(message(error))
        return _code(error)
    return code


def message(error: Exception) -> str:
    """Return the error's line for standard error, after the traceback if --debug is given."""
    line = f"leaklab: {one_line(_text(error))}\n"
    if not debugging():
        return line
    trace = "".join(traceback.format_exception(error)).rstrip()
    return "".join(f"{printable(part)}\n" for part in trace.splitlines()) + line


def debugging() -> bool:
    """Return whether --debug is given; a command line with an error has no parsed options."""
    return "--debug" in own_arguments(sys.argv[1:])


def own_arguments(arguments: Sequence[str]) -> Sequence[str]:
    """Return a command line without the command that `watch` or `profile` starts."""
    name = next((i for i, word in enumerate(arguments) if not word.startswith("-")), len(arguments))
    if arguments[name : name + 1] == ["profile"] and "--" in arguments:
        return arguments[: arguments.index("--") + 1]
    if arguments[name : name + 1] != ["watch"]:
        return arguments

    rest = list(arguments[name + 1 :])
    parsed = load_command("watch").make_context("watch", rest, resilient_parsing=True)
    return arguments[: len(arguments) - len(parsed.params["arguments"] or ())]


def _invoke(command: click.Command, arguments: Sequence[str]) -> int:
    if instruction := os.environ.get(COMPLETION):
        return shell_complete(command, {}, "leaklab", COMPLETION, instruction)
    try:
        with command.make_context("leaklab", list(arguments)) as context:
            return int(command.invoke(context) or Exit.AS_EXPECTED)
    except click.exceptions.Exit as left:  # --help and --version
        return left.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        if not arguments and sys.stdout.isatty():
            sys.stdout.write(NEXT_STEPS)
            return Exit.AS_EXPECTED
        click.echo(error.format_message())
        return Exit.BAD_INPUT


def _code(error: Exception) -> Exit:
    if isinstance(error, LabError):
        return error.exit
    return Exit.BAD_INPUT if isinstance(error, click.ClickException) else Exit.NOT_MEASURED


def _text(error: Exception) -> str:
    if isinstance(error, LabError):
        return str(error)
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        if "is not one of" in error.format_message():
            return error.format_message()
        path = context.command_path if context else "leaklab"
        return f"{error.format_message()} ('{path} --help' shows how)"
    what = f"unexpected {type(error).__name__}: {error}"
    return f"{what}; this is a bug in leaklab, and --debug prints the traceback to report"
