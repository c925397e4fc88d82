"""Shared by all benchmarks: the list of scenarios, and one run of the lab for all figures.

The list of scenarios comes from the working tree: asv files figures by their position in the
parameters, which must be the same for every commit. The figures are those of the commit's
scenarios, and the working tree's leaklab measures them.

Environment variables, all optional:
    LEAKLAB_PYTHON      an interpreter that has leaklab; by default .venv/bin/python of the checkout
    LEAKLAB_BENCH       "all": also scenarios without `bench = true`
    LEAKLAB_ALSO        names: also these, though they are not `bench = true`
    LEAKLAB_SCENARIOS   names: only these are measured
    LEAKLAB_MODES       names: only these modes are measured
    LEAKLAB_FRESH       measure again even if an identical measurement is stored
    LEAKLAB_TERMINAL    a file that gets the progress
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple, TypedDict

ROOT = Path(__file__).resolve().parents[1]
STATE = ROOT / ".asv" / "leaklab"
# The version of the measurement. Raise it if a change of the lab moves figures, so that asv does
# not blame the scenarios for the step. Without it, asv would use a hash of this file's text.
RULER = "4"
VARIANTS = ("buggy", "fixed", "program")
# asv compares numbers.
VERDICTS = {"clean": 0, "undecided": 1, "leak": 2}
VERDICT_UNIT = "0 clean, 1 undecided, 2 leak"
# The exit code of `leaklab figures` if a commit has none of the requested figures.
NOTHING_MEASURED = 3
MAX_AT_ONCE = 4
# The same on every machine, because a run that is stopped counts as this much.
MEMORY_LIMIT = "1GiB"
# asv ends a benchmark that prints nothing for this long; the lab's own limits are shorter.
MAX_SILENCE_SECONDS = 3600.0


class Tracked(TypedDict):
    """The output of `leaklab figures`: figures by label, and the reason for each missing figure."""

    figures: dict[str, dict[str, object]]
    absent: dict[str, str]
    failed: dict[str, str]
    unread: dict[str, str]


class Scenario(NamedTuple):
    """The properties of a scenario of the working tree that the suite needs."""

    variants: list[str]
    modes: list[str]
    resource: str


def scenarios() -> dict[str, Scenario]:
    """Return the tracked scenarios of the working tree, by name."""
    tracked = {}
    also = os.environ.get("LEAKLAB_ALSO", "").split()
    everything = os.environ.get("LEAKLAB_BENCH") == "all"
    for path in sorted(ROOT.glob("scenarios/[!_.]*/scenario.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        name = path.parent.name
        if table.get("bench") or everything or name in also:
            variants = [variant for variant in VARIANTS if variant in table]
            tracked[name] = Scenario(variants, table["modes"], table["resource"])
    return tracked


def setup_cache() -> Tracked:
    """Measure every figure of the commit that is checked out. asv calls this once per commit, and
    passes the result to every benchmark.

    Raises:
        RuntimeError: the lab did not start, or failed; the message has its last line of output.
    """
    names = os.environ.get("LEAKLAB_SCENARIOS", "").split() or list(scenarios())
    modes = os.environ.get("LEAKLAB_MODES", "all").split()
    _require_commit()
    arguments = ["figures", *names, *(f"--mode={mode}" for mode in modes), f"--jobs={at_once()}"]
    arguments += ["--memory-limit", MEMORY_LIMIT]
    arguments += ["--catalogue", str(checkout())]
    if not os.environ.get("LEAKLAB_FRESH"):
        arguments += ["--reuse", str(STATE / "figures")]
    done = leaklab(*arguments)
    is_empty = done.returncode == NOTHING_MEASURED and done.stdout
    if done.returncode and not is_empty:
        raise RuntimeError(describe_end(done))
    figures: Tracked = json.loads(done.stdout)
    STATE.mkdir(parents=True, exist_ok=True)
    (STATE / f"{os.environ['ASV_COMMIT']}.json").write_text(done.stdout, encoding="utf-8")
    return figures


vars(setup_cache)["timeout"] = MAX_SILENCE_SECONDS


def peaks() -> dict[str, Callable[..., object]]:
    """Return a benchmark of the peak for each scenario, by asv's name for it."""
    return {
        f"track_{name}": _benchmark(name, scenario, "peak_rss_bytes", "bytes")
        for name, scenario in scenarios().items()
    }


