import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import toys
from leaklab.model.errors import BadInput, Exit, LabError, NotMeasured, NotSaved, Skipped
from leaklab.model.job import Job
from leaklab.model.measurement import EndReason, Measurement, Role, TreeRecord
from leaklab.model.result import Result
from leaklab.model.scenario import Criterion, Growth, Mode, Resource, Variant
from leaklab.reports import plain
from leaklab.reports.runs import disagreements, runs
from leaklab.runs import store
from leaklab.runs.failures import run_error
from leaklab.runs.listener import Listener
from leaklab.runs.runner import Failure, Outcome, run_jobs
from leaklab.runs.sessions import Session
from leaklab.verdict.run import to_result


class RecordingListener(Listener):
    def __init__(self) -> None:
        self.events: list[str] = []

    def run_started(self, job: Job, number: int, of: int) -> None:
        self.events.append(f"started {job.variant} {number}/{of}")

    def progressed(self, job: Job, units_done: int) -> None:
        self.events.append(f"progressed {job.variant} {units_done}")

    def judged(self, result: Result) -> None:
        self.events.append(f"judged {result.variant} {result.verdict.conclusion}")

    def failed(self, job: Job, error: LabError) -> None:
        self.events.append(f"failed {job.variant}: {error}")


def make(executor: object, folder: Path, listener: Listener | None = None) -> Outcome:
    toy = toys.scenario()
    jobs = [toys.job(toy, variant) for variant in toy.variants]
    return run_jobs(jobs, executor, session_in(folder), listener or RecordingListener(), folder)  # type: ignore[arg-type]


def session_in(folder: Path) -> Session:
    session = Session(folder / "session")
    session.folder.mkdir()
    return session


def test_a_pair_goes_from_plan_to_report_by_its_law(tmp_path: Path) -> None:
    outcome = make(toys.ToyExecutor(), tmp_path)
    assert [True, False] == [r.verdict.is_leak for r in outcome.results]
    assert outcome.exit is Exit.AS_EXPECTED
    table = plain(runs(outcome.results))
    assert "grow-4096  buggy     1.6 MiB       +4 KiB  leak" in table
    assert max(map(len, table.splitlines())) <= 80


def test_the_terminal_is_notified_of_the_moments_in_order(tmp_path: Path) -> None:
    listener = RecordingListener()
    make(toys.ToyExecutor(), tmp_path, listener)
    assert listener.events == [
        "started buggy 1/2",
        "progressed buggy 400",
        "judged buggy leak",
        "started fixed 2/2",
        "progressed fixed 400",
        "judged fixed clean",
    ]


def test_each_run_is_saved_when_it_ends_and_reads_back_equal(tmp_path: Path) -> None:
    outcome = make(toys.ToyExecutor(), tmp_path)
    saved = store.find_results(tmp_path, str(next(tmp_path.iterdir())))
    assert sorted(outcome.results, key=lambda r: r.variant) == saved


def test_a_failing_run_does_not_end_the_session(tmp_path: Path) -> None:
    def ended(job: Job) -> EndReason:
        return EndReason.PROGRAM_FAILED if job.variant is Variant.BUGGY else EndReason.COMPLETED

    listener = RecordingListener()
    outcome = make(toys.ToyExecutor(ended), tmp_path, listener)
    assert [EndReason.PROGRAM_FAILED, EndReason.COMPLETED] == [
        r.end_reason for r in outcome.results
    ]
    assert outcome.exit is Exit.BAD_INPUT
    assert "failed buggy: grow-4096/buggy/inline: as the toy was told" in listener.events


def test_a_run_that_cannot_be_made_does_not_end_the_session(tmp_path: Path) -> None:
    class Broken(toys.ToyExecutor):
        def execute(self, job: Job, progress: Callable[[int], None]) -> Measurement:
            if job.variant is Variant.BUGGY:
                raise NotMeasured("the service does not start")
            return super().execute(job, progress)

    outcome = make(Broken(), tmp_path)
    assert [Variant.FIXED] == [r.variant for r in outcome.results]
    assert outcome.exit is Exit.NOT_MEASURED


def test_a_fault_of_the_lab_in_one_run_is_its_failure_and_the_others_are_made(
    tmp_path: Path,
) -> None:
    class Faulty(toys.ToyExecutor):
        def execute(self, job: Job, progress: Callable[[int], None]) -> Measurement:
            if job.variant is Variant.BUGGY:
                raise IndexError("no row 5")
            return super().execute(job, progress)

    outcome = make(Faulty(), tmp_path)
    assert [Variant.FIXED] == [r.variant for r in outcome.results]
    (failure,) = outcome.failures
    assert "unexpected IndexError: no row 5; this is a bug in leaklab" == failure.reason


