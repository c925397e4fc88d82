"""What the benchmarks share: which scenarios there are, and one run of the lab for all figures.

The list of scenarios is the working tree's, for asv files figures by their place in the parameters,
which must be the same for every commit. The figures are those of the commit's scenarios, measured
by the working tree's leaklab: today's ruler.

Environment, all of it optional:
    LEAKLAB_PYTHON      an interpreter that has leaklab; else .venv/bin/python of the checkout
    LEAKLAB_BENCH       "all": scenarios without `bench = true`, too
    LEAKLAB_ALSO        names: these, too, though they are not `bench = true`
    LEAKLAB_SCENARIOS   names: only these are measured
    LEAKLAB_MODES       names: only these modes are measured
    LEAKLAB_FRESH       measure what was measured before in the very same form, too
    LEAKLAB_TERMINAL    a file to which progress is written
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
# The version of the ruler: raised by hand where a change of the lab moves figures, so that asv does
# not take the step for the scenarios'. asv's own would be the hash of this text.
RULER = "4"
VARIANTS = ("buggy", "fixed", "program")
# asv compares numbers.
VERDICTS = {"clean": 0, "undecided": 1, "leak": 2}
VERDICT_UNIT = "0 clean, 1 undecided, 2 leak"
# The exit code of `leaklab figures` where a commit has none of what was asked for: it says why.
NOTHING_MEASURED = 3
MAX_AT_ONCE = 4
# The same on every machine, for a run that is stopped counts as this much.
MEMORY_LIMIT = "1GiB"
# asv ends what says nothing for so long; the lab's own limits come first.
LONGEST_SILENCE_SECONDS = 3600.0


class Tracked(TypedDict):
    """What `leaklab figures` writes: figures by their labels, and why others have none."""

    figures: dict[str, dict[str, object]]
    absent: dict[str, str]
    failed: dict[str, str]
    unread: dict[str, str]


class Scenario(NamedTuple):
    """What the suite must know of a scenario of the working tree."""

    variants: list[str]
    modes: list[str]
    resource: str


def scenarios() -> dict[str, Scenario]:
    """The scenarios of the working tree that are tracked, by their names."""
    found = {}
    also = os.environ.get("LEAKLAB_ALSO", "").split()
    everything = os.environ.get("LEAKLAB_BENCH") == "all"
    for path in sorted(ROOT.glob("scenarios/[!_.]*/scenario.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        name = path.parent.name
        if table.get("bench") or everything or name in also:
            variants = [variant for variant in VARIANTS if variant in table]
            found[name] = Scenario(variants, table["modes"], table["resource"])
    return found


def setup_cache() -> Tracked:
    """Every figure of the commit that is checked out; asv calls this once for each commit, and
    hands what it returns to every benchmark.

    Raises:
        RuntimeError: the lab could not be started, or broke; its last words.
    """
    names = os.environ.get("LEAKLAB_SCENARIOS", "").split() or list(scenarios())
    modes = os.environ.get("LEAKLAB_MODES", "all").split()
    _refuse_other_commit()
    words = ["figures", *names, *(f"--mode={mode}" for mode in modes), f"--jobs={at_once()}"]
    words += ["--memory-limit", MEMORY_LIMIT]
    words += ["--catalogue", str(checkout())]
    if not os.environ.get("LEAKLAB_FRESH"):
        words += ["--reuse", str(STATE / "figures")]
    done = leaklab(*words)
    is_empty = done.returncode == NOTHING_MEASURED and done.stdout
    if done.returncode and not is_empty:
        raise RuntimeError(last_words(done))
    found: Tracked = json.loads(done.stdout)
    STATE.mkdir(parents=True, exist_ok=True)
    (STATE / f"{os.environ['ASV_COMMIT']}.json").write_text(done.stdout, encoding="utf-8")
    return found


vars(setup_cache)["timeout"] = LONGEST_SILENCE_SECONDS


def peaks() -> dict[str, Callable[..., object]]:
    """A benchmark of the peak for each scenario, by the name that asv knows it by."""
    return {
        f"track_{name}": _benchmark(name, scenario, "peak_rss_bytes", "bytes")
        for name, scenario in scenarios().items()
    }


def growths() -> dict[str, Callable[..., object]]:
    """A benchmark of the growth for each scenario, by the name that asv knows it by."""
    units = {"memory": "bytes"}
    return {
        f"track_{name}": _benchmark(
            name, scenario, "growth_per_unit", units.get(scenario.resource, "pieces")
        )
        for name, scenario in scenarios().items()
    }


def verdicts() -> dict[str, Callable[..., object]]:
    """A benchmark of the verdict for each scenario, by the name that asv knows it by."""
    return {
        f"track_{name}": _benchmark(name, scenario, "verdict", VERDICT_UNIT)
        for name, scenario in scenarios().items()
    }


def leaklab(*words: str, harness: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command of the lab to its end.

    Args:
        words: the command line.
        harness: the source root of another leaklab than the interpreter's own.

    Raises:
        RuntimeError: there is no such interpreter.
    """
    own = ROOT / ".venv" / "bin" / "python"
    command = [os.environ.get("LEAKLAB_PYTHON", str(own)), "-m", "leaklab", *words]
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


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """How a command ended, and the last line it said."""
    last = (done.stderr or "").strip().rpartition("\n")[2]
    return f"leaklab {done.args[3]} ended with exit code {done.returncode}: {last}"


def at_once() -> int:
    """How many runs are made at a time; their peaks are the same, but each may hold up to the
    limit."""
    return min(len(os.sched_getaffinity(0)), MAX_AT_ONCE)


def die_with_parent() -> None:
    """Between fork and exec: be interrupted when whoever started this process is gone."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, int(signal.SIGINT))


def checkout() -> Path:
    """Where asv has checked the commit out."""
    return Path(os.environ["ASV_ENV_DIR"]) / "project"


def _refuse_other_commit() -> None:
    """Stop where the checkout is not the commit: asv, killed while it checked another one out,
    takes the files of that for the one it noted.

    Raises:
        RuntimeError: naming what to remove.
    """
    git = ["git", "-C", str(checkout())]
    for words, wanted in (
        (["rev-parse", "HEAD"], os.environ["ASV_COMMIT"]),
        (["status", "--porcelain"], ""),
    ):
        found = subprocess.run([*git, *words], stdout=subprocess.PIPE, text=True, check=True)
        if found.stdout.strip() != wanted:
            raise RuntimeError(f"{checkout()} is not {os.environ['ASV_COMMIT']}: remove it")


def _benchmark(name: str, scenario: Scenario, metric: str, unit: str) -> Callable[..., object]:
    def setup(found: Tracked, variant: str, mode: str) -> None:
        label = f"{name}/{variant}/{mode}"
        # asv shows a benchmark whose setup raises NotImplementedError as n/a.
        if label not in found["figures"] and label not in found["failed"]:
            raise NotImplementedError(f"this commit, or this machine, cannot have {label}")
        if label in found["figures"] and found["figures"][label][metric] is None:
            raise NotImplementedError(f"{label} has no {metric}")

    def track(found: Tracked, variant: str, mode: str) -> object:
        label = f"{name}/{variant}/{mode}"
        if why := found["failed"].get(label):
            raise RuntimeError(why)
        value = found["figures"][label][metric]
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