def growths() -> dict[str, Callable[..., object]]:
    """Return a benchmark of the growth for each scenario, by asv's name for it."""
    units = {"memory": "bytes"}
    return {
        f"track_{name}": _benchmark(
            name, scenario, "growth_per_unit", units.get(scenario.resource, "pieces")
        )
        for name, scenario in scenarios().items()
    }


def verdicts() -> dict[str, Callable[..., object]]:
    """Return a benchmark of the verdict for each scenario, by asv's name for it."""
    return {
        f"track_{name}": _benchmark(name, scenario, "verdict", VERDICT_UNIT)
        for name, scenario in scenarios().items()
    }


def leaklab(*arguments: str, harness: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a leaklab command to its end.

    Args:
        arguments: the command line.
        harness: the source root of a leaklab to use instead of the interpreter's own.

    Raises:
        RuntimeError: the interpreter does not exist.
    """
    own = ROOT / ".venv" / "bin" / "python"
    command = [os.environ.get("LEAKLAB_PYTHON", str(own)), "-m", "leaklab", *arguments]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if harness is not None:
        environment["PYTHONPATH"] = str(harness)
    with contextlib.ExitStack() as stack:
        errors: IO[str] | int = subprocess.PIPE
        if terminal := os.environ.get("LEAKLAB_TERMINAL"):
            errors = stack.enter_context(Path(terminal).open("a"))
        try:
            return subprocess.run(
                command,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                check=False,
                preexec_fn=die_with_parent,
            )
        except OSError as error:
            advice = "make setup, or name an interpreter by LEAKLAB_PYTHON"
            raise RuntimeError(f"{error}; {advice}") from error


def describe_end(done: subprocess.CompletedProcess[str]) -> str:
    """Return a line with a command's exit code and the last line of its stderr."""
    last = (done.stderr or "").strip().rpartition("\n")[2]
    return f"leaklab {done.args[3]} ended with exit code {done.returncode}: {last}"


def at_once() -> int:
    """Return the number of concurrent runs; peaks do not depend on it, but each run may use memory
    up to the limit."""
    return min(len(os.sched_getaffinity(0)), MAX_AT_ONCE)


def die_with_parent() -> None:
    """Have this process interrupted when its parent ends; call it between fork and exec."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, int(signal.SIGINT))


def checkout() -> Path:
    """Return the folder into which asv has checked out the commit."""
    return Path(os.environ["ASV_ENV_DIR"]) / "project"


def _require_commit() -> None:
    """Check that the checkout is the commit. If asv is killed during a checkout, it later mistakes
    the files of that commit for those of the commit that it recorded.

    Raises:
        RuntimeError: the checkout is another commit; the message names the folder to remove.
    """
    git = ["git", "-C", str(checkout())]
    for arguments, expected in (
        (["rev-parse", "HEAD"], os.environ["ASV_COMMIT"]),
        (["status", "--porcelain"], ""),
    ):
        result = subprocess.run([*git, *arguments], stdout=subprocess.PIPE, text=True, check=True)
        if result.stdout.strip() != expected:
            raise RuntimeError(f"{checkout()} is not {os.environ['ASV_COMMIT']}: remove it")


def _benchmark(name: str, scenario: Scenario, metric: str, unit: str) -> Callable[..., object]:
    def setup(tracked: Tracked, variant: str, mode: str) -> None:
        label = f"{name}/{variant}/{mode}"
        # asv shows a benchmark as n/a if its setup raises NotImplementedError.
        if label not in tracked["figures"] and label not in tracked["failed"]:
            raise NotImplementedError(f"this commit, or this machine, has no figures of {label}")
        if label in tracked["figures"] and tracked["figures"][label][metric] is None:
            raise NotImplementedError(f"{label} has no {metric}")

    def track(tracked: Tracked, variant: str, mode: str) -> object:
        label = f"{name}/{variant}/{mode}"
        if why := tracked["failed"].get(label):
            raise RuntimeError(why)
        value = tracked["figures"][label][metric]
        return VERDICTS[str(value)] if metric == "verdict" else value

    track.__name__ = f"track_{name}"
    attributes = {
        "setup": setup,
        "setup_cache": setup_cache,
        "params": [scenario.variants, scenario.modes],
        "param_names": ["variant", "mode"],
        "unit": unit,
        "version": RULER,
        "pretty_name": name,
    }
    vars(track).update(attributes)
    return track
