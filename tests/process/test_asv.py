"""asv on a small repository: reported changes, unreported ones, and messages.

All tests share one repository and one environment of asv. Each kind of change to a scenario has
a branch. The lab under test does the measurements.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from benchmarks import observer

from leaklab.runs.sessions import lock_folder
from process.conftest import processes_of, unwrapped, wait_until

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
PAYLOAD = 20 << 20

TOML = """
schema = 1
title = "A toy"
summary = "A toy."
pattern = "never-cleared-collection"
resource = "memory"
unit = "step"
units = 64
modes = {modes}
level = 1
hints = ["a", "b", "c", "d"]
sources = ["made up for the tests"]
bench = {bench}
[buggy]
growth = "unbounded"
culprit = "kept.append(b'x' * 100_000)"
[fixed]
growth = "none"
"""
WORKLOAD = """
def workload(program, lab):
    state = program.State()
    while True:
        state.step()
        yield


def check(program, lab):
    assert program.State() is not None
"""
BUGGY = """
kept = []


class State:
    def step(self):
        kept.append(b'x' * 100_000)
"""
FLAT = """
class State:
    def __init__(self):
        self.held = b"x" * {payload}

    def step(self):
        pass
"""
LEAKS_IN_WORKERS = """
import multiprocessing

kept = []


class State:
    def step(self):
        if multiprocessing.parent_process():
            kept.append(b'x' * 100_000)
"""
FILLS_MEMORY = """
kept = []


class State:
    def step(self):
        kept.append(b'x' * (64 << 20))
"""
RAISES = """
class State:
    def step(self):
        raise KeyError("a mistake")
"""
# An undocumented property: a tracked figure may have several samples; asv uses their median.
GUARD = """
def track_samples():
    return {"samples": [3.0, 1.0, 2.0], "number": 1}


track_samples.version = "1"
"""


@dataclass(frozen=True)
class Repository:
    """A git repository that asv measures, and the commands that run in it."""

    root: Path
    home: Path

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid"]
        command = ["git", "-C", str(self.root), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def branch(self, name: str, start: str, files: dict[str, str]) -> str:
        """Create a branch with one commit that writes these files."""
        self.git("checkout", "-q", "-b", name, start)
        self.write(files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", name)
        return name

    def leaklab(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return self.run([sys.executable, "-m", "leaklab", *arguments], **changes)

    def run(self, command: list[str], **changes: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "HOME": str(self.home), "COLUMNS": "80", **changes}
        return subprocess.run(
            command,
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )


def pair(
    name: str,
    fixed: str,
    modes: str = '["inline"]',
    buggy: str = BUGGY,
    bench: str = "true",
) -> dict[str, str]:
    """Return the files of a toy scenario."""
    folder = f"scenarios/{name}"
    return {
        f"{folder}/scenario.toml": TOML.format(modes=modes, bench=bench),
        f"{folder}/workload.py": WORKLOAD,
        f"{folder}/buggy.py": buggy,
        f"{folder}/fixed.py": fixed,
    }


def flat(more: float = 1.0) -> str:
    return FLAT.format(payload=int(PAYLOAD * more))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A repository with the branch `base`, and branches that tests compare with it."""
    place = tmp_path_factory.mktemp("asv")
    made = Repository(place / "repo", place / "home")
    made.home.mkdir()
    for name in ("benchmarks", "fixtures", "scenarios/cache_without_eviction"):
        skip = shutil.ignore_patterns("__pycache__", "observer.py")
        shutil.copytree(ROOT / name, made.root / name, ignore=skip)
    for name in ("asv.conf.json", "constraints.txt", "Makefile", "scenarios/__init__.py"):
        shutil.copy(ROOT / name, made.root / name)
    cache = made.root / "scenarios/cache_without_eviction/scenario.toml"
    short = cache.read_text().replace('"fork", "spawn", "forkserver", "multiprocess"', '"fork"')
    cache.write_text(short)
    made.git("init", "-q", "-b", "base")
    made.write(
        {
            ".gitignore": ".asv/\n__pycache__/\n",
            "benchmarks/guard.py": GUARD,
            **pair("two", flat()),
            **pair("five", flat()),
            **pair("one", flat()),
            **pair("workers", flat(), '["inline", "fork"]'),
            **pair("grown", flat()),
            **pair("limit", flat(), buggy=FILLS_MEMORY),
            **pair("unmarked", flat(), bench="false"),
            **pair("untouched", flat(), bench="false"),
            # As in a checkout of the lab, where the units of the scenarios are known to be enough.
            "harness/leaklab/__init__.py": "",
        }
    )
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "base")
    yield made
    assert [] == processes_of(place)


