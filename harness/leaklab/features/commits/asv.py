"""asv as a process, and what it saved.

asv's exit codes do not tell a regression from a machine it knows nothing of or a checkout that
failed, and where a benchmark failed it prints no table. So its own files are read instead.
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
# The versions of what asv puts into its environment, too.
CONSTRAINTS = "constraints.txt"
TRACK = "track_"
LAST_LINES = 4
# Its lines that say what it is about; the others are progress and tables of its own.
STAGES = ("Creating environments", "Discovering", "For leaklab commit")


@dataclass(frozen=True)
class AsvOutput:
    """How asv ended, and all its lines."""

    code: int
    lines: Sequence[str]

    def last_line(self) -> str:
        """The end of it on one line; of a traceback, its last line."""
        said = [line for line in self.lines if line]
        is_trace = any(line.startswith("Traceback") for line in said)
        return one_line(" ".join(said[-1:] if is_trace else said[-LAST_LINES:]))

    def marks(self) -> dict[Benchmark, str]:
        """What asv itself saw, from the table of `asv continuous`: `+` worse, `-` better, `!`
        failed; nothing where it printed none."""
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
        """Where the suite and this module leave their files."""
        return self.root / ".asv" / "leaklab"

    @property
    def log(self) -> Path:
        """All that asv said to the last command."""
        return self.state / "asv.log"

    def run(self, *words: str) -> AsvOutput:
        """Run one of asv's commands to its end.

        Raises:
            InfrastructureBroke: it cannot be started.
        """
        try:
            self.state.mkdir(parents=True, exist_ok=True)
            with self.log.open("a", encoding="utf-8") as log, self._process(words) as process:
                lines = [self._heard(line, log) for line in process.stdout or ()]
        except OSError as error:
            raise InfrastructureBroke(f"asv cannot be run: {error}; make room for it") from error
        return AsvOutput(process.returncode, lines)

    def register_machine(self) -> None:
        """Tell asv of this machine, unless it knows it: else it would ask, and wait.

        Raises:
            InfrastructureBroke: it cannot note it.
        """
        noted = Path("~/.asv-machine.json").expanduser()
        with contextlib.suppress(OSError, ValueError, TypeError):
            if platform.node() in json.loads(noted.read_text(encoding="utf-8")):
                return
        said = self.run("machine", "--yes")
        if said.code:
            words = f"asv cannot note this machine in {noted}: {said.last_line()}"
            raise InfrastructureBroke(f"{words}; name a HOME that can be written")

    def remove_notes(self, commits: Iterable[str]) -> None:
        """Remove what the suite noted of commits, so that what is there afterwards is new."""
        for commit in commits:
            self._note(commit).unlink(missing_ok=True)

    def read_tracked(self, commit: str) -> Tracked | None:
        """What the suite noted of a commit: its figures, and why others have none."""
        try:
            return msgspec.json.decode(self._note(commit).read_bytes(), type=Tracked)
        except (OSError, ValueError):
            return None

    def read_values(self, commit: str, since: float = 0.0) -> dict[Benchmark, Value] | None:
        """The figures that asv saved of a commit.

        Args:
            commit: its hash.
            since: seconds of the epoch; what was saved before is not looked at.

        Returns:
            None where nothing was saved; what was skipped is left out.

        Raises:
            InfrastructureBroke: a file of asv's cannot be read.
        """
        found: dict[str, dict[Benchmark, Value]] = {}
        for result in self._results(commit):
            for name in result.get_all_result_keys():
                if (result.started_at.get(name) or 0) >= since * 1000:
                    params = result.get_result_params(name)
                    values = result.get_result_value(name, params)
                    stats = result.get_result_stats(name, params)
                    found[name] = _unrolled(name, params, values, stats)
        return {b: v for of_one in found.values() for b, v in of_one.items()} if found else None

    def _results(self, commit: str) -> list[Any]:
        """What asv saved of a commit, the newest last: there may be some of other machines, or of
        this one under another name."""
        # 0.3 s to import, for these commands only.
        from asv.results import Results  # noqa: PLC0415
        from asv.util import UserError  # noqa: PLC0415

        try:
            files = self.root.glob(f".asv/results/*/{commit[:8]}-*.json")
            results = [Results.load(str(file)) for file in files]
            return sorted(results, key=lambda one: max(one.started_at.values(), default=0))
        except (UserError, TypeError, KeyError) as error:
            raise InfrastructureBroke(f"a result of asv's is damaged: {error}") from error

    def _process(self, words: Sequence[str]) -> subprocess.Popen[str]:
        own = {"LEAKLAB_PYTHON": sys.executable}
        if (self.root / CONSTRAINTS).exists():
            # By its name alone: pip takes a blank in a path for the end of it.
            own["PIP_CONSTRAINT"] = CONSTRAINTS
        others = {k: v for k, v in os.environ.items() if not k.startswith("LEAKLAB_")}
        # asv looks for an interpreter of its own version by name: ours comes first.
        others["PATH"] = (
            f"{Path(sys.executable).parent}{os.pathsep}{others.get('PATH', os.defpath)}"
        )
        return subprocess.Popen(  # noqa: S603  (our own interpreter)
            [sys.executable, "-m", "asv", *words],
            cwd=self.root,
            env={**others, **own, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            preexec_fn=_die_with_us,  # noqa: PLW1509  (nothing here runs in threads)
        )

    def _heard(self, line: str, log: IO[str]) -> str:
        log.write(line)
        words = line.rpartition("·")[2].strip()
        if words.startswith(STAGES):
            self.on_progress(words)
        return line.strip()

    def _note(self, commit: str) -> Path:
        return self.state / f"{commit}.json"


def _die_with_us() -> None:
    """In asv, before it begins: be interrupted when this process is gone, however it went."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, int(signal.SIGINT))


def open_asv(root: Path, environment: Mapping[str, str], on_progress: Callable[[str], None]) -> Asv:
    """asv in the checkout at `root`, which is this process's alone until it ends.

    Raises:
        BadInput: it is not configured there, or not installed.
        InfrastructureBroke: another process has it, or its folder cannot be written.
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
        words = f"another command has asv measure in {root}, and there is one checkout for both"
        raise InfrastructureBroke(f"{words}: wait for its end") from None
    except OSError as error:
        words = f"{asv.state} cannot be written: {error.strerror}"
        raise InfrastructureBroke(f"{words}; mend its rights, or remove .asv") from error
    return asv


def _unrolled(
    name: str,
    params: Sequence[Sequence[str]],
    values: Sequence[float | None],
    stats: Sequence[object],
) -> dict[Benchmark, Value]:
    """Each figure by its own name; what asv skipped is NaN, and left out."""
    names = [f"{name}({', '.join(combo)})" for combo in itertools.product(*params)]
    found = zip(names if params else [name], values, stats, strict=True)
    return {
        parse_benchmark(name): Value(amount, sampled=stat is not None)
        for name, amount, stat in found
        if amount is None or not math.isnan(amount)
    }


def parse_benchmark(name: str) -> Benchmark:
    """`growth.track_word_index('buggy', 'fork')` is the growth of word_index/buggy/fork."""
    head, _, params = name.partition("(")
    module, _, function = head.rpartition(".")
    values = [p.strip(" '") for p in params.rstrip(")").split(",") if p]
    return Benchmark(module, "/".join([function.removeprefix(TRACK), *values]))
