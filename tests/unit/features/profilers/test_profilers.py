"""What `leaklab profile` reads from the reports of profilers, and where it looks for them."""

import signal
from pathlib import Path

import pytest

import toys
from leaklab.features.profilers import interpreters
from leaklab.features.profilers.profile import (
    Profile,
    added_bytes,
    new_folder,
    require_success,
    scaled,
)
from leaklab.features.profilers.registry import PROFILERS
from leaklab.features.tools.tool_run import ToolRun
from leaklab.model.errors import NotMeasured
from leaklab.reports.profiles import profile_text

# Reports of version numbers in constraints.txt, on word_index/buggy, shortened.
TRACEMALLOC = """[ Top 10 differences ]
/lab/fixtures/articles.py:45: size=9953 KiB (+8958 KiB), count=4000 (+3600), average=2548 B
/lab/scenarios/word_index/buggy.py:19: size=4378 KiB (+3900 KiB), count=1001 (+0), average=4479 B
"""
PROGRAM = "/lab/scenarios/word_index/buggy.py"
MEMORY_PROFILER = """Filename: /lab/scenarios/word_index/buggy.py

Line #    Mem usage    Increment  Occurrences   Line Contents
=============================================================
    16   25.203 MiB   24.449 MiB         100       def add(self, article: Article) -> None:
    17                                                 \"\"\"Add one revision.\"\"\"
    18   25.203 MiB    0.551 MiB       26305           for word in set(article.text.split()):
    19   25.203 MiB    0.203 MiB       26205               self._articles[word].append(article)
"""
MEMRAY = """memray.bin
┃ Location                                  ┃ Total Memory ┃ Total Memory % ┃ <Own Memory> ┃
│ add at                                    │      5.500MB │         34.97% │      5.500MB │ 1
│ /lab/scenarios/word_index/buggy.py        │              │                │              │
│ revision at /lab/fixtures/articles.py     │     10.098MB │         64.20% │     10.097MB │ 1
│ __init__ at /a/folder/with/a/name/that/is │      4.160kB │          0.03% │      4.160kB │ 1
│ /longer/than/the/column.py                │              │                │              │
"""
CHAIN = "what refers to the newest Article: generator workload -> WordIndex -> list -> Article"
OBJGRAPH = f"""Article                       2000     +1800
list                           500        +3

{CHAIN}
"""
PYMPLER = """                      types |   # objects |   total size
=========================== | =========== | ============
                        str |        5132 |      8.89 MB
"""
GUPPY = """Partition of a set of 3609 objects. Total size = 9173828 bytes.
 Index  Count   %     Size   % Cumulative  % Kind (class / dict of class)
     0   1801  50  9086488  99   9086488  99 str

the first row, by the types that refer to it:
 Index  Count   %     Size   % Cumulative  % Referrers by Kind (class / dict of class)
     0   1800 100  9086400 100   9086400 100 Article
"""
REFERRERS = "the first row, by the types that refer to it:"
SCALENE = """Memory usage: (max: 15.024 MB, growth rate: 100%)
leak: /lab/fixtures/articles.py:45, 3.1 MB/s, likelihood 99%
memory: /lab/scenarios/word_index/buggy.py:18, 100% of it
"""
FIL = """at the peak, by the innermost call:
   8.7 MiB  /lab/fixtures/articles.py:45 (revision)
"""
PSLEAK = """F
psleak.MemoryLeakError: memory kept increasing after 10 runs
Run # 1: heap=+1566864 | uss=+1564672

FAILED (failures=1)
"""


@pytest.mark.parametrize(
    ("name", "report", "answer"),
    [
        ("tracemalloc", TRACEMALLOC, TRACEMALLOC.splitlines()[1]),
        (
            "memory_profiler",
            MEMORY_PROFILER,
            f"{PROGRAM}:18: 0.551 MiB  for word in set(article.text.split()):",
        ),
        ("memray", MEMRAY, "revision at /lab/fixtures/articles.py: 10.097MB"),
        (
            "objgraph",
            OBJGRAPH,
            f"Article 2000 +1800; {CHAIN}",
        ),
        ("pympler", PYMPLER, "str | 5132 | 8.89 MB"),
        ("guppy3", GUPPY, f"0 1801 50 9086488 99 9086488 99 str; {REFERRERS} Article"),
        ("scalene", SCALENE, "leak: /lab/fixtures/articles.py:45, 3.1 MB/s, likelihood 99%"),
        ("fil", FIL, "8.7 MiB /lab/fixtures/articles.py:45 (revision)"),
        ("psleak", PSLEAK, "psleak.MemoryLeakError: memory kept increasing after 10 runs"),
    ],
)
def test_the_first_suspect_of_a_report_is_in_its_own_words(
    name: str, report: str, answer: str
) -> None:
    assert [answer] == [suspect.text for suspect in PROFILERS[name].suspects(report)][:1]


@pytest.mark.parametrize("name", PROFILERS)
def test_a_report_that_names_nothing_has_no_suspect(name: str) -> None:
    assert [] == PROFILERS[name].suspects("something else\n")


def test_mprof_names_nothing_because_it_samples_the_whole_process() -> None:
    assert [] == PROFILERS["mprof"].suspects("mprofile.dat\t40.215 MiB\n")