def rows_of(text: str) -> dict[str, dict[str, Any]]:
    """Return the figures of a comparison's JSON by name."""
    return {f"{row['label']} {row['metric']}": row for row in json.loads(text)["figures"]}


@pytest.fixture(scope="module")
def worse(repository: Repository) -> subprocess.CompletedProcess[str]:
    """`base` against a commit with many worse figures, and with figures that the other lacks."""
    fixed = "scenarios/cache_without_eviction/fixed.py"
    text = (ROOT / fixed).read_text()
    begin, end = (
        text.index(arguments) for arguments in ("            if len(", "        self._sheets.move")
    )
    grown = pair("grown", flat(), '["inline", "fork"]')
    repository.branch(
        "worse",
        "base",
        {
            fixed: text[:begin] + text[end:],
            "scenarios/two/fixed.py": flat(1.021),
            "scenarios/five/fixed.py": flat(1.05),
            "scenarios/one/fixed.py": flat(1.01),
            "scenarios/workers/fixed.py": LEAKS_IN_WORKERS,
            "scenarios/unmarked/fixed.py": BUGGY,
            **grown,
            **pair("newcomer", flat()),
        },
    )
    completed = repository.leaklab(
        "continuous", "base", "worse", "--json", "--markdown", "summary.md"
    )
    shutil.copy(repository.root / ".asv/leaklab/asv.log", repository.root / "worse.log")
    return completed


def test_a_cache_that_lost_its_eviction_is_reported(
    worse: subprocess.CompletedProcess[str],
) -> None:
    rows = rows_of(worse.stdout)
    assert 1 == worse.returncode, worse.stderr
    for mode in ("inline", "fork"):
        for metric in ("peak_rss", "growth", "verdict"):
            row = rows[f"cache_without_eviction/fixed/{mode} {metric}"]
            assert ("worse", "+") == (row["change"], row["asv"])
            assert row["verdicts"] == "clean → leak" if metric == "verdict" else row["ratio"] > 10


def test_a_changed_scenario_outside_the_default_set_is_measured(
    worse: subprocess.CompletedProcess[str],
) -> None:
    result, rows = json.loads(worse.stdout), rows_of(worse.stdout)
    assert (["unmarked"], ["untouched"]) == (result["included"], result["left_out"])
    twin = rows["unmarked/fixed/inline verdict"]
    assert ("worse", "clean → leak") == (twin["change"], twin["verdicts"])
    assert "same" == rows["unmarked/buggy/inline verdict"]["change"]
    assert not any(name.startswith("untouched") for name in rows)


def test_a_leak_in_workers_is_reported_only_for_the_pool(
    worse: subprocess.CompletedProcess[str],
) -> None:
    rows = rows_of(worse.stdout)
    assert "worse" == rows["workers/fixed/fork growth"]["change"]
    assert 100_000 <= rows["workers/fixed/fork growth"]["head"] < 101_000
    assert "same" == rows["workers/fixed/inline growth"]["change"]


@pytest.mark.parametrize(("name", "change"), [("two", "worse"), ("five", "worse"), ("one", "same")])
def test_a_peak_is_reported_from_two_per_cent_on(
    worse: subprocess.CompletedProcess[str], name: str, change: str
) -> None:
    row = rows_of(worse.stdout)[f"{name}/fixed/inline peak_rss"]
    assert change == row["change"]
    assert {"worse": "+", "same": ""}[change] == row["asv"]


def test_unchanged_figures_are_equal_to_the_byte(
    worse: subprocess.CompletedProcess[str],
) -> None:
    rows = rows_of(worse.stdout)
    unchanged = [r for name, r in rows.items() if "/buggy/inline" in name and r["base"]]
    assert 24 == len(unchanged)  # three figures of eight scenarios
    assert [] == [row for row in unchanged if row["base"] != row["head"]]


def test_a_figure_that_the_base_lacks_is_not_applicable(
    worse: subprocess.CompletedProcess[str],
) -> None:
    rows = rows_of(worse.stdout)
    for label in ("newcomer/fixed/inline peak_rss", "grown/fixed/fork peak_rss"):
        assert ("n/a", None) == (rows[label]["change"], rows[label]["base"])
        assert rows[label]["head"] > 0
    assert "no scenario 'newcomer'" in json.loads(worse.stdout)["absent"]["base"]["newcomer"]


