"""The suite in benchmarks/, as asv discovers it, and its calls of the lab."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from asv_runner.discovery import disc_benchmarks  # type: ignore[import-untyped]  # has no types
from benchmarks import growth, lab, observer, peak_rss, verdict

from leaklab.catalogue.folders import open_catalogue
from leaklab.features.commits.changes import METRICS, VERDICTS
from leaklab.features.commits.figures import Tracked, TrackedFigures
from leaklab.model.scenario import Resource
from leaklab.model.verdicts import Conclusion

ROOT = Path(__file__).parents[4]
SUITE = sorted((ROOT / "benchmarks").glob("*.py"))
TOML = """
resource = "memory"
modes = ["inline", "fork"]
bench = true
[buggy]
[fixed]
"""
Add = Callable[..., None]


def discovered() -> list[Any]:
    """Return the benchmarks that asv discovers."""
    return list(disc_benchmarks(str(ROOT / "benchmarks")))


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("LEAKLAB_", "ASV_"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Add:
    """Add a scenario to a separate working tree, with its text changed by `old=new` pairs."""
    monkeypatch.setattr(lab, "ROOT", tmp_path)

    def make(name: str = "toy", *changes: tuple[str, str]) -> None:
        text = TOML
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "scenarios" / name).mkdir(parents=True)
        (tmp_path / "scenarios" / name / "scenario.toml").write_text(text)

    return make


@pytest.mark.parametrize("path", SUITE, ids=lambda path: path.name)
def test_the_suite_imports_only_the_standard_library(path: Path) -> None:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    assert names <= sys.stdlib_module_names


def test_the_suite_can_be_imported_without_any_installed_package() -> None:
    modules = ", ".join(f"benchmarks.{path.stem}" for path in SUITE if path.stem != "__init__")
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import {modules}"
    command = [sys.executable, "-I", "-S", "-B", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


def test_asv_finds_every_figure_of_every_scenario_that_is_marked() -> None:
    result = {b.name: b for b in discovered()}
    marked = [scenario for scenario in open_catalogue(None).load_all() if scenario.bench]
    assert len(marked) > 0
    expected = {
        f"{metric}.track_{scenario.name}": [
            [repr(str(variant)) for variant in scenario.variants],
            [repr(str(mode)) for mode in scenario.modes],
        ]
        for scenario in marked
        for metric in METRICS
    }
    ours = {name: b.params for name, b in result.items() if not name.startswith("observer.")}
    assert expected == ours
    assert {"track"} == {b.type for b in result.values()}


def test_the_lab_is_started_once_a_commit_for_all_figures_of_all_scenarios() -> None:
    of_module: dict[str, set[str | None]] = {}
    for benchmark in discovered():
        of_module.setdefault(benchmark.name.partition(".")[0], set()).add(benchmark.setup_cache_key)
    assert of_module["growth"] == of_module["peak_rss"] == of_module["verdict"]
    assert [1, 1, 1, 1] == [len(keys) for keys in of_module.values()]
    assert of_module["observer"] != of_module["growth"]


def test_the_lab_may_be_silent_as_long_as_its_own_limits_allow() -> None:
    kept = {b.setup_cache_timeout for b in discovered()}
    assert lab.MAX_SILENCE_SECONDS in kept


def test_each_module_has_the_benchmarks_of_its_name() -> None:
    assert {name for name in vars(peak_rss) if name.startswith("track_")} == set(lab.peaks())
    assert {name for name in vars(growth) if name.startswith("track_")} == set(lab.growths())
    assert {name for name in vars(verdict) if name.startswith("track_")} == set(lab.verdicts())


def attributes(function: Callable[..., object], *names: str) -> list[Any]:
    return [vars(function)[name] for name in names]


def test_a_new_folder_appears_by_itself(add: Add) -> None:
    assert ({}, {}, {}) == (lab.peaks(), lab.growths(), lab.verdicts())
    add("a_new_one")
    for result in (lab.peaks(), lab.growths(), lab.verdicts()):
        (function,) = result.values()
        assert (["track_a_new_one"], "track_a_new_one") == (list(result), function.__name__)
        assert [["buggy", "fixed"], ["inline", "fork"]] == vars(function)["params"]
        assert [["variant", "mode"], lab.RULER] == attributes(function, "param_names", "version")


@pytest.mark.parametrize("change", [("bench = true\n", ""), ("bench = true", "bench = false")])
def test_an_unmarked_scenario_is_tracked_only_if_all_are_requested(
    add: Add, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str]
) -> None:
    add("marked")
    add("other", change)
    assert ["marked"] == list(lab.scenarios())
    monkeypatch.setenv("LEAKLAB_BENCH", "all")
    assert ["marked", "other"] == list(lab.scenarios())
    assert ["track_marked", "track_other"] == list(lab.peaks())


def test_an_unmarked_scenario_is_tracked_if_the_commits_change_it(
    add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("changed", "other"):
        add(name, ("bench = true\n", ""))
    add("marked")
    monkeypatch.setenv("LEAKLAB_ALSO", "changed elsewhere")
    assert ["changed", "marked"] == list(lab.scenarios())


def test_a_control_has_one_program(add: Add) -> None:
    add("control", ("[buggy]\n[fixed]", "[program]"))
    assert ["program"] == lab.scenarios()["control"].variants


def test_a_folder_without_a_scenario_is_ignored(add: Add, tmp_path: Path) -> None:
    add()
    (tmp_path / "scenarios" / "half_done").mkdir()
    (tmp_path / "scenarios" / "__init__.py").touch()
    assert ["toy"] == list(lab.scenarios())


def test_a_verdict_is_a_number_and_its_unit_says_what_it_means(add: Add) -> None:
    add()
    (function,) = lab.verdicts().values()
    assert ["0 clean, 1 undecided, 2 leak"] == attributes(function, "unit")
    assert dict(zip(VERDICTS, (0, 1, 2), strict=True)) == lab.VERDICTS


def test_peaks_are_in_bytes_and_growth_in_the_unit_of_the_resource(add: Add) -> None:
    add("memory")
    add("sockets", ('"memory"', '"sockets"'))
    assert ["bytes", "bytes"] == [vars(f)["unit"] for f in lab.peaks().values()]
    assert ["bytes", "pieces"] == [vars(f)["unit"] for f in lab.growths().values()]


ONE = {
    "peak_rss_bytes": 1 << 20,
    "growth_per_unit": 512.5,
    "resource": "memory",
    "verdict": "leak",
}
FOUND = {
    "figures": {"toy/buggy/fork": ONE},
    "failed": {"toy/fixed/fork": "toy/fixed/fork: a mistake"},
    "absent": {"toy/buggy/inline": "toy: skipped", "gone": "no scenario 'gone'"},
}


@pytest.fixture
def benchmarks_of_toy(add: Add) -> list[Callable[..., object]]:
    add()
    return [f for of in (lab.peaks, lab.growths, lab.verdicts) for f in of().values()]


def test_a_figure_comes_from_the_lab(benchmarks_of_toy: list[Callable[..., object]]) -> None:
    for function in benchmarks_of_toy:
        vars(function)["setup"](FOUND, "buggy", "fork")
    results = [function(FOUND, "buggy", "fork") for function in benchmarks_of_toy]
    assert [1 << 20, 512.5, 2] == results


@pytest.mark.parametrize(("variant", "mode"), [("buggy", "inline"), ("fixed", "spawn")])
def test_a_benchmark_without_a_figure_is_skipped_before_it_runs(
    benchmarks_of_toy: list[Callable[..., object]], variant: str, mode: str
) -> None:
    for function in benchmarks_of_toy:
        with pytest.raises(NotImplementedError, match=f"toy/{variant}/{mode}"):
            vars(function)["setup"](FOUND, variant, mode)


def test_a_failure_in_the_lab_fails_the_benchmark_with_its_reason(
    benchmarks_of_toy: list[Callable[..., object]],
) -> None:
    for function in benchmarks_of_toy:
        vars(function)["setup"](FOUND, "fixed", "fork")
        with pytest.raises(RuntimeError, match="toy/fixed/fork: a mistake"):
            function(FOUND, "fixed", "fork")


def test_asv_skips_benchmarks_without_a_figure_and_runs_the_others() -> None:
    benchmark = next(b for b in discovered() if b.name == "peak_rss.track_word_index")
    place_of_fixed_inline = len(lab.scenarios()["word_index"].modes)
    benchmark.set_param_idx(place_of_fixed_inline)
    benchmark.set_cache({**FOUND, "figures": {}})
    assert True is benchmark.do_setup()
    benchmark.set_cache({**FOUND, "figures": {"word_index/fixed/inline": ONE}})
    assert False is benchmark.do_setup()
    assert ONE["peak_rss_bytes"] == benchmark.do_run()


@pytest.mark.parametrize("path", SUITE, ids=lambda path: path.name)
def test_asv_finds_every_benchmark_callable_as_it_will_call_it(path: Path) -> None:
    of_module = [b for b in discovered() if b.name.startswith(f"{path.stem}.")]
    assert all(benchmark.check(str(path.parent)) for benchmark in of_module)
    assert bool(of_module) is (path.stem in (*METRICS, "observer"))


STAND_IN = """#!/bin/sh
printf '%s\\n' "$@" > "$0.arguments"
printf '%s' "$PYTHONPATH" > "$0.path"
cat "$0.says"
exit $(cat "$0.code")
"""


class StandIn:
    """A program in place of the interpreter that has leaklab."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.place.write_text(STAND_IN)
        self.place.chmod(0o755)
        self.says("{}")

    def says(self, text: str, code: int = 0) -> None:
        self._file("says").write_text(text)
        self._file("code").write_text(str(code))

    @property
    def arguments(self) -> list[str]:
        """The command line with which it was started."""
        return self._file("arguments").read_text().splitlines()

    @property
    def path(self) -> str:
        """The PYTHONPATH with which it was started."""
        return self._file("path").read_text()

    def _file(self, suffix: str) -> Path:
        return Path(f"{self.place}.{suffix}")


