"""Runs a repository's hook: a program that is started for every push."""

from __future__ import annotations

import subprocess


class Hooks:
    """Starts the hook for each push, and returns without waiting for its end."""

    def __init__(self, hook: list[str]) -> None:
        self._hook = hook
        self._running: list[subprocess.Popen[bytes]] = []

    def run(self, push: str) -> int:
        """Start the hook for a push, and return its process id for the log."""
        self._running.append(subprocess.Popen([*self._hook, push], stdin=subprocess.DEVNULL))
        return self._running[-1].pid

    def stop(self) -> None:
        """Wait until the hooks that still run have ended."""
        for hook in self._running:
            hook.wait()
        self._running.clear()
