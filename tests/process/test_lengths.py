"""The length of runs, and their verdicts: small programs with a known verdict, really run."""

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import toys
from leaklab.sandbox.launch import SHARED_MEMORY_FOLDER
from process.conftest import Leaklab, complaints

pytestmark = pytest.mark.process

Run = Callable[..., list[dict[str, Any]]]

WORKLOAD = """
def workload(program, lab):
    shelf = program.Shelf()
    while True:
        shelf.work()
        yield

def check(program, lab):
    pass
"""

KEEPS_ONE_IN_FORTY = """
class Shelf:
    def __init__(self):
        self.done, self.kept = 0, []

    def work(self):
        self.done += 1
        if self.done % 40 == 30:
            self.kept.append(bytes(100_000))
"""

KEEPS_FORTY_MEGABYTES = """
class Shelf:
    def __init__(self):
        self.kept = []

    def work(self):
        self.kept.append(b"x" * 40_000_000)
"""

# Growth like the square root of the work: the rate falls, but not as in growth that ends.
FADES_SLOWLY = """
class Shelf:
    def __init__(self):
        self.done, self.kept = 0, []

    def work(self):
        self.done += 1
        while len(self.kept) < 20 * self.done ** 0.5:
            self.kept.append(bytes(1000))
"""

# All blocks of a pool but one become free again, and only objects of the same size can reuse them;
# so each unit, with another size, needs new pools. The amount in use is constant.
PINS_POOLS = """
POOL_BYTES, POOLS = 16_384 - 48, 16

class Shelf:
    def __init__(self):
        self.done = 0
        self.kept = [bytes(200) for _ in range(200 * POOLS)]

    def work(self):
        times, size = divmod(self.done, 29)
        size = 16 * (size + 4)
        places = POOL_BYTES // size
        passing = [bytes(size - 33) for _ in range((times + 1) * POOLS * places)]
        at = self.done * POOLS
        self.kept[at : at + POOLS] = passing[-POOLS * places :: places]
        self.done += 1
"""

WAITS_FOR_THE_COLLECTOR = """
import gc

class Shelf:
    def __init__(self):
        gc.set_threshold(1_000_000)

    def work(self):
        for _ in range(20):
            cycle = [bytes(100)]
            cycle.append(cycle)
"""

HAS_CHILDREN = """
import os, time

class Shelf:
    def __init__(self):
        self.kept = []
        self.reader, self.writer = os.pipe()
        self.answers, self.answer = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            while os.read(self.reader, 1):
                KEEP
                os.write(self.answer, b"x")

    def work(self):
        os.write(self.writer, b"x")
        os.read(self.answers, 1)
"""


@pytest.fixture
def run(leaklab: Leaklab, place: Path) -> Run:
    """Run a program as the only one of a scenario; return its JSON output."""

    def run(
        program: str, *arguments: str, leaks: bool = False, **toml: Any
    ) -> list[dict[str, Any]]:
        folder = place / "scenarios" / "shelf"
        folder.mkdir(parents=True)
        (place / "scenarios" / "__init__.py").touch()
        (folder / "workload.py").write_text(WORKLOAD)
        variants = ("buggy", "fixed") if leaks else ("program",)
        for variant in variants:
            (folder / f"{variant}.py").write_text(program)
        head = toys.TOML.replace("units = 400", f"units = {toml.pop('units', 64)}")
        head = head.replace('"memory"', f'"{toml.pop("resource", "memory")}"')
        head = head.replace('["inline", "fork"]', '["inline"]')
        extra = "".join(f"{key} = {value}\n" for key, value in toml.items())
        pair = toys.PAIR if leaks else '[program]\ngrowth = "none"\n'
        head = head if leaks else head.replace("unbounded-buffer", "none")
        (folder / "scenario.toml").write_text(head + extra + pair)
        result = leaklab("run", "--json", "--catalogue", str(place), "shelf", *arguments)
        document: list[dict[str, Any]] = json.loads(result.stdout)
        return document

    return run


def test_a_rare_leak_is_detected_beyond_the_declared_units(run: Run) -> None:
    buggy = run(KEEPS_ONE_IN_FORTY, "--variant", "buggy", leaks=True)[0]
    assert buggy["verdict"]["conclusion"] == "leak"
    assert buggy["units"] < buggy["units_done"]
    assert buggy["units_done"] % 64 == 0


def test_a_run_with_units_does_exactly_that_many(run: Run) -> None:
    buggy = run(KEEPS_ONE_IN_FORTY, "--variant", "buggy", "--units", "100", leaks=True)[0]
    assert buggy["units_done"] == 100
    assert buggy["budget_seconds"] is None


def test_an_extreme_leak_is_decided_in_a_few_units(run: Run) -> None:
    buggy = run(KEEPS_FORTY_MEGABYTES, "--variant", "buggy", leaks=True, units=400)[0]
    assert buggy["end_reason"] == "completed"
    assert buggy["verdict"]["conclusion"] == "leak"
    assert buggy["units_done"] < 30
    assert "more than half of the limit" in buggy["verdict"]["reasons"][0]["text"]


