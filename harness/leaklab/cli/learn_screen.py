"""The one screen of the course: the story, the steps and the last result, with a key for each.

Each key runs the plain command in a process of its own, so that the screen stays alive while the
lab measures, and nothing works here that would not work without it. While a command runs, the other
keys are held; Ctrl-C ends the command, and without one the screen.
"""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar

from rich.markup import escape
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Footer, Input, Markdown, RichLog, Static

from leaklab.cli.learn import Hunt
from leaklab.features.course.course_state import read_state
from leaklab.reports.course import compact_status_text

IDLE = "Type a command, for example: answer leak --resource memory"
BUSY = "measuring; Ctrl-C ends it"


class LearnScreen(App[None]):
    """The screen of a hunt."""

    CSS = """
    #left { width: 1fr; padding: 0 1; }
    #status { width: 1fr; padding: 0 1; }
    #top { height: 45%; }
    #log { border-top: solid $primary; padding: 0 1; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "run('watch')", "watch"),
        Binding("f3", "run('measure')", "measure"),
        Binding("f4", "run('simplify')", "simplify", show=False),
        Binding("f5", "run('profile --with tracemalloc')", "profile"),
        Binding("f6", "run('hint')", "hint"),
        Binding("f7", "run('check')", "check"),
        Binding("f8", "run('next')", "next"),
        Binding("f9", "run('list')", "list"),
        Binding("f10", "leave", "quit"),
        Binding("ctrl+c", "interrupt", "stop", priority=True, show=False),
    ]

    def __init__(self, hunt: Hunt) -> None:
        """Show a hunt."""
        super().__init__()
        self._hunt = hunt
        self._child: subprocess.Popen[str] | None = None
        self._is_busy = False

    def compose(self) -> ComposeResult:
        """Make the parts of the screen."""
        with Horizontal(id="top"):
            with VerticalScroll(id="left"):
                yield Markdown(id="story")
            yield Static(id="status")
        yield RichLog(id="log", wrap=True, markup=False)
        yield Input(placeholder=IDLE, id="command")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Fill the screen."""
        self._refresh()
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Run the command that was typed."""
        event.input.value = ""
        if event.value.strip():
            self.action_run(event.value)

    def action_run(self, text: str) -> None:
        """Run a command of the course, unless one is under way."""
        try:
            arguments = shlex.split(text.removeprefix("leaklab learn "))
        except ValueError as error:
            self._write([f"{text}: {error}"])
            return
        if arguments and not self._is_busy:
            self._is_busy = True
            self._write([f"$ leaklab learn {shlex.join(arguments)}"])
            self.query_one(Input).placeholder = BUSY
            self._run_command(arguments)

    @work(thread=True, exclusive=True)
    def _run_command(self, arguments: Sequence[str]) -> None:
        """Run a command to its end, and show its output as it comes."""
        place = str(self._hunt.workspace.folder)
        command = [sys.executable, "-m", "leaklab", "learn", *arguments, "--workspace", place]
        self._child = subprocess.Popen(  # noqa: S603  (leaklab itself)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        assert self._child.stdout is not None  # noqa: S101  (for type checkers)
        for line in self._child.stdout:
            self.call_from_thread(self._write, [line.rstrip("\n")])
        self._child.wait()
        self.call_from_thread(self._command_ended)

    def _command_ended(self) -> None:
        """Accept the next key, and show what the command changed."""
        self._child, self._is_busy = None, False
        self._refresh()

    def action_interrupt(self) -> None:
        """End the command that is under way, or else the screen."""
        if self._is_busy:
            self._interrupt_command()
        else:
            self.exit()

    def action_leave(self) -> None:
        """End the screen, and the command that is under way."""
        self._interrupt_command()
        if self._child is not None:
            self._child.wait()
        self.exit()

    def _interrupt_command(self) -> None:
        if self._child is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGINT)

    def _write(self, lines: Sequence[str]) -> None:
        log = self.query_one(RichLog)
        for line in lines:
            log.write(line)

    def _refresh(self) -> None:
        """Show the state as it is now; another terminal may have changed it."""
        state, _ = read_state(self._hunt.workspace.folder)
        exercise = self._hunt.workspace.current(state)
        self.query_one(Markdown).update(exercise.story)
        text = compact_status_text(self._hunt.workspace, state)
        self.query_one("#status", Static).update(escape(text))
        self.query_one(Input).placeholder = IDLE