def test_a_stopped_run_is_a_result_that_differs(tmp_path: Path) -> None:
    outcome = make(toys.ToyExecutor(lambda _: EndReason.MEMORY_LIMIT), tmp_path)
    assert outcome.exit is Exit.DIFFERS
    assert len(outcome.results[0].processes[0].samples.units) == 200
    notes = "\n".join(runs(outcome.results).notes)
    assert "stopped: memory limit after 200 units, but a verdict needs 400: raise" in notes


def test_a_pair_judged_by_its_peaks_needs_its_pair() -> None:
    toy = toys.scenario(judge="peak", min_ratio=1.5)
    assert toy.judge is Criterion.PEAK
    assert "the peaks of both variants are needed" in toys.result(toy).verdict.reasons[0].text


@pytest.mark.parametrize("min_ratio", [2.0, 2.1])
def test_a_pair_is_judged_by_its_peaks_at_the_end_and_whenever_it_is_read(
    tmp_path: Path, min_ratio: float
) -> None:
    toy = toys.scenario(judge="peak", min_ratio=min_ratio)
    jobs = [toys.job(toy, variant) for variant in (Variant.FIXED, Variant.BUGGY)]
    session = session_in(tmp_path)
    outcome = run_jobs(jobs, PeaksExecutor(), session, RecordingListener(), tmp_path)
    enough = min_ratio == 2
    assert [False, enough] == [r.verdict.is_leak for r in outcome.results]
    assert [True, enough] == [r.as_expected for r in outcome.results]
    assert "times the fixed one" in outcome.results[0].verdict.reasons[0].text
    read = store.find_results(tmp_path, str(session.folder))
    assert {r.variant: r.verdict for r in outcome.results} == {r.variant: r.verdict for r in read}
    alone = store.read_result(session.folder / store.result_name(outcome.results[0]).text)
    assert "the peaks of both variants are needed" in alone.verdict.reasons[0].text


def test_old_halves_of_a_pair_get_a_verdict_when_a_session_is_resumed(
    tmp_path: Path,
) -> None:
    toy = toys.scenario(judge="peak", min_ratio=1.5)
    jobs = [toys.job(toy, variant) for variant in (Variant.FIXED, Variant.BUGGY)]
    old = toys.result(toy, Variant.FIXED, peak_rss_bytes=1 << 20)
    old = msgspec.structs.replace(old, judge=Criterion.GROWTH, min_ratio=None)
    session = Session(session_in(tmp_path).folder, saved={0: old})
    outcome = run_jobs(jobs, PeaksExecutor(), session, RecordingListener(), tmp_path)
    assert [False, True] == [r.verdict.is_leak for r in outcome.results]
    assert outcome.exit is Exit.AS_EXPECTED


class PeaksExecutor(toys.ToyExecutor):
    """A pair with peaks that differ by its toy law: 1 MiB, and twice that."""

    def execute(self, job: Job, progress: Callable[[int], None]) -> Measurement:
        trace = super().execute(job, progress)
        peak = (1 + (job.variant is Variant.BUGGY)) << 20
        processes = [msgspec.structs.replace(p, peak_rss_bytes=peak) for p in trace.processes]
        return msgspec.structs.replace(trace, processes=processes)


def test_sawtooth_growth_is_a_leak_only_if_restarts_end_its_teeth() -> None:
    teeth = {"growth": "sawtooth"}
    pair = toys.scenario(buggy={**teeth, "culprit": "x"}, fixed=teeth)
    assert [True, False] == [pair.leaks(v) for v in pair.variants]


def test_every_reason_of_a_result_has_a_text() -> None:
    result = toys.result(mode=Mode.FORK, workers=2)
    tree = TreeRecord(samples=result.processes[1].samples)
    trace = Measurement(
        end_reason=EndReason.COMPLETED, units_done=800, processes=result.processes, tree=tree
    )
    result = to_result(toys.job(mode=Mode.FORK, workers=2), trace, toys.ENVIRONMENT)
    verdicts = [result.verdict, *(process.verdict for process in result.processes)]
    assert result.tree
    for verdict in [*verdicts, result.tree.verdict]:
        assert verdict
        reasons = [*verdict.reasons, *(estimate.reason for estimate in verdict.estimates)]
        assert reasons
        assert all(reason.text for reason in reasons)


def test_a_result_has_at_least_the_documented_fields() -> None:
    record = msgspec.to_builtins(toys.result())
    assert set(
        "schema scenario variant mode workers units seed options end_reason expected_growth "
        "verdict as_expected peak_rss_bytes baseline_rss_bytes tree_peak_pss_bytes processes "
        "controls environment".split()
    ) <= set(record)
    amounts = {"resource", "per_unit", "low", "high"}
    assert {"conclusion", "growth", "reasons", *amounts} <= set(record["verdict"])
    assert {"pid", "role", "peak_rss_bytes", "samples"} <= set(record["processes"][0])


