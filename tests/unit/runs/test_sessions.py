import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

import toys
from leaklab.catalogue.folders import Catalogue, open_catalogue
from leaklab.catalogue.plan import PlanRequest, plan
from leaklab.model.errors import BadInput, NotMeasured
from leaklab.model.job import Limits
from leaklab.model.measurement import EndReason
from leaklab.model.result import Result
from leaklab.model.scenario import Mode, Scenario, Variant
from leaklab.runs import resume, store
from leaklab.runs.sessions import PLAN, Plan, Session, begin_session, plan_of

LIMITS = Limits(memory_bytes=300 << 20, time_seconds=20, processes=99)
TOYS = Path(__file__).parents[2] / "catalogue"


def toy_plan(repeats: int = 3, **changes: Any) -> Plan:
    jobs = [toys.job(repeat=repeat, **changes) for repeat in range(1, repeats + 1)]
    return plan_of(jobs, LIMITS, Path("/root/of/toys"))


def begun(results: Path, *made: Result, plan: Plan | None = None) -> Path:
    """Return the folder of an interrupted session with these results."""
    with begin_session(results, plan or toy_plan()) as session:
        for result in made:
            session.save(result)
    return session.folder


def reopened(folder: Path) -> tuple[Session, list[str]]:
    session, strange = resume.reopen_session(folder, resume.read_plan(folder))
    with session:
        return session, strange


def test_an_unwritable_folder_is_reported_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file where a folder should be")
    with pytest.raises(NotMeasured, match=r"cannot be saved in .*--results"):
        begin_session(tmp_path / "results", toy_plan())


def test_a_session_is_named_by_its_start_and_the_process(tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    stamp, _, pid = begun(tmp_path).name.rpartition("-")
    start = datetime.strptime(f"{stamp}+0000", "%Y%m%d-%H%M%S%z")
    assert before <= start <= datetime.now(UTC)
    assert pid == str(os.getpid())


def test_the_newest_session_sorts_last_even_if_the_clock_was_set_back(tmp_path: Path) -> None:
    future = datetime.now(UTC) + timedelta(days=400)
    (tmp_path / f"{future:%Y%m%d-%H%M%S}-99999").mkdir()
    names = [begun(tmp_path).name for _ in range(3)]
    assert names == sorted(names)
    assert names[0].startswith(f"{future + timedelta(seconds=1):%Y%m%d-%H%M%S}-")
    assert [p.name for p in sorted(tmp_path.iterdir())][-1] == names[-1]


@pytest.mark.parametrize("name", ["99991231-235959-1", "20269999-999999-1", "notes", "2026-1"])
def test_an_unrelated_name_does_not_prevent_the_start(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert begun(tmp_path).is_dir()


def test_a_plan_reads_back_equal(tmp_path: Path) -> None:
    plan = toy_plan(mode=Mode.SPAWN, workers=3, options={"a": 1, "b": "x", "c": 0.5, "d": True})
    assert resume.read_plan(begun(tmp_path, plan=plan)) == plan


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"has no plan to resume \(plan.json: No such file"),
        ("", "is not a plan, or is incomplete"),
        ('{"schema": 1, "leaklab": "0"', "is not a plan, or is incomplete"),
        ('{"schema": 1}', "is not a plan, or is incomplete"),
        ("[]", "is not a plan, or is incomplete"),
        ('{"schema": 99}', "has schema 99, newer than 3: update leaklab"),
        ('{"a":' * 100_000, "is not a plan, or is incomplete"),
    ],
)
def test_a_missing_or_broken_plan_is_named(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / PLAN).write_text(text)
    with pytest.raises(BadInput, match=message):
        resume.read_plan(tmp_path)


@pytest.mark.parametrize(
    ("part", "name", "number"),
    [
        ("runs", "units", 0),
        ("runs", "workers", -1),
        ("runs", "repeat", 0),
        ("limits", "memory_bytes", 0),
        ("limits", "time_seconds", 0.0),
        ("limits", "processes", -5),
        ("limits", "descriptors", 0),
        ("limits", "output_bytes", 0),
    ],
)
def test_a_plan_with_an_impossible_number_is_refused(
    tmp_path: Path, part: str, name: str, number: float
) -> None:
    plan = msgspec.to_builtins(toy_plan(1))
    (plan["runs"][0] if part == "runs" else plan["limits"])[name] = number
    (tmp_path / PLAN).write_bytes(msgspec.json.encode(plan))
    with pytest.raises(BadInput, match=f"is not a plan, .*{name}"):
        resume.read_plan(tmp_path)


def test_a_resumed_session_identifies_results_by_their_place(tmp_path: Path) -> None:
    broken = toys.result(repeat=3, end_reason=EndReason.PROGRAM_FAILED)
    session, strange = reopened(begun(tmp_path, toys.result(), broken))
    assert (session.saved, strange) == ({0: toys.result(), 2: broken}, [])


