import datetime
import json
import math
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from asv.benchmarks import Benchmarks
from asv.commands.compare import Compare
from asv.config import Config
from asv.results import Results
from asv.runner import BenchmarkResult

from leaklab.features.commits.asv import Asv, AsvOutput, open_asv, parse_benchmark
from leaklab.features.commits.changes import Benchmark, Value
from leaklab.features.commits.figures import Tracked
from leaklab.model.errors import BadInput, InfrastructureBroke

BASE, HEAD = "a" * 40, "b" * 40
PEAKS: dict[str, Any] = {
    "name": "peak_rss.track_word_index",
    "params": [["'buggy'", "'fixed'"], ["'inline'", "'fork'"]],
    "param_names": ["variant", "mode"],
    "unit": "bytes",
    "version": "1",
    "type": "track",
}
RATIO: dict[str, Any] = {
    "name": "observer.track_cpu_ratio",
    "params": [],
    "param_names": [],
    "unit": "ratio",
    "version": "1",
    "type": "track",
}
LABELS = [
    f"word_index/{variant}/{mode}" for variant in ("buggy", "fixed") for mode in ("inline", "fork")
]
CPU_RATIO = Benchmark("observer", "cpu_ratio")


@pytest.fixture
def asv(tmp_path: Path) -> Asv:
    return Asv(tmp_path, {}, lambda _: None)


def results(commit: str, saved_by: str = "machine") -> Results:
    """The results of a commit in asv's format."""
    return Results({"machine": saved_by}, {}, commit, 0, "3.11", "virtualenv-py3.11", {})


def add(
    outcome: Results,
    benchmark: dict[str, Any],
    amounts: Sequence[float | None],
    at: float = 1000.0,
    samples: Sequence[float] | None = None,
) -> None:
    """Add a benchmark's result; `at` is its start in seconds since the epoch."""
    many = len(amounts)
    number = [None if samples is None else 1] * many
    noted = BenchmarkResult(list(amounts), [samples] * many, number, 0, "", None)
    begun = datetime.datetime.fromtimestamp(at, datetime.UTC)
    outcome.add_result(benchmark, noted, started_at=begun, record_samples=True)


def save(asv: Asv, outcome: Results) -> None:
    folder = asv.root / ".asv" / "results"
    outcome.save(str(folder))


def peaks(*amounts: float | None) -> dict[Benchmark, Value]:
    named = zip(LABELS, amounts, strict=True)
    return {Benchmark("peak_rss", label): Value(amount) for label, amount in named}


@pytest.mark.parametrize(
    ("name", "metric", "label"),
    [
        ("growth.track_word_index('buggy', 'fork')", "growth", "word_index/buggy/fork"),
        ("peak_rss.track_vocabulary('program', 'spawn')", "peak_rss", "vocabulary/program/spawn"),
        ("observer.track_cpu_ratio", "observer", "cpu_ratio"),
        ("deep.down.track_track_record('fixed')", "deep.down", "track_record/fixed"),
    ],
)
def test_a_benchmark_is_named_by_its_metric_and_the_label_of_a_run(
    name: str, metric: str, label: str
) -> None:
    assert Benchmark(metric, label) == parse_benchmark(name)


def test_figures_saved_by_asv_are_read_by_name(asv: Asv) -> None:
    saved = results(HEAD)
    add(saved, PEAKS, [1.0, 2.0, 3.0, 4.0])
    save(asv, saved)
    assert peaks(1.0, 2.0, 3.0, 4.0) == asv.read_values(HEAD)


def test_a_failed_figure_is_null_and_a_skipped_one_is_left_out(asv: Asv) -> None:
    saved = results(HEAD)
    add(saved, PEAKS, [1.0, None, math.nan, 4.0])
    save(asv, saved)
    expected = peaks(1.0, None, math.nan, 4.0)
    del expected[Benchmark("peak_rss", LABELS[2])]
    assert expected == asv.read_values(HEAD)


