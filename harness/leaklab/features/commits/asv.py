"""asv as a subprocess, and the results that it saves.

asv's exit codes do not distinguish a regression from an unknown machine or a failed checkout, and
asv prints no table if a benchmark failed. So the files that it saves are read instead.
"""

import contextlib
import ctypes
import importlib.util
import itertools
import json
import math
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import msgspec

from leaklab.features.commits.changes import Benchmark, Value
from leaklab.features.commits.figures import Tracked
from leaklab.model.errors import BadInput, InfrastructureBroke, one_line
from leaklab.runs.sessions import lock_folder

CONFIGURATION = "asv.conf.json"
SUITE = "benchmarks/__init__.py"
# The versions of the packages that asv installs into its environment.
CONSTRAINTS = "constraints.txt"
TRACK = "track_"
LAST_LINES = 4
# The starts of asv's lines that name what it is doing; the others are progress and tables.
STAGES = ("Creating environments", "Discovering", "For leaklab commit")


@dataclass(frozen=True)
class AsvOutput:
    """asv's exit code and the lines that it printed."""

    code: int
    lines: Sequence[str]

    def last_line(self) -> str:
        """Return the last lines as one line; of a traceback, only its last line."""
        lines = [line for line in self.lines if line]
        is_trace = any(line.startswith("Traceback") for line in lines)
        return one_line(" ".join(lines[-1:] if is_trace else lines[-LAST_LINES:]))

    def marks(self) -> dict[Benchmark, str]:
        """Return the marks in the table of `asv continuous`: `+` worse, `-` better, `!` failed."""
        rows = [[cell.strip() for cell in line.split("|")] for line in self.lines]
        return {
            parse_benchmark(row[5]): row[1]
            for row in rows
            if len(row) == 7 and row[1] in {"+", "-", "!"}
        }