def test_extreme_growth_that_a_collection_frees_is_not_a_leak(run: Run) -> None:
    program = """
import gc

class Shelf:
    def __init__(self):
        gc.set_threshold(1_000_000)

    def work(self):
        cycle = [b"x" * 40_000_000]
        cycle.append(cycle)
"""
    (result,) = run(program, units=400)
    assert (result["verdict"]["conclusion"], result["units_done"] < 30) == (
        "undecided",
        True,
    )
    assert "uncollected garbage, not a leak" in result["verdict"]["reasons"][0]["text"]


def test_a_rarely_read_signal_still_gets_a_verdict_in_a_long_run(run: Run) -> None:
    program = """
import os

class Shelf:
    def __init__(self):
        self.done = 0

    def work(self):
        os.open(os.devnull, os.O_RDONLY)
        self.done += 1
        if self.done == 700:
            self.loaded = bytes(100_000)
"""
    (result,) = run(program, units=1000)
    assert (result["verdict"]["conclusion"], result["units_done"]) == ("clean", 4000)
    assert result["verdict"]["others"]["descriptors"] == "leak"


@pytest.mark.skipif(not os.access(SHARED_MEMORY_FOLDER, os.W_OK), reason="needs a /dev/shm")
def test_a_session_in_shared_memory_is_not_replaced_by_another(
    toy: Leaklab,
) -> None:
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY_FOLDER) as folder:
        result = toy("run", "grow", "--units", "200", "--json", TMPDIR=folder)
        assert (result.returncode, complaints(result)) == (0, [])
        controls = [run["controls"]["own_shared_memory"] for run in json.loads(result.stdout)]
    assert controls == [False, False]


def test_an_undecided_verdict_says_what_would_decide_it(run: Run) -> None:
    (fading,) = run(FADES_SLOWLY, "--budget", "0.5", units=64)
    assert fading["verdict"]["conclusion"] == "undecided"
    assert fading["units_done"] > 64
    assert "would exceed --budget: raise it" in fading["verdict"]["reasons"][-1]["text"]


@pytest.mark.parametrize(
    ("program", "text"),
    [
        (PINS_POOLS, "it is free memory in pymalloc's arenas: fragmentation"),
        (WAITS_FOR_THE_COLLECTOR, "uncollected garbage"),
    ],
)
def test_free_memory_in_an_allocator_is_not_a_leak_and_is_named(
    run: Run, program: str, text: str
) -> None:
    (result,) = run(program, "--units", "128", units=128)
    verdict = result["verdict"]
    assert verdict["conclusion"] != "leak"
    reasons = [*verdict["reasons"], *(e["reason"] for e in verdict["estimates"])]
    assert text in " ".join(reason["text"] for reason in reasons)
    (rss,) = [e for e in verdict["estimates"] if e["signal"] == "anon_bytes"]
    assert rss["conclusion"] == "clean"


@pytest.mark.parametrize("keep", ["self.kept.append(bytes(20_000))", "pass"])
def test_the_verdict_on_a_tree_includes_the_memory_of_its_children(run: Run, keep: str) -> None:
    leaks = keep != "pass"
    arguments = ["--variant", "buggy"] if leaks else []
    program = HAS_CHILDREN.replace("KEEP", keep)
    (result,) = run(program, *arguments, leaks=leaks, units=128, scope='"tree"')
    assert result["verdict"]["conclusion"] == ("leak" if leaks else "clean")
    assert result["verdict"]["reasons"][0]["text"].startswith("tree: PSS without files")
    assert result["tree"]["samples"]["processes"][-1] == 2


def test_a_run_names_every_resource_that_it_leaks(run: Run) -> None:
    program = """
import os

class Shelf:
    def work(self):
        os.open(os.devnull, os.O_RDONLY)
        if os.posix_spawn("/bin/true", ["true"], os.environ) == 0:
            raise OSError
"""
    (result,) = run(program, "--variant", "buggy", leaks=True, units=128, resource="processes")
    assert result["verdict"]["conclusion"] == "leak"
    assert result["verdict"]["others"]["descriptors"] == "leak"
    assert result["verdict"]["others"]["threads"] == "clean"
    assert (
        "zombies: they ended, but their parent never waited for them"
        in result["verdict"]["reasons"][-1]["text"]
    )


@pytest.mark.parametrize(
    ("message_bytes", "where"), [("500", "malloc's heap"), ("200", "pymalloc's arenas")]
)
def test_the_allocator_that_keeps_freed_memory_is_named(
    leaklab: Leaklab, message_bytes: str, where: str
) -> None:
    arguments = ["--units", "200", "-o", f"message_bytes={message_bytes}", "--json"]
    (result,) = json.loads(leaklab("run", "fragmentation", *arguments).stdout)
    assert result["verdict"]["conclusion"] == "clean"
    assert f"are free memory in {where}: fragmentation" in result["verdict"]["reasons"][-1]["text"]