def test_a_run_stopped_at_its_limit_is_a_number(worse: subprocess.CompletedProcess[str]) -> None:
    rows = rows_of(worse.stdout)
    stopped = rows["limit/buggy/inline peak_rss"]
    assert "same" == stopped["change"]
    assert 256 << 20 <= stopped["head"] <= 1100 << 20
    assert rows["limit/buggy/inline growth"]["head"] > 32 << 20


@pytest.mark.usefixtures("worse")
def test_the_table_is_also_written_as_markdown(repository: Repository) -> None:
    text = (repository.root / "summary.md").read_text()
    (line,) = [
        line for line in text.splitlines() if "fixed inline peak RSS" in line and "1.02" in line
    ]
    assert line.endswith("| worse | worse |")
    assert "| peak RSS |" in text
    assert "\nclean → leak: unmarked fixed (inline)\n" in text
    assert "left out: 1 scenario without bench = true that neither commit changes; --all" in text


def test_asv_behaves_as_the_suite_expects(
    worse: subprocess.CompletedProcess[str], repository: Repository
) -> None:
    output = (repository.root / "worse.log").read_text()
    head = repository.git("rev-parse", "worse")
    (file,) = repository.root.glob(f".asv/results/*/{head[:8]}-*.json")
    saved = json.loads(file.read_text())
    columns = saved["result_columns"]
    assert [2.0] == saved["results"]["guard.track_samples"][columns.index("result")]
    assert 2 == output.count("Setting up lab:")  # once for each commit, and not for each module
    assert "PERFORMANCE DECREASED" in output
    assert worse.returncode == 1


def test_commits_that_differ_only_in_documents_have_no_changes(repository: Repository) -> None:
    repository.branch("docs", "base", {"README.md": "# Words\n"})
    repository.write({"scenarios/two/notes.txt": "not committed\n"})
    arguments = ("--name=cache_without_eviction", "--name=two", "--fresh")
    completed = repository.leaklab("continuous", "base", "docs", *arguments)
    (repository.root / "scenarios/two/notes.txt").unlink()
    rows = [line.split() for line in completed.stdout.splitlines()[1:-1]]
    assert 0 == completed.returncode, completed.stderr
    counted = {row[0]: row[-5:] for row in rows if row[0] in ("growth", "peak", "verdict")}
    assert {"growth", "peak", "verdict"} == counted.keys()
    assert [["0", "0", "6", "0", "0"]] * 3 == list(counted.values())
    assert "not committed, so not measured: scenarios/two/notes.txt\n" in completed.stderr


def test_scenarios_left_out_of_a_comparison_are_named(repository: Repository) -> None:
    repository.branch("words", "base", {"README.md": "# More words\n"})
    completed = repository.leaklab("continuous", "base", "words")
    assert 0 == completed.returncode, completed.stderr
    assert completed.stdout.startswith("figures ")
    assert unwrapped(completed.stdout).endswith("; --all includes them: unmarked, untouched")


def test_a_commit_is_not_worse_than_itself(repository: Repository) -> None:
    completed = repository.leaklab("continuous", "base", "base", "--name=five", "--json")
    assert 0 == completed.returncode, completed.stderr
    assert ["same"] * 6 == [row["change"] for row in rows_of(completed.stdout).values()]


def test_a_failing_benchmark_does_not_affect_the_other_tables(repository: Repository) -> None:
    changed = {"scenarios/two/fixed.py": RAISES, "scenarios/five/fixed.py": flat(1.05)}
    repository.branch("broken", "base", changed)
    completed = repository.leaklab("continuous", "base", "broken", "--name=two", "--name=five")
    assert 3 == completed.returncode, completed.stderr
    assert "KeyError" in completed.stdout
    for name, arguments in (("two", "failed"), ("five", "worse")):
        below = completed.stdout.partition(f"\n{name}\n")[2]
        assert arguments in below.splitlines()[0]


def test_an_unknown_schema_is_not_applicable(repository: Repository) -> None:
    toml = TOML.format(modes='["inline"]', bench="true").replace("schema = 1", "schema = 99")
    repository.branch("future", "base", {"scenarios/one/scenario.toml": toml})
    repository.git("checkout", "-q", "base")
    completed = repository.leaklab("continuous", "future", "base", "--name=one", "--json")
    assert 3 == completed.returncode, completed.stderr  # because nothing was compared
    assert {"n/a"} == {row["change"] for row in rows_of(completed.stdout).values()}
    assert "schema is 99" in json.loads(completed.stdout)["unread"]["base"]["one"]
    other_way = repository.leaklab("continuous", "base", "future", "--name=one")
    assert 3 == other_way.returncode
    assert "not read at future" in other_way.stdout