def test_each_figure_of_a_failed_benchmark_failed(asv: Asv) -> None:
    saved = results(HEAD)
    add(saved, PEAKS, [None] * 4)
    add(saved, RATIO, [None])
    save(asv, saved)
    assert {**peaks(None, None, None, None), CPU_RATIO: Value(None)} == asv.read_values(HEAD)


def test_a_benchmark_that_was_skipped_as_a_whole_has_no_figure(asv: Asv) -> None:
    saved = results(HEAD)
    add(saved, PEAKS, [math.nan] * 4)
    save(asv, saved)
    assert {} == asv.read_values(HEAD)


def test_several_samples_are_represented_by_their_marked_median(asv: Asv) -> None:
    saved = results(HEAD)
    add(saved, RATIO, [1.0], samples=[1.5, 1.0, 1.1])
    save(asv, saved)
    assert {CPU_RATIO: Value(1.1, sampled=True)} == asv.read_values(HEAD)


def test_figures_saved_before_the_run_are_ignored(asv: Asv) -> None:
    saved = results(HEAD)
    add(saved, PEAKS, [1.0, 2.0, 3.0, 4.0], at=1000.0)
    add(saved, RATIO, [1.1], at=2000.0)
    save(asv, saved)
    assert {CPU_RATIO: Value(1.1)} == asv.read_values(HEAD, since=1500.0)
    assert len(asv.read_values(HEAD, since=1000.0) or {}) == 5
    assert asv.read_values(HEAD, since=2000.001) is None


def test_a_benchmark_that_begins_now_is_not_too_old(asv: Asv) -> None:
    began = time.time()
    saved = results(HEAD)
    add(saved, PEAKS, [1.0, 2.0, 3.0, 4.0], at=time.time() + 0.001)
    save(asv, saved)
    assert peaks(1.0, 2.0, 3.0, 4.0) == asv.read_values(HEAD, since=began)


def test_a_commit_without_saved_results_has_no_figures(asv: Asv) -> None:
    assert asv.read_values(HEAD) is None
    saved = results(BASE)
    add(saved, PEAKS, [1.0, 2.0, 3.0, 4.0])
    save(asv, saved)
    assert asv.read_values(HEAD) is None
    assert len(asv.read_values(BASE) or {}) == 4


@pytest.mark.parametrize("text", ["", "{", '{"version": 99}', '{"version": 2, "results": {}}'])
def test_a_damaged_asv_file_is_named_and_has_no_figure(asv: Asv, text: str) -> None:
    saved = results(HEAD)
    add(saved, PEAKS, [1.0, 2.0, 3.0, 4.0])
    save(asv, saved)
    (file,) = asv.root.glob(".asv/results/*/*.json")
    file.write_text(text)
    with pytest.raises(InfrastructureBroke, match=file.name):
        asv.read_values(HEAD)


Print = Callable[[Results, Results], list[str]]


@pytest.fixture
def table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Print:
    """Return the lines that asv itself prints about two commits, as in `asv continuous`."""
    conf = Config()
    conf.results_dir = str(tmp_path / "results")
    Benchmarks(conf, [PEAKS, RATIO]).save()

    def rows(outcome: Results) -> Any:
        for benchmark in (PEAKS, RATIO):
            name, params = benchmark["name"], benchmark["params"]
            if name in outcome.get_all_result_keys():
                value = outcome.get_result_value(name, params)
                stats = outcome.get_result_stats(name, params)
                samples = outcome.get_result_samples(name, params)
                yield name, params, value, stats, samples, "1", "machine", "virtualenv-py3.11"

    def lines(base: Results, head: Results) -> list[str]:
        Compare.print_table(
            conf,
            BASE,
            HEAD,
            factor=1.02,
            split=False,
            resultset_1=rows(base),
            resultset_2=rows(head),
            only_changed=True,
            sort="ratio",
            commit_names={BASE: "main", HEAD: "a|branch"},
        )
        return capsys.readouterr().out.splitlines()

    return lines


def with_peaks(*amounts: float | None) -> Results:
    saved = results(HEAD)
    add(saved, PEAKS, amounts)
    return saved


def with_ratios(samples: Sequence[float]) -> Results:
    saved = results(HEAD)
    add(saved, RATIO, [1.0], samples=samples)
    return saved


