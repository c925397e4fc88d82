from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import toys
from leaklab.catalogue.folders import Catalogue
from leaklab.features.commits.figure_cache import FigureCache
from leaklab.features.commits.figures import NO_GROWTH, Tracked
from leaklab.features.commits.tracking import TrackingRequest, track
from leaklab.model.errors import LabError
from leaklab.model.job import Job, Limits
from leaklab.model.measurement import EndReason
from leaklab.model.scenario import Mode, Resource
from leaklab.runs.listener import Listener
from leaklab.runs.runner import Outcome, run_jobs
from leaklab.runs.sessions import Session

LIMITS = Limits(memory_bytes=64 << 20, time_seconds=60.0)
NOTHING = FigureCache(None)
TOML, PAIR = toys.TOML, toys.PAIR
CONTROL = """
[program]
growth = "none"
"""
Add = Callable[..., None]


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    (tmp_path / "scenarios").mkdir()
    return Catalogue(tmp_path)


@pytest.fixture
def add(catalogue: Catalogue) -> Add:
    """Add a scenario to the catalogue, with its text changed by `old=new` pairs."""

    def make(name: str = "grow-4096", *changes: tuple[str, str], truth: str = PAIR) -> None:
        text = TOML + truth
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        catalogue.folder(name).mkdir()
        (catalogue.folder(name) / "scenario.toml").write_text(text)

    return make


class RecordingListener(Listener):
    def __init__(self) -> None:
        self.events: list[str] = []

    def failed(self, job: Job, error: LabError) -> None:
        self.events.append(f"failed {job.label}: {error}")


def tracked(
    catalogue: Catalogue,
    names: Sequence[str],
    executor: toys.ToyExecutor | None = None,
    modes: Sequence[Mode] = (),
    listener: Listener | None = None,
) -> Tracked:
    results = catalogue.root / "results"
    results.mkdir(exist_ok=True)
    survey = TrackingRequest(catalogue, names, LIMITS, modes)

    def make(jobs: Sequence[Job]) -> Outcome:
        return run_jobs(
            jobs,
            executor or toys.ToyExecutor(),
            Session(results),
            listener or RecordingListener(),
            catalogue.root,
        )

    return track(survey, NOTHING, make)


def test_every_variant_has_figures_in_every_mode(catalogue: Catalogue, add: Add) -> None:
    add()
    add("grow-512", truth=CONTROL)
    measured = tracked(catalogue, ["grow-4096", "grow-512"])
    assert sorted(measured.figures) == [
        "grow-4096/buggy/fork",
        "grow-4096/buggy/inline",
        "grow-4096/fixed/fork",
        "grow-4096/fixed/inline",
        "grow-512/program/fork",
        "grow-512/program/inline",
    ]
    assert ({}, {}) == (measured.absent, measured.failed)


def test_figures_follow_the_law_of_the_toy(catalogue: Catalogue, add: Add) -> None:
    add()
    measured = tracked(catalogue, ["grow-4096"], modes=[Mode.INLINE]).figures
    buggy, fixed = (measured[f"grow-4096/{variant}/inline"] for variant in ("buggy", "fixed"))
    assert (400 * 4096, 4096) == (buggy.peak_rss_bytes, round(buggy.growth_per_unit or 0))
    assert (0, NO_GROWTH) == (fixed.peak_rss_bytes, fixed.growth_per_unit)
    assert {Resource.MEMORY} == {buggy.resource, fixed.resource}


def test_only_the_requested_modes_are_measured(catalogue: Catalogue, add: Add) -> None:
    add()
    executor = toys.ToyExecutor()
    measured = tracked(catalogue, ["grow-4096"], executor, [Mode.FORK])
    assert ["grow-4096/buggy/fork", "grow-4096/fixed/fork"] == executor.made
    assert sorted(executor.made) == sorted(measured.figures)


def test_a_scenario_that_the_catalogue_lacks_is_absent_and_the_others_are_measured(
    catalogue: Catalogue, add: Add
) -> None:
    add()
    measured = tracked(catalogue, ["newcomer", "grow-4096"])
    assert ["newcomer"] == list(measured.absent)
    assert measured.absent["newcomer"].startswith("no scenario 'newcomer'")
    assert (4, {}) == (len(measured.figures), measured.failed)


