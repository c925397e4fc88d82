"""`leaklab` and `python -m leaklab`: the command line, and the one place where errors end."""

import sys

import click

from leaklab.cli import INTERRUPTED, cli
from leaklab.errors import Exit, LabError


def main() -> None:
    """Run a command; an error becomes one line on stderr and an exit code."""
    try:
        sys.exit(cli.main(prog_name="leaklab", standalone_mode=False))
    except LabError as error:
        _leave(error, error.exit, str(error))
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(Exit.BAD_INPUT)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "leaklab"
        _leave(error, Exit.BAD_INPUT, f"{error.format_message()} ('{path} --help' shows how)")
    except (KeyboardInterrupt, click.Abort) as error:
        _leave(error, INTERRUPTED, "interrupted; the runs that had ended are saved")
    except BrokenPipeError:
        # Whoever read our output has seen enough; there is nobody left to tell.
        sys.stderr.close()
        sys.exit(Exit.AS_EXPECTED)
    except Exception as error:  # noqa: BLE001  (a fault of ours is one line, too)
        words = f"a fault in leaklab ({type(error).__name__}: {error}); --debug shows where"
        _leave(error, Exit.NOT_MEASURED, words)


def _leave(error: BaseException, code: int, words: str) -> None:
    if "--debug" in sys.argv:
        raise error
    sys.stderr.write(f"leaklab: {' '.join(words.split())}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
