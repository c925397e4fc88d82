from collections import Counter
from typing import Any

import msgspec
import pytest

import toys
from leaklab import reports
from leaklab.catalogue.lint import lint
from leaklab.features.quality.detection_limit import (
    MAX_SECONDS,
    Detection,
    DurationSpread,
    Stopwatch,
    detection_catalogue,
    detection_jobs,
    detections,
    exit_of,
)
from leaklab.model.errors import BadInput, Exit, NotMeasured
from leaklab.model.job import Job
from leaklab.model.measurement import EndReason
from leaklab.model.result import Result
from leaklab.model.scenario import Mode, Variant
from leaklab.reports import detection_limit
from leaklab.runs.listener import Listener
from leaklab.runs.runner import Failure, Outcome
from leaklab.verdict.confusion import Answer, JudgedRun

LEAKS = ["block", "descriptor", "native", "object"]
CLEAN = ["churn", "cycles", "logarithm", "lru", "noop", "teeth"]


def often(*names: str, rounds: int = 20, clean_runs: int = 1000) -> dict[str, int]:
    jobs = detection_jobs(detection_catalogue(), names, rounds, clean_runs)
    return dict(Counter(job.scenario.name for job in jobs))


def test_every_leak_runs_as_often_as_requested_and_clean_runs_are_shared() -> None:
    runs_made = often()
    assert dict.fromkeys(LEAKS, 20) == {name: runs_made[name] for name in LEAKS}
    assert 1000 == sum(runs_made[name] for name in CLEAN)
    assert {166, 167} == {runs_made[name] for name in CLEAN}


def test_only_named_programs_are_run() -> None:
    assert {"object": 3, "noop": 10} == often("object", "noop", rounds=3, clean_runs=10)
    assert {"object": 3} == often("object", rounds=3)
    assert set(LEAKS) == often(clean_runs=0).keys()


def test_an_unknown_program_is_bad_input() -> None:
    with pytest.raises(BadInput, match="no program 'objekt'; it has block, churn, "):
        often("objekt")


def test_clean_programs_without_a_run_are_nothing_to_do() -> None:
    with pytest.raises(BadInput, match="raise --clean-runs"):
        often("noop", "lru", clean_runs=0)


def test_no_two_runs_of_a_program_are_the_same() -> None:
    jobs = detection_jobs(detection_catalogue(), (), 3, 18)
    assert [1, 2, 3] == [job.seed for job in jobs if job.scenario.name == "noop"]
    assert {Variant.BUGGY, Variant.PROGRAM} == {job.variant for job in jobs}
    assert len(jobs) == len({(job.scenario.name, job.seed) for job in jobs})


@pytest.mark.parametrize("name", LEAKS + CLEAN)
def test_the_programs_of_the_detection_limit_pass_the_linter(name: str) -> None:
    catalogue = detection_catalogue()
    assert catalogue.names() == sorted(LEAKS + CLEAN)
    assert lint(catalogue, catalogue.load(name)) == []


LEAK = toys.scenario("grow-4096")
INNOCENT = toys.scenario(
    "idle-0", pattern="none", buggy=None, fixed=None, program={"growth": "none"}
)


def planned(repeat: int) -> Job:
    return msgspec.structs.replace(toys.job(LEAK), repeat=repeat, seed=repeat)


def made(repeat: int, cpu_seconds: float, **changes: Any) -> Result:
    result = toys.result(LEAK, repeat=repeat, **changes)
    timed = msgspec.structs.replace(result.processes[0], cpu_seconds=cpu_seconds)
    return msgspec.structs.replace(result, processes=[timed])


def watched(jobs: list[Job], results: list[Result], broken: str = "") -> Detection:
    """Return the detections from these results; jobs without a result have failed."""
    watch = Stopwatch(Listener())
    failures = []
    for number, job in enumerate(jobs):
        watch.run_started(job, number + 1, len(jobs))
        if number < len(results):
            watch.judged(results[number])
        else:
            failures.append(Failure(job, NotMeasured(f"{job.label}: {broken}")))
    (result,) = detections(jobs, Outcome(results, failures), watch.wall_seconds)
    return result


def test_a_leak_that_is_always_detected_has_a_median_and_a_worst_time() -> None:
    cost = watched([planned(n) for n in (1, 2, 3)], [made(1, 0.5), made(2, 3.0), made(3, 1.0)])
    assert (3, True, []) == (cost.count(Answer.LEAK), cost.meets_limits, cost.failed_runs)
    assert DurationSpread(1.0, 3.0) == cost.cpu
    assert cost.wall
    assert 0 <= cost.wall.median_seconds <= cost.wall.worst_seconds < MAX_SECONDS


