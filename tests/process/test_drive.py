"""The bare driver, run as in the lessons."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60
DUMP = (
    "<mediawiki><page><title>A</title><ns>0</ns>"
    "<revision><text>some words</text></revision></page></mediawiki>"
)


def drive(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fixtures.drive", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def kib(text: str, field: str) -> int:
    match = re.search(rf"^{field} +([\d,]+) KiB", text, re.MULTILINE)
    assert match, f"no {field} in {text!r}"
    return int(match[1].replace(",", ""))


def refused(*arguments: str) -> str:
    """Return the message of a refusal: one line, with status 2."""
    done = drive(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    return done.stderr.strip()


def test_buggy_grows_and_fixed_does_not() -> None:
    grown = {}
    for variant in ("buggy", "fixed"):
        output = drive("word_index", variant, "--units", "800").stdout
        assert output.startswith("units 800\n")
        grown[variant] = kib(output, "VmRSS after") - kib(output, "VmRSS halfway")
        assert kib(output, "VmHWM") >= kib(output, "VmRSS after")
    assert grown["buggy"] > 1000
    assert grown["fixed"] < 200


def test_tracemalloc_names_the_line_that_allocated_the_memory() -> None:
    output = drive("word_index", "buggy", "--units", "200", "--tracemalloc", "1").stdout
    _, heading, growth = output.partition("tracemalloc: ")
    assert heading
    assert re.search(r"\+[\d,.]+ KiB +\+300 blocks  fixtures/articles\.py:\d+\n$", growth)


def test_the_process_stays_until_enter_is_pressed() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "fixtures.drive", "unclosed_sockets", "buggy", "--units", "20",
         "--hold"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        output = [process.stdout.readline() for _ in range(6)]
        assert (
            output[-1]
            == f"pid {process.pid} keeps its memory and files open: press Enter to end it\n"
        )
        descriptors = Path(f"/proc/{process.pid}/fd").iterdir()
        held = [link for link in descriptors if str(link.readlink()).startswith("socket:")]
        assert len(held) == 20
        process.stdin.write("\n")
        process.stdin.close()
        assert process.wait(PATIENCE_SECONDS) == 0


def test_options_change_the_workload() -> None:
    small = drive("word_index", "buggy", "--units", "100", "-o", "words_per_article=10")
    large = drive("word_index", "buggy", "--units", "100", "-o", "words_per_article=5000")
    assert kib(large.stdout, "VmHWM") - kib(small.stdout, "VmHWM") > 1500


@pytest.mark.parametrize(
    ("scenario", "variant"),
    [
        ("cache_without_eviction", "fixed"),
        ("scroll_buffer", "fixed"),
        ("unclosed_sockets", "buggy"),
        ("unclosed_sockets", "fixed"),
        ("vocabulary", "program"),
        ("warm_cache", "program"),
    ],
)
def test_every_scenario_can_be_driven(scenario: str, variant: str) -> None:
    done = drive(scenario, variant, "--units", "5")
    assert (done.returncode, done.stderr) == (0, "")


def test_articles_can_come_over_http() -> None:
    done = drive("word_index", "fixed", "--units", "5", "-o", "source=http")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_dump_is_read_again_when_it_ends(tmp_path: Path) -> None:
    dump = tmp_path / "one.xml"
    dump.write_text(DUMP, encoding="utf-8")
    done = drive("word_index", "fixed", "--units", "30", "-o", f"dump={dump}")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_dump_that_ends_early_is_refused_in_one_line(tmp_path: Path) -> None:
    dump = tmp_path / "cut.xml"
    dump.write_text(DUMP[:-20], encoding="utf-8")
    message = refused("word_index", "fixed", "--units", "30", "-o", f"dump={dump}")
    assert message.startswith("cut.xml is cut off: ")


def test_a_port_in_use_is_reported_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        message = refused("unclosed_sockets", "fixed", "-o", f"port={port}")
    assert message == (
        f"the service http did not start: port {port} is in use: choose another, or 0 for any"
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("no_such", "buggy"), "there is no scenario no_such: choose one of "),
        (("../x", "buggy"), "there is no scenario ../x: choose one of "),
        (
            ("word_index", "program"),
            "word_index has no variant program: choose one of buggy, fixed",
        ),
        (("word_index", "workload"), "argument variant: invalid choice: 'workload'"),
        (("word_index",), "the following arguments are required: variant"),
        (("word_index", "buggy", "--units", "0"), "argument --units: 0 is less than 1"),
        (("word_index", "buggy", "--units", "x"), "argument --units: invalid "),
        (("word_index", "buggy", "-o", "titles"), "-o titles: write it as name=value"),
        (("word_index", "buggy", "-o", "nil=1"), "word_index has no option 'nil'; it has: "),
        (
            ("word_index", "buggy", "-o", "titles=x"),
            "-o titles=x: not a number; give one, such as ",
        ),
        (("word_index", "buggy", "-o", "titles=0"), "titles is 0: a feed of articles needs "),
        (("word_index", "buggy", "-o", "source=x"), "word_index cannot read source=x: say "),
        (("word_index", "buggy", "-o", "dump=/no/such"), "cannot read the dump /no/such: "),
    ],
)
def test_bad_input_is_refused_in_one_line(arguments: tuple[str, ...], text: str) -> None:
    assert refused(*arguments).startswith(text)


def test_a_python_without_leaklab_gets_a_one_line_message() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "fixtures.drive", "word_index", "buggy"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert (2, 1) == (done.returncode, done.stderr.count("\n"))
    assert done.stderr.startswith("leaklab is not installed for this Python: make setup")