def _checked_out(place: Path) -> str:
    """Check out a commit here; return its hash."""
    git = ["git", "-C", str(place), "-c", "user.name=Test", "-c", "user.email=test@example.invalid"]
    place.mkdir(parents=True)
    for arguments in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "a commit"]):
        subprocess.run([*git, *arguments], check=True)
    return subprocess.check_output([*git, "rev-parse", "HEAD"], text=True).strip()


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """The lab's stand-in, and the variables of a commit that asv sets for the suite."""
    made = StandIn(tmp_path / "python")
    monkeypatch.setenv("LEAKLAB_PYTHON", str(made.place))
    monkeypatch.setenv("ASV_COMMIT", _checked_out(tmp_path / "env" / "project"))
    monkeypatch.setenv("ASV_ENV_DIR", str(tmp_path / "env"))
    monkeypatch.setattr(lab, "STATE", tmp_path / "state")
    return made


def test_all_scenarios_of_the_working_tree_are_measured_in_the_commit_s_catalogue(
    add: Add, stand_in: StandIn, tmp_path: Path
) -> None:
    add("a")
    add("b")
    lab.setup_cache()
    jobs = min(len(os.sched_getaffinity(0)), lab.MAX_AT_ONCE)
    assert stand_in.arguments == [
        *["-m", "leaklab", "figures", "a", "b", "--mode=all", f"--jobs={jobs}"],
        *["--memory-limit", "1GiB", "--catalogue", str(tmp_path / "env" / "project")],
        *["--reuse", str(tmp_path / "state" / "figures")],
    ]