def test_a_leak_that_is_missed_once_is_named_by_its_seed() -> None:
    clean = toys.result(LEAK, Variant.FIXED).verdict
    cost = watched([planned(n) for n in (1, 2)], [made(1, 1.0), made(2, 1.0, verdict=clean)])
    assert (1, False, [2]) == (
        cost.count(Answer.LEAK),
        cost.meets_limits,
        [s for s, _ in cost.failed_runs],
    )


def test_a_run_that_was_not_measured_says_why() -> None:
    cost = watched([planned(n) for n in (1, 2)], [made(1, 1.0)], broken="it was killed")
    assert [(2, "it was killed")] == [(seed, j.reason) for seed, j in cost.failed_runs]
    assert not cost.meets_limits


def test_without_a_measured_run_there_is_no_time() -> None:
    cost = watched([planned(1)], [])
    assert (None, None, False) == (cost.cpu, cost.wall, cost.meets_limits)
    broken = watched([planned(1)], [made(1, 1.0, end_reason=EndReason.DIED)])
    assert (None, Answer.NOT_MEASURED) == (broken.cpu, broken.judged_runs[0][1].answer)


def of(*answer: Answer, leaks: bool = True, seconds: float = 1.0) -> Detection:
    spread = DurationSpread(seconds / 2, seconds)
    judgements = [JudgedRun("toy/buggy/inline", Mode.INLINE, leaks, s, "because") for s in answer]
    return Detection("toy", "A toy", leaks, tuple(enumerate(judgements, 1)), spread, spread)


@pytest.mark.parametrize(
    ("detection", "code"),
    [
        (of(Answer.LEAK), Exit.AS_EXPECTED),
        (of(Answer.LEAK, seconds=MAX_SECONDS), Exit.AS_EXPECTED),
        (of(Answer.LEAK, seconds=MAX_SECONDS + 0.1), Exit.DIFFERS),
        (of(Answer.LEAK, Answer.UNDECIDED), Exit.DIFFERS),
        (of(Answer.CLEAN, leaks=False), Exit.AS_EXPECTED),
        (of(Answer.CLEAN, Answer.UNDECIDED, leaks=False, seconds=60), Exit.AS_EXPECTED),
        (of(Answer.CLEAN, Answer.LEAK, leaks=False), Exit.DIFFERS),
        (of(Answer.NOT_MEASURED, leaks=False), Exit.NOT_MEASURED),
    ],
)
def test_leaks_must_be_detected_soon_and_clean_programs_never_reported(
    detection: Detection, code: Exit
) -> None:
    assert code is exit_of([of(Answer.LEAK), detection])
    assert detection.meets_limits == (code is Exit.AS_EXPECTED)


def test_missed_leaks_are_listed_below_their_table() -> None:
    leaks, clean = detection_limit.detection_tables(
        [of(Answer.LEAK, Answer.CLEAN), of(Answer.LEAK, leaks=False)]
    )
    assert [("A toy", "1 of 2", "500 ms", "1.00 s", "500 ms", "1.00 s")] == leaks.rows
    assert "toy, seed 2: clean: because" == leaks.notes[0]
    assert [
        "toy, seed 1: leak: because",
        "1 clean runs: 1 false alarms, 0 undecided",
    ] == clean.notes
    assert [{0}, {0}] == [leaks.alarms, clean.alarms]


def test_programs_that_did_not_run_have_no_table() -> None:
    assert ["leak"] == [
        table.columns[0] for table in detection_limit.detection_tables([of(Answer.LEAK)])
    ]
    assert [] == detection_limit.detection_tables([])


def test_the_tables_fit_80_columns() -> None:
    long = DurationSpread(10.0, 99.0)
    worst = [
        Detection(s.name, s.title, bool(s.buggy), of(Answer.LEAK).judged_runs * 999, long, long)
        for s in detection_catalogue().load_all()
    ]
    text = "".join(reports.plain(table) for table in detection_limit.detection_tables(worst))
    assert [] == [line for line in text.splitlines() if len(line) > 80]


def test_the_json_output_has_the_same_content() -> None:
    (result,) = detection_limit.detection_json([of(Answer.LEAK, Answer.UNDECIDED)])
    assert {"leak": 1, "clean": 0, "undecided": 1, "not measured": 0} == result["said"]
    assert {"median_seconds": 0.5, "worst_seconds": 1.0} == result["cpu"]
    assert [{"seed": 2, "said": "undecided", "reason": "because"}] == result["missed"]
