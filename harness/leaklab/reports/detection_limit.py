"""What the floor came to: the leaks, and the clean programs."""

from collections.abc import Iterator, Sequence

import msgspec

from leaklab.features.quality.detection_limit import MAX_SECONDS, Detection, DurationSpread
from leaklab.reports.table import Table
from leaklab.verdict.confusion import Answer


def detection_tables(found: Sequence[Detection]) -> list[Table]:
    """A table of the leaks and one of the clean programs; none for what was not run."""
    leaks, clean = ([s for s in found if s.leaks is kind] for kind in (True, False))
    return [*([_leaks(leaks)] if leaks else []), *([_clean(clean)] if clean else [])]


def _leaks(found: Sequence[Detection]) -> Table:
    every = sum(s.meets_limits for s in found)
    return Table(
        columns=("leak", "found", "CPU", "worst", "wall", "worst"),
        rows=[
            (s.title, f"{s.count(Answer.LEAK)} of {s.runs}", *_cells(s.cpu), *_cells(s.wall))
            for s in found
        ],
        right=frozenset({"found", "CPU", "worst", "wall"}),
        alarms=_alarms(found),
        notes=[
            *_missed(found),
            "CPU: of the measured process; wall: from a run's start to its verdict",
            "each first the median of all runs, then the worst",
            f"{every} of {len(found)} leaks found every time, in at most {MAX_SECONDS:g} s",
        ],
    )


def _clean(found: Sequence[Detection]) -> Table:
    runs = sum(s.runs for s in found)
    alarms, undecided = (
        sum(s.count(said) for s in found) for said in (Answer.LEAK, Answer.UNDECIDED)
    )
    return Table(
        columns=("clean program", "runs", "alarms", "undecided", "CPU", "worst"),
        rows=[
            (
                s.title,
                *(str(n) for n in (s.runs, s.count(Answer.LEAK), s.count(Answer.UNDECIDED))),
                *_cells(s.cpu),
            )
            for s in found
        ],
        right=frozenset({"runs", "alarms", "undecided", "CPU", "worst"}),
        alarms=_alarms(found),
        notes=[
            *_missed(found),
            f"{runs:,} clean runs: {alarms} false alarms, {undecided} undecided",
        ],
    )


def detection_json(found: Sequence[Detection]) -> list[dict[str, object]]:
    """The same for machines."""
    return [
        {
            "name": s.name,
            "leaks": s.leaks,
            "runs": s.runs,
            "said": {str(said): s.count(said) for said in Answer},
            "cpu": msgspec.to_builtins(s.cpu),
            "wall": msgspec.to_builtins(s.wall),
            "holds": s.meets_limits,
            "missed": [
                {"seed": seed, "said": str(j.said), "reason": j.reason} for seed, j in s.failed_runs
            ],
        }
        for s in found
    ]


def _alarms(found: Sequence[Detection]) -> frozenset[int]:
    return frozenset(i for i, s in enumerate(found) if not s.meets_limits)


def _missed(found: Sequence[Detection]) -> Iterator[str]:
    """A line for each leak that was not found, and for each false alarm."""
    for s in found:
        for seed, j in s.failed_runs:
            yield f"{s.name}, seed {seed}: {j.said}: {j.reason}"


def _cells(spread: DurationSpread | None) -> tuple[str, str]:
    if spread is None:
        return "-", "-"
    return _seconds(spread.median_seconds), _seconds(spread.worst_seconds)


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.2f} s"