@dataclass(frozen=True)
class Asv:
    """asv in a checkout.

    `environment` is what the suite is given (`benchmarks/lab.py`); `on_progress` is called with
    each line that names what asv is doing.
    """

    root: Path
    environment: Mapping[str, str]
    on_progress: Callable[[str], None]

    @property
    def state(self) -> Path:
        """The folder for the files of the benchmark suite and of this module."""
        return self.root / ".asv" / "leaklab"

    @property
    def log(self) -> Path:
        """The file with asv's whole output since this session began."""
        return self.state / "asv.log"

    def run(self, *arguments: str) -> AsvOutput:
        """Run asv with these arguments to its end, and return its output.

        Raises:
            InfrastructureBroke: Asv cannot be started, or its log cannot be written.
        """
        try:
            self.state.mkdir(parents=True, exist_ok=True)
            with self.log.open("a", encoding="utf-8") as log, self._process(arguments) as process:
                lines = [self._handle_line(line, log) for line in process.stdout or ()]
        except OSError as error:
            problem = f"asv cannot be run: {error}"
            raise InfrastructureBroke(f"{problem}; fix that, or free memory and disk") from error
        return AsvOutput(process.returncode, lines)

    def register_machine(self) -> None:
        """Register this machine with asv, unless it is known; otherwise asv would wait for input.

        Raises:
            InfrastructureBroke: Asv cannot register the machine.
        """
        machines = Path("~/.asv-machine.json").expanduser()
        with contextlib.suppress(OSError, ValueError, TypeError):
            if platform.node() in json.loads(machines.read_text(encoding="utf-8")):
                return
        output = self.run("machine", "--yes")
        if output.code:
            problem = f"asv cannot register this machine in {machines}: {output.last_line()}"
            raise InfrastructureBroke(f"{problem}; set HOME to a writable folder")

    def remove_notes(self, commits: Iterable[str]) -> None:
        """Remove the suite's notes on commits, so that only new ones are read afterwards."""
        for commit in commits:
            self._note(commit).unlink(missing_ok=True)

    def read_tracked(self, commit: str) -> Tracked | None:
        """Read the suite's note on a commit: its figures, and why others are missing."""
        try:
            return msgspec.json.decode(self._note(commit).read_bytes(), type=Tracked)
        except (OSError, ValueError):
            return None

    def read_values(self, commit: str, since: float = 0.0) -> dict[Benchmark, Value] | None:
        """Read the figures that asv saved of a commit.

        Args:
            commit: Its hash.
            since: Seconds since the epoch; earlier results are ignored.

        Returns:
            The figures without those that asv skipped; None if asv saved nothing.

        Raises:
            InfrastructureBroke: A file of asv's cannot be read.
        """
        by_name: dict[str, dict[Benchmark, Value]] = {}
        for result in self._results(commit):
            for name in result.get_all_result_keys():
                if (result.started_at.get(name) or 0) >= since * 1000:
                    params = result.get_result_params(name)
                    values = result.get_result_value(name, params)
                    stats = result.get_result_stats(name, params)
                    by_name[name] = _unrolled(name, params, values, stats)
        return {b: v for of_one in by_name.values() for b, v in of_one.items()} if by_name else None

    def _results(self, commit: str) -> list[Any]:
        """Load asv's results of a commit, of all machines that have any, the newest last."""
        # The import takes 0.3 s, which only these commands pay for.
        from asv.results import Results  # noqa: PLC0415
        from asv.util import UserError  # noqa: PLC0415

        try:
            files = self.root.glob(f".asv/results/*/{commit[:8]}-*.json")
            results = [Results.load(str(file)) for file in files]
            return sorted(results, key=lambda one: max(one.started_at.values(), default=0))
        except (UserError, TypeError, KeyError) as error:
            raise InfrastructureBroke(f"asv's result is damaged: {error}; remove it") from error

    def _process(self, arguments: Sequence[str]) -> subprocess.Popen[str]:
        own = {"LEAKLAB_PYTHON": sys.executable}
        if (self.root / CONSTRAINTS).exists():
            # The name alone, because pip splits the variable at blanks in a path.
            own["PIP_CONSTRAINT"] = CONSTRAINTS
        others = {k: v for k, v in os.environ.items() if not k.startswith("LEAKLAB_")}
        # asv searches PATH for an interpreter of its version, and has to find this one first.
        others["PATH"] = (
            f"{Path(sys.executable).parent}{os.pathsep}{others.get('PATH', os.defpath)}"
        )
        return subprocess.Popen(  # noqa: S603  (our own interpreter)
            [sys.executable, "-m", "asv", *arguments],
            cwd=self.root,
            env={**others, **own, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            preexec_fn=_die_with_parent,  # noqa: PLW1509  (nothing here runs in threads)
        )

    def _handle_line(self, line: str, log: IO[str]) -> str:
        log.write(line)
        stage = line.rpartition("·")[2].strip()
        if stage.startswith(STAGES):
            self.on_progress(stage)
        return line.strip()

    def _note(self, commit: str) -> Path:
        return self.state / f"{commit}.json"


def _die_with_parent() -> None:
    """Have the kernel interrupt asv when its parent ends; runs in asv's process before asv."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, int(signal.SIGINT))


def open_asv(root: Path, environment: Mapping[str, str], on_progress: Callable[[str], None]) -> Asv:
    """Open asv in the checkout at `root`, and lock the checkout until this process ends.

    Raises:
        BadInput: Asv is not configured there, or not installed.
        InfrastructureBroke: Another process has the lock, or asv's folder cannot be written.
    """
    for name in (CONFIGURATION, SUITE):
        if not (root / name).is_file():
            raise BadInput(f"there is no {name} in {root}: go to the top of a checkout")
    if importlib.util.find_spec("asv") is None:
        raise BadInput("asv is not installed: 'make setup', or pip install 'leaklab[bench]'")
    asv = Asv(root, environment, on_progress)
    try:
        asv.state.mkdir(parents=True, exist_ok=True)
        lock_folder(asv.state)
        asv.log.write_bytes(b"")
    except BlockingIOError:
        problem = f"another command is running asv in the checkout {root}"
        raise InfrastructureBroke(f"{problem}: wait for its end") from None
    except OSError as error:
        problem = f"{asv.state} cannot be written: {error.strerror}"
        raise InfrastructureBroke(f"{problem}; fix its permissions, or remove .asv") from error
    return asv


def _unrolled(
    name: str,
    params: Sequence[Sequence[str]],
    values: Sequence[float | None],
    stats: Sequence[object],
) -> dict[Benchmark, Value]:
    """Return the figures of a benchmark by their own names, without skipped ones, which are NaN."""
    names = [f"{name}({', '.join(combo)})" for combo in itertools.product(*params)]
    rows = zip(names if params else [name], values, stats, strict=True)
    return {
        parse_benchmark(name): Value(amount, sampled=stat is not None)
        for name, amount, stat in rows
        if amount is None or not math.isnan(amount)
    }


def parse_benchmark(name: str) -> Benchmark:
    """Parse asv's name: `growth.track_a('buggy', 'fork')` is the growth of a/buggy/fork."""
    head, _, params = name.partition("(")
    module, _, function = head.rpartition(".")
    values = [p.strip(" '") for p in params.rstrip(")").split(",") if p]
    return Benchmark(module, "/".join([function.removeprefix(TRACK), *values]))
