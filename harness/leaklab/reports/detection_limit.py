"""The tables of the detection limit: the leaks, and the clean programs."""

from collections.abc import Iterator, Sequence

import msgspec

from leaklab.features.quality.detection_limit import MAX_SECONDS, Detection, Spread
from leaklab.reports.table import Table
from leaklab.verdict.confusion import Answer


def detection_tables(detections: Sequence[Detection]) -> list[Table]:
    """Build a table of the leaks and one of the clean programs, each if any of them was run."""
    leaks, clean = ([d for d in detections if d.leaks is wanted] for wanted in (True, False))
    return [*([_leaks(leaks)] if leaks else []), *([_clean(clean)] if clean else [])]


def _leaks(detections: Sequence[Detection]) -> Table:
    always_detected = sum(d.holds for d in detections)
    outcome = f"{always_detected} of {len(detections)} leaks detected in every run"
    return Table(
        columns=("leak", "detected", "CPU", "worst", "wall", "worst"),
        rows=[
            (d.title, f"{d.count(Answer.LEAK)} of {d.runs}", *_cells(d.cpu), *_cells(d.wall))
            for d in detections
        ],
        right=frozenset({"detected", "CPU", "worst", "wall"}),
        alarms=_alarms(detections),
        notes=[
            *_missed(detections),
            "CPU: of the measured process; wall: from the start of a run to its verdict",
            "CPU and wall are the median of all runs, with the worst run beside it",
            f"{outcome}, in at most {MAX_SECONDS:g} s",
        ],
    )


def _clean(detections: Sequence[Detection]) -> Table:
    runs = sum(d.runs for d in detections)
    alarms, undecided = (
        sum(d.count(answer) for d in detections) for answer in (Answer.LEAK, Answer.UNDECIDED)
    )
    return Table(
        columns=("clean program", "runs", "alarms", "undecided", "CPU", "worst"),
        rows=[
            (
                d.title,
                *(str(n) for n in (d.runs, d.count(Answer.LEAK), d.count(Answer.UNDECIDED))),
                *_cells(d.cpu),
            )
            for d in detections
        ],
        right=frozenset({"runs", "alarms", "undecided", "CPU", "worst"}),
        alarms=_alarms(detections),
        notes=[
            *_missed(detections),
            f"{runs:,} clean runs: {alarms} false alarms, {undecided} undecided",
        ],
    )


def detection_json(detections: Sequence[Detection]) -> list[dict[str, object]]:
    """Return both tables as values that JSON can encode."""
    return [
        {
            "name": d.name,
            "leaks": d.leaks,
            "runs": d.runs,
            "said": {str(answer): d.count(answer) for answer in Answer},
            "cpu": msgspec.to_builtins(d.cpu),
            "wall": msgspec.to_builtins(d.wall),
            "holds": d.holds,
            "missed": [
                {"seed": seed, "said": str(run.answer), "reason": run.reason}
                for seed, run in d.missed
            ],
        }
        for d in detections
    ]


def _alarms(detections: Sequence[Detection]) -> frozenset[int]:
    return frozenset(i for i, d in enumerate(detections) if not d.holds)


def _missed(detections: Sequence[Detection]) -> Iterator[str]:
    """A line for each leak that was not detected, and for each false alarm."""
    for d in detections:
        for seed, run in d.missed:
            yield f"{d.name}, seed {seed}: {run.answer}: {run.reason}"


def _cells(spread: Spread | None) -> tuple[str, str]:
    if spread is None:
        return "-", "-"
    return _seconds(spread.median_seconds), _seconds(spread.worst_seconds)


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.2f} s"