@pytest.mark.usefixtures("worse")
def test_make_continuous_shows_the_comparison_and_its_exit_code(repository: Repository) -> None:
    venv = sys.prefix
    arguments = [f"VENV={venv}", "-o", f"{venv}/.ready", "BASE=base", "HEAD=worse", "NAMES=five"]
    completed = repository.run(["make", "continuous", *arguments])
    assert "1.050" in completed.stdout or "1.049" in completed.stdout
    assert "Error 1" in completed.stderr
    assert 2 == completed.returncode  # make's own exit code for every failed command


def test_bench_shows_the_cost_of_each_pair_and_writes_the_site(repository: Repository) -> None:
    repository.git("checkout", "-q", "base")
    completed = repository.leaklab("bench", "--name=five", "--name=two")
    assert 0 == completed.returncode, completed.stderr
    assert ["five", "two"] == [
        line for line in completed.stdout.splitlines() if line in ("five", "two")
    ]
    assert (repository.root / ".asv/html/index.html").is_file()
    assert "left out" not in completed.stdout


def test_a_quick_run_saves_nothing(repository: Repository) -> None:
    changed = {"scenarios/unmarked/notes.txt": "x"}
    repository.git("checkout", "-q", repository.branch("quick", "base", changed))
    completed = repository.leaklab("bench", "--quick")
    commit = repository.git("rev-parse", "HEAD")
    assert 0 == completed.returncode, completed.stderr
    assert {"five", "unmarked"} < set(completed.stdout.splitlines())
    assert "also measured, because they changed: unmarked\n" in completed.stdout
    assert unwrapped(completed.stdout).endswith("; --all includes them: untouched")
    assert [] == list(repository.root.glob(f".asv/results/*/{commit[:8]}-*"))


def test_the_history_names_the_commit_that_made_a_figure_grow(repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "line", "base")
    for number, more in enumerate((1.0, 1.0, 1.5, 1.5, 1.5)):
        repository.write({"scenarios/one/fixed.py": f"# {number}\n{flat(more)}"})
        repository.git("commit", "-qam", f"step {number}")
    completed = repository.leaklab("history", "-n", "5")
    guilty = repository.git("rev-parse", "HEAD~2")[:8]
    assert 1 == completed.returncode, completed.stderr
    (line,) = [line for line in completed.stdout.splitlines() if "fixed inline peak RSS" in line]
    assert ["fixed", "inline", "peak", "RSS", guilty] == line.split()[:5]
    assert "5 commits, 1 regression, 0 failures" in completed.stdout
    again = repository.leaklab("history", "-n", "5")
    assert completed.stdout == again.stdout
    assert "asv: For leaklab commit" in completed.stderr
    assert "asv: For leaklab commit" not in again.stderr


def test_the_exit_code_shows_that_there_was_nothing_to_measure(repository: Repository) -> None:
    marked = ("cache_without_eviction", "two", "five", "one", "workers", "grown", "limit")
    repository.git("checkout", "-q", "-b", "unmarked", "base")
    repository.git("rm", "-rq", *(f"scenarios/{name}" for name in marked))
    repository.git("commit", "-qm", "none is marked")
    repository.branch("empty", "unmarked", {"README.md": "# Words\n"})
    for arguments in (["bench"], ["continuous", "unmarked", "empty"], ["history"]):
        completed = repository.leaklab(*arguments)
        assert (3, 1) == (completed.returncode, len(completed.stderr.splitlines())), (
            completed.stderr
        )
        assert "there is nothing to measure: no scenario has bench = true" in completed.stderr
    repository.git("checkout", "-q", "base")
    completed = repository.leaklab("figures", "unknown", "--catalogue", ".")
    assert (3, ["unknown"]) == (completed.returncode, list(json.loads(completed.stdout)["absent"]))


def test_two_commands_do_not_share_a_checkout(repository: Repository) -> None:
    state = repository.root / ".asv" / "leaklab"
    state.mkdir(parents=True, exist_ok=True)
    lock = lock_folder(state)
    try:
        completed = repository.leaklab("bench", "--name=two")
    finally:
        os.close(lock)
    assert (4, 1) == (completed.returncode, len(completed.stderr.splitlines()))
    assert "another command is running asv" in completed.stderr