def test_only_the_requested_scenarios_and_modes_are_measured(
    add: Add, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("a")
    monkeypatch.setenv("LEAKLAB_SCENARIOS", "b c")
    monkeypatch.setenv("LEAKLAB_MODES", "inline fork")
    monkeypatch.setenv("LEAKLAB_FRESH", "1")
    lab.setup_cache()
    assert ["b", "c", "--mode=inline", "--mode=fork"] == stand_in.arguments[3:7]
    assert "--reuse" not in stand_in.arguments


def test_the_output_of_the_lab_is_saved_for_the_wrapper_and_returned(
    add: Add, stand_in: StandIn
) -> None:
    add()
    stand_in.says(json.dumps(FOUND))
    assert FOUND == lab.setup_cache()
    assert json.dumps(FOUND) == (lab.STATE / f"{os.environ['ASV_COMMIT']}.json").read_text()


def test_the_suite_reads_what_the_lab_writes(add: Add, stand_in: StandIn) -> None:
    add()
    one = TrackedFigures(
        peak_rss_bytes=7,
        growth_per_unit=0.5,
        resource=Resource.MEMORY,
        verdict=Conclusion.UNDECIDED,
    )
    tracked = Tracked(figures={"toy/buggy/fork": one}, failed={"toy/fixed/fork": "a mistake"})
    stand_in.says(msgspec.json.encode(tracked).decode())
    cached = lab.setup_cache()
    assert [7] == [f(cached, "buggy", "fork") for f in lab.peaks().values()]
    assert [0.5] == [f(cached, "buggy", "fork") for f in lab.growths().values()]
    assert [1] == [f(cached, "buggy", "fork") for f in lab.verdicts().values()]
    assert set(Tracked.__struct_fields__) == set(lab.Tracked.__annotations__)


@pytest.mark.usefixtures("stand_in")
def test_a_checkout_of_another_commit_is_refused(add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    add()
    monkeypatch.setenv("ASV_COMMIT", "0" * 40)
    with pytest.raises(RuntimeError, match=f"is not {'0' * 40}: remove it"):
        lab.setup_cache()


@pytest.mark.usefixtures("stand_in")
def test_a_checkout_with_other_files_than_its_commits_is_refused(add: Add) -> None:
    add()
    (lab.checkout() / "left").touch()
    with pytest.raises(RuntimeError, match="remove it"):
        lab.setup_cache()


@pytest.mark.parametrize("code", [3, 4, 127])
def test_a_failing_observer_measurement_is_a_failure(
    stand_in: StandIn, tmp_path: Path, code: int
) -> None:
    (tmp_path / "env/project/harness/leaklab").mkdir(parents=True)
    stand_in.says("[]", code)
    with pytest.raises(RuntimeError, match=f"leaklab overhead ended with exit code {code}"):
        observer.setup_cache()


def test_a_commit_without_any_figure_is_saved_with_the_reasons(add: Add, stand_in: StandIn) -> None:
    add()
    nothing: Any = {
        "figures": {},
        "failed": {},
        "unread": {},
        "absent": {"toy": "no scenario 'toy'"},
    }
    stand_in.says(json.dumps(nothing), code=3)
    assert nothing == lab.setup_cache()
    assert (lab.STATE / f"{os.environ['ASV_COMMIT']}.json").is_file()


@pytest.mark.parametrize(("code", "text"), [(1, "{}"), (2, "{}"), (3, ""), (4, "{}"), (127, "{}")])
def test_a_failing_lab_fails_the_commit_and_saves_nothing(
    add: Add, stand_in: StandIn, code: int, text: str
) -> None:
    add()
    stand_in.says(text, code)
    with pytest.raises(RuntimeError, match=f"leaklab figures ended with exit code {code}"):
        lab.setup_cache()
    assert not lab.STATE.exists()


def test_a_missing_interpreter_is_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAKLAB_PYTHON", str(tmp_path / "nowhere"))
    with pytest.raises(RuntimeError, match=r"nowhere.*make setup, or name an interpreter"):
        lab.leaklab("figures")


def test_the_lab_is_that_of_the_interpreter_by_default(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "of another program")
    lab.leaklab("figures")
    assert "" == stand_in.path
    lab.leaklab("overhead", harness=tmp_path)
    assert str(tmp_path) == stand_in.path


def test_progress_goes_to_the_terminal_that_is_named(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in.place.write_text("#!/bin/sh\necho progress >&2\necho figures\n")
    monkeypatch.setenv("LEAKLAB_TERMINAL", str(tmp_path / "terminal"))
    assert "figures\n" == lab.leaklab("figures").stdout
    assert "progress\n" == (tmp_path / "terminal").read_text()


def test_the_observer_s_cost_is_measured_by_the_commit_s_own_lab(
    stand_in: StandIn, tmp_path: Path
) -> None:
    (tmp_path / "env/project/harness/leaklab").mkdir(parents=True)
    stand_in.says('[{"ratios": [1.0, 1.1], "added_bytes": 4096, "agent_bytes": 1}]')
    cached = observer.setup_cache()
    assert str(tmp_path / "env/project/harness") == stand_in.path
    assert ["-m", "leaklab", "overhead"] == stand_in.arguments[:3]
    assert f"--pairs={observer.PAIRS}" in stand_in.arguments
    assert {"samples": [1.0, 1.1], "number": 1} == observer.track_cpu_ratio(cached)
    assert 4096 == observer.track_added_bytes(cached)


def test_a_commit_that_cannot_measure_its_own_cost_is_skipped(
    stand_in: StandIn, tmp_path: Path
) -> None:
    assert {} == observer.setup_cache()
    assert not Path(f"{stand_in.place}.arguments").exists()
    (tmp_path / "env/project/harness/leaklab").mkdir(parents=True)
    stand_in.says("", 2)
    assert {} == observer.setup_cache()
    stand_in.says('[{"ratios": [1.0], "added_bytes": 4096}]')  # file pages included
    assert {} == observer.setup_cache()
    with pytest.raises(NotImplementedError):
        observer.setup({})


def test_the_observer_s_figures_have_units() -> None:
    functions = (observer.track_cpu_ratio, observer.track_added_bytes)
    assert ["ratio", "bytes"] == [vars(function)["unit"] for function in functions]
    assert [lab.RULER] * 2 == [vars(function)["version"] for function in functions]
