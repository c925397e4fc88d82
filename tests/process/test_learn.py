"""A scripted learner goes through the course by the command line, and meets what may be wrong."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from leaklab.catalogue.folders import open_catalogue
from leaklab.features.course.check_plan import CheckPlan
from leaklab.features.course.course_state import FORMAT, STATE
from leaklab.features.course.diagnosis import line_of
from leaklab.features.course.exercises import Exercise, exercises_of
from leaklab.features.course.fix_check import LearnersProgram, check_fix
from leaklab.model.errors import Exit
from leaklab.model.scenario import Mode, Pattern
from leaklab.runs.limits import make_limits
from leaklab.runs.listener import Listener
from leaklab.runs.sessions import lock_folder
from process.conftest import Leaklab, one_line, unwrapped

pytestmark = pytest.mark.process

# Six exercises in the order of the course: four resources, and two programs that do not leak.
SCENARIOS = (
    "never_cleared_collection",
    "unclosed_files",
    "warm_cache",
    "log_buffer",
    "thread_locals",
    "shared_memory_segments",
)
Learn = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def small_course(place: Path) -> Path:
    """A catalogue of six exercises that are judged in one process only."""
    catalogue = place / "catalogue"
    for name in SCENARIOS:
        source = open_catalogue(None).folder(name)
        folder = catalogue / "scenarios" / name
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))
        settings = (folder / "scenario.toml").read_text(encoding="utf-8")
        inline, count = re.subn(r"(?m)^modes .*$", 'modes = ["inline"]', settings)
        assert count == 1
        vouched = inline.replace("\nmodes", "\nvouched = true\nmodes", 1)
        (folder / "scenario.toml").write_text(vouched, encoding="utf-8")
    (catalogue / "scenarios" / "__init__.py").touch()
    return catalogue


@pytest.fixture
def exercises(small_course: Path) -> dict[str, Exercise]:
    return {e.name: e for e in exercises_of(open_catalogue(small_course))}


@pytest.fixture
def learn(leaklab: Leaklab, small_course: Path, place: Path) -> Learn:
    """`leaklab learn` in a new workspace of the small course."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the course."""
        where = ("--workspace", str(place / "course"), "--catalogue", str(small_course))
        return leaklab("learn", *arguments, *where)

    made = leaklab("learn", "init", "course", "--catalogue", str(small_course))
    assert made.stdout.startswith("course has 6 exercises; 12 files new")
    return run


def program_of(place: Path, exercise: Exercise) -> Path:
    return place / "course" / f"{exercise.number:02}_{exercise.name}" / "program.py"


def words_of(result: subprocess.CompletedProcess[str], code: Exit) -> str:
    """Return what a command printed, in one line, and check its exit code."""
    assert result.returncode == code, result.stdout + result.stderr
    return unwrapped(result.stdout)


def hunt(learn: Learn, place: Path, exercise: Exercise) -> None:
    """Hunt a leak to its end, with wrong answers on the way."""
    scenario, truth = exercise.scenario, exercise.truth
    wrong = "memory" if scenario.resource != "memory" else "threads"
    assert words_of(learn("answer", "clean"), Exit.DIFFERS).startswith("No: something grows")
    answer = ("answer", "leak", "--resource")
    assert words_of(learn(*answer, wrong), Exit.DIFFERS).startswith("It leaks, but not that")
    assert words_of(learn(*answer, scenario.resource), Exit.AS_EXPECTED).startswith(
        "Right: it leaks"
    )
    other = next(p for p in Pattern if p not in {truth.pattern, Pattern.NONE})
    culprit = f"program.py:{line_of(truth.source, truth.culprit)}"
    words = words_of(learn("diagnose", "--line", culprit, "--pattern", other), Exit.DIFFERS)
    assert words.startswith("The line is right: it keeps what should go. It is another pattern.")
    words = words_of(learn("diagnose", "--line", "1", "--pattern", truth.pattern), Exit.DIFFERS)
    assert words.startswith("The line does not keep it.")
    words = words_of(
        learn("diagnose", "--line", culprit, "--pattern", truth.pattern), Exit.AS_EXPECTED
    )
    assert "The line is right: it keeps what should go. The pattern is right." in words
    program_of(place, exercise).write_text(exercise.reference, encoding="utf-8")
    assert f"Passed: {exercise.title}." in words_of(learn("check"), Exit.AS_EXPECTED)