def test_an_interrupted_checkout_is_not_mistaken_for_the_commit(repository: Repository) -> None:
    repository.git("checkout", "-q", repository.branch("clean", "base", {"clean": "x"}))
    assert 0 == repository.leaklab("bench", "--name=two").returncode
    (project,) = repository.root.glob(".asv/env/*/project")
    left = project / "scenarios" / "two" / "fixed.py"
    left.write_text(flat(1.5))
    completed = repository.leaklab("bench", "--name=two", "--fresh")
    left.write_text(flat())
    assert 4 == completed.returncode
    assert "remove it" in (repository.root / ".asv/leaklab/asv.log").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["continuous", "nowhere"], "there is no commit 'nowhere' here; 'git branch --all'"),
        (["continuous", "base", "--name=unknown"], "no scenario 'unknown'"),
        (["bench", "tow"], "no scenario 'tow'; did you mean 'two'?"),
        (
            ["continuous", "base", "--factor=1"],
            "'1' is not a factor greater than 1; write it like 1.02",
        ),
        (["bench", "--quick", "--all"], "--quick and --all exclude each other"),
    ],
)
def test_bad_input_is_one_line(repository: Repository, arguments: list[str], message: str) -> None:
    completed = repository.leaklab(*arguments)
    assert (2, 1) == (completed.returncode, len(completed.stderr.splitlines())), completed.stderr
    assert message in completed.stderr


def test_a_scenario_that_is_not_committed_is_bad_input_on_one_line(repository: Repository) -> None:
    repository.git("checkout", "-q", "base")
    new = repository.root / "scenarios" / "tow"
    shutil.copytree(repository.root / "scenarios" / "two", new)
    try:
        completed = repository.leaklab("bench", "tow")
    finally:
        shutil.rmtree(new)
    assert (2, 1) == (completed.returncode, len(completed.stderr.splitlines())), completed.stderr
    assert "has no scenario 'tow': commit it first; similar names" in completed.stderr


def test_a_shallow_clone_or_a_folder_without_git_is_reported_in_one_line(
    repository: Repository, tmp_path: Path
) -> None:
    shallow = Repository(tmp_path / "shallow", repository.home)
    repository.git("clone", "-q", "--depth=1", f"file://{repository.root}", str(shallow.root))
    for message in ("git fetch --unshallow", "is not a git checkout"):
        completed = shallow.leaklab("continuous", "base", "--markdown", "summary.md")
        assert (2, 1) == (completed.returncode, len(completed.stderr.splitlines())), (
            completed.stderr
        )
        assert message in completed.stderr
        assert message in (shallow.root / "summary.md").read_text()
        shutil.rmtree(shallow.root / ".git", ignore_errors=True)


def test_a_killed_command_leaves_nothing_behind(repository: Repository) -> None:
    repository.branch("to-kill", "base", {"kill": "x"})
    environment = {**os.environ, "HOME": str(repository.home), "TMPDIR": str(repository.home)}
    arguments = ["-m", "leaklab", "continuous", "base", "to-kill", "--name=two", "--fresh"]
    killed = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=repository.root,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: any("/leaklab/agent" in line for line in processes_of(repository.home)))
    finally:
        killed.kill()
        killed.wait()
    wait_until(lambda: processes_of(repository.root) == [])
    wait_until(lambda: list(repository.home.glob("leaklab-*")) == [])


def test_the_observer_cost_is_measured_with_the_commit_s_own_harness(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project").symlink_to(ROOT)
    monkeypatch.setenv("ASV_ENV_DIR", str(tmp_path))
    monkeypatch.setenv("LEAKLAB_PYTHON", sys.executable)
    monkeypatch.setattr(observer, "WORK", ("word_index", "--variant=fixed", "--units=100"))
    cached = observer.setup_cache()
    ratios = observer.track_cpu_ratio(cached)["samples"]
    assert observer.PAIRS == len(ratios)
    assert all(0.3 < ratio < 3 for ratio in ratios)
    assert 4096 <= observer.track_added_bytes(cached) <= 1 << 20


def test_a_commit_without_a_harness_has_no_cost_to_measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASV_ENV_DIR", str(tmp_path))
    with pytest.raises(NotImplementedError):
        observer.setup(observer.setup_cache())


def test_a_failure_of_asv_is_not_a_regression(repository: Repository) -> None:
    repository.branch("other", "base", {"other": "x"})
    kept = repository.root / ".asv" / "env"
    kept.rename(repository.root / ".asv" / "kept")
    kept.write_text("a file where a folder should be")
    try:
        completed = repository.leaklab("continuous", "base", "other", "--markdown", "summary.md")
    finally:
        kept.unlink()
        (repository.root / ".asv" / "kept").rename(kept)
    assert 4 == completed.returncode
    assert "leaklab: asv saved no figures of" in completed.stderr.splitlines()[-1]
    assert "Not compared:" in (repository.root / "summary.md").read_text()
    assert "Traceback" not in completed.stderr