def test_memray_ranks_the_functions_of_all_processes_and_joins_broken_lines() -> None:
    of_a_worker = MEMRAY.replace("10.097MB", "0.100MB")
    suspects = PROFILERS["memray"].suspects(f"{of_a_worker}\n{MEMRAY}")
    assert suspects[0].text.endswith("10.097MB")
    assert [
        ("revision", "/lab/fixtures/articles.py"),
        ("add", PROGRAM),
        ("__init__", "/a/folder/with/a/name/that/is/longer/than/the/column.py"),
    ] == [(suspect.function, suspect.path) for suspect in suspects]


def test_what_shrank_or_did_not_grow_is_no_suspect() -> None:
    shrunk = "/lab/a.py:3: size=9 KiB (-80 KiB), count=4 (-3), average=2 B\n"
    grown = "/lab/b.py:4: size=9 KiB (+8 KiB), count=4 (+3), average=2 B\n"
    lines = [s.line for s in PROFILERS["tracemalloc"].suspects(shrunk + grown)]
    rows = "    13   24.250 MiB    0.000 MiB           1       self.a = 1\n"
    assert ([4], []) == (lines, PROFILERS["memory_profiler"].suspects(rows))


def test_the_chain_of_objgraph_gives_what_refers_to_the_first_type() -> None:
    first, second = PROFILERS["objgraph"].suspects(OBJGRAPH)
    assert ("generator workload", "WordIndex", "list") == first.referrers
    assert ("list", ()) == (second.type_name, second.referrers)


def test_an_open_connection_is_what_psleak_names() -> None:
    report = "psleak.UnclosedFdError: 1 unclosed:\n* pconn(fd=3, status='ESTABLISHED')\n"
    (suspect,) = PROFILERS["psleak"].suspects(report)
    text = "psleak.UnclosedFdError: 1 unclosed: pconn(fd=3, status='ESTABLISHED')"
    assert ("socket", text) == (suspect.type_name, suspect.text)


def test_a_run_that_used_up_its_cpu_time_is_said_to_have_taken_too_long() -> None:
    tool_run = ToolRun(status=-signal.SIGXCPU, cpu_seconds=60.0, output="half a report")
    with pytest.raises(NotMeasured, match="psleak: it took too long; raise --cpu-limit"):
        require_success(PROFILERS["psleak"], tool_run)


def test_memory_is_compared_only_where_both_did_the_same_units() -> None:
    runs = [ToolRun(0, 1.0, "", report={"units": n, "high_water_bytes": n}) for n in (9, 9, 5)]
    assert (0, None) == (added_bytes(*runs[:2]), added_bytes(*runs[1:]))
    assert None is added_bytes(ToolRun(0, 1.0, ""), ToolRun(0, 1.0, ""))


def test_every_profiler_has_the_name_under_which_it_is_listed() -> None:
    assert list(PROFILERS) == [profiler.name for profiler in PROFILERS.values()]


def test_a_slow_profiler_gets_a_part_of_the_units() -> None:
    job = toys.job(units=2000)
    parts = {name: scaled(job, profiler).units for name, profiler in PROFILERS.items()}
    assert (2000, 100) == (parts["memray"], parts["memory_profiler"])
    assert 10 == scaled(toys.job(units=20), PROFILERS["memory_profiler"]).units


def test_a_package_is_looked_up_by_its_normalized_name(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "python3.11" / "site-packages"
    (site / "memory_profiler-0.61.0.dist-info").mkdir(parents=True)
    assert "0.61.0" == interpreters.installed_version(tmp_path, "Memory.Profiler")
    assert "" == interpreters.installed_version(tmp_path, "memory")
    assert "" == interpreters.installed_version(tmp_path / "absent", "memray")


def test_a_profiler_that_is_not_installed_gets_a_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(interpreters, "builtin_root", lambda: tmp_path)
    monkeypatch.setattr(PROFILERS["memray"], "package", "no-such-package")
    with pytest.raises(NotMeasured, match="memray is not installed: pip install no-such-package"):
        interpreters.python_with(PROFILERS["memray"])


def test_the_folder_of_a_profile_is_never_one_that_exists(tmp_path: Path) -> None:
    names = [new_folder(tmp_path / "profiles", "a").name for _ in range(3)]
    assert ["a", "a-2", "a-3"] == names


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotMeasured, match=r"cannot be written: .*; name another folder"):
        new_folder(tmp_path / "file", "a")


def test_the_text_has_what_the_profiler_says_between_what_it_did_and_what_it_cost() -> None:
    profile = Profile(
        profiler="memray",
        version="1.20.0",
        python="/usr/bin/python",
        scenario="word_index",
        variant="buggy",
        mode="fork",
        units=100,
        whole_units=4000,
        report="the report\n",
        first_answer="",
        suspects=[],
        output="/tmp/profiles/a",  # noqa: S108  (a name only)
        files=["memray.bin"],
        pools="follows forks",
        cpu_ratio=1.94,
        added_bytes=3 << 20,
    )
    assert profile_text(profile).splitlines() == [
        "== memray 1.20.0: word_index/buggy/fork, 100 units; a verdict needs 4,000",
        "the report",
        "memray took 1.9 times the CPU time of a bare run, and 3 MiB more memory at the peak",
        "in a pool, memray follows forks",
        "files in /tmp/profiles/a: memray.bin",
    ]
