"""`leaklab` and `python -m leaklab`: the entry from the shell into the command line.

Everything is imported inside the `try`, so that Ctrl-C ends every moment of a command, its start
included, in the same way.
"""

import sys

INTERRUPTED = 130


def main() -> None:
    """Run a command, and leave with its exit code."""
    try:
        from leaklab.cli import exit_codes, streams  # noqa: PLC0415  (see above)
        from leaklab.cli.main import cli  # noqa: PLC0415

        streams.install()
        code = exit_codes.run_command(cli, sys.argv[1:])
    except KeyboardInterrupt:
        if "--debug" in sys.argv:
            sys.excepthook(*sys.exc_info())
        if sys.stderr:
            sys.stderr.write("leaklab: interrupted\n")
        code = INTERRUPTED
    sys.exit(code)


if __name__ == "__main__":
    main()
