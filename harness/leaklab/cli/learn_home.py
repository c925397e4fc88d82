"""`leaklab learn` without a command: the screen on a terminal, and the status anywhere else."""

import os
import sys

from leaklab.cli.learn import open_hunt, write_lines
from leaklab.reports.course import status_text


def show_home() -> None:
    """Show where the learner is; on a terminal with its keys, if Textual is installed.

    `TERM=dumb` and LEAKLAB_PLAIN ask for the plain text.
    """
    hunt = open_hunt(None, None, None)
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    plain = os.environ.get("TERM", "dumb") == "dumb" or "LEAKLAB_PLAIN" in os.environ
    if on_terminal and not plain:
        try:
            from leaklab.cli.learn_screen import LearnScreen  # noqa: PLC0415  (0.3 s)
        except ImportError:
            pass
        else:
            LearnScreen(hunt).run()
            return
    write_lines(status_text(hunt.workspace, hunt.state))
