"""`leaklab watch` on real programs: its reports, and that it leaves nothing behind."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest

from leaklab.cli import exit_codes
from leaklab.cli.main import cli
from process.conftest import Leaklab, one_line, processes_of, unwrapped, wait_until

pytestmark = pytest.mark.process

# Readings close enough together for a verdict within a second and a half.
SOON = ["--interval", "0.03", "--for", "1.5"]
# 25 MB a second by the clock, however busy the machine is.
GROW = """
began, kept = time.monotonic(), []
while True:
    time.sleep(0.002)
    while len(kept) < 250 * (time.monotonic() - began): kept.append(b"x" * 100_000)
"""
# The object and malloc's chunk add 48 bytes to each 100,000.
GROW_BYTES_A_SECOND = 250 * 100_048
NOBODY = 65534
Watch = Callable[..., tuple[int, str, str]]
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def python(code: str) -> list[str]:
    return [sys.executable, "-c", f"import os, signal, sys, time\n{code}"]


@pytest.fixture
def watch(place: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Watch:
    """`leaklab watch` in this process, where everything is imported already: its exit code, and
    what it wrote to its two streams."""
    monkeypatch.chdir(place)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = exit_codes.run_command(cli, ["watch", *arguments])
        output = capfd.readouterr()
        return code, output.out, output.err

    return run


@contextmanager
def running(arguments: Sequence[str], place: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process to be watched; it prints a line when it is ready."""
    with subprocess.Popen(arguments, cwd=place, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process
        finally:
            process.kill()


def test_a_steady_foreign_program_is_clean_and_its_tree_is_shown(watch: Watch) -> None:
    code, output, errors = watch(*SOON, "sh", "-c", "sleep 100 & sleep 101")
    assert (0, "") == (code, errors)
    commands = sorted(line.split("  ")[-1][:9] for line in output.splitlines()[1:4])
    assert ["sh -c sle", "sleep 100", "sleep 101"] == commands
    # On a busy machine PSS is read too rarely, and resident memory decides instead.
    verdict = unwrapped(output)
    assert "clean: PSS" in verdict or "clean: anonymous RSS" in verdict
    assert "watched for 1." in output
    assert "sh: ended with the watch (SIGTERM)" in output


def test_an_existing_process_is_watched_and_left_alone(watch: Watch, place: Path) -> None:
    with running(python("print(flush=True); time.sleep(1000)"), place) as bystander:
        _, output, errors = watch("--for", "1", "--json", "--pid", str(bystander.pid))
        assert ("", None) == (errors, bystander.poll())
    report = json.loads(output)
    assert ([bystander.pid], "the time is up") == (
        [p["pid"] for p in report["processes"]],
        report["end_reason"],
    )


def test_a_slow_leak_is_detected_and_the_start_up_before_it_left_out(watch: Watch) -> None:
    # The first reading is made before the start-up is over, also on a busy machine.
    code = "time.sleep(.5)\nstart, kept, began = bytearray(30 << 20), [], time.monotonic()\n"
    code += "while True:\n    time.sleep(.002)\n"
    code += "    while len(kept) < 40 * (time.monotonic() - began): kept.append(b'x' * 5_000)\n"
    watched, output, _ = watch("--interval", "0.05", "--for", "5", "--json", "--", *python(code))
    verdict = json.loads(output)["verdict"]
    assert (1, "leak") == (watched, verdict["conclusion"])
    assert "start-up" in [reason["kind"] for reason in verdict["reasons"]]
    assert 0.8 * 200_000 < verdict["per_unit"] < 1.2 * 200_000


def test_steady_growth_to_half_of_the_limit_is_a_leak(watch: Watch) -> None:
    _, output, _ = watch(*SOON, "--limit", "50MB", "--json", "--", *python(GROW))
    (reason, *_) = json.loads(output)["verdict"]["reasons"]
    assert "exceeds-half-of-memory" == reason["kind"]


@pytest.mark.parametrize(("kept_bytes", "code"), [(20_000, 1), (0, 0)])
def test_workers_that_are_replaced_are_judged_by_generations(
    watch: Watch, kept_bytes: int, code: int
) -> None:
    """Each worker lives for half a second, and keeps an amount for every five milliseconds, at
    any pace of a busy machine."""
    prefork = f"""
while True:
    if not (pid := os.fork()):
        kept, began = [], time.monotonic()
        while (lived := time.monotonic() - began) < .5:
            while len(kept) < 200 * lived:
                kept.append(bytearray({kept_bytes}))
            time.sleep(.005)
        os._exit(0)
    os.waitpid(pid, 0)
"""
    interval = ["--interval", "0.03", "--for", "8"]
    result, output, _ = watch(*interval, "--json", "--", *python(prefork))
    report = json.loads(output)
    (workers,) = [one for one in report["generations"] if one["count"] >= 6]
    assert (code, True) == (result, workers["forked"])
    assert (kept_bytes > 0) == (report["verdict"]["reasons"][0]["kind"] == "each-generation-grows")


def test_workers_that_end_too_soon_to_be_judged_are_not_acquitted(watch: Watch) -> None:
    """Each worker takes some milliseconds, and has twice the memory of its parent."""
    fork_for_each_request = """
while True:
    if not (pid := os.fork()):
        kept = bytearray(b"x") * (20 << 20)
        time.sleep(.02)
        os._exit(0)
    os.waitpid(pid, 0)
"""
    code, output, _ = watch("--for", "4", "--json", "--", *python(fork_for_each_request))
    report = json.loads(output)
    assert (3, "undecided") == (code, report["verdict"]["conclusion"])
    assert "generations-unjudged" in [reason["kind"] for reason in report["verdict"]["reasons"]]
    assert report["generations"][0]["unjudged_share"] > 0.1


def test_resident_memory_and_the_container_are_reported_beside_the_tree(watch: Watch) -> None:
    _, output, _ = watch("--for", "0.3", "--interval", "0.05", "--json", "sleep", "100")
    report = json.loads(output)
    assert {"seconds", "rss_bytes", "anon_bytes"} <= set(report["resident_samples"])
    if report["container"]:  # where the kernel counts memory by groups
        assert {"anon_bytes", "file_bytes", "shmem_bytes"} == set(report["container"]["now"])


def test_the_output_and_the_end_of_a_command_are_reported(watch: Watch, place: Path) -> None:
    code = "print(os.getcwd(), sys.stdin.read(), file=sys.stderr); time.sleep(.3); sys.exit(7)"
    _, output, errors = watch("--interval", "0.05", "--json", "--", *python(code))
    assert f"{place} \n" == errors
    assert 7 == json.loads(output)["command_status"]


def test_a_command_runs_as_it_would_without_the_lab(leaklab: Leaklab, place: Path) -> None:
    code = """
import resource
facts = [os.listdir("/proc/self/fd"), sorted(os.sched_getaffinity(0)),
    open("/proc/self/personality").read(), open("/proc/self/oom_score_adj").read(),
    resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_NOFILE),
    [line for line in open("/proc/self/status") if line[:6] in ("SigIgn", "SigBlk", "THP_en")]]
print(repr(facts), file=open(sys.argv[1], "w"), flush=True)
"""
    command = [*python(code), "facts"]
    subprocess.run(command, cwd=place, check=True, stdin=subprocess.DEVNULL)
    expected = (place / "facts").read_text()
    (place / "facts").unlink()
    leaklab("watch", "--", *command)
    assert expected == (place / "facts").read_text()


@pytest.mark.parametrize(
    ("text", "code", "output"),
    [
        ("./no-format", 2, "'./no-format' cannot be started: Exec format error"),
        ("true", 3, "true: exited with status 0 within"),
    ],
)
def test_a_command_that_does_not_start_or_last_is_reported_in_one_line(
    leaklab: Leaklab, place: Path, text: str, code: int, output: str
) -> None:
    (place / "no-format").write_text("neither")
    (place / "no-format").chmod(0o755)
    result = leaklab("watch", text)
    assert (code, "") == (result.returncode, result.stdout)
    assert output in one_line(result)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_process_of_another_user_is_refused_with_the_remedy() -> None:
    import_module("leaklab.cli.watch_session")
    messages, tell = os.pipe()
    if (child := os.fork()) == 0:  # in which everything is imported already
        sys.stderr = os.fdopen(tell, "w")
        os.setuid(NOBODY)
        os._exit(exit_codes.run_command(cli, ["watch", "--pid", str(os.getppid())]))
    os.close(tell)
    output = os.read(messages, 4096).decode()
    os.close(messages)
    assert 2 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert "belongs to another user; run leaklab as that user, or as root" in output


def test_a_watch_that_is_killed_leaves_nothing_of_its_command(
    place: Path, environment: dict[str, str]
) -> None:
    arguments = [sys.executable, "-m", "leaklab", "watch", "sh", "-c", "sleep 1000 & sleep 1001"]
    with subprocess.Popen(arguments, cwd=place, env=environment, start_new_session=True) as harness:
        try:
            wait_until(lambda: any("['sleep', '1001']" in line for line in processes_of(place)))
        finally:
            harness.kill()
    wait_until(lambda: not processes_of(place))
    wait_until(lambda: not list((place / "tmp").iterdir()))


def test_a_terminal_sees_a_live_table_and_control_c_ends_it_with_the_verdict(
    place: Path, environment: dict[str, str]
) -> None:
    ours, theirs = pty.openpty()
    arguments = [
        "watch",
        "--interval",
        "0.05",
        "--limit",
        "1GiB",
        "--output",
        "said",
        "--plot",
        "chart.svg",
        "--json",
        "--",
    ]
    code = "print('noise', flush=True)\n" + GROW
    with subprocess.Popen(
        [sys.executable, "-m", "leaklab", *arguments, *python(code)],
        cwd=place,
        env={**environment, "TERM": "xterm-256color"},
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as harness:
        os.close(theirs)
        table = ""
        while "so far leak" not in table:
            table += os.read(ours, 4096).decode(errors="replace")
        harness.send_signal(signal.SIGINT)
        result, _ = harness.communicate()
    os.close(ours)
    report = json.loads(result)
    assert {"RES", "SHR", "VIRT", "%MEM", "growth/s", "COMMAND"} <= set(
        ESCAPE.sub(" ", table).split()
    )
    # Every line leaves room for the ^C that a terminal shows.
    assert max(map(len, ESCAPE.sub("", table).splitlines())) <= 80 - len("^C")
    assert ("noise\n", False) == ((place / "said").read_text(), "noise" in table)
    assert (1, "leak", "interrupted") == (
        harness.returncode,
        report["verdict"]["conclusion"],
        report["end_reason"],
    )
    assert report["verdict"]["low"] < GROW_BYTES_A_SECOND < 1.1 * report["verdict"]["high"]
    assert ("second", 1 << 30) == (report["per"], report["forecast"]["limit_bytes"])
    assert 15 < report["forecast"]["seconds_to_limit"] < 60
    assert ": leak</text>" in (place / "chart.svg").read_text()
    assert -signal.SIGTERM == report["command_status"]


def test_a_command_that_ignores_a_signal_is_killed_at_the_next_one(
    place: Path, environment: dict[str, str]
) -> None:
    """SIGTERM does what Ctrl-C does."""
    code = "signal.signal(signal.SIGTERM, lambda *_: os.write(2, b'no\\n'))\n"
    code += "while True: time.sleep(1)"
    arguments = ["watch", "--interval", "0.05", "--for", "0.2", "--", *python(code)]
    with subprocess.Popen(
        [sys.executable, "-m", "leaklab", *arguments],
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as harness:
        assert harness.stdout is not None
        assert harness.stderr is not None
        assert b"no\n" == harness.stderr.readline()
        harness.terminate()
        assert b"it did not end on SIGTERM" in harness.stdout.read()
