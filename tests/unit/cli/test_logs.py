"""`leaklab logs`: exit codes, and one line for each bad input."""

import json
from pathlib import Path

import pytest

from leaklab.cli.exit_codes import run_command
from leaklab.cli.main import cli
from leaklab.tracing.records import record_text


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "service.log"


def write_log(path: Path, grows: float, snapshots: int = 100) -> None:
    lines = []
    for number in range(snapshots):
        moment = {"pid": 1, "started": 1.5, "snapshot": number, "seconds": 60.0 * number}
        size = round(9000 + grows * number)
        cost = {"traced_bytes": size, "tracemalloc_bytes": 9, "frames": 1}
        seconds = {"snapshot_seconds": 0.25, "cpu_seconds": 0.125}
        lines.append(record_text({"event": "trace_cost", **moment, **cost, **seconds}))
        file = {"file": "/srv/app.py", "size": size, "count": 2, "difference": 0}
        lines.append(record_text({"event": "top_current", **moment, **file}))
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("grows", "snapshots", "code"), [(700.0, 100, 1), (0.0, 100, 0), (700.0, 5, 3)]
)
def test_the_exit_code_is_that_of_watch(
    grows: float, snapshots: int, code: int, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_log(log, grows, snapshots)
    assert code == run_command(cli, ["logs", str(log)])
    assert "srv/app.py" in capsys.readouterr().out


def test_json_has_the_whole_report(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_log(log, 700.0)
    assert 1 == run_command(cli, ["logs", str(log), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert ("leak", 1) == (report["conclusion"], report["schema"])
    assert 100 == len(report["files"][0]["sizes_bytes"])


def test_a_plot_is_drawn_beside_the_table(log: Path) -> None:
    write_log(log, 700.0)
    picture = log.parent / "chart.svg"
    run_command(cli, ["logs", str(log), "--plot", str(picture)])
    assert picture.read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--plot", "x.gif"], "'x.gif' is neither an .svg nor a .png file; name it FILE.svg"),
        (["--for", "3"], "--for is the length of --follow; add --follow, or omit --for"),
        (["--follow", "another"], "--follow reads one log, not 2; name the one that is written"),
        (["--rows", "0"], "Invalid value for '--rows'"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_reading(
    arguments: list[str], message: str, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == run_command(cli, ["logs", str(log), *arguments])
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "service.log is empty; let the service log for at least ten snapshots"),
        (b"GET / 200\n" * 9, "has no records of trace_leak in its 9 lines; log them as JSON"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "has no records of trace_leak in its 3 lines"),
        (b'{"event": "since_start", "pid"', "has only parts of records; give the whole log"),
        (b"\x1f\x8b\x08\x00", "its compressed part is damaged"),
    ],
)
def test_a_log_of_another_form_is_one_line(
    content: bytes, message: str, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.write_bytes(content)
    assert 2 == run_command(cli, ["logs", str(log)])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("leaklab: ")
    assert message in line
