"""The session of docs/tutorial/learn.md, which is run and written into the page.

The page is the script: each block that follows a marker such as `<!-- screen: 12 -->` begins with
commands, each after `$ `. They run one after the other in an empty folder, and their output takes
the place of what the block had. 12 is the most lines that are shown of each output.
`make learn-page` does this. It is not a command of leaklab because only a checkout has the page.
"""

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from leaklab.catalogue.folders import builtin_root

PAGE = Path("docs") / "tutorial" / "learn.md"
SCREEN = re.compile(r"(<!-- screen: (\d+) -->\n```\n)(.*?)(```\n)", re.S)
DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b")
PROMPT = "$ "
TERMINAL_COLUMNS = 80
COMMAND_SECONDS = 300


class LearnerShell:
    """Runs the commands of a session in a folder, as a learner types them."""

    def __init__(self, home: Path) -> None:
        """Begin in the folder `home`, which the output shows as `~`."""
        self._home = home
        self._place = home
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._environment = {**os.environ, "PATH": path, "COLUMNS": f"{TERMINAL_COLUMNS}"}

    def run(self, command: str) -> str:
        """Run a command, and return what it writes.

        Raises:
            subprocess.TimeoutExpired: It takes too long.
        """
        if command.startswith("cd "):
            self._place = self._place / command.removeprefix("cd ")
            return ""
        ended = subprocess.run(  # noqa: S602  (a shell runs the commands of the project's page)
            command,
            shell=True,
            cwd=self._place,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        text = ended.stdout.replace(str(self._home), "~")
        return text.replace(sysconfig.get_path("stdlib"), "/usr/lib/python3")


def screens(page: str) -> list[tuple[str, str]]:
    """Return each command of a page with the output that the page shows."""
    shown = []
    for match in SCREEN.finditer(page):
        for part in re.split(r"^\$ ", match[3], flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            shown.append((command, output))
    return shown


def with_session(page: str, shell: LearnerShell) -> str:
    """Return a page with the outputs of its commands, which are run, and with today's date."""

    page = SCREEN.sub(lambda match: _run_screen(match, shell), page)
    return DATE.sub(f"{datetime.now(UTC):%Y-%m-%d}", page)


def _run_screen(match: re.Match[str], shell: LearnerShell) -> str:
    """Return a block with the outputs of its commands as they are now."""
    lines: list[str] = []
    for command in (c for c in match[3].splitlines() if c.startswith(PROMPT)):
        output = shell.run(command.removeprefix(PROMPT)).rstrip("\n").splitlines()
        lines += [command, *cut_lines(output, int(match[2]))]
    text = "\n".join(line.rstrip() for line in lines)
    return f"{match[1]}{text}\n{match[4]}"


def cut_lines(lines: list[str], most: int) -> list[str]:
    """Return an output, or its first lines, a mark and its last line if it has more than `most`."""
    if len(lines) <= most:
        return lines
    return [*lines[: most - 2], "…", lines[-1]]


def write_session(root: Path) -> None:
    """Run the session, and write the page of the checkout at `root`."""
    path = root / PAGE
    with tempfile.TemporaryDirectory() as home:
        page = with_session(path.read_text(encoding="utf-8"), LearnerShell(Path(home)))
    path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    write_session(builtin_root())
