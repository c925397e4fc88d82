"""Commands of the profilers that make their reports."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from leaklab.features.tools.registry import last_line
from leaklab.features.tools.tool_run import ToolRun
from leaklab.model.errors import NotMeasured
from leaklab.model.text import cut_to

MAX_REPORT_SECONDS = 120
MAX_REPORT_MESSAGE = 200


def output_of(
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """Run a command that makes a profiler's report, and return what it printed.

    Raises:
        NotMeasured: It failed, or took too long.
    """
    try:
        completed = subprocess.run(  # noqa: S603  (a profiler's own command, on its own file)
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=MAX_REPORT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotMeasured(f"{name}: its report took more than {MAX_REPORT_SECONDS} s") from None
    if completed.returncode:
        lines = (completed.stderr or completed.stdout).strip().splitlines() or ["no message"]
        raise NotMeasured(f"{name}: it made no report: {cut_to(lines[-1], MAX_REPORT_MESSAGE)}")
    return completed.stdout


def require_file(name: str, path: Path, tool_run: ToolRun) -> Path:
    """Return a file that a profiler should have written.

    Raises:
        NotMeasured: It did not; the message has the last line that it printed.
    """
    if not path.is_file() or not path.stat().st_size:
        raise NotMeasured(f"{name}: it wrote no {path.name}; {last_line(tool_run)}")
    return path