def test_marks_are_read_from_the_table_that_asv_prints(table: Print) -> None:
    output = table(with_peaks(100.0, 100.0, 100.0, 100.0), with_peaks(103.0, 97.0, None, 100.0))
    marks = dict(zip(peaks(1, 2, 3, 4), "+-!", strict=False))
    assert marks == AsvOutput(1, output).marks()


@pytest.mark.parametrize("amount", [12.0, 3 << 10, 293.0 * 2**20, 5.0 * 2**30])
def test_marks_are_read_with_amounts_of_any_format(table: Print, amount: float) -> None:
    more = with_peaks(*(amount * times for times in (2, 3, 4, 5)))
    output = table(with_peaks(*[amount] * 4), more)
    assert dict.fromkeys(peaks(1, 2, 3, 4), "+") == AsvOutput(1, output).marks()


@pytest.mark.parametrize(("more", "marks"), [(1.5, {CPU_RATIO: "+"}), (1.0, {})])
def test_marks_are_read_if_asv_shows_a_spread(
    table: Print, more: float, marks: dict[Benchmark, str]
) -> None:
    samples = [1.01, 1.02, 1.03, 1.0, 0.99, 1.04, 1.05]
    output = table(with_ratios(samples), with_ratios([n * more for n in samples]))
    assert marks == AsvOutput(1, output).marks()


def test_a_figure_without_a_change_for_asv_has_no_mark(table: Print) -> None:
    one, other = with_peaks(100.0, None, math.nan, 100.0), with_peaks(101.0, 1.0, math.nan, None)
    marks = {Benchmark("peak_rss", LABELS[3]): "!"}
    assert marks == AsvOutput(0, table(one, other)).marks()


def test_without_a_table_of_asv_there_are_no_marks() -> None:
    assert {} == AsvOutput(2, ["· Creating environments", "| + | - | ! |", ""]).marks()
    assert {} == AsvOutput(2, []).marks()


def test_the_end_of_asv_output_is_one_clean_line() -> None:
    asv_output = AsvOutput(1, [str(number) for number in range(20)] + ["", "red \x1b[31m  words"])
    assert "17 18 19 red ?[31m words" == asv_output.last_line()
    trace = ["asv: x", "Traceback (most recent call last):", "File y", "OSError: full", ""]
    assert "OSError: full" == AsvOutput(1, trace).last_line()


def test_the_suite_s_note_on_a_commit_is_read_and_removed(asv: Asv) -> None:
    asv.state.mkdir(parents=True)
    (asv.state / f"{HEAD}.json").write_text('{"absent": {"a": "why"}}')
    assert Tracked(absent={"a": "why"}) == asv.read_tracked(HEAD)
    asv.remove_notes([BASE, HEAD])
    assert asv.read_tracked(HEAD) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"figures": {"a": {}}}'])
def test_a_note_that_cannot_be_read_is_ignored(asv: Asv, text: str) -> None:
    asv.state.mkdir(parents=True)
    (asv.state / f"{HEAD}.json").write_text(text)
    assert asv.read_tracked(HEAD) is None


def test_asv_does_not_run_in_a_folder_without_its_configuration(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no asv\.conf\.json in .*: go to the top of a checkout"):
        open_asv(tmp_path, {}, lambda _: None)
    (tmp_path / "asv.conf.json").write_text("{}")
    with pytest.raises(BadInput, match=r"no benchmarks/__init__\.py in .*: go to the top"):
        open_asv(tmp_path, {}, lambda _: None)
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "__init__.py").touch()
    assert tmp_path == open_asv(tmp_path, {}, lambda _: None).root


def test_the_message_without_asv_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "asv.conf.json").write_text("{}")
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "__init__.py").touch()
    monkeypatch.delitem(sys.modules, "asv")
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "meta_path", [f for f in sys.meta_path if "ditable" not in repr(f)])
    with pytest.raises(BadInput, match=r"asv is not installed: 'make setup', or pip install"):
        open_asv(tmp_path, {}, lambda _: None)