def test_a_learner_goes_through_six_exercises(
    learn: Learn, place: Path, exercises: dict[str, Exercise]
) -> None:
    assert [e.scenario.name for e in exercises.values()] == [*SCENARIOS[:4], *SCENARIOS[4:]]
    first = exercises["front_office"]
    assert "Exercise 1 of 6" in words_of(learn("status"), Exit.AS_EXPECTED)
    assert "units (parent)" in words_of(learn("measure"), Exit.AS_EXPECTED)
    assert "3 hints left" in words_of(learn("hint"), Exit.AS_EXPECTED)
    before = words_of(learn("check"), Exit.DIFFERS)
    assert "inline: it still leaks memory" in before
    assert "Not yet." in before
    for exercise in exercises.values():
        if exercise.leaks:
            hunt(learn, place, exercise)
        else:
            words = words_of(learn("answer", "leak", "--resource", "memory"), Exit.DIFFERS)
            assert words.startswith("No: what grows here stops growing")
            words = words_of(learn("answer", "clean"), Exit.AS_EXPECTED)
            assert words.startswith("Right: it does not leak.")
        learn("next")
    certificate = words_of(learn("certificate"), Exit.AS_EXPECTED)
    for line in (
        "exercises passed 6 of 6",
        "leak or not, at once 0 of 6",
        "line and pattern, at once 0 of 4 leaks",
        "hints 1",
    ):
        assert line in certificate
    listed = learn("list").stdout
    assert listed.count("passed") == len(exercises)
    assert program_of(place, first).read_text(encoding="utf-8") == first.reference


def test_what_is_missing_or_wrong_is_one_line_with_a_remedy(
    learn: Learn, leaklab: Leaklab, place: Path, exercises: dict[str, Exercise]
) -> None:
    first = exercises["front_office"]
    nowhere = leaklab("learn", "status")
    assert nowhere.returncode == Exit.BAD_INPUT
    assert "make one with 'leaklab learn init'" in one_line(nowhere)
    unknown = learn("next", "never_cleared_collection")
    assert unknown.returncode == Exit.BAD_INPUT
    assert "no exercise 'never_cleared_collection'; 'leaklab learn list'" in one_line(unknown)
    program_of(place, first).unlink()
    missing = learn("measure")
    assert missing.returncode == Exit.BAD_INPUT
    assert "is missing: 'leaklab learn reset front_office'" in one_line(missing)
    words_of(learn("reset"), Exit.AS_EXPECTED)
    assert program_of(place, first).read_text(encoding="utf-8") == first.program
    program_of(place, first).write_text("x = 1\ndef broken(:\n", encoding="utf-8")
    assert "program.py:2: this is not Python" in words_of(learn("check"), Exit.DIFFERS)
    failed = learn("measure")
    assert failed.returncode == Exit.BAD_INPUT
    assert "01_front_office/program.py:2: SyntaxError" in one_line(failed)
    assert "never_cleared" not in failed.stderr + failed.stdout


def test_the_state_is_never_lost(learn: Learn, place: Path) -> None:
    state = place / "course" / STATE
    words_of(learn("answer", "clean"), Exit.DIFFERS)
    saved = state.read_bytes()
    blocker = state.with_name(f"{STATE}.new")
    blocker.mkdir()  # the file that would be written first
    unsaved = learn("answer", "clean")
    assert unsaved.returncode == Exit.NOT_MEASURED
    assert "nothing that was saved before is lost" in one_line(unsaved)
    assert state.read_bytes() == saved
    blocker.rmdir()
    newer = saved.replace(b'"format": 1', b'"format": %d' % (FORMAT + 1))
    state.write_bytes(newer)
    refused = learn("status")
    assert refused.returncode == Exit.BAD_INPUT
    assert f"has format {FORMAT + 1}" in one_line(refused)
    assert state.read_bytes() == newer
    state.write_bytes(b"{")
    again = learn("status")
    assert again.returncode == Exit.AS_EXPECTED
    assert f"{STATE}.unreadable-1; begin again" in unwrapped(again.stderr)


def test_two_terminals_take_turns(
    learn: Learn, place: Path, small_course: Path, environment: dict[str, str]
) -> None:
    command = [sys.executable, "-m", "leaklab", "learn", "hint"]
    where = ["--workspace", "course", "--catalogue", str(small_course)]
    both = [
        subprocess.Popen([*command, *where], cwd=place, env=environment, stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert [process.wait(60) for process in both] == [0, 0]
    state = json.loads((place / "course" / STATE).read_bytes())
    assert state["exercises"]["front_office"]["hints"] == 2
    lock = lock_folder(place / "course")
    held = learn("hint")
    os.close(lock)
    assert held.returncode == Exit.BAD_INPUT
    assert "another terminal holds the lock" in one_line(held)


def test_an_endless_loop_ends_at_the_time_limit(exercises: dict[str, Exercise]) -> None:
    exercise = exercises["front_office"]
    source = exercise.program.replace("    TRAIL.append", "    while True:\n        TRAIL")
    source = source.replace("TRAIL(entry)", "pass")
    program = LearnersProgram(open_catalogue(None), exercise, source, Path("program.py"))
    plan = CheckPlan((Mode.INLINE,), make_limits(None, 3.0), with_reference=False)
    report = check_fix(program, plan, Listener())
    assert len(report.problems) == 1
    assert "time limit" in report.problems[0]


def test_the_exercises_prove_themselves(leaklab: Leaklab) -> None:
    proven = leaklab("selftest", "exercises", "front_office", "log_buffer")
    assert proven.returncode == Exit.AS_EXPECTED
    rows = [line.split()[:-1] for line in proven.stdout.splitlines()]
    assert rows[1:] == [["front_office", "yes", "yes"], ["quiet_week", "yes"]]
