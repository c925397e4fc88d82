from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import toys
from leaklab import store
from leaklab.errors import BadInput, Exit, LabError, NotMeasured, NotSaved, Skipped
from leaklab.listener import Listener
from leaklab.model import Growth, Job, Judge, Resource, Variant
from leaklab.record import Ended, Result, Trace
from leaklab.reports import plain
from leaklab.reports.runs import disagreements, runs
from leaklab.runner import Outcome, refuse_failure, run, to_result


class Ear(Listener):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def run_started(self, job: Job, number: int, of: int) -> None:
        self.heard.append(f"started {job.variant} {number}/{of}")

    def progressed(self, job: Job, units_done: int) -> None:
        self.heard.append(f"progressed {job.variant} {units_done}")

    def judged(self, result: Result) -> None:
        self.heard.append(f"judged {result.variant} {result.verdict.word}")

    def failed(self, job: Job, error: LabError) -> None:
        self.heard.append(f"failed {job.variant}: {error}")


def make(executor: object, folder: Path, ear: Listener | None = None) -> Outcome:
    toy = toys.scenario()
    jobs = [toys.job(toy, variant) for variant in toy.variants]
    session = store.Session(folder)
    return run(jobs, executor, session, ear or Ear(), folder)  # type: ignore[arg-type]


def test_a_pair_goes_from_plan_to_report_as_its_law_says(tmp_path: Path) -> None:
    outcome = make(toys.ToyExecutor(), tmp_path)
    assert [True, False] == [r.verdict.leak for r in outcome.results]
    assert outcome.exit is Exit.AS_EXPECTED
    table = plain(runs(outcome.results))
    assert "grow-4096  buggy     1.6 MiB       +4 KiB  leak" in table
    assert max(len(line) for line in table.splitlines() if not line.startswith("note")) <= 80


def test_the_terminal_hears_the_moments_in_their_order(tmp_path: Path) -> None:
    ear = Ear()
    make(toys.ToyExecutor(), tmp_path, ear)
    assert ear.heard == [
        "started buggy 1/2",
        "progressed buggy 400",
        "judged buggy leak",
        "started fixed 2/2",
        "progressed fixed 400",
        "judged fixed clean",
    ]


def test_each_run_is_saved_as_it_ends_and_reads_back_the_same(tmp_path: Path) -> None:
    outcome = make(toys.ToyExecutor(), tmp_path)
    saved = store.find(tmp_path, str(next(tmp_path.iterdir())))
    assert sorted(outcome.results, key=lambda r: r.variant) == saved


def test_a_run_that_breaks_off_does_not_end_the_session(tmp_path: Path) -> None:
    def ended(job: Job) -> Ended:
        return Ended.PROGRAM_FAILED if job.variant is Variant.BUGGY else Ended.COMPLETED

    ear = Ear()
    outcome = make(toys.ToyExecutor(ended), tmp_path, ear)
    assert [Ended.PROGRAM_FAILED, Ended.COMPLETED] == [r.ended for r in outcome.results]
    assert outcome.exit is Exit.BAD_INPUT
    assert "failed buggy: grow-4096/buggy/inline: as the toy was told" in ear.heard


def test_a_run_that_cannot_be_made_does_not_end_the_session(tmp_path: Path) -> None:
    class Broken(toys.ToyExecutor):
        def execute(self, job: Job, progress: Callable[[int], None]) -> Trace:
            if job.variant is Variant.BUGGY:
                raise NotMeasured("the service does not start")
            return super().execute(job, progress)

    outcome = make(Broken(), tmp_path)
    assert [Variant.FIXED] == [r.variant for r in outcome.results]
    assert outcome.exit is Exit.NOT_MEASURED


