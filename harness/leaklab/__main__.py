"""`leaklab` and `python -m leaklab`: the command line, and the one place where errors end."""

import sys

from leaklab.cli import INTERRUPTED, cli
from leaklab.errors import Exit, LabError


def main() -> None:
    """Run a command; an error becomes one line on stderr and an exit code."""
    try:
        cli.main(prog_name="leaklab", standalone_mode=True)
    except LabError as error:
        _leave(error, error.exit)
    except KeyboardInterrupt as error:
        _leave(error, INTERRUPTED, "interrupted; what was measured before is saved")
    except Exception as error:  # noqa: BLE001  (a fault of ours is one line, too)
        words = f"a fault in leaklab ({type(error).__name__}: {error}); --debug shows where"
        _leave(error, Exit.NOT_MEASURED, words)


def _leave(error: BaseException, code: int, words: str = "") -> None:
    if "--debug" in sys.argv:
        raise error
    sys.stderr.write(f"leaklab: {words or ' '.join(str(error).splitlines())}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
