import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pytest

import toys
from leaklab.catalogue.folders import Catalogue
from leaklab.features.commits import figure_cache as module
from leaklab.features.commits.figure_cache import FigureCache
from leaklab.features.commits.figures import Tracked
from leaklab.features.commits.tracking import TrackingRequest, track
from leaklab.model.job import Limits
from leaklab.model.measurement import EndReason
from leaklab.model.scenario import Mode
from leaklab.runs.listener import Listener
from leaklab.runs.runner import run_jobs
from leaklab.runs.sessions import Session

TOML = toys.TOML + toys.PAIR
NAME = "grow-4096"
LABELS = [
    f"{NAME}/{variant}/{mode}" for variant in ("buggy", "fixed") for mode in ("fork", "inline")
]


@dataclass(frozen=True)
class Lab:
    """A catalogue of one scenario, the requested figures, and their cache."""

    root: Path
    remembered: FigureCache
    limits: Limits = field(default=Limits(memory_bytes=64 << 20, time_seconds=60.0))
    modes: tuple[Mode, ...] = ()

    @property
    def folder(self) -> Path:
        return self.root / "scenarios" / NAME

    @property
    def memory(self) -> list[Path]:
        assert self.remembered.folder
        return sorted(self.remembered.folder.iterdir())

    def track(self, executor: toys.ToyExecutor) -> Tracked:
        results = self.root.parent / "results"
        results.mkdir(exist_ok=True)
        survey = TrackingRequest(Catalogue(self.root), [NAME], self.limits, self.modes)
        return track(
            survey,
            self.remembered,
            lambda jobs: run_jobs(jobs, executor, Session(results), Listener(), self.root),
        )

    def made(self) -> list[str]:
        """Return the runs that are made for the figures now."""
        executor = toys.ToyExecutor()
        self.track(executor)
        return sorted(executor.made)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A lab with figures in its cache. Its ruler is a file, so that a test can change it."""
    root = tmp_path / "root"
    (root / "scenarios" / NAME / "deep").mkdir(parents=True)
    (root / "fixtures").mkdir()
    (tmp_path / "ruler").mkdir()
    for path, text in {
        f"root/scenarios/{NAME}/scenario.toml": TOML,
        f"root/scenarios/{NAME}/buggy.py": "kept = []\n",
        f"root/scenarios/{NAME}/deep/data.txt": "data\n",
        "root/fixtures/articles.py": "words = []\n",
        "ruler/agent.py": "measured = True\n",
    }.items():
        (tmp_path / path).write_text(text)
    monkeypatch.setattr(module, "RULER", tmp_path / "ruler")
    made = Lab(root, FigureCache(tmp_path / "memory"))
    assert made.made() == LABELS
    return made


def test_the_second_time_the_figures_come_from_the_cache(lab: Lab) -> None:
    first = replace(lab, remembered=FigureCache(None)).track(toys.ToyExecutor())
    executor = toys.ToyExecutor()
    assert first == lab.track(executor)
    assert [] == executor.made


def append(path: Path) -> None:
    with path.open("a") as file:
        file.write("#")


@pytest.mark.parametrize(
    "change",
    [
        lambda lab: append(lab.folder / "buggy.py"),
        lambda lab: append(lab.folder / "scenario.toml"),
        lambda lab: append(lab.folder / "deep" / "data.txt"),
        lambda lab: (lab.folder / "new.py").touch(),
        lambda lab: (lab.folder / "deep" / "data.txt").unlink(),
        lambda lab: (lab.folder / "buggy.py").rename(lab.folder / "bugyg.py"),
        lambda lab: append(lab.root / "fixtures" / "articles.py"),
        lambda lab: shutil.rmtree(lab.root / "fixtures"),
        lambda lab: append(lab.root.parent / "ruler" / "agent.py"),
    ],
    ids=["program", "toml", "data", "new", "gone", "renamed", "fixture", "other fixtures", "ruler"],
)
def test_a_changed_byte_in_a_relevant_file_causes_a_new_measurement(
    lab: Lab, change: Callable[[Lab], object]
) -> None:
    change(lab)
    assert LABELS == lab.made()
    assert [] == lab.made()


def test_text_that_moves_to_another_file_is_different_content(lab: Lab) -> None:
    (lab.folder / "a").write_text("xy")
    (lab.folder / "b").write_text("z")
    assert LABELS == lab.made()
    (lab.folder / "a").write_text("x")
    (lab.folder / "b").write_text("yz")
    assert LABELS == lab.made()


def test_other_modes_are_measured_separately(lab: Lab) -> None:
    inline = replace(lab, modes=(Mode.INLINE,))
    assert [label for label in LABELS if "inline" in label] == inline.made()
    assert ([], []) == (inline.made(), lab.made())


@pytest.mark.parametrize(
    "limits",
    [
        Limits(memory_bytes=32 << 20, time_seconds=60.0),
        Limits(memory_bytes=64 << 20, time_seconds=1.0),
    ],
)
def test_other_limits_may_have_other_figures(lab: Lab, limits: Limits) -> None:
    assert LABELS == replace(lab, limits=limits).made()


def test_a_newly_installed_package_causes_a_new_measurement(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "site" / "leaklab_toy-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: leaklab-toy\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert LABELS == lab.made()
    assert [] == lab.made()


def test_the_same_content_is_cached_for_every_checkout_folder(lab: Lab) -> None:
    elsewhere = lab.root.rename(lab.root.with_name("toor"))
    assert [] == replace(lab, root=elsewhere).made()


def test_a_longer_path_is_measured_again(lab: Lab) -> None:
    elsewhere = lab.root.rename(lab.root.with_name("longer"))
    assert LABELS == replace(lab, root=elsewhere).made()


@pytest.mark.parametrize("place", ["scenarios/grow-4096", "fixtures", "../ruler"])
def test_bytecode_is_not_part_of_the_content(lab: Lab, place: str) -> None:
    cache = lab.root / place / "__pycache__"
    cache.mkdir()
    (cache / "buggy.cpython-311.pyc").write_bytes(b"bytecode")
    assert [] == lab.made()


def test_a_failure_is_not_cached(lab: Lab) -> None:
    append(lab.folder / "buggy.py")
    failing = toys.ToyExecutor(
        lambda job: EndReason.PROGRAM_FAILED if job.label == LABELS[0] else EndReason.COMPLETED
    )
    assert [LABELS[0]] == list(lab.track(failing).failed)
    assert (LABELS, []) == (lab.made(), lab.made())


def test_a_skipped_run_is_not_cached(lab: Lab) -> None:
    with (lab.folder / "scenario.toml").open("a") as file:
        file.write('[requires]\npackages = ["leaklab-no-such-thing"]\n')
    for _ in range(2):
        executor = toys.ToyExecutor()
        assert LABELS == sorted(lab.track(executor).absent)
        assert [] == executor.made
    assert 1 == len(lab.memory)


def test_a_run_stopped_at_its_memory_limit_is_cached_with_the_limit(lab: Lab) -> None:
    append(lab.folder / "buggy.py")
    value = lab.track(toys.ToyExecutor(lambda _: EndReason.MEMORY_LIMIT))
    executor = toys.ToyExecutor()
    assert value == lab.track(executor)
    assert {lab.limits.memory_bytes} == {one.peak_rss_bytes for one in value.figures.values()}
    assert [] == executor.made


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-1],
        lambda text: text[:0],
        lambda text: b"\0" * len(text),
        lambda text: text[:0] + b"[]",
        lambda text: text.replace(b'"memory"', b'"patience"'),
        lambda text: text.replace(b"peak_rss_bytes", b"peak"),
    ],
    ids=["cut short", "empty", "zeros", "a list", "an unknown resource", "a missing key"],
)
def test_a_damaged_entry_is_measured_again_and_replaced(
    lab: Lab, damage: Callable[[bytes], bytes]
) -> None:
    (file,) = lab.memory
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert LABELS == lab.made()
    assert whole == file.read_bytes()


def test_a_folder_in_place_of_the_cache_file_is_not_an_error(lab: Lab) -> None:
    (file,) = lab.memory
    file.unlink()
    file.mkdir()
    assert (LABELS, LABELS) == (lab.made(), lab.made())


def test_an_unwritable_cache_is_not_an_error(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    closed = replace(lab, remembered=FigureCache(tmp_path / "file" / "memory"))
    assert (LABELS, LABELS) == (closed.made(), closed.made())


def test_without_a_folder_nothing_is_cached(lab: Lab) -> None:
    without = replace(lab, remembered=FigureCache(None))
    assert (LABELS, LABELS) == (without.made(), without.made())


def test_a_cache_entry_is_one_complete_file(lab: Lab) -> None:
    (file,) = lab.memory
    assert LABELS == sorted(msgspec.json.decode(file.read_bytes(), type=Tracked).figures)