def test_a_stopped_run_is_a_result_that_differs(tmp_path: Path) -> None:
    outcome = make(toys.ToyExecutor(lambda _: Ended.MEMORY_LIMIT), tmp_path)
    assert outcome.exit is Exit.DIFFERS
    assert len(outcome.results[0].processes[0].samples.units) == 200
    assert "stopped: memory limit after 200 of 400 units" in plain(runs(outcome.results))


def test_a_pair_judged_by_its_peaks_needs_its_pair() -> None:
    toy = toys.scenario(judge="peak", min_ratio=1.5)
    assert toy.judge is Judge.PEAK
    assert "needs its pair" in toys.result(toy).verdict.reasons[0]


def test_growth_of_a_saw_tooth_is_a_leak_only_where_restarts_end_its_teeth() -> None:
    teeth = {"growth": "sawtooth"}
    pair = toys.scenario(buggy={**teeth, "culprit": "x"}, fixed=teeth)
    assert [True, False] == [pair.leaks(v) for v in pair.variants]


def test_a_result_has_at_least_the_fields_that_are_promised() -> None:
    record = msgspec.to_builtins(toys.result())
    assert set(
        "schema scenario variant mode workers units seed options ended expected_growth verdict "
        "agrees peak_rss_bytes baseline_rss_bytes tree_peak_pss_bytes processes controls "
        "environment".split()
    ) <= set(record)
    assert set("leak growth resource per_unit low high reasons".split()) <= set(record["verdict"])
    assert {"pid", "role", "peak_rss_bytes", "samples"} <= set(record["processes"][0])


def test_a_trace_without_a_process_is_undecided() -> None:
    found = to_result(toys.job(), Trace(ended=Ended.NOT_STARTED), toys.ENVIRONMENT)
    assert (found.verdict.leak, found.peak_rss_bytes) == (None, None)
    assert found.verdict.resource is Resource.MEMORY
    assert found.expected_growth is Growth.UNBOUNDED


def test_the_gravest_error_gives_the_exit_code() -> None:
    outcome = Outcome([toys.result(agrees=False)], [NotMeasured("x"), BadInput("y")])
    assert outcome.exit is Exit.NOT_MEASURED


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ([], Exit.NOT_MEASURED),
        ([toys.result()], Exit.AS_EXPECTED),
        ([toys.result(), toys.result(agrees=False)], Exit.DIFFERS),
    ],
)
def test_a_skip_hides_no_wrong_verdict_and_no_empty_session(
    results: list[Result], code: Exit
) -> None:
    assert Outcome(results, [Skipped("x: skipped")]).exit is code


def test_what_a_broken_program_said_is_kept_for_who_asks() -> None:
    trace = Trace(ended=Ended.PROGRAM_FAILED, detail="why", output_tail="Traceback …")
    with pytest.raises(BadInput) as caught:
        refuse_failure(toys.job(), trace)
    assert caught.value.__notes__ == ["Traceback …"]
    assert str(caught.value) == "grow-4096/buggy/inline: why"


def test_a_result_that_cannot_be_saved_is_told_and_ends_the_session(tmp_path: Path) -> None:
    class Full(store.Session):
        def save(self, result: Result) -> Path:
            raise NotSaved(f"{result.variant} could not be saved: no space left")

    ear, toy = Ear(), toys.scenario()
    jobs = [toys.job(toy, variant) for variant in toy.variants]
    outcome = run(jobs, toys.ToyExecutor(), Full(tmp_path), ear, tmp_path)
    assert [Variant.BUGGY] == [r.variant for r in outcome.results]
    assert outcome.exit is Exit.NOT_MEASURED
    assert ear.heard[-1] == "failed buggy: buggy could not be saved: no space left"


def test_a_wrong_verdict_is_named_with_its_repeat_and_reasons() -> None:
    wrong = toys.result(agrees=False, repeat=3)
    assert disagreements([toys.result(), wrong]) == [
        "grow-4096/buggy/inline (repeat 3): leak (known: a leak): "
        + "; ".join(wrong.verdict.reasons)
    ]
