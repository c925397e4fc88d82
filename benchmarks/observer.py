"""What the observer costs the process it watches, by the ruler of the commit itself.

Elsewhere the ruler is the working tree's, so that only the scenarios differ; here it is what is
measured. CPU time is not exact: asv gets the ratio of every pair of runs, and its own statistics
decide.
"""

import json
from typing import TypedDict

from . import lab

# Seven against seven are the fewest that asv's test (Mann-Whitney, p < 0.002) can tell apart: the
# least p of six against six is 2 / C(12, 6) = 0.0022, of seven 2 / C(14, 7) = 0.0006.
PAIRS = 7
PAGE_BYTES = 4096
# Exit codes of `leaklab overhead`; an older one knows no --json, or no such command.
AS_EXPECTED, TOO_DEAR, BAD_INPUT = 0, 1, 2
# Some 0.3 s of CPU time a run; shorter ones differ by more than what is looked for.
WORK = ("word_index", "--variant=fixed", "--units=800")


class Overhead(TypedDict, total=False):
    """What `leaklab overhead --json` says of a variant; nothing where a commit cannot say it."""

    ratios: list[float]
    added_bytes: int


class Samples(TypedDict):
    """Several samples of one figure, as asv takes them."""

    samples: list[float]
    number: int


def setup_cache() -> Overhead:
    """One measurement for both figures; empty where this commit cannot make it.

    Raises:
        RuntimeError: it failed.
    """
    harness = lab.checkout() / "harness"
    if not (harness / "leaklab").is_dir():
        return {}
    words = ("overhead", *WORK, f"--pairs={PAIRS}", "--json")
    done = lab.leaklab(*words, harness=harness)
    if done.returncode == BAD_INPUT:
        return {}
    if done.returncode not in (AS_EXPECTED, TOO_DEAR) or not done.stdout:
        raise RuntimeError(lab.last_words(done))
    (found,) = json.loads(done.stdout)
    if "agent_bytes" not in found:  # its added_bytes have the pages of files in
        return {}
    return Overhead(ratios=found["ratios"], added_bytes=found["added_bytes"])


vars(setup_cache)["timeout"] = lab.LONGEST_SILENCE_SECONDS


def setup(found: Overhead) -> None:
    """Skip commits whose leaklab has no such command."""
    if not found:
        raise NotImplementedError("this commit's leaklab does not measure its own cost")


def track_cpu_ratio(found: Overhead) -> Samples:
    """CPU time of the measured process with sampling, by that without."""
    return {"samples": found["ratios"], "number": 1}


def track_added_bytes(found: Overhead) -> int:
    """Memory that sampling adds to the measured process before its first unit; a page at least,
    for asv compares by ratios."""
    return max(found["added_bytes"], PAGE_BYTES)


for _benchmark, _unit, _name in (
    (track_cpu_ratio, "ratio", "CPU time with sampling by CPU time without"),
    (track_added_bytes, "bytes", "memory that sampling adds"),
):
    vars(_benchmark).update(unit=_unit, version=lab.RULER, pretty_name=_name)
