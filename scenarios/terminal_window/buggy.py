"""Opens terminal windows on an X display."""

from __future__ import annotations

import subprocess

# The night shift scrolls back to what was printed in the day.
SCROLLBACK_LINES = 10_000_000


class Window:
    """An xterm that runs a command; it closes when the command ends."""

    def __init__(self, display: str, command: list[str]) -> None:
        self._xterm = subprocess.Popen(
            ["xterm", "-display", display, "-sl", str(SCROLLBACK_LINES), "-e", *command],
            stdin=subprocess.DEVNULL,
        )

    @property
    def pid(self) -> int:
        """The process id of the xterm."""
        return self._xterm.pid

    def status(self) -> int | None:
        """Return the exit status of the xterm; None while the window is open."""
        return self._xterm.poll()

    def close(self) -> None:
        """Close the window; its command gets SIGHUP."""
        self._xterm.terminate()
        self._xterm.wait()