STAND_IN = """#!/bin/sh
echo "· Creating environments"
echo "·· Creating virtualenv for py3.11"
echo "· For leaklab commit aaaaaaaa <main>:"
echo "[ 50.00%] ··· For example, a line of another program"
echo "words: $*"
echo "environment: $LEAKLAB_PYTHON $LEAKLAB_SCENARIOS $PIP_CONSTRAINT $PWD" >&2
printf 'no text: \\377\\n'
read -r answer || echo "no answer"
exit 7
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in place of the interpreter that starts asv, because asv itself takes a second."""
    program = tmp_path / "python"
    program.write_text(STAND_IN)
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.delenv("PIP_CONSTRAINT", raising=False)
    return program


def test_the_output_and_the_exit_code_of_asv_are_captured(stand_in: Path, tmp_path: Path) -> None:
    messages: list[str] = []
    asv = Asv(tmp_path, {"LEAKLAB_SCENARIOS": "a b"}, messages.append)
    asv_output = asv.run("run", "--quick", "a^!")
    assert 7 == asv_output.code
    assert "words: -m asv run --quick a^!" in asv_output.lines
    assert f"environment: {stand_in} a b  {tmp_path}" in asv_output.lines
    assert "no text: �" in asv_output.lines
    assert "no answer" == asv_output.lines[-1]
    assert asv_output.lines == [line.strip() for line in asv.log.read_text().splitlines()]


@pytest.mark.usefixtures("stand_in")
def test_asv_gets_no_standard_input(asv: Asv) -> None:
    reading, writing = os.pipe()
    ours = os.dup(0)
    try:
        os.write(writing, b"yes\n")
        os.dup2(reading, 0)
        assert "no answer" in asv.run("machine").lines
    finally:
        os.dup2(ours, 0)
        for descriptor in (reading, writing, ours):
            os.close(descriptor)


@pytest.mark.usefixtures("stand_in")
def test_only_the_suite_s_own_variables_are_passed_to_asv(tmp_path: Path) -> None:
    messages: list[str] = []
    Asv(tmp_path, {}, messages.append).run("run")
    assert ["Creating environments", "For leaklab commit aaaaaaaa <main>:"] == messages


def test_the_versions_in_asv_s_environment_are_those_of_the_checkout(
    stand_in: Path, asv: Asv
) -> None:
    constraints = asv.root / "constraints.txt"
    constraints.write_text("asv_runner==0.3.2\n")
    lines = asv.run("run").lines
    assert f"environment: {stand_in}  {constraints.name} {asv.root}" in lines


def test_a_program_that_cannot_be_started_is_a_failed_measurement(
    asv: Asv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(asv.root / "nowhere"))
    with pytest.raises(InfrastructureBroke, match=r"asv cannot be run: .*nowhere"):
        asv.run("run")


def test_an_unwritable_checkout_is_a_failed_measurement(asv: Asv) -> None:
    (asv.root / ".asv").touch()
    with pytest.raises(InfrastructureBroke, match=r"asv cannot be run: .*\.asv"):
        asv.run("run")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_a_machine_that_asv_knows_is_not_registered_again(home: Path, asv: Asv) -> None:
    known = {platform.node(): {"machine": platform.node()}, "version": 1}
    (home / ".asv-machine.json").write_text(json.dumps(known))
    asv.register_machine()
    assert not asv.log.exists()


@pytest.mark.parametrize("text", [None, "", "{}", '{"another": {}, "version": 1}'])
def test_an_unknown_machine_is_registered_without_a_question(
    stand_in: Path, home: Path, asv: Asv, text: str | None
) -> None:
    if text is not None:
        (home / ".asv-machine.json").write_text(text)
    stand_in.write_text('#!/bin/sh\necho "$@"\n')
    asv.register_machine()
    assert "-m asv machine --yes\n" == asv.log.read_text()


@pytest.mark.usefixtures("stand_in", "home")
def test_a_machine_that_cannot_be_registered_is_a_failed_measurement(asv: Asv) -> None:
    with pytest.raises(InfrastructureBroke, match=r"asv cannot register this .*no answer"):
        asv.register_machine()