def test_a_run_that_is_planned_twice_is_made_twice(tmp_path: Path) -> None:
    plan = plan_of([toys.job(), toys.job()], LIMITS, tmp_path)
    assert {0} == reopened(begun(tmp_path, toys.result(), plan=plan))[0].saved.keys()
    twice = begun(tmp_path, toys.result(), toys.result(), plan=plan)
    assert {0, 1} == reopened(twice)[0].saved.keys()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("grow-4096.buggy.inline.1.json", b"", "is not a saved result, or is incomplete"),
        ("grow-4096.buggy.inline.1.json", b"\xff\x00", "is not a saved result, or is incomplete"),
        ("grow-4096.buggy.inline.1.json", b'{"schema": 99}', "schema 99, newer than 6: update"),
        ("grow-4096.fixed.inline.1.json", None, "contains another run than the one in its name"),
        ("grow-4096.buggy.inline.1-2.json", None, "is not one of the runs in plan.json"),
        (".grow-4096.buggy.inline.1.json.1", b"{", "is an incomplete file of an interrupted save"),
        ("notes.txt", b"mine", "is not a saved result"),
    ],
)
def test_a_file_that_is_not_a_result_of_the_session_is_named_and_left_alone(
    tmp_path: Path, name: str, text: bytes | None, message: str
) -> None:
    result = toys.result() if name.startswith("grow-4096.fixed") else toys.result(units=7)
    whole = store.encode_result([result])[1:-1] if text is None else text
    folder = begun(tmp_path)
    (folder / name).write_bytes(whole)
    session, (line,) = reopened(folder)
    assert message in line
    assert str(folder / name) in line
    assert session.saved == {}
    session.save(toys.result())
    assert (folder / name).read_bytes() == whole
    assert {0} == reopened(folder)[0].saved.keys()


def test_a_pipe_or_a_folder_is_not_read(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    os.mkfifo(folder / "grow-4096.buggy.inline.1.json")
    (folder / "grow-4096.buggy.inline.2.json").mkdir()
    assert ({}, 2) == (reopened(folder)[0].saved, len(reopened(folder)[1]))


def test_the_newest_incomplete_session_is_resumed(tmp_path: Path) -> None:
    plan = toy_plan(1)
    first = begun(tmp_path, plan=plan)
    second = begun(tmp_path, plan=plan)
    begun(tmp_path, toys.result(), plan=plan)
    with begin_session(tmp_path):
        assert resume.newest_session(tmp_path) == (second, [])
    store.save(second, toys.result())
    assert resume.newest_session(tmp_path) == (first, [])


def test_the_newest_session_is_resumed_if_all_are_complete(tmp_path: Path) -> None:
    folders = [begun(tmp_path, toys.result(), plan=toy_plan(1)) for _ in range(2)]
    assert resume.newest_session(tmp_path) == (folders[-1], [])


def test_a_session_with_a_broken_plan_is_passed_over_and_named(tmp_path: Path) -> None:
    older, *newer = (begun(tmp_path, plan=toy_plan(1)) for _ in range(3))
    for folder in newer:
        (folder / PLAN).write_text("{")
    result, lines = resume.newest_session(tmp_path)
    assert result == older
    assert [
        str(folder / PLAN) in line for folder, line in zip(newer, lines[::-1], strict=True)
    ] == [
        True,
        True,
    ]
    store.save(older, toys.result())
    assert resume.newest_session(tmp_path) == (older, lines)


def test_the_newest_session_is_named_if_no_plan_can_be_read(tmp_path: Path) -> None:
    folders = [begun(tmp_path) for _ in range(2)]
    for folder in folders:
        (folder / PLAN).write_text("{")
    with pytest.raises(BadInput, match=f"{folders[-1]}/plan.json is not a plan, or is incomplete"):
        resume.newest_session(tmp_path)


def test_without_a_session_the_message_says_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"has no session to resume.*--resume=DIR"):
        resume.newest_session(tmp_path)
    with pytest.raises(BadInput, match=r"nowhere cannot be read: No such file.*--results"):
        resume.newest_session(tmp_path / "nowhere")


def test_a_session_in_progress_cannot_be_resumed(tmp_path: Path) -> None:
    with (
        begin_session(tmp_path, toy_plan()) as session,
        pytest.raises(BadInput, match="is in use by another leaklab; wait"),
    ):
        reopened(session.folder)
    assert reopened(session.folder)[0].saved == {}


class Toys(Catalogue):
    """A catalogue of one toy."""

    def names(self) -> list[str]:
        return ["grow-4096"]

    def load(self, name: str) -> Scenario:
        return toys.scenario(name)


def test_the_jobs_are_those_that_were_planned() -> None:
    jobs = [toys.job(variant=v, seed=9, repeat=2, units=7) for v in toys.scenario().variants]
    assert resume.jobs_of_plan(plan_of(jobs, LIMITS, Path()), Toys(Path())) == jobs


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"toy": toys.scenario("gone-1")}, "gone-1/buggy/inline"),
        ({"variant": Variant.PROGRAM}, "grow-4096/program/inline"),
        ({"mode": Mode.FORK}, "grow-4096/buggy/fork"),
        ({"options": {"gone": 1}}, "grow-4096/buggy/inline"),
    ],
)
def test_a_scenario_that_the_catalogue_no_longer_has_is_named(
    changes: dict[str, Any], label: str
) -> None:
    plan = plan_of([toys.job(), toys.job(**changes)], LIMITS, Path())
    with pytest.raises(BadInput, match=f"no longer has {label} as planned; restore it"):
        resume.jobs_of_plan(plan, Toys(Path()))


def test_a_plan_is_readable_json(tmp_path: Path) -> None:
    saved = msgspec.json.decode((begun(tmp_path) / PLAN).read_bytes())
    assert set("schema leaklab catalogue limits runs".split()) == saved.keys()
    wanted = "scenario variant mode workers units seed options repeat budget_seconds python"
    assert set(wanted.split()) == saved["runs"][0].keys()


def test_a_saved_plan_gives_the_same_jobs(tmp_path: Path) -> None:
    catalogue = open_catalogue(TOYS)
    jobs = plan(catalogue, PlanRequest(names=["grow"], budget_seconds=3.5))
    with begin_session(tmp_path, plan_of(jobs, LIMITS, catalogue.root)) as session:
        assert jobs == resume.jobs_of_plan(resume.read_plan(session.folder), catalogue)
