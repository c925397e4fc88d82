"""The cost of the observer in the process that it watches, measured by the commit's own leaklab.

The other benchmarks use the working tree's leaklab, so that only the scenarios differ. Here leaklab
itself is measured. CPU time is not exact, so asv gets the ratio of every pair of runs, and its own
statistics decide.
"""

import json
from typing import TypedDict

from . import lab

# Seven against seven samples are the minimum for asv's test (Mann-Whitney, p < 0.002): the smallest
# p of six against six is 2 / C(12, 6) = 0.0022, of seven against seven 2 / C(14, 7) = 0.0006.
PAIRS = 7
PAGE_BYTES = 4096
# Exit codes of `leaklab overhead`; BAD_INPUT if a commit has no such command, or no --json.
AS_EXPECTED, TOO_EXPENSIVE, BAD_INPUT = 0, 1, 2
# About 0.3 s of CPU time a run; shorter runs differ by more than the cost to be measured.
WORK = ("word_index", "--variant=fixed", "--units=800")


class Overhead(TypedDict, total=False):
    """The output of `leaklab overhead --json` for a variant; empty if not measured."""

    ratios: list[float]
    added_bytes: int


class Samples(TypedDict):
    """Several samples of one figure, in asv's format."""

    samples: list[float]
    number: int


def setup_cache() -> Overhead:
    """Make one measurement for both figures; return an empty one if this commit cannot measure.

    Raises:
        RuntimeError: the measurement failed.
    """
    harness = lab.checkout() / "harness"
    if not (harness / "leaklab").is_dir():
        return {}
    arguments = ("overhead", *WORK, f"--pairs={PAIRS}", "--json")
    done = lab.leaklab(*arguments, harness=harness)
    if done.returncode == BAD_INPUT:
        return {}
    if done.returncode not in (AS_EXPECTED, TOO_EXPENSIVE) or not done.stdout:
        raise RuntimeError(lab.describe_end(done))
    (costs,) = json.loads(done.stdout)
    if "agent_bytes" not in costs:  # an older version: its added_bytes include file pages
        return {}
    return Overhead(ratios=costs["ratios"], added_bytes=costs["added_bytes"])


vars(setup_cache)["timeout"] = lab.MAX_SILENCE_SECONDS


def setup(costs: Overhead) -> None:
    """Skip commits with a leaklab that does not measure its own cost."""
    if not costs:
        raise NotImplementedError("this commit's leaklab does not measure its own cost")


def track_cpu_ratio(costs: Overhead) -> Samples:
    """Return the CPU time of the measured process with sampling divided by that without."""
    return {"samples": costs["ratios"], "number": 1}


def track_added_bytes(costs: Overhead) -> int:
    """Return the memory that sampling adds to the measured process before its first unit; at
    least a page, because asv compares by ratios."""
    return max(costs["added_bytes"], PAGE_BYTES)


for _benchmark, _unit, _name in (
    (track_cpu_ratio, "ratio", "CPU time with sampling by CPU time without"),
    (track_added_bytes, "bytes", "memory that sampling adds"),
):
    vars(_benchmark).update(unit=_unit, version=lab.RULER, pretty_name=_name)