def test_a_trace_without_a_process_is_undecided() -> None:
    result = to_result(toys.job(), Measurement(end_reason=EndReason.NOT_STARTED), toys.ENVIRONMENT)
    assert (result.verdict.is_decided, result.peak_rss_bytes) == (False, None)
    assert result.verdict.resource is Resource.MEMORY
    assert result.expected_growth is Growth.UNBOUNDED


def failed(error: LabError) -> Failure:
    return Failure(toys.job(), error)


def test_the_most_severe_error_gives_the_exit_code() -> None:
    outcome = Outcome(
        [toys.result(as_expected=False)], [failed(NotMeasured("x")), failed(BadInput("y"))]
    )
    assert outcome.exit is Exit.NOT_MEASURED


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ([], Exit.NOT_MEASURED),
        ([toys.result()], Exit.AS_EXPECTED),
        ([toys.result(), toys.result(as_expected=False)], Exit.DIFFERS),
    ],
)
def test_a_skipped_run_hides_neither_a_wrong_verdict_nor_an_empty_session(
    results: list[Result], code: Exit
) -> None:
    assert Outcome(results, [failed(Skipped("x: skipped"))]).exit is code


def test_the_output_of_a_failed_program_is_kept_in_the_result() -> None:
    trace = Measurement(
        end_reason=EndReason.PROGRAM_FAILED, detail="why", output_tail="Traceback …"
    )
    error = run_error(toys.job(), trace)
    assert isinstance(error, BadInput)
    assert error.__notes__ == ["Traceback …"]
    assert str(error) == "grow-4096/buggy/inline: why"


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        (EndReason.DIED, "the measured process died: why; its last output: of the program"),
        (EndReason.SERVICE_DIED, "why"),
    ],
)
def test_the_last_output_of_the_program_is_not_named_as_that_of_a_service(
    reason: EndReason, message: str
) -> None:
    trace = Measurement(end_reason=reason, detail="why", output_tail="first\nof the program\n")
    assert str(run_error(toys.job(), trace)) == f"grow-4096/buggy/inline: {message}"


def test_a_failure_has_its_job_and_a_reason_without_the_label_of_the_run(tmp_path: Path) -> None:
    outcome = make(toys.ToyExecutor(lambda _: EndReason.PROGRAM_FAILED), tmp_path)
    assert [Variant.BUGGY, Variant.FIXED] == [f.job.variant for f in outcome.failures]
    assert {"as the toy was told"} == {f.reason for f in outcome.failures}


def test_a_result_that_cannot_be_saved_is_reported_and_ends_the_session(tmp_path: Path) -> None:
    listener, toy = RecordingListener(), toys.scenario()
    jobs = [toys.job(toy, variant) for variant in toy.variants]
    outcome = run_jobs(jobs, toys.ToyExecutor(), Full(tmp_path), listener, tmp_path)
    assert [Variant.BUGGY] == [r.variant for r in outcome.results]
    assert outcome.exit is Exit.NOT_MEASURED
    assert listener.events[-1] == "failed buggy: buggy could not be saved: no space left"


class Full(Session):
    """A store that cannot save buggy variants."""

    def save(self, result: Result) -> Path:
        if result.variant is Variant.BUGGY:
            raise NotSaved(f"{result.variant} could not be saved: no space left")
        return super().save(result)


def test_a_wrong_verdict_is_named_with_its_repeat_and_reasons() -> None:
    wrong = toys.result(as_expected=False, repeat=3)
    assert disagreements([toys.result(), wrong]) == [
        "grow-4096/buggy/inline (repeat 3): leak (known: a leak): "
        + "; ".join(reason.text for reason in wrong.verdict.reasons)
    ]


def many(number: int = 2, **changes: Any) -> list[Job]:
    return [toys.job(repeat=repeat, **changes) for repeat in range(1, number + 1)]


def with_help(helper: Callable[[], None], work: Callable[[], Outcome]) -> Outcome:
    """Work in the main thread while a helper acts in another thread."""
    thread = threading.Thread(target=helper)
    thread.start()
    try:
        return work()
    finally:
        thread.join()