def test_in_a_catalogue_without_scenarios_all_are_absent(catalogue: Catalogue) -> None:
    (catalogue.root / "scenarios").rmdir()
    executor = toys.ToyExecutor()
    measured = tracked(catalogue, ["a", "b"], executor)
    assert (["a", "b"], []) == (list(measured.absent), executor.made)
    assert "scenarios does not exist" in measured.absent["a"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("schema = 1", "schema = 2"), "schema is 2; this leaklab reads 1"),
        (("level = 1", "level = 1\nlock = 1"), "unknown key 'lock'"),
        (('"memory"', '"patience"'), "resource is 'patience'; give one of: memory"),
        (('"inline", "fork"', '"by hand"'), "modes is ['by hand']; give a list of: inline"),
        (("title =", "title"), "cannot be read as TOML"),
    ],
)
def test_an_unknown_schema_is_unread_with_the_reason(
    catalogue: Catalogue, add: Add, change: tuple[str, str], reason: str
) -> None:
    add("future", change)
    add()
    measured = tracked(catalogue, ["future", "grow-4096"])
    assert ["future"] == list(measured.unread)
    assert reason in measured.unread["future"]
    assert (4, {}, {}) == (len(measured.figures), measured.failed, measured.absent)


def test_a_mode_that_a_scenario_lacks_is_absent_with_the_list_of_its_modes(
    catalogue: Catalogue, add: Add
) -> None:
    add()
    add("grow-512", ('"inline", "fork"', '"inline"'))
    measured = tracked(catalogue, ["grow-4096", "grow-512"], modes=[Mode.FORK])
    assert measured.absent == {"grow-512": "grow-512 has none of these modes; it has: inline"}
    assert ["grow-4096/buggy/fork", "grow-4096/fixed/fork"] == sorted(measured.figures)


def fails(label: str) -> toys.ToyExecutor:
    """An executor under which one run fails."""
    return toys.ToyExecutor(
        lambda job: EndReason.PROGRAM_FAILED if job.label == label else EndReason.COMPLETED
    )


def test_a_run_that_fails_has_the_reason_and_the_others_their_figures(
    catalogue: Catalogue, add: Add
) -> None:
    add()
    label = "grow-4096/buggy/fork"
    measured = tracked(catalogue, ["grow-4096"], fails(label))
    assert measured.failed == {label: f"{label}: as the toy was told"}
    assert sorted(measured.figures) == [
        "grow-4096/buggy/inline",
        "grow-4096/fixed/fork",
        "grow-4096/fixed/inline",
    ]
    assert {} == measured.absent


def test_a_listener_is_notified_of_a_failure(catalogue: Catalogue, add: Add) -> None:
    add()
    listener, label = RecordingListener(), "grow-4096/buggy/fork"
    tracked(catalogue, ["grow-4096"], fails(label), listener=listener)
    assert [f"failed {label}: {label}: as the toy was told"] == listener.events


@pytest.mark.parametrize("what", ["packages", "programs", "service_packages"])
def test_a_scenario_with_a_missing_requirement_is_absent_and_not_failed(
    catalogue: Catalogue, add: Add, what: str
) -> None:
    add("grow-512", truth=f'{PAIR}[requires]\n{what} = ["leaklab-no-such-thing"]\n')
    add()
    executor = toys.ToyExecutor()
    measured = tracked(catalogue, ["grow-512", "grow-4096"], executor, [Mode.INLINE])
    assert ["grow-512/buggy/inline", "grow-512/fixed/inline"] == sorted(measured.absent)
    assert all("leaklab-no-such-thing" in reason for reason in measured.absent.values())
    assert sorted(executor.made) == sorted(measured.figures)
    assert {} == measured.failed


def test_a_run_stopped_at_a_limit_has_figures(catalogue: Catalogue, add: Add) -> None:
    add()
    executor = toys.ToyExecutor(lambda _: EndReason.MEMORY_LIMIT)
    measured = tracked(catalogue, ["grow-4096"], executor, [Mode.INLINE])
    assert ({}, {}) == (measured.absent, measured.failed)
    assert {LIMITS.memory_bytes} == {one.peak_rss_bytes for one in measured.figures.values()}


def test_no_run_is_made_if_every_scenario_is_skipped(catalogue: Catalogue) -> None:
    executor = toys.ToyExecutor()
    assert Tracked() == tracked(catalogue, [], executor)
    assert [] == executor.made