def test_a_pool_goes_from_plan_to_report_by_its_law(tmp_path: Path) -> None:
    jobs = [toys.job(mode=Mode.SPAWN, workers=3)]
    (result,) = run_jobs(
        jobs, toys.ToyExecutor(), session_in(tmp_path), RecordingListener(), tmp_path
    ).results
    assert [False, True, True, True] == [p.verdict and p.verdict.is_leak for p in result.processes]
    assert (Role.WORKER, True, True) == (
        result.processes[result.worst_process or 0].role,
        result.verdict.is_leak,
        result.as_expected,
    )
    assert [400, 400, 400] == [p.units_done for p in result.processes[1:]]


def test_the_requested_number_of_runs_is_made_concurrently(tmp_path: Path) -> None:
    executor = toys.ToyExecutor(held=lambda _: True)

    def helper() -> None:
        assert [executor.holding.get(timeout=20) for _ in range(2)] == 2 * [toys.job().label]
        assert len(executor.made) == 2
        executor.let_go()

    def work() -> Outcome:
        return run_jobs(
            many(3), executor, session_in(tmp_path), RecordingListener(), tmp_path, at_once=2
        )

    assert [1, 2, 3] == [r.repeat for r in with_help(helper, work).results]


def test_results_are_in_the_order_of_the_plan(tmp_path: Path) -> None:
    class Second(RecordingListener):
        def judged(self, result: Result) -> None:
            super().judged(result)
            executor.let_go()

    executor, listener = toys.ToyExecutor(held=lambda job: job.repeat == 1), Second()
    session = session_in(tmp_path)
    outcome = run_jobs(many(2), executor, session, listener, tmp_path, at_once=2)
    assert [1, 2] == [r.repeat for r in outcome.results]
    assert len(listener.events) == 6


def test_a_listener_is_called_by_one_thread_at_a_time(tmp_path: Path) -> None:
    class Deep(Listener):
        def __init__(self) -> None:
            self.inside = threading.Lock()
            self.end_reason = 0

        def progressed(self, *_: object) -> None:
            assert self.inside.acquire(blocking=False)
            self.inside.release()

        def run_ended(self, job: Job) -> None:
            self.progressed(job)
            self.end_reason += 1

    class Chatty(toys.ToyExecutor):
        def execute(self, job: Job, progress: Callable[[int], None]) -> Measurement:
            for unit in range(200):
                progress(unit)
            return super().execute(job, progress)

    listener = Deep()
    run_jobs(many(8), Chatty(), session_in(tmp_path), listener, tmp_path, at_once=8)
    assert listener.end_reason == 8


@pytest.mark.parametrize("at_once", [1, 2])
def test_control_c_cancels_running_jobs_and_keeps_saved_results(
    tmp_path: Path, at_once: int
) -> None:
    executor, listener = toys.ToyExecutor(held=lambda job: job.repeat > 1), RecordingListener()

    def helper() -> None:
        for _ in range(at_once):
            executor.holding.get(timeout=20)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    session = session_in(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        with_help(
            helper,
            lambda: run_jobs(many(4), executor, session, listener, tmp_path, at_once=at_once),
        )
    assert [1] == [r.repeat for r in store.find_results(tmp_path, str(session.folder))]
    assert len(executor.made) == at_once + 1
    assert not [arguments for arguments in listener.events if arguments.startswith("failed")]


def test_running_jobs_are_still_saved_after_a_failed_save(tmp_path: Path) -> None:
    class LetsGo(RecordingListener):
        def failed(self, job: Job, error: LabError) -> None:
            super().failed(job, error)
            executor.let_go()

    toy = toys.scenario()
    executor = toys.ToyExecutor(held=lambda job: job.variant is Variant.FIXED)
    jobs = [toys.job(toy, v) for v in (Variant.FIXED, Variant.BUGGY, Variant.BUGGY)]
    session = Full(tmp_path / "session")
    session.folder.mkdir()
    outcome = run_jobs(jobs, executor, session, LetsGo(), tmp_path, at_once=2)
    assert [Variant.FIXED, Variant.BUGGY] == [r.variant for r in outcome.results]
    assert [Variant.FIXED] == [r.variant for r in store.find_results(tmp_path, str(session.folder))]


def test_saved_results_of_a_session_are_counted_and_not_repeated(tmp_path: Path) -> None:
    jobs, listener, executor = many(3), RecordingListener(), toys.ToyExecutor()
    broken = toys.result(repeat=1, end_reason=EndReason.PROGRAM_FAILED, detail="a fault")
    session = Session(tmp_path, {0: broken, 2: toys.result(repeat=3)})
    outcome = run_jobs(jobs, executor, session, listener, tmp_path)
    assert [1, 2, 3] == [r.repeat for r in outcome.results]
    assert listener.events == [
        "failed buggy: grow-4096/buggy/inline: a fault",
        "started buggy 2/3",
        "progressed buggy 400",
        "judged buggy leak",
    ]
    assert outcome.exit is Exit.BAD_INPUT
